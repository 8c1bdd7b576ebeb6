//! What `uplift` promises.

use crate::tables::{Answer, options, run, run_on, run_streamed, shanghai, table};
use siyu::error::Code;
use siyu::privacy::gate::Gate;
use siyu::stats::random::Random;

/// Units whose success the treatment lifts by 0.3 above an age of 45 in the city A, and not at all
/// elsewhere, times `strength`; `amount` is 10 times the success plus noise.
fn trial(units: usize, strength: f64) -> String {
    let mut random = Random::new(8, 0);
    let mut csv = "customer,variant,city,age#,noise#,bought#,amount#\n".to_owned();
    for at in 0..units {
        let (age, city) = (20.0 + 50.0 * random.unit(), ["A", "B"][random.below(2) as usize]);
        let is_treated = random.unit() < 0.5;
        let is_moved = is_treated && age > 45.0 && city == "A";
        let chance = 0.1 + 0.004 * (age - 20.0) + if is_moved { 0.4 * strength } else { 0.0 };
        let bought = u8::from(random.unit() < chance);
        let arm = if is_treated { "mail" } else { "none" };
        let (noise, amount) = (random.unit(), 10.0 * f64::from(bought) + random.normal());
        let age = if at % 31 == 0 { String::new() } else { format!("{age:.1}") };
        csv += &format!("c{at:05},{arm},{city},{age},{noise:.3},{bought},{amount:.4}\n");
    }
    csv
}

fn request(more: &str) -> String {
    format!(
        r#"{{"analysis":"uplift","inputs":{{"units":"orders"}},"options":{{"control":"none",
        "outcome":"bought","features":["city","age","noise"]{more}}}}}"#
    )
}

fn number(answer: &Answer, pointer: &str) -> f64 {
    answer.at(pointer).as_f64().unwrap_or_else(|| panic!("{pointer} is no number"))
}

