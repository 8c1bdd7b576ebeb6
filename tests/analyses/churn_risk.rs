//! What `churn-risk` promises: accuracy on a known table, nothing learned from noise, reasons that add
//! up, and models that score the same elsewhere.

use std::fmt::Write as _;

use serde_json::Value as Json;
use siyu::error::Code;
use siyu::privacy::gate::Gate;
use siyu::read::{Options, read_table};
use siyu::stats::random::Random;
use siyu::table::zone::Zone;

use crate::tables::{Answer, plain, run_on, run_with};

const TELCO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/telco_churn.csv");
const FOLDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/telco_folds.txt");

/// Telco with ids and turns: its header, then cells; the label stands first, the turn last.
fn telco() -> (Vec<String>, Vec<Vec<String>>) {
    let file = std::fs::read_to_string(TELCO).unwrap();
    let folds = std::fs::read_to_string(FOLDS).unwrap();
    let mut lines = file.lines();
    let header = lines.next().unwrap().split(',').map(str::to_owned).collect();
    let folds: Vec<&str> = folds.split_whitespace().collect();
    let cells = |(line, fold): (&str, &&str)| {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        cells.push((*fold).to_owned());
        cells
    };
    (header, lines.zip(&folds).map(cells).collect())
}

const NUMBERS: [&str; 3] = ["tenure", "monthly_charges", "total_charges"];

fn csv(header: &[String], rows: &[Vec<String>]) -> String {
    let names: Vec<String> = header
        .iter()
        .map(
            |name| if NUMBERS.contains(&name.as_str()) { format!("{name}#") } else { name.clone() },
        )
        .collect();
    let mut text = format!("customer,{},turn\n", names.join(","));
    for (at, row) in rows.iter().enumerate() {
        writeln!(text, "c{at},{}", row.join(",")).unwrap();
    }
    text
}

fn request(header: &[String], more: &str) -> String {
    let names: Vec<String> = header.iter().skip(1).map(|name| format!("\"{name}\"")).collect();
    format!(
        r#"{{"analysis":"churn-risk","inputs":{{"customers":"people"}},"options":{{"label":"churn","attributes":[{}]{more}}}}}"#,
        names.join(",")
    )
}

fn number(answer: &Answer, pointer: &str) -> f64 {
    answer.at(pointer).as_f64().unwrap()
}

