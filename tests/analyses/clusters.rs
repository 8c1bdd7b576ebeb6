//! What `clusters` promises.

use std::rc::Rc;

use crate::tables::{Answer, plain, run, run_on, shanghai};
use siyu::error::Code;
use siyu::privacy::gate::Gate;
use siyu::read::read_table;
use siyu::stats::random::Random;

/// Three kinds of customers, far apart: many and dear purchases lately, few and cheap ones long ago,
/// and one cheap purchase lately.
fn planted() -> String {
    let mut random = Random::new(9, 0);
    let mut log = "customer,time,amount\n".to_owned();
    for customer in 0..60 {
        let purchases = 24 + random.below(8);
        for _ in 0..purchases {
            log += &format!(
                "big{customer},2025-06-{:02},{}\n",
                20 + random.below(10),
                900 + random.below(200)
            );
        }
        for _ in 0..4 {
            log += &format!(
                "old{customer},2024-06-{:02},{}\n",
                1 + random.below(10),
                20 + random.below(4)
            );
        }
        log += &format!(
            "one{customer},2025-06-{:02},{}\n",
            20 + random.below(10),
            5 + random.below(2)
        );
    }
    log
}

/// One cloud: each measure drawn on its own, none with two tops.
fn structureless(seed: u64) -> String {
    let mut random = Random::new(seed, 1);
    let mut log = "customer,time,amount\n".to_owned();
    for customer in 0..250 {
        let purchases = (1.5 + 0.5 * random.normal()).exp().ceil().max(1.0) as u32;
        let total = (5.0 + random.normal()).exp();
        let day = (180.0 + 50.0 * random.normal()).clamp(1.0, 364.0) as u32;
        let (month, day) = (1 + day / 31, 1 + day % 28);
        for _ in 0..purchases {
            let amount = total / f64::from(purchases);
            log += &format!("c{customer},2024-{month:02}-{day:02},{amount:.2}\n");
        }
    }
    log
}