#[test]
fn every_learner_finds_whom_the_treatment_changes() {
    let csv = trial(4000, 1.0);
    for learner in ["dr", "t", "s", "x", "transformed"] {
        let answer = run(&csv, &request(&format!(r#","learner":"{learner}","cost":0.1"#))).unwrap();
        let [qini, low] =
            ["/result/qini/value", "/result/qini/interval/low"].map(|at| number(&answer, at));
        let slope = number(&answer, "/result/heterogeneity/slope/value");
        // A quarter of the units gain 0.4: the area of the best order is 0.1·(½ − ⅛).
        println!(
            "{learner}: qini {qini:.4} of 0.0375 (from {low:.4}), slope {slope:.2}, coefficients {} {}, best {}",
            answer.at("/result/coefficients/qini/value"),
            answer.at("/result/coefficients/auuc/value"),
            answer.at("/result/best"),
        );
        assert!(low > 0.0 && (0.02..0.055).contains(&qini), "{learner}");
        assert_eq!(answer.at("/result/heterogeneity/differs"), true);
        assert!((0.4..1.6).contains(&slope), "{learner}: {slope}");
        let effect = number(&answer, "/result/effect/value");
        assert!((effect - 0.1).abs() < 0.05, "{learner}: {effect}");
        // Treated above a cost of 0.1 are those in A above 45, about a quarter.
        let best = number(&answer, "/result/best/share");
        assert!((0.15..=0.5).contains(&best), "{learner}: {best}");
        assert!(number(&answer, "/result/best/advantage/interval/low") > 0.0, "{learner}");
        let last = answer.at("/result/features/2/feature");
        assert_eq!(last, "noise", "{learner}");
        let tenths = answer.at("/result/tenths").as_array().unwrap();
        assert!(tenths[0]["effect"]["interval"]["low"].as_f64().unwrap() > 0.1, "{learner}");
        // The scores themselves: those who are moved are told from those who are not.
        let moved = |id: &String| {
            let line = csv.lines().find(|line| line.starts_with(id.as_str())).unwrap();
            let cells: Vec<&str> = line.split(',').collect();
            cells[2] == "A" && cells[3].parse().is_ok_and(|age: f64| age > 45.0)
        };
        let ids = answer.customers();
        let first = ids.iter().take(400).filter(|id| moved(id)).count();
        assert!(first > 320, "{learner}: {first}");
    }
}

#[test]
fn an_effect_that_is_the_same_for_all_is_not_taken_for_one_that_differs() {
    for learner in ["dr", "t", "x"] {
        let answer =
            run(&trial(3000, 0.0), &request(&format!(r#","learner":"{learner}""#))).unwrap();
        let differs =
            answer.json.pointer("/result/heterogeneity/differs").is_some_and(|d| d == true);
        let text = answer.at("/result/sentence/en").as_str().unwrap();
        println!("{learner}: {}", answer.at("/result/heterogeneity"));
        assert!(!differs && text.starts_with("No evidence that the effect differs"), "{text}");
        assert!(number(&answer, "/result/qini/interval/low") <= 0.0);
        assert!(number(&answer, "/result/best/advantage/interval/low") <= 0.0);
    }
}

#[test]
fn amounts_are_learned_like_successes_and_have_no_coefficients() {
    let more = r#","value":1,"cost":1"#;
    let csv = trial(4000, 1.0);
    let asked = request(more).replace(r#""bought""#, r#""amount""#);
    let answer = run(&csv, &asked).unwrap();
    assert_eq!(answer.at("/result/isShare"), false);
    assert!(answer.at("/result/coefficients").is_null());
    let qini = number(&answer, "/result/qini/value");
    assert!((0.2..0.55).contains(&qini), "{qini}");
    // Money of treating all is its effect less its cost.
    let effect = number(&answer, "/result/effect/value");
    assert!((number(&answer, "/result/best/all/value") - (effect - 1.0)).abs() < 1e-12);
    assert!((number(&answer, "/result/curve/19/value/value") - (effect - 1.0)).abs() < 1e-12);
}

#[test]
fn row_order_and_blocks_change_nothing_and_swapped_arms_turn_the_sign() {
    let csv = trial(1500, 1.0);
    let before = run(&csv, &request(r#","learner":"t""#)).unwrap();
    let mut lines: Vec<&str> = csv.lines().skip(1).collect();
    lines.reverse();
    let turned = format!("{}\n{}\n", csv.lines().next().unwrap(), lines.join("\n"));
    let after = run(&turned, &request(r#","learner":"t""#)).unwrap();
    assert_eq!(before.at("/result"), after.at("/result"));
    assert_eq!(before.by_customer(), after.by_customer());
    for (piece, step) in [(7, 100), (4096, 1_000_000)] {
        let asked = request(r#","learner":"t""#);
        let after =
            run_streamed(csv.as_bytes(), &options(&csv), shanghai(), &asked, piece, step).unwrap();
        assert_eq!(before.at("/result"), after.at("/result"));
        assert_eq!(before.by_customer(), after.by_customer());
    }
    let swapped = csv.replace(",mail,", ",x,").replace(",none,", ",mail,").replace(",x,", ",none,");
    let after = run(&swapped, &request(r#","learner":"t""#)).unwrap();
    let both = ["/result/effect/value", "/result/heterogeneity/slope/value", "/result/qini/value"]
        .map(|at| [number(&before, at), number(&after, at)]);
    assert!((both[0][0] + both[0][1]).abs() < 1e-12, "{both:?}");
    // The slope and the area are those of an order that is turned as well.
    assert!((both[1][0] - both[1][1]).abs() < 1e-9 && (both[2][0] - both[2][1]).abs() < 1e-9);
    let (mut own, mut other) = (before.by_customer(), after.by_customer());
    for ((id, a), (other, b)) in own.iter_mut().zip(&mut other) {
        let [a, b] = [f64::from_bits(a[0]), f64::from_bits(b[0])];
        assert!(id == other && (a + b).abs() < 1e-12);
    }
}

#[test]
fn the_seed_deals_and_says_so() {
    let csv = trial(800, 1.0);
    let [a, b, c] =
        [0, 0, 5].map(|seed| run(&csv, &request(&format!(r#","seed":{seed}"#))).unwrap());
    assert_eq!(a.at("/result"), b.at("/result"));
    assert_ne!(a.at("/result/qini"), c.at("/result/qini"));
    // The planned share of the treated in place of the observed one.
    let planned = run(&csv, &request(r#","propensity":0.5"#)).unwrap();
    let apart = number(&planned, "/result/effect/value") - number(&a, "/result/effect/value");
    assert!(apart != 0.0 && apart.abs() < 0.01);
}

#[test]
fn what_cannot_be_learned_from_is_refused_with_its_place() {
    let csv = trial(400, 1.0);
    let refused = |csv: &str, more: &str, code: Code, path: &str| {
        let error = run(csv, &request(more)).unwrap_err();
        assert_eq!((error.code(), error.path()), (code, Some(path)), "{error}");
    };
    refused(&csv, r#","folds":1"#, Code::InvalidOption, "options.folds");
    refused(&csv, r#","folds":20"#, Code::NotEnoughData, "options.folds");
    refused(&csv, r#","propensity":1"#, Code::InvalidOption, "options.propensity");
    refused(&csv, r#","cost":-1"#, Code::InvalidOption, "options.cost");
    refused(&csv, r#","shares":[0.5,0.2]"#, Code::InvalidOption, "options.shares");
    refused(&csv, r#","treatment":"none""#, Code::InvalidOption, "options.treatment");
    refused(&csv, r#","treatment":"call""#, Code::InvalidOption, "options.treatment");
    refused(&csv.replace(",none,", ",mail,"), "", Code::NotEnoughData, "options.variant");
    refused(&csv.replace(",none,", ",nobody,"), "", Code::InvalidOption, "options.control");
    let three = csv.replacen(",mail,", ",call,", 30);
    refused(&three, "", Code::InvalidOption, "options.treatment");
    // Written down after the arm was known.
    let leaky: String = csv
        .lines()
        .map(|line| {
            let is_mail = line.contains(",mail,");
            let last = if line.starts_with("customer") {
                "opened"
            } else if is_mail {
                "y"
            } else {
                "n"
            };
            format!("{line},{last}\n")
        })
        .collect();
    let asked = request("").replace(r#""noise""#, r#""opened""#);
    let error = run(&leaky, &asked).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("options.features[2]")));
    let asked = request("").replace(r#""noise""#, r#""bought""#);
    assert_eq!(run(&csv, &asked).unwrap_err().path(), Some("options.features[2]"));
}

#[test]
fn units_that_take_no_part_are_counted_and_other_arms_are_left_out() {
    let mut csv = trial(400, 1.0).replacen(",mail,", ",call,", 30);
    csv += "twice,mail,A,30,0.5,1,1\ntwice,none,A,30,0.5,1,1\nempty,mail,A,30,0.5,,\n";
    let answer = run(&csv, &request(r#","treatment":"mail""#)).unwrap();
    let left_out = answer.at("/about/leftOut").as_array().unwrap();
    let count = |reason: &str| {
        left_out.iter().find(|part| part["reason"] == reason).map(|part| part["rows"].as_u64())
    };
    assert_eq!(count("other-arm"), Some(Some(30)));
    assert_eq!(count("two-arms"), Some(Some(2)));
    assert_eq!(count("no-outcome"), Some(Some(1)));
    assert_eq!(answer.customers().len(), 370);
    assert_eq!(answer.at("/about/used/customers"), 370);
}

#[test]
fn nothing_to_learn_has_its_answer() {
    // No unit of the control succeeds, and then nobody at all; features that say nothing.
    let csv = trial(400, 1.0);
    let set = |wanted: &str| -> String {
        csv.lines()
            .map(|line| {
                let mut cells: Vec<&str> = line.split(',').collect();
                if cells[1] == wanted || (wanted.is_empty() && cells[0] != "customer") {
                    cells[5] = "0";
                }
                cells.join(",") + "\n"
            })
            .collect()
    };
    for learner in ["dr", "t", "s", "x", "transformed"] {
        let asked = request(&format!(r#","learner":"{learner}""#));
        let answer = run(&set("none"), &asked).unwrap();
        assert_eq!(answer.at("/result/arms/0/mean"), 0.0);
        assert!(number(&answer, "/result/effect/value") > 0.0);
        let answer = run(&set(""), &asked).unwrap();
        assert!(answer.at("/result/heterogeneity").is_null());
        assert!(answer.at("/result/coefficients/qini").is_null());
        assert_eq!(answer.at("/result/best/share"), 0.0);
        assert_eq!(answer.at("/about/warnings/0/code"), "constant-scores");
        let text = serde_json::to_string(&answer.json).unwrap();
        assert!(!text.contains("NaN"));
        assert!(answer.numbers("effect").iter().all(|effect| *effect == 0.0));
    }
    let memory = run_on(&table(&csv), &request(""), Gate::open(), 1000).unwrap_err();
    assert_eq!(memory.code(), Code::LimitMemory);
}