#[test]
fn telco_is_told_by_the_defaults_as_well_as_by_tuned_peers() {
    let (header, rows) = telco();
    let text = csv(&header, &rows);
    let answer = run_with(&[("people", &text)], &request(&header, r#","turnsBy":"turn""#)).unwrap();
    let held_out = answer.at("/result/heldOut");
    for model in ["logistic", "trees"] {
        println!("{model} {}", held_out[model]);
    }
    let chosen = answer.at("/result/chosen").as_str().unwrap();
    let value = |model: &str, measure: &str| held_out[model][measure]["value"].as_f64().unwrap();
    assert!(value(chosen, "area") >= 0.845 && value(chosen, "logLoss") <= 0.415);
    // Neither is bad.
    for model in ["logistic", "trees"] {
        assert!(value(model, "area") >= 0.845 && value(model, "logLoss") <= 0.416);
        let interval = &held_out[model]["area"]["interval"];
        assert!(interval["low"].as_f64() < Some(value(model, "area")));
        assert!(interval["high"].as_f64() > Some(value(model, "area")));
    }
    assert!(number(&answer, "/result/heldOut/calibrationError") <= 0.02);
    let bins = held_out["reliability"].as_array().unwrap();
    assert_eq!(bins.iter().map(|bin| bin["customers"].as_u64().unwrap()).sum::<u64>(), 7043);
    let close = |bin: &&Json| {
        let of = |pointer: &str| bin.pointer(pointer).unwrap().as_f64().unwrap();
        let (low, high) = (of("/actual/interval/low"), of("/actual/interval/high"));
        assert!(low <= of("/actual/value") && of("/actual/value") <= high);
        low <= of("/expected") && of("/expected") <= high
    };
    assert!(bins.iter().filter(close).count() >= 8, "{bins:?}");
    adds_up(&answer);
}

/// Baseline, three reasons and the others are the score; the most likely come first.
fn adds_up(answer: &Answer) {
    let baseline = number(answer, "/result/baseline");
    let column = |name: &str| answer.numbers(name);
    let parts = ["contribution1", "contribution2", "contribution3", "others"].map(column);
    let probabilities = column("probability");
    for (row, score) in column("score").into_iter().enumerate() {
        let sum = baseline + parts.iter().map(|part| part[row]).sum::<f64>();
        assert!((sum - score).abs() < 1e-9, "{sum} and not {score}");
        assert!((0.0..=1.0).contains(&probabilities[row]));
    }
    assert!(probabilities.windows(2).all(|pair| pair[0] >= pair[1]));
}

#[test]
fn shuffled_labels_are_chance() {
    let (header, mut rows) = telco();
    rows.truncate(3000);
    let mut random = Random::new(11, 0);
    let mut sums = [0.0; 2];
    for _ in 0..20 {
        let mut labels: Vec<String> = rows.iter().map(|row| row[0].clone()).collect();
        random.shuffle(&mut labels);
        rows.iter_mut().zip(labels).for_each(|(row, label)| row[0] = label);
        let answer = run_with(&[("people", &csv(&header, &rows))], &request(&header, "")).unwrap();
        for (sum, model) in sums.iter_mut().zip(["logistic", "trees"]) {
            *sum += number(&answer, &format!("/result/heldOut/{model}/area/value")) / 20.0;
        }
    }
    println!("mean areas of shuffled labels: {sums:?}");
    assert!(sums.iter().all(|mean| (mean - 0.5).abs() < 0.01), "{sums:?}");
}

/// People with a number, a text and a label that depends on both.
fn people(count: u32, seed: u64) -> String {
    let mut random = Random::new(seed, 0);
    let mut text = String::from("customer,visits#,plan,gone\n");
    for at in 0..count {
        let (visits, plan) = (random.below(30), random.below(3));
        let z = 1.0 - 0.15 * f64::from(visits) + [0.0, 0.8, -0.8][plan as usize];
        let gone = random.unit() < 1.0 / (1.0 + (-z).exp());
        let visits = if random.unit() < 0.1 { String::new() } else { visits.to_string() };
        let plan = ["basic", "month", "year"][plan as usize];
        writeln!(text, "p{at},{visits},{plan},{}", if gone { "yes" } else { "no" }).unwrap();
    }
    text
}

const ASK: &str = r#""label":"gone","attributes":["visits","plan"]"#;

fn ask(text: &str, more: &str) -> siyu::error::Result<Answer> {
    let request = format!(
        r#"{{"analysis":"churn-risk","inputs":{{"customers":"people"}},"options":{{{more}}}}}"#
    );
    run_with(&[("people", text)], &request)
}

#[test]
fn an_exported_model_scores_the_same_elsewhere() {
    let text = people(800, 4);
    for choice in ["logistic", "trees"] {
        for calibration in ["none", "platt", "beta", "isotonic"] {
            let more = format!(r#"{ASK},"choice":"{choice}","calibration":"{calibration}""#);
            let learned = ask(&text, &more).unwrap();
            adds_up(&learned);
            let model = learned.at("/result/model").to_string();
            let scored = ask(&text, &format!(r#""label":"gone","model":{model}"#)).unwrap();
            assert_eq!(learned.by_customer(), scored.by_customer(), "{choice} {calibration}");
            assert!(scored.at("/result/heldOut").is_null());
            assert!(number(&scored, "/result/scoreDrift") < 1e-6);
        }
    }
}

/// A path that the error names, what breaks the model, and its name.
type Break = (&'static str, fn(&mut Json), &'static str);

#[test]
fn a_broken_model_is_refused_with_its_place() {
    let text = people(200, 4);
    let learned = ask(&text, &format!(r#"{ASK},"choice":"trees""#)).unwrap();
    let breaks: [Break; 4] = [
        ("options.model.version", |model| model["version"] = 9.into(), "version"),
        ("options.model.trees", |model| model["trees"][0][0]["left"] = 0.into(), "circle"),
        (
            "options.model.features",
            |model| model["features"][0]["columns"] = Json::Array(vec![]),
            "columns",
        ),
        ("options.model.features", |model| model["features"][0]["name"] = "else".into(), "name"),
    ];
    for (path, break_it, what) in breaks {
        let mut model = learned.at("/result/model").clone();
        break_it(&mut model);
        let error = ask(&text, &format!(r#""model":{model}"#)).unwrap_err();
        // A feature that no table has is refused by the gate.
        assert!(error.path() == Some(path) || what == "name", "{what}: {error:?}");
    }
}

#[test]
fn a_feature_that_was_written_down_afterwards_is_told() {
    let text = people(400, 5);
    let mut lines = text.lines();
    let mut leaked = format!("{},reason\n", lines.next().unwrap());
    for line in lines {
        let reason = if line.ends_with("yes") { "price" } else { "" };
        writeln!(leaked, "{line},{reason}").unwrap();
    }
    let answer = ask(&leaked, r#""label":"gone","attributes":["visits","reason"]"#).unwrap();
    let warnings = answer.at("/about/warnings").as_array().unwrap();
    let leak = warnings.iter().find(|warning| warning["code"] == "leakage").unwrap();
    assert!(leak["hint"].as_str().unwrap().ends_with("reason") && leak["count"] == 1);
    let clean = ask(&text, ASK).unwrap();
    assert_eq!(clean.at("/about/warnings").as_array().unwrap().len(), 0);
}

#[test]
fn customers_without_a_label_are_scored_and_those_who_left_are_no_targets() {
    let mut text = people(400, 6);
    text += "new1,0,month,\nnew2,29,year,\n";
    let more = format!(r#"{ASK},"mostContacts":30"#);
    let answer = ask(&text, &more).unwrap();
    assert_eq!(answer.at("/result/learnedFrom"), 400);
    assert_eq!(answer.at("/result/population"), 402);
    assert!(answer.of("new1", "probability") > answer.of("new2", "probability") + 0.3);
    assert_eq!(answer.of("new1", "label"), 2.0);
    let (targets, labels) = (answer.numbers("target"), answer.numbers("label"));
    assert_eq!(targets.iter().sum::<f64>(), 30.0);
    assert_eq!(answer.at("/result/targets"), 30);
    assert!(targets.iter().zip(&labels).all(|(target, label)| *target == 0.0 || *label != 1.0));
}

#[test]
fn neither_the_order_of_rows_nor_names_matter() {
    let text = people(300, 7);
    let mut lines: Vec<&str> = text.lines().skip(1).collect();
    lines.reverse();
    let turned = format!("{}\n{}\n", text.lines().next().unwrap(), lines.join("\n"));
    let (one, other) = (ask(&text, ASK).unwrap(), ask(&turned, ASK).unwrap());
    assert_eq!(one.at("/result"), other.at("/result"));
    let numbers = |answer: &Answer| -> Vec<Vec<f64>> {
        ["probability", "reason1", "others"].map(|name| answer.numbers(name)).into()
    };
    assert_eq!(numbers(&one), numbers(&other));
    let renamed = text.replace("\np", "\nq9");
    assert_eq!(ask(&renamed, ASK).unwrap().at("/result"), one.at("/result"));
}

/// Customers who buy every ten days and stop at some day, each with a chance of its own.
fn log(until: u32) -> String {
    let mut random = Random::new(8, 0);
    let mut text = String::from("customer,time,amount\n");
    for at in 0..300 {
        let end = if random.unit() < 0.5 { 400 } else { 60 + random.below(250) };
        let mut day = random.below(20);
        while day < end {
            let (date, money, gap) = (20_000 + day as i32, random.below(40), random.below(12));
            if day < until {
                let date = siyu::table::calendar::Date::of_day_number(date);
                writeln!(text, "k{at},{date},{}", 5 + money).unwrap();
            }
            day += 5 + gap;
        }
    }
    text
}

fn of_log(text: &str, more: &str) -> siyu::error::Result<Answer> {
    let request =
        format!(r#"{{"analysis":"churn-risk","inputs":{{"log":"orders"}},"options":{{{more}}}}}"#);
    run_with(&[("orders", text)], &request)
}

#[test]
fn a_log_is_learned_from_at_earlier_cut_offs_and_judged_at_the_newest() {
    // Day 20,299 is 2025-07-30.
    let answer = of_log(&log(300), r#""at":"2025-07-30""#).unwrap();
    adds_up(&answer);
    assert!(number(&answer, "/result/heldOut/logistic/area/value") > 0.75);
    assert!(number(&answer, "/result/heldOut/customers") < 301.0);
    assert!(number(&answer, "/result/learnedFrom") > 700.0);
    assert!(answer.numbers("label").iter().all(|label| *label == 2.0));
    let paid = |name: &str| {
        let own = log(300);
        let cells = own.lines().filter_map(|line| line.strip_prefix(&format!("{name},")));
        cells.filter_map(|cells| cells.split(',').nth(1)?.parse::<f64>().ok()).sum::<f64>()
    };
    for (name, spend) in answer.customers().iter().map(|name| (name, answer.of(name, "spend"))) {
        assert!((paid(name) - spend).abs() < 1e-9, "{name} paid {spend}");
    }
    // What comes after the moment is not known.
    let later = of_log(&log(400), r#""at":"2025-07-30""#).unwrap();
    assert_eq!(later.at("/result"), answer.at("/result"));
    let model = answer.at("/result/model");
    let scored = of_log(&log(300), &format!(r#""at":"2025-07-30","model":{model}"#)).unwrap();
    assert_eq!(scored.by_customer(), answer.by_customer());
}

#[test]
fn what_cannot_be_asked_is_refused_with_its_path() {
    let text = people(100, 9);
    let refused = |more: &str| {
        let error = ask(&text, more).unwrap_err();
        (error.code(), error.path().unwrap_or("").to_owned())
    };
    let invalid = |path: &str| (Code::InvalidOption, format!("options.{path}"));
    assert_eq!(refused(r#""attributes":["visits"]"#), invalid("label"));
    assert_eq!(refused(r#""label":"gone""#), invalid("attributes"));
    assert_eq!(refused(r#""label":"gone","attributes":["gone"]"#), invalid("attributes"));
    assert_eq!(refused(&format!(r#"{ASK},"turns":1"#)), invalid("turns"));
    assert_eq!(refused(&format!(r#"{ASK},"rising":["plan"]"#)), invalid("rising"));
    assert_eq!(refused(&format!(r#"{ASK},"penalty":0"#)), invalid("penalty"));
    assert_eq!(refused(&format!(r#"{ASK},"campaign":{{"value":5}}"#)), invalid("campaign.value"));
    let one = text.replace(",yes", ",no");
    assert_eq!(ask(&one, ASK).unwrap_err().code(), Code::NotEnoughData);
    let short = of_log(&log(40), r#""at":"2024-11-14""#).unwrap_err();
    assert_eq!(short.path(), Some("options.horizonDays"));
    assert_eq!(of_log(&log(300), "").unwrap_err().path(), Some("options.at"));
}

#[test]
fn constraints_and_weights_are_kept() {
    let text = people(600, 10);
    let more = format!(r#"{ASK},"choice":"trees","falling":["visits"],"calibration":"none""#);
    let model = ask(&text, &more).unwrap();
    // The same person with more and more visits.
    let mut ladder = String::from("customer,visits#,plan\n");
    (0..30).for_each(|visits| writeln!(ladder, "v{visits:02},{visits},basic").unwrap());
    let model = model.at("/result/model");
    let answer = ask(&ladder, &format!(r#""model":{model}"#)).unwrap();
    let at = |visits: u32| answer.of(&format!("v{visits:02}"), "score");
    assert!((1..30).all(|visits| at(visits) <= at(visits - 1)));
    assert!(at(29) < at(0) - 1.0);
    let plain = ask(&text, &format!(r#"{ASK},"calibration":"none""#)).unwrap();
    let even = ask(&text, &format!(r#"{ASK},"calibration":"none","balanced":true"#)).unwrap();
    let mean = |answer: &Answer| number(answer, "/result/expectedToLeave") / 600.0;
    let left = number(&plain, "/result/left") / 600.0;
    assert!((mean(&plain) - left).abs() < 0.02);
    assert!((mean(&even) - 0.5).abs() < (left - 0.5).abs());
}

#[test]
fn a_word_that_is_no_usual_one_is_not_taken_for_having_stayed() {
    let text = people(200, 6).replace(",no\n", ",joined\n");
    let error = ask(&text, ASK).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("options.left")));
    assert!(ask(&text, &format!(r#"{ASK},"left":"yes""#)).is_ok());
}

/// Online Retail may not be in the project; it is read where it is (beside the project, or in
/// `SIYU_DATA`).
#[test]
fn who_buys_within_90_days_is_told_better_than_by_btyd_or_recency_alone() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");
    let folder = std::env::var_os("SIYU_DATA").map_or(beside.into(), std::path::PathBuf::from);
    let Ok(file) = std::fs::read(folder.join("online_retail_invoices.csv")) else {
        println!("skipped: online_retail_invoices.csv is not here (set SIYU_DATA)");
        return;
    };
    let mapping =
        r#"{"roles":{"customer":"customer_id","time":"timestamp","amount":"amount"},"zone":"UTC"}"#;
    let mapping: Options = plain(mapping).read().unwrap();
    let (table, _) = read_table([&file], &mapping, Zone::utc(), 1, 1 << 30).unwrap();
    let request = r#"{"analysis":"churn-risk","inputs":{"log":"orders"},"options":{"at":"2011-12-09","horizonDays":90,"lookbackDays":365}}"#;
    let answer = run_on(&table.into(), request, Gate::open(), 1 << 30).unwrap();
    let held_out = answer.at("/result/heldOut");
    println!("{} held out, chosen {}", held_out["customers"], answer.at("/result/chosen"));
    for model in ["logistic", "trees"] {
        println!("{model}: {} log-loss {}", held_out[model]["area"], held_out[model]["logLoss"]);
    }
    let rivals = held_out["rivals"].as_array().unwrap();
    rivals.iter().for_each(|rival| println!("{rival}"));
    let names: Vec<&str> = rivals.iter().map(|rival| rival["feature"].as_str().unwrap()).collect();
    assert_eq!(names, ["recencyDays", "expectedPurchaseDays"]);
    for rival in rivals {
        assert!(rival["difference"]["interval"]["low"].as_f64() > Some(0.0));
    }
}

/// People of whom one number decides, one only seems to, and one is noise; of two cities.
fn cities(count: u32) -> String {
    let mut random = Random::new(12, 0);
    let mut text = String::from("customer,visits#,noise#,plan,city,gone\n");
    for at in 0..count {
        let (visits, noise, plan) = (random.below(30), random.below(30), random.below(3));
        let city = random.below(3) as usize;
        let z = 2.0 - 0.25 * f64::from(visits) + [0.0, 0.8, -0.8][plan as usize];
        // Of the third city it is a coin.
        let p = if city == 2 { 0.5 } else { 1.0 / (1.0 + (-z).exp()) };
        let (city, plan) = (["A", "B", ""][city], ["basic", "month", "year"][plan as usize]);
        let gone = if random.unit() < p { 1 } else { 0 };
        writeln!(text, "p{at},{visits},{noise},{plan},{city},{gone}").unwrap();
    }
    text
}

#[test]
fn what_a_feature_is_to_the_model_is_told_on_rows_held_out() {
    let text = cities(4000);
    for choice in ["logistic", "trees"] {
        let more =
            format!(r#""label":"gone","attributes":["visits","noise","plan"],"choice":"{choice}""#);
        let answer = ask(&text, &more).unwrap();
        let features = answer.at("/result/features").as_array().unwrap().clone();
        let of = |name: &str| features.iter().find(|feature| feature["name"] == name).unwrap();
        let held = |name: &str, end: &str| match end {
            "value" => of(name)["heldOut"]["value"].as_f64().unwrap(),
            end => of(name)["heldOut"]["interval"][end].as_f64().unwrap(),
        };
        assert!(held("visits", "value") > 0.15 && held("visits", "low") > 0.1, "{choice}");
        assert!(held("plan", "low") > 0.0 && held("plan", "high") < held("visits", "low"));
        assert!(held("noise", "value").abs() < 0.005 && held("noise", "low") < 0.001);
        // The more visits, the less risk; and whoever pays by the month leaves most.
        let curve = |name: &str| of(name)["effects"].as_array().unwrap().clone();
        let p = |point: &Json| point["probability"].as_f64().unwrap();
        let visits = curve("visits");
        assert_eq!(visits.len(), 11);
        assert!(visits.windows(2).all(|pair| p(&pair[0]) >= p(&pair[1]) - 0.02));
        assert!(p(&visits[0]) - p(&visits[10]) > 0.4 && visits[0]["level"].is_null());
        let plans = curve("plan");
        let plan = |level: &str| p(plans.iter().find(|point| point["level"] == level).unwrap());
        assert!(plan("month") > plan("basic") && plan("basic") > plan("year"));
        // An imported model has held nothing out.
        let model = answer.at("/result/model").to_string();
        let again = ask(&text, &format!(r#""model":{model}"#)).unwrap();
        assert!(again.at("/result/features/0/heldOut").is_null());
        assert_eq!(again.at("/result/features/0/effects").as_array().unwrap().len(), 0);
    }
}

#[test]
fn errors_are_compared_between_groups() {
    let text = cities(4000);
    let more = r#""label":"gone","attributes":["visits","plan"],"groupsBy":"city","campaign":{"value":30,"incentive":10,"contact":1,"acceptance":0.5}"#;
    let answer = ask(&text, more).unwrap();
    let groups = answer.at("/result/groups").as_array().unwrap().clone();
    assert_eq!(groups.len(), 3);
    let sum: u64 = groups.iter().map(|group| group["customers"].as_u64().unwrap()).sum();
    assert_eq!(sum, answer.at("/result/heldOut/customers").as_u64().unwrap());
    let of = |name: Json| groups.iter().find(|group| group["group"] == name).unwrap().clone();
    let share = |group: &Json, field: &str| group[field]["value"].as_f64().unwrap();
    let (a, none) = (of("A".into()), of(Json::Null));
    let gap = share(&a, "gap");
    assert!((gap - (share(&a, "actual") - a["expected"].as_f64().unwrap())).abs() < 1e-12);
    let end = |field: &str, end: &str| a[field]["interval"][end].as_f64().unwrap();
    assert!(end("gap", "low") < gap && gap < end("gap", "high"));
    let width = |field: &str| end(field, "high") - end(field, "low");
    assert!((width("gap") - width("actual")).abs() < 1e-12);
    assert_eq!(a["isSmall"], false);
    // The model does not know the city: it promises the coin too little risk, the others too much.
    assert!(none["gap"]["interval"]["low"].as_f64().unwrap() > 0.05);
    assert!(end("gap", "high") < 0.0);
    // A city of few is marked.
    let few = text.replacen(",A,", ",C,", 12);
    let few = ask(&few, more).unwrap();
    let few = few.at("/result/groups").as_array().unwrap().clone();
    assert_eq!(few.iter().find(|group| group["group"] == "C").unwrap()["isSmall"], true);
    // Shares are of the rows of the group: those contacted are those who left, and the others.
    let left = share(&a, "actual");
    let contacted = left * share(&a, "recall") + (1.0 - left) * share(&a, "falseAlarms");
    assert!((contacted - share(&a, "contacted")).abs() < 1e-12);
    assert!((left * share(&a, "recall") / contacted - share(&a, "precision")).abs() < 1e-12);
    // Where it is a coin the model alarms as often for those who stayed as for those who left.
    assert!((share(&none, "recall") - share(&none, "falseAlarms")).abs() < 0.06);
    assert!(share(&a, "recall") - share(&a, "falseAlarms") > 0.2);
    // The groups may be a feature, too, and change nothing of the model otherwise.
    let without = ask(&text, &more.replace(r#","groupsBy":"city""#, "")).unwrap();
    assert_eq!(without.by_customer(), answer.by_customer());
    assert!(ask(&text, r#""label":"gone","attributes":["city"],"groupsBy":"city""#).is_ok());
    let refused = ask(&text, r#""label":"gone","attributes":["plan"],"groupsBy":"customer""#);
    assert!(refused.is_err());
}

#[test]
fn without_an_imported_model_a_challenger_is_held_against_the_fit_of_this_run() {
    let model = |attributes: &str, seed: u64| {
        let more = format!(r#""label":"gone","attributes":{attributes}"#);
        ask(&people(1500, seed), &more).unwrap().at("/result/model").to_string()
    };
    let (poor, rich) = (model(r#"["plan"]"#, 21), model(r#"["visits","plan"]"#, 22));
    let new = people(900, 23);
    let asked = |attributes: &str, more: &str| {
        ask(&new, &format!(r#""label":"gone","attributes":{attributes}{more}"#)).unwrap()
    };
    let both = r#"["visits","plan"]"#;
    let answer = asked(both, &format!(r#","challenger":{poor}"#));
    let at = |path: &str| number(&answer, &format!("/result/comparison/{path}"));
    assert_eq!(answer.at("/result/comparison/verdict"), "worse");
    assert!(at("areaDifference/interval/high") < 0.0 && at("logLossDifference/interval/low") > 0.0);
    // The fit is told by what it says of rows that it did not learn from: as in `heldOut`.
    let chosen = answer.at("/result/chosen").as_str().unwrap().to_owned();
    for measure in ["area", "logLoss", "brier", "averagePrecision", "lift"] {
        let held = number(&answer, &format!("/result/heldOut/{chosen}/{measure}/value"));
        let told = at(&format!("champion/quality/{measure}/value"));
        assert!((held - told).abs() < 1e-12, "{measure}");
    }
    assert_eq!(at("customers"), 900.0);
    assert!(answer.at("/result/comparison/champion/scoreDrift").is_null());
    assert!(at("challenger/scoreDrift") < 0.1);
    // The challenger is told by what it says by itself.
    let alone = ask(&new, &format!(r#""label":"gone","model":{poor}"#)).unwrap();
    let (p, labels) = (alone.numbers("probability"), alone.numbers("label"));
    let squares = p.iter().zip(&labels).map(|(p, label)| (p - label) * (p - label)).sum::<f64>();
    assert!((at("challenger/quality/brier/value") - squares / p.len() as f64).abs() < 1e-12);
    // All else is as without a challenger, and a good one beats a fit that may see less.
    let quiet = asked(both, "");
    assert_eq!(answer.by_customer(), quiet.by_customer());
    assert_eq!(answer.at("/result/model"), quiet.at("/result/model"));
    let better = asked(r#"["plan"]"#, &format!(r#","challenger":{rich}"#));
    assert_eq!(better.at("/result/comparison/verdict"), "better");
}

#[test]
fn of_a_log_the_model_in_use_is_held_against_a_new_one_at_the_newest_cut_off() {
    // The model in use was learned a horizon ago: it has seen nothing of the days that judge.
    let text = log(300);
    let old = of_log(&text, r#""at":"2025-06-30""#).unwrap().at("/result/model").to_string();
    let more = format!(r#""at":"2025-07-30","challenger":{old}"#);
    let answer = of_log(&text, &more).unwrap();
    let at = |path: &str| number(&answer, &format!("/result/{path}"));
    assert_eq!(at("comparison/customers"), at("heldOut/customers"));
    assert_eq!(at("comparison/left"), at("heldOut/left"));
    let chosen = answer.at("/result/chosen").as_str().unwrap().to_owned();
    let held = at(&format!("heldOut/{chosen}/area/value"));
    assert!((at("comparison/champion/quality/area/value") - held).abs() < 1e-12);
    // What the old model says of them is what it said at that cut-off.
    let then = of_log(&text, &format!(r#""at":"2025-06-30","model":{old}"#)).unwrap();
    let bins = answer.at("/result/comparison/challenger/reliability").as_array().unwrap().clone();
    let expected: f64 = bins
        .iter()
        .map(|bin| bin["customers"].as_f64().unwrap() * bin["expected"].as_f64().unwrap())
        .sum();
    assert!((expected - number(&then, "/result/expectedToLeave")).abs() < 1e-6);
    let foreign = old.replace("recencyDays", "mood");
    let error = of_log(&text, &format!(r#""at":"2025-07-30","challenger":{foreign}"#)).unwrap_err();
    assert_eq!(error.path(), Some("options.challenger.features"));
}

#[test]
fn a_challenger_is_held_against_the_champion_on_the_same_rows() {
    let model = |attributes: &str, seed: u64| {
        let more = format!(r#""label":"gone","attributes":{attributes}"#);
        ask(&people(1500, seed), &more).unwrap().at("/result/model").to_string()
    };
    let (poor, rich) = (model(r#"["plan"]"#, 21), model(r#"["visits","plan"]"#, 22));
    let new = people(900, 23);
    let against = |champion: &str, challenger: &str| {
        ask(&new, &format!(r#""label":"gone","model":{champion},"challenger":{challenger}"#))
            .unwrap()
    };
    let better = against(&poor, &rich);
    let at = |answer: &Answer, path: &str| number(answer, &format!("/result/comparison/{path}"));
    assert_eq!(better.at("/result/comparison/verdict"), "better");
    assert!(at(&better, "areaDifference/interval/low") > 0.0);
    assert!(at(&better, "logLossDifference/interval/high") < 0.0);
    assert!(at(&better, "brierDifference/value") < 0.0);
    let gain =
        at(&better, "challenger/quality/area/value") - at(&better, "champion/quality/area/value");
    assert!((gain - at(&better, "areaDifference/value")).abs() < 1e-12);
    assert!(at(&better, "challenger/calibrationError") < 0.1);
    assert!(at(&better, "challenger/scoreDrift") < 0.1);
    // The probabilities are those that each model gives by itself.
    let alone = ask(&new, &format!(r#""label":"gone","model":{rich}"#)).unwrap();
    let (p, labels) = (alone.numbers("probability"), alone.numbers("label"));
    let squares = p.iter().zip(&labels).map(|(p, label)| (p - label) * (p - label)).sum::<f64>();
    let brier = squares / p.len() as f64;
    assert!((at(&better, "challenger/quality/brier/value") - brier).abs() < 1e-12);
    assert!(alone.at("/result/comparison").is_null());
    // The other way round, and against itself.
    let worse = against(&rich, &poor);
    assert_eq!(worse.at("/result/comparison/verdict"), "worse");
    assert_eq!(worse.by_customer(), alone.by_customer());
    let same = against(&rich, &rich);
    assert_eq!(same.at("/result/comparison/verdict"), "no-difference");
    assert_eq!(
        [at(&same, "areaDifference/interval/low"), at(&same, "logLossDifference/value")],
        [0.0; 2]
    );
    // The order of the rows changes nothing.
    let mut rows: Vec<&str> = new.lines().collect();
    rows[1..].reverse();
    let more = format!(r#""label":"gone","model":{poor},"challenger":{rich}"#);
    let turned = ask(&format!("{}\n", rows.join("\n")), &more).unwrap();
    assert_eq!(turned.at("/result/comparison"), better.at("/result/comparison"));
    // What cannot be compared is refused.
    let wrong = format!(r#""model":{poor},"challenger":{rich}"#);
    assert_eq!(ask(&new, &wrong).unwrap_err().path(), Some("options.challenger"));
    let few = ask(&people(12, 5), &more).unwrap_err();
    assert_eq!(few.code(), Code::NotEnoughData);
}