fn request(more: &str) -> String {
    format!(r#"{{"analysis":"clusters","options":{{"at":"2025-06-30"{more}}}}}"#)
}

#[test]
fn planted_clusters_are_found_and_explained() {
    let log = planted();
    let answer = run(&log, &request("")).unwrap();
    assert_eq!(answer.at("/result/isClear"), true);
    let clusters = answer.at("/result/clusters").as_array().unwrap();
    assert_eq!(clusters.len(), 3);
    assert!(clusters.iter().all(|cluster| cluster["customers"] == 60));
    // The dearest come first.
    for kind in ["big", "old", "one"] {
        let labels: Vec<f64> =
            (0..60).map(|at| answer.of(&format!("{kind}{at}"), "cluster")).collect();
        assert!(labels.iter().all(|label| *label == labels[0]), "{kind}");
    }
    assert_eq!(answer.of("big7", "cluster"), 0.0);
    assert_eq!(clusters[0]["name"]["en"], "high spend, frequent");
    // Each is found again in every resample.
    assert!(clusters.iter().all(|cluster| cluster["jaccard"].as_f64().unwrap() > 0.99));
    let tried = answer.at("/result/tried").as_array().unwrap();
    let three = tried.iter().find(|row| row["clusters"] == 3).unwrap();
    let gap = |row: &serde_json::Value| row["value"].as_f64().unwrap();
    assert!(gap(&three["gap"]) > gap(answer.at("/result/undivided")) + 1.0);
    assert!(answer.at("/result/recommendation/en").as_str().unwrap().starts_with("3 clusters"));
    // Long ago is what sets the second kind apart.
    let old = &clusters[answer.of("old0", "cluster") as usize];
    assert_eq!(old["features"][0]["feature"], "recency");
    assert!(old["features"][0]["effect"].as_f64().unwrap() > 5.0);
}

#[test]
fn no_clear_clusters_is_an_answer() {
    let mut unclear = 0;
    for seed in 0..10 {
        let answer = run(&structureless(seed), &request(r#","mostClusters":5"#)).unwrap();
        if answer.at("/result/isClear") == false {
            unclear += 1;
            assert_eq!(answer.at("/result/clusters").as_array().unwrap().len(), 0);
            assert!(answer.at("/result/model").is_null());
            assert_eq!(answer.customers().len(), 0);
        }
    }
    assert_eq!(unclear, 10);
}

#[test]
fn a_number_that_is_asked_for_is_given_and_its_quality_told() {
    let answer = run(&structureless(1), &request(r#","clusters":4"#)).unwrap();
    assert_eq!(answer.at("/result/isClear"), false);
    assert_eq!(answer.at("/result/clusters").as_array().unwrap().len(), 4);
    assert_eq!(answer.customers().len(), 250);
}

/// Who is together with whom, whatever clusters are called.
fn partition(answer: &Answer, names: &[String]) -> Vec<usize> {
    let labels: Vec<f64> = names.iter().map(|name| answer.of(name, "cluster")).collect();
    labels.iter().map(|own| labels.iter().position(|other| other == own).unwrap()).collect()
}

fn everybody() -> Vec<String> {
    (0..60).flat_map(|at| ["big", "old", "one"].map(|kind| format!("{kind}{at}"))).collect()
}

#[test]
fn every_method_finds_planted_clusters() {
    let log = planted();
    let kmeans = partition(&run(&log, &request("")).unwrap(), &everybody());
    for method in [
        r#""gmm""#,
        r#""hierarchical""#,
        // Two prices are two dense places: they are too few for a cluster each.
        r#""hdbscan","leastSize":40"#,
        // Few customers on few days: the usual radius is that of the days.
        r#""dbscan","radius":0.5"#,
    ] {
        let answer = run(&log, &request(&format!(r#","method":{method}"#))).unwrap();
        assert_eq!(answer.at("/result/isClear"), true, "{method}");
        assert_eq!(answer.at("/result/clusters").as_array().unwrap().len(), 3, "{method}");
        assert_eq!(partition(&answer, &everybody()), kmeans, "{method}");
    }
}

#[test]
fn an_exported_model_assigns_the_same_and_other_customers() {
    let log = planted();
    for method in ["kmeans", "gmm", "hierarchical", "dbscan", "hdbscan"] {
        let fitted =
            run(&log, &request(&format!(r#","method":"{method}","radius":0.5,"leastSize":40"#)))
                .unwrap();
        let model = fitted.at("/result/model").to_string();
        let given = request(&format!(r#","model":{model}"#));
        let again = run(&log, &given).unwrap();
        assert_eq!(again.numbers("cluster"), fitted.numbers("cluster"), "{method}");
        assert!(again.at("/result/isClear").is_null());
        let other = "customer,time,amount\nx,2025-06-25,5.5\ny,2024-06-05,88\n";
        let other = run(other, &given).unwrap();
        assert_eq!(other.of("x", "cluster"), fitted.of("one0", "cluster"), "{method}");
    }
}

#[test]
fn a_model_that_is_damaged_is_refused_at_its_place() {
    let log = planted();
    let fitted = run(&log, &request("")).unwrap();
    let model = fitted.at("/result/model");
    for (field, value, path) in [
        ("points", "[[1,2]]", "options.model.points"),
        ("points", "[]", "options.model.points"),
        ("features", "[]", "options.model.features"),
        ("moneyUnit", "0", "options.model.moneyUnit"),
        ("reach", "-1", "options.model.reach"),
        ("members", "[7]", "options.model.members"),
        ("weights", "[1,1,1]", "options.model.covariances"),
        ("scaler", r#"{"centres":[0,0,0],"spreads":[1,0,1]}"#, "options.model.scaler"),
    ] {
        let mut changed = model.clone();
        changed[field] = serde_json::from_str(value).unwrap();
        let error = run(&log, &request(&format!(r#","model":{changed}"#))).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some(path)), "{field}");
    }
}

#[test]
fn neither_rows_nor_names_nor_currency_decide_who_is_together() {
    let log = planted();
    let mut lines: Vec<&str> = log.lines().skip(1).collect();
    lines.reverse();
    let turned = format!("customer,time,amount\n{}\n", lines.join("\n"));
    let renamed = log.replace("big", "大").replace("old", "旧").replace("one", "新");
    let dear: String = log
        .lines()
        .map(|line| match line.rsplit_once(',') {
            Some((rest, amount)) if amount != "amount" => format!("{rest},{amount}00\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    for more in ["", r#","clusters":5"#] {
        let plain = run(&log, &request(more)).unwrap();
        let before = partition(&plain, &everybody());
        let after = run(&turned, &request(more)).unwrap();
        assert_eq!(partition(&after, &everybody()), before, "rows {more}");
        let after = run(&dear, &request(more)).unwrap();
        assert_eq!(partition(&after, &everybody()), before, "currency {more}");
        let after = run(&renamed, &request(more)).unwrap();
        assert_eq!(after.numbers("cluster"), plain.numbers("cluster"), "names {more}");
    }
}

#[test]
fn measures_can_be_chosen() {
    let answer = run(&planted(), &request(r#","features":["mean","tenure"]"#)).unwrap();
    let features = answer.at("/result/clusters/0/features").as_array().unwrap();
    let mut names: Vec<&str> =
        features.iter().map(|row| row["feature"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["mean", "tenure"]);
    for (more, path) in [
        (r#","features":[]"#, "options.features"),
        (r#","features":["mean","mean"]"#, "options.features[1]"),
        (r#","method":"dbscan","clusters":3"#, "options.clusters"),
        (r#","method":"dbscan","radius":0"#, "options.radius"),
        (r#","leastNeighbours":0"#, "options.leastNeighbours"),
        (r#","leastSize":1"#, "options.leastSize"),
        (r#","leastStability":2"#, "options.leastStability"),
    ] {
        let error = run(&planted(), &request(more)).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some(path)));
    }
}

#[test]
fn a_sample_stands_for_many_customers_and_is_told() {
    let mut log = "customer,time,amount\n".to_owned();
    for customer in 0..3000 {
        let (day, amount) = if customer % 3 == 0 { (25, 900 + customer % 50) } else { (2, 9) };
        let month = if customer % 3 == 0 { 6 } else { 1 };
        log += &format!("c{customer},2025-{month:02}-{day:02},{amount}\n");
    }
    for method in ["kmeans", "hierarchical"] {
        let asked = request(&format!(r#","method":"{method}","clusters":2"#));
        let answer = run(&log, &asked).unwrap();
        assert_eq!(answer.at("/about/warnings/0/code"), "sampled", "{method}");
        assert_eq!(answer.at("/result/clusters/0/customers"), 1000, "{method}");
        assert_eq!(answer.at("/result/unassigned"), 0);
    }
}

#[test]
fn a_seed_gives_the_same_report_again() {
    let log = planted();
    let once = run(&log, &request("")).unwrap();
    let again = run(&log, &request("")).unwrap();
    assert_eq!((once.json, once.sets.clone()), (again.json, again.sets));
}

#[test]
fn degenerate_customers_are_no_clusters() {
    let same = "customer,time,amount\na,2025-05-01,1\nb,2025-05-01,1\nc,2025-05-01,1\n";
    let answer = run(same, &request("")).unwrap();
    assert_eq!(answer.at("/result/isClear"), false);
    assert_eq!(answer.at("/result/tried").as_array().unwrap().len(), 0);
    let error = run(same, &request(r#","clusters":2"#)).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::NotEnoughData, Some("options.clusters")));
    let one = "customer,time,amount\na,2025-05-01,1\n";
    assert_eq!(run(one, &request("")).unwrap().at("/result/isClear"), false);
    let error = run(same, &request(r#","clusters":1"#)).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("options.clusters")));
}

/// Customers of the same money and days: half of them from one city on the app, and older.
fn attributed(order: impl Fn(&mut Vec<String>)) -> String {
    let mut lines: Vec<String> = (0..120)
        .map(|customer| {
            let (city, channel, age) = match customer % 2 {
                0 => ("成都", "app", (60 + customer % 7).to_string()),
                _ => ("重庆", "store", (25 + customer % 7).to_string()),
            };
            // Some say nothing.
            let city = if customer % 30 == 4 { "" } else { city };
            let age = if customer % 40 == 6 { String::new() } else { age };
            format!("c{customer},2025-06-{:02},{},{city},{channel},{age}", 10 + customer % 5, 50)
        })
        .collect();
    order(&mut lines);
    format!("customer,time,amount,city,channel,age\n{}\n", lines.join("\n"))
}

fn on_attributes(csv: &str, more: &str) -> siyu::error::Result<Answer> {
    let options = r#"{"roles":{"customer":"customer","time":"time","amount":"amount"},
        "attributes":{"city":"city","channel":"channel","age":{"column":"age","type":"number"}},
        "zone":"Asia/Shanghai"}"#;
    let options = plain(options).read().unwrap();
    let table = read_table([csv.as_bytes()], &options, shanghai(), 1, 1 << 30).unwrap().0;
    run_on(&Rc::new(table), &request(more), Gate::open(), 1 << 30)
}

#[test]
fn texts_and_numbers_of_the_customers_are_clustered_too() {
    let csv = attributed(|_| ());
    for (more, clusters) in [
        (r#","method":"kmodes","attributes":["city","channel"],"clusters":2"#, 2),
        (
            r#","method":"kprototypes","features":["recency"],"attributes":["age","city","channel"],"clusters":2"#,
            2,
        ),
        (r#","features":[],"attributes":["age"]"#, 2),
    ] {
        let answer = on_attributes(&csv, more).unwrap();
        let found = answer.at("/result/clusters").as_array().unwrap();
        assert_eq!(found.len(), clusters, "{more}");
        for customer in 0..120 {
            let other = answer.of(&format!("c{}", (customer + 2) % 120), "cluster");
            // Whose age is missing counts as of median age, which is nearer to the younger.
            if more.contains("\"age\"") && [6, 46, 86, 4, 44, 84].contains(&customer) {
                continue;
            }
            assert_eq!(answer.of(&format!("c{customer}"), "cluster"), other, "{customer} {more}");
        }
        let model = answer.at("/result/model").to_string();
        let again = on_attributes(&csv, &format!(r#","model":{model}"#)).unwrap();
        assert_eq!(again.numbers("cluster"), answer.numbers("cluster"), "{more}");
        let turned = on_attributes(&attributed(|lines| lines.reverse()), more).unwrap();
        for customer in (0..120).map(|at| format!("c{at}")) {
            let [before, after] = [&answer, &turned].map(|one| one.of(&customer, "cluster"));
            assert_eq!(before, after, "{customer} {more}");
        }
    }
    let answer =
        on_attributes(&csv, r#","method":"kmodes","attributes":["city","channel"],"clusters":2"#);
    let answer = answer.unwrap();
    let cluster = answer.of("c0", "cluster") as usize;
    let texts = answer.at(&format!("/result/clusters/{cluster}/texts"));
    assert_eq!((texts[0]["mode"].as_str(), texts[1]["mode"].as_str()), (Some("成都"), Some("app")));
    assert_eq!(
        (texts[1]["share"].as_f64(), texts[1]["elsewhere"].as_f64()),
        (Some(1.0), Some(0.0))
    );
    assert_eq!(answer.at(&format!("/result/clusters/{cluster}/name/zh")), "成都·app");
    let mixed = r#","method":"kprototypes","attributes":["age","city"],"clusters":2"#;
    let mixed = on_attributes(&csv, mixed).unwrap();
    assert_eq!(mixed.at("/about/warnings/0/code"), "missing-filled");
    assert_eq!(mixed.at("/about/warnings/0/count"), 3);
}

#[test]
fn attributes_that_cannot_be_clustered_are_refused_at_their_place() {
    let csv = attributed(|_| ());
    for (more, path) in [
        (r#","attributes":["city"]"#, "options.attributes[0]"),
        (r#","attributes":["age","age"]"#, "options.attributes[1]"),
        (r#","method":"kmodes","attributes":["age"]"#, "options.attributes[0]"),
        (r#","method":"kmodes""#, "options.attributes"),
        (r#","method":"kprototypes","attributes":["age"]"#, "options.attributes"),
        (r#","mismatchWeight":-1"#, "options.mismatchWeight"),
    ] {
        let error = on_attributes(&csv, more).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some(path)), "{more}");
    }
    assert!(on_attributes(&csv, r#","attributes":["shoe"]"#).is_err());
}
