//! What `look-alike` promises.

use crate::tables::{Answer, run_with};
use siyu::error::Code;
use siyu::stats::random::Random;

/// Six hundred customers of whom a hundred and more are members: the older and those of A more
/// often. `noise` says nothing.
fn shop() -> (String, String) {
    let mut random = Random::new(3, 0);
    let (mut customers, mut members) =
        ("customer,city,age#,noise#\n".to_owned(), "customer\n".to_owned());
    for at in 0..600 {
        let age = 20.0 + 50.0 * random.unit();
        let city = ["A", "B", "C"][random.below(3) as usize];
        let logit = -5.0 + 0.07 * age + if city == "A" { 1.5 } else { 0.0 };
        if random.unit() < 1.0 / (1.0 + (-logit).exp()) {
            members += &format!("c{at}\n");
        }
        let age = if at % 29 == 0 { String::new() } else { format!("{age:.1}") };
        customers += &format!("c{at},{city},{age},{:.3}\n", random.unit());
    }
    (customers, members)
}

fn request(more: &str) -> String {
    format!(
        r#"{{"analysis":"look-alike","inputs":{{"members":"members","customers":"customers"}},
        "options":{{"attributes":["city","age","noise"]{more}}}}}"#
    )
}

fn answer(more: &str) -> Answer {
    let (customers, members) = shop();
    run_with(&[("members", &members), ("customers", &customers)], &request(more)).unwrap()
}

#[test]
fn what_made_the_segment_is_found_and_the_ranking_beats_chance() {
    let answer = answer("");
    assert_eq!(answer.at("/result/status"), "converged");
    let columns = answer.at("/result/columns").as_array().unwrap();
    let names: Vec<_> = columns.iter().map(|c| c["feature"].as_str().unwrap()).collect();
    assert_eq!(names[0], "age");
    let coefficient = |feature: &str, value: &str| {
        columns
            .iter()
            .find(|c| {
                c["feature"] == feature
                    && c["value"].as_str().unwrap_or("") == value
                    && c["isMissing"] == false
            })
            .unwrap()["coefficient"]
            .as_f64()
            .unwrap()
    };
    assert!(coefficient("age", "") > 0.5 && coefficient("city", "A") > 0.2);
    assert!(coefficient("noise", "").abs() < 0.3);
    let held_out = answer.at("/result/heldOut");
    let best = &held_out["tenths"][0];
    println!("held out: area {}, lift of the best tenth {}", held_out["area"], best["lift"]);
    assert!(held_out["area"].as_f64().unwrap() > 0.65);
    assert!(best["lift"].as_f64().unwrap() > 1.3);
    assert!(best["interval"]["low"].as_f64() < best["lift"].as_f64());
    let last = &held_out["tenths"][9];
    assert!(
        (last["lift"].as_f64().unwrap() - 1.0).abs() < 1e-9
            && (last["captured"].as_f64().unwrap() - 1.0).abs() < 1e-9
    );
}

#[test]
fn everybody_outside_the_segment_is_ranked_once() {
    let answer = answer("");
    let (members, prospects) = (
        answer.at("/result/members").as_u64().unwrap(),
        answer.at("/result/prospects").as_u64().unwrap(),
    );
    assert_eq!(members + prospects, 600);
    let (_, inside) = shop();
    let customers = answer.customers();
    assert_eq!(customers.len() as u64, prospects);
    assert!(customers.iter().all(|id| !inside.lines().any(|line| line == id)));
    let scores = answer.numbers("score");
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]));
    assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
    assert_eq!((answer.numbers("rank")[0], answer.numbers("tenth")[0]), (1.0, 1.0));
    assert_eq!(answer.numbers("tenth").last(), Some(&10.0));
}

#[test]
fn row_order_and_names_change_nothing_and_the_seed_says_who_is_held_out() {
    let before = answer("");
    let (customers, members) = shop();
    let turned = |csv: &str| {
        let mut lines: Vec<&str> = csv.lines().skip(1).collect();
        lines.reverse();
        format!("{}\n{}\n", csv.lines().next().unwrap(), lines.join("\n"))
    };
    let (other_customers, other_members) = (turned(&customers), turned(&members));
    let after =
        run_with(&[("members", &other_members), ("customers", &other_customers)], &request(""))
            .unwrap();
    assert_eq!(before.at("/result"), after.at("/result"));
    assert_eq!(before.by_customer(), after.by_customer());
    let renamed = |csv: &str| csv.replace("\nc", "\n会员");
    let after = run_with(
        &[("members", &renamed(&members)), ("customers", &renamed(&customers))],
        &request(""),
    )
    .unwrap();
    assert_eq!(before.at("/result"), after.at("/result"));
    let other = answer(r#","seed":7"#);
    assert_ne!(before.at("/result/heldOut"), other.at("/result/heldOut"));
    assert_eq!(before.at("/result/columns"), other.at("/result/columns"));
}

#[test]
fn a_segment_made_from_the_features_is_noticed() {
    let customers: String = (0..200).map(|at| format!("c{at},{at}\n")).collect();
    let members: String = (100..200).map(|at| format!("c{at}\n")).collect();
    let request = request("").replace(r#"["city","age","noise"]"#, r#"["age"]"#);
    let tables = [
        ("members", format!("customer\n{members}")),
        ("customers", format!("customer,age#\n{customers}")),
    ];
    let answer =
        run_with(&[("members", &tables[0].1), ("customers", &tables[1].1)], &request).unwrap();
    assert_eq!(answer.at("/about/warnings/0/code"), "too-good");
    assert_eq!(answer.at("/result/status"), "converged");
}

#[test]
fn degenerate_questions_have_stated_answers() {
    let (customers, _) = shop();
    let ask = |members: &str, more: &str| {
        run_with(&[("members", members), ("customers", &customers)], &request(more))
    };
    let few = ask("customer\nc1\nc2\n", "").unwrap();
    assert!(few.at("/result/heldOut").is_null());
    assert_eq!(few.at("/about/warnings/0/code"), "few-members");
    assert!(!few.json.to_string().contains("NaN"));
    let error = ask("customer\nstranger\n", "").unwrap_err();
    assert_eq!(error.code(), Code::NotEnoughData);
    let refused = |more: &str| {
        let error = ask("customer\nc1\n", more).unwrap_err();
        (error.code(), error.path().unwrap_or_default().to_owned())
    };
    assert_eq!(refused(r#","heldOut":0.9"#), (Code::InvalidOption, "options.heldOut".into()));
    assert_eq!(refused(r#","penalty":0"#), (Code::InvalidOption, "options.penalty".into()));
    let same = "customer,city,age#,noise#\na,X,1,1\nb,X,1,1\nc,X,1,1\n";
    let error =
        run_with(&[("members", "customer\na\n"), ("customers", same)], &request("")).unwrap_err();
    assert_eq!(error.code(), Code::NotEnoughData);
}
