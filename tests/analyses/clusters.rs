//! What `clusters` promises.

use crate::tables::run;
use siyu::error::Code;
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
    assert_eq!((error.code(), error.path()), (Code::NotEnoughData, Some("clusters")));
    let one = "customer,time,amount\na,2025-05-01,1\n";
    assert_eq!(run(one, &request("")).unwrap().at("/result/isClear"), false);
    let error = run(same, &request(r#","clusters":1"#)).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("options.clusters")));
}
