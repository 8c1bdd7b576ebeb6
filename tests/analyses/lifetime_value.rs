//! What `lifetime-value` promises: the published numbers of CDNOW, and answers that depend on nothing
//! they should not.

use std::rc::Rc;

use crate::tables::{Answer, plain, run, run_on, run_streamed};
use siyu::error::Code;
use siyu::privacy::gate::Gate;
use siyu::read::{Options, read_table};
use siyu::table::Table;
use siyu::table::zone::Zone;

const CDNOW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/cdnow_elog.csv");

fn mapping() -> Options {
    let json = r#"{"roles":{"customer":"id","time":"date","amount":"amount"},"zone":"UTC"}"#;
    plain(json).read().unwrap()
}

fn read(csv: &[u8]) -> Rc<Table> {
    Rc::new(read_table([csv], &mapping(), Zone::utc(), 1, 1 << 30).unwrap().0)
}

fn request(at: &str, more: &str) -> String {
    format!(r#"{{"analysis":"lifetime-value","options":{{"at":"{at}"{more}}}}}"#)
}

fn cdnow(at: &str, more: &str) -> Answer {
    let table = read(&std::fs::read(CDNOW).unwrap());
    run_on(&table, &request(at, more), Gate::open(), 1 << 30).unwrap()
}

fn number(answer: &Answer, pointer: &str) -> f64 {
    answer.at(pointer).as_f64().unwrap()
}

fn parameters(answer: &Answer, model: &str) -> Vec<f64> {
    let rows = answer.at(&format!("/result/{model}/parameters")).as_array().unwrap().clone();
    rows.iter().map(|row| row["value"].as_f64().unwrap()).collect()
}

fn near(got: &[f64], wanted: &[f64], relative: f64) {
    assert_eq!(got.len(), wanted.len());
    for (got, wanted) in got.iter().zip(wanted) {
        assert!((got / wanted - 1.0).abs() < relative, "{got} and not {wanted}");
    }
}

#[test]
fn cdnow_has_the_published_parameters() {
    // Weeks to the end of September 1997, as in the papers. Fader, Hardie and Lee 2005, table 3;
    // Fader and Hardie 2013, page 5.
    for (model, published, likelihood) in [
        ("bg-nbd", [0.243, 4.414, 0.793, 2.426], -9582.4),
        ("mbg-nbd", [0.525, 6.183, 0.891, 1.614], -9582.1),
        ("pareto-nbd", [0.553, 10.578, 0.606, 11.669], -9595.0),
    ] {
        let answer = cdnow("1997-09-30", &format!(r#","model":"{model}","holdoutDays":0"#));
        near(&parameters(&answer, "purchases"), &published, 2e-3);
        assert!((number(&answer, "/result/purchases/logLikelihood") - likelihood).abs() < 0.1);
        assert_eq!(answer.at("/result/purchases/ending"), "converged");
        near(&parameters(&answer, "spend/model"), &[6.25, 3.74, 15.44], 5e-3);
        assert!((number(&answer, "/result/spend/correlation") - 0.1139).abs() < 1e-3);
        assert_eq!(answer.at("/result/population"), 2357);
        assert_eq!(answer.at("/result/repeaters"), 946);
        assert_eq!(answer.at("/result/check/verdict"), "unknown");
    }
}

#[test]
fn the_days_held_out_judge_the_model() {
    let answer = cdnow("1998-06-30", r#","holdoutDays":273"#);
    let check = answer.at("/result/check");
    assert_eq!((check["customers"].as_u64(), check["actual"].as_f64()), (Some(2357), Some(1882.0)));
    let expected = check["expected"].as_f64().unwrap();
    assert!((expected - 1653.9).abs() < 3.0, "{expected}");
    // 12 % short, and better than everybody's own pace.
    assert_eq!(check["verdict"], "fair");
    assert!(check["error"].as_f64().unwrap() < check["naiveError"].as_f64().unwrap());
    let zero = &check["bins"][0];
    assert_eq!((zero["repeats"].as_u64(), zero["customers"].as_u64()), (Some(0), Some(1411)));
}

#[test]
fn the_units_of_time_change_parameters_and_no_prediction() {
    let (weeks, days) = (cdnow("1997-09-30", ""), cdnow("1997-09-30", r#","unit":"day""#));
    let (in_weeks, in_days) = (parameters(&weeks, "purchases"), parameters(&days, "purchases"));
    near(&[in_days[0], in_days[1] / 7.0], &in_weeks[..2], 1e-6);
    near(&[number(&days, "/result/value")], &[number(&weeks, "/result/value")], 1e-6);
    near(&days.numbers("value"), &weeks.numbers("value"), 1e-6);
}

#[test]
fn intervals_hold_their_numbers_and_the_totals_are_the_sums_of_the_columns() {
    let answer = cdnow("1997-09-30", r#","model":"pareto-nbd","horizonDays":180,"margin":0.3"#);
    for name in ["alive", "expectedPurchases", "value"] {
        let end = |end: &str| answer.numbers(&format!("{name}{end}"));
        let (low, high) = (end("Low"), end("High"));
        // Only P(alive) may be so near 1 that there is no number between.
        let is_wide = low.iter().zip(&high).all(|(low, high)| low < high);
        assert!(is_wide || name == "alive", "{name}");
        for (value, (low, high)) in answer.numbers(name).iter().zip(low.iter().zip(&high)) {
            assert!(*low <= *value && *value <= *high && *low >= 0.0, "{name}");
        }
    }
    let sum = |name: &str| answer.numbers(name).iter().sum::<f64>();
    near(&[sum("value")], &[number(&answer, "/result/value")], 1e-9);
    near(&[sum("alive")], &[number(&answer, "/result/alive")], 1e-9);
    near(&[sum("expectedPurchases")], &[number(&answer, "/result/expectedPurchases")], 1e-9);
    let deciles = answer.at("/result/deciles").as_array().unwrap();
    let of = |name: &str| deciles.iter().map(|row| row[name].as_f64().unwrap()).collect::<Vec<_>>();
    assert_eq!(of("customers").iter().sum::<f64>(), 2357.0);
    near(&[of("share").iter().sum()], &[1.0], 1e-9);
    assert!(of("value").windows(2).all(|pair| pair[0] >= pair[1]));
    let at_risk = answer.numbers("alive").iter().filter(|alive| **alive < 0.5).count();
    assert_eq!(answer.at("/result/atRisk/customers"), at_risk);
}

#[test]
fn p_alive_at_later_days_falls_and_its_sums_are_those_of_the_columns() {
    for model in ["bg-nbd", "mbg-nbd", "pareto-nbd"] {
        let asked = format!(r#","model":"{model}","holdoutDays":0,"aliveAfterDays":[30,180,365]"#);
        let answer = cdnow("1997-09-30", &asked);
        let mut before = answer.numbers("alive");
        for (at, days) in [30, 180, 365].into_iter().enumerate() {
            let column = format!("aliveLater{}", at + 1);
            let now = answer.numbers(&column);
            let (low, high) =
                (answer.numbers(&format!("{column}Low")), answer.numbers(&format!("{column}High")));
            for (((now, before), low), high) in now.iter().zip(&before).zip(&low).zip(&high) {
                assert!(*now < *before && *low < *now && now < high, "{model} {days}");
                assert!(*low > 0.0 && *high < 1.0, "{model} {days}");
            }
            let told = answer.at(&format!("/result/aliveLater/{at}"));
            assert_eq!(told["days"], days);
            let sum = now.iter().sum::<f64>();
            near(&[told["alive"].as_f64().unwrap()], &[sum], 1e-9);
            let ends = ["low", "high"].map(|end| told["interval"][end].as_f64().unwrap());
            assert!(ends[0] < sum && sum < ends[1]);
            // Of all customers together it is known far better than the sum of the ends.
            assert!(ends[1] - ends[0] <= high.iter().sum::<f64>() - low.iter().sum::<f64>());
            before = now;
        }
        assert!(answer.sets[0].columns.iter().all(|column| column.name != "aliveLater4"));
    }
}

#[test]
fn p_alive_of_one_customer_at_later_days_is_that_of_the_model_at_the_fitted_parameters() {
    use siyu::churn::btyd::{Family, History, Model};
    let asked = r#","model":"mbg-nbd","holdoutDays":0,"aliveAfterDays":[28,364]"#;
    let answer = cdnow("1997-09-30", asked);
    let fitted: [f64; 4] = parameters(&answer, "purchases").try_into().unwrap();
    let model = Model::new(Family::MbgNbd, fitted).unwrap();
    let columns = ["repeats", "last", "age", "aliveLater1", "aliveLater2"];
    let [repeats, last, age, soon, late] = columns.map(|name| answer.numbers(name));
    for row in (0..repeats.len()).step_by(97) {
        let history = History::new(repeats[row] as u64, last[row], age[row]).unwrap();
        let wanted = [4.0, 52.0].map(|weeks| model.alive_later(history, weeks).unwrap());
        near(&[soon[row], late[row]], &wanted, 1e-9);
    }
}

/// The donors of Fader, Hardie and Shang (2010): won in 1995, asked for money each year until 2001. Who
/// gave x times gave in the years right after 1995 and last in the year that the table tells.
fn donors() -> String {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/donations.csv");
    let text = std::fs::read_to_string(table).unwrap();
    let mut csv = "customer,time,amount\n".to_owned();
    let mut donor = 0;
    for line in text.lines().skip(1) {
        let row: Vec<u32> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let [gifts, last, _, count] = row[..] else { panic!("{line}") };
        for _ in 0..count {
            donor += 1;
            csv += &format!("d{donor},1995-{:02}-03,20\n", donor % 12 + 1);
            for year in (1..gifts).chain((gifts > 0).then_some(last)) {
                // Two gifts of a year are one.
                for month in [donor % 12, donor % 5] {
                    csv += &format!(
                        "d{donor},{}-{:02}-17,{}\n",
                        1995 + year,
                        month + 1,
                        5 + donor % 40
                    );
                }
            }
        }
    }
    csv
}

#[test]
fn donors_on_yearly_occasions_have_the_published_parameters() {
    let csv = donors();
    let asked = r#","model":"bg-bb","occasion":"year","holdoutDays":0,"horizonDays":1826,"aliveAfterDays":[365,1461]"#;
    let answer = run(&csv, &request("2001-12-31", asked)).unwrap();
    near(&parameters(&answer, "purchases"), &[1.204, 0.750, 0.657, 2.783], 1e-3);
    assert!((number(&answer, "/result/purchases/logLikelihood") + 33225.58).abs() < 0.01);
    assert_eq!(answer.at("/result/purchases/ending"), "converged");
    assert_eq!(answer.at("/result/purchases/parameters/2/name"), "gamma");
    assert_eq!(answer.at("/result/occasions/until"), "2001-12-31");
    assert_eq!(answer.at("/result/occasions/ahead"), 5);
    assert_eq!(answer.at("/result/population"), 11_104);
    // Section 4 of the paper: 2002 to 2006, of donors who never gave again and of those who always did.
    // The figures are those of `bgbb-points-0` in tests/golden/churn.json, at three decimals.
    let (repeats, age) = (answer.numbers("repeats"), answer.numbers("age"));
    assert!(age.iter().all(|age| *age == 6.0));
    let expected = answer.numbers("expectedPurchases");
    let columns = ["alive", "aliveLater1", "aliveLater2"].map(|name| answer.numbers(name));
    for (gifts, alive, purchases) in [(0.0, 0.1080, 0.0728), (6.0, 0.9304, 3.7521)] {
        let row = repeats.iter().position(|repeats| *repeats == gifts).unwrap();
        near(&[columns[0][row], expected[row]], &[alive, purchases], 3e-3);
        // Each year some more drop out, and those who are there give with one chance.
        assert!(columns[0][row] > columns[1][row] && columns[1][row] > columns[2][row]);
    }
    let low = answer.numbers("aliveLater2Low");
    assert!(low.iter().zip(&columns[2]).all(|(low, value)| low < value));
    assert!(!answer.at("/result/valueInterval").is_null());
}

#[test]
fn occasions_held_out_judge_the_model_too() {
    let csv = donors();
    let asked = r#","model":"bg-bb","occasion":"year","holdoutDays":730"#;
    let answer = run(&csv, &request("2001-12-31", asked)).unwrap();
    let check = answer.at("/result/check");
    assert_eq!((check["customers"].as_u64(), check["days"].as_u64()), (Some(11_104), Some(731)));
    // Each of the years 2000 and 2001 counts once, however often somebody gave.
    let in_years = csv.lines().filter(|line| line.contains(",2000-") || line.contains(",2001-"));
    assert_eq!(check["actual"].as_f64().unwrap(), in_years.count() as f64 / 2.0);
    assert!(check["error"].as_f64().unwrap() < check["naiveError"].as_f64().unwrap());
    assert_ne!(check["verdict"], "unknown");
}

#[test]
fn a_period_that_has_not_ended_is_no_occasion() {
    let mut csv = "customer,time,amount\n".to_owned();
    for customer in 0..60 {
        for month in 1..=1 + customer % 6 {
            csv += &format!(
                "c{customer},2025-{month:02}-{:02},{}\n",
                customer % 27 + 1,
                9 + customer % 7
            );
        }
    }
    csv += "late,2025-06-20,5\n";
    let asked = r#","model":"bg-bb","holdoutDays":0"#;
    let whole = run(&csv, &request("2025-05-31", asked)).unwrap();
    for at in ["2025-06-29", "2025-06-30T12:00:00Z"] {
        let answer = run(&csv, &request(at, asked)).unwrap();
        assert_eq!(answer.at("/result/occasions/until"), "2025-05-31");
        assert_eq!(answer.at("/result/population"), 60);
        assert_eq!(answer.numbers("alive"), whole.numbers("alive"));
        let left_out = answer.at("/about/leftOut/0");
        assert_eq!(
            (left_out["reason"].as_str(), left_out["rows"].as_u64()),
            (Some("unfinished-period"), Some(11))
        );
    }
    let june = run(&csv, &request("2025-06-30", asked)).unwrap();
    assert_eq!(june.at("/result/occasions/until"), "2025-06-30");
    assert_eq!(june.at("/result/population"), 61);
    assert_eq!(june.at("/about/options/occasion"), "month");
    assert_eq!((june.of("late", "age"), june.of("late", "repeats")), (0.0, 0.0));
    assert_eq!(
        (june.of("c5", "age"), june.of("c5", "last"), june.of("c5", "repeats")),
        (5.0, 5.0, 5.0)
    );
    for (more, path) in [
        (r#","occasion":"year""#, "occasion"),
        (r#","model":"bg-bb","occasion":"day""#, "occasion"),
        (r#","model":"bg-bb","horizonDays":15"#, "horizonDays"),
        (
            r#","model":"bg-bb","occasion":"year","horizonDays":365,"aliveAfterDays":[30,365]"#,
            "aliveAfterDays",
        ),
        (r#","model":"bg-bb","holdoutDays":10"#, "holdoutDays"),
    ] {
        let error = run(&csv, &request("2025-06-30", more)).unwrap_err();
        assert_eq!(error.code(), Code::InvalidOption, "{more}");
        assert_eq!(error.path(), Some(format!("options.{path}").as_str()));
    }
    // Nobody has had an occasion after the first purchase.
    let error = run(&csv, &request("2025-01-31", asked)).unwrap_err();
    assert_eq!(error.code(), Code::NotEnoughData);
}

#[test]
fn neither_order_nor_names_nor_pieces_of_the_log_matter() {
    let text = std::fs::read_to_string(CDNOW).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let mut lines: Vec<&str> = rows.lines().collect();
    let asked = request("1997-09-30", r#","holdoutDays":60"#);
    let answer = |csv: &str| run_on(&read(csv.as_bytes()), &asked, Gate::open(), 1 << 30).unwrap();
    let before = answer(&text);
    let streamed =
        run_streamed(text.as_bytes(), &mapping(), Zone::utc(), &asked, 4096, 300).unwrap();
    assert_eq!(streamed.json["result"], before.json["result"]);
    assert_eq!(streamed.by_customer(), before.by_customer());
    lines.reverse();
    lines.rotate_left(1234);
    let turned: Vec<String> = lines.iter().map(|line| format!("k{line}")).collect();
    let turned = answer(&format!("{header}\n{}\n", turned.join("\n")));
    assert_eq!(turned.json["result"], before.json["result"]);
    let named: Vec<_> =
        before.by_customer().into_iter().map(|(id, row)| (format!("k{id}"), row)).collect();
    let mut named = named;
    named.sort();
    assert_eq!(turned.by_customer(), named);
}

#[test]
fn money_in_another_currency_is_the_same_customer() {
    let text = std::fs::read_to_string(CDNOW).unwrap();
    let dear: Vec<String> = text
        .lines()
        .map(|line| match line.rsplit_once(',') {
            Some((rest, amount)) if amount != "amount" => {
                format!("{rest},{:.2}", amount.parse::<f64>().unwrap() * 100.0)
            }
            _ => line.to_owned(),
        })
        .collect();
    let asked = request("1997-09-30", "");
    let answer = |csv: &str| run_on(&read(csv.as_bytes()), &asked, Gate::open(), 1 << 30).unwrap();
    let (one, hundred) = (answer(&text), answer(&dear.join("\n")));
    assert_eq!(one.numbers("alive"), hundred.numbers("alive"));
    let values: Vec<f64> = one.numbers("value").iter().map(|value| value * 100.0).collect();
    near(&hundred.numbers("value"), &values, 1e-6);
}

#[test]
fn what_cannot_be_modelled_says_so() {
    let once = "customer,time,amount\na,2025-01-01,5\nb,2025-02-01,7\n";
    let error = run(once, &request("2025-03-01", "")).unwrap_err();
    assert_eq!(error.code(), Code::NotEnoughData);
    for (option, value) in [
        ("margin", "0"),
        ("margin", "1.5"),
        ("horizonDays", "0"),
        ("discountPerYear", "-0.1"),
        ("confidence", "1"),
        ("atRiskBelow", "2"),
        ("aliveAfterDays", "[0]"),
        ("aliveAfterDays", "[30,30]"),
        ("aliveAfterDays", "[4000]"),
        ("aliveAfterDays", "[1,2,3,4,5,6,7,8,9,10,11,12,13]"),
    ] {
        let error =
            run(once, &request("2025-03-01", &format!(r#","{option}":{value}"#))).unwrap_err();
        assert_eq!(error.code(), Code::InvalidOption, "{option}");
        assert_eq!(error.path(), Some(format!("options.{option}").as_str()));
    }
    let early = run(once, &request("2024-03-01", "")).unwrap_err();
    assert_eq!((early.code(), early.path()), (Code::NotEnoughData, Some("options.at")));
}

/// Everybody buys every day and spends the same: nobody ever leaves, and money does not vary.
#[test]
fn a_log_that_determines_nothing_is_answered_without_intervals() {
    let mut csv = "customer,time,amount\n".to_owned();
    for customer in 0..30 {
        for day in 1..=20 {
            csv += &format!("c{customer},2025-01-{day:02},5\n");
        }
    }
    let answer = run(&csv, &request("2025-01-20", "")).unwrap();
    assert_ne!(answer.at("/result/purchases/ending"), "converged");
    assert!(answer.at("/result/valueInterval").is_null());
    assert_eq!(answer.at("/result/spend/reason"), "not-identifiable");
    assert!(answer.sets[0].columns.iter().all(|column| !column.name.ends_with("Low")));
    assert!(answer.numbers("alive").iter().all(|alive| *alive > 0.99));
    assert!(answer.numbers("expectedSpend").iter().all(|spend| *spend == 5.0));
    let codes: Vec<_> = answer.at("/about/warnings").as_array().unwrap().iter().collect();
    for code in ["not-converged", "no-dropout", "spend-not-modelled", "long-horizon"] {
        assert!(codes.iter().any(|warning| warning["code"] == code), "{code}");
    }
}

#[test]
fn a_refund_lowers_the_money_of_the_purchase_before_it() {
    let mut csv = "customer,time,amount\n".to_owned();
    for customer in 0..40 {
        for visit in 0..=customer % 5 {
            csv += &format!(
                "c{customer},2025-{:02}-{:02},{}\n",
                visit + 1,
                customer % 27 + 1,
                10 + customer
            );
        }
    }
    csv += "x,2025-01-05,10\nx,2025-02-05,30\nx,2025-03-01,-12\nz,2025-01-01,-3\n";
    let answer = run(&csv, &request("2025-06-30", "")).unwrap();
    assert_eq!((answer.of("x", "repeats"), answer.of("x", "meanSpend")), (1.0, 18.0));
    assert_eq!(answer.of("x", "last"), 31.0 / 7.0);
    assert_eq!(answer.at("/about/leftOut/0/reason"), "refund-only");
}
