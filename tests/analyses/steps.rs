//! No step of an answer does much more than it was asked to.

use std::rc::Rc;

use siyu::analysis::{Job, Source};
use siyu::privacy::gate::Gate;

use crate::tables::{plain, table};

/// Units of work, as the analysis counts them, of the largest step, and how many steps it took.
fn steps(csv: &str, request: &str, budget: usize) -> (u64, u64, u64) {
    let tables = vec![("orders".to_owned(), Source::Loaded(table(csv)))];
    let mut job = Job::start(plain(request), tables, Rc::new(Gate::open()), 1 << 30).unwrap();
    let (mut before, mut largest, mut count, mut total) = (0, 0, 0, 0);
    loop {
        let step = job.step(budget).unwrap();
        if step.phase == "finish" {
            assert!(step.done >= before, "progress does not go back");
            largest = largest.max(step.done - before);
            (before, total, count) = (step.done, step.total, count + 1);
        }
        if step.finished {
            assert_eq!(step.done, total);
            return (largest, count, total);
        }
    }
}

fn log() -> String {
    let mut csv = "customer,time,amount\n".to_owned();
    for row in 0..20_000_u64 {
        let (customer, day) = (row * 7919 % 5_000, row * 31 % 360);
        csv += &format!(
            "c{customer},2024-{:02}-{:02},{}.5\n",
            day / 30 + 1,
            day % 28 + 1,
            row * 37 % 900 + customer % 7 * 100
        );
    }
    csv
}

#[test]
fn long_answers_are_worked_out_in_steps_of_the_size_that_is_asked_for() {
    let csv = log();
    let budget = 300;
    // `rfm`, which `migration` runs twice, scores all 5,000 customers by a measure in one piece.
    for (name, piece, options) in [
        ("lifecycle", 0, r#"{"at":"2024-12-31","history":6}"#),
        ("migration", 5_000, r#"{"from":"2024-06-30","to":"2024-12-31"}"#),
    ] {
        let request = format!(r#"{{"analysis":"{name}","options":{options}}}"#);
        let (largest, count, total) = steps(&csv, &request, budget);
        // A customer is not cut.
        assert!(largest <= 2 * budget as u64 + piece, "{name}: a step of {largest} units");
        let most = 2 * budget as u64 + piece;
        assert!(count >= total / most, "{name}: {count} steps for {total} units");
        assert!(total > 20 * budget as u64, "{name}: {total} units are too few to tell");
    }
}

#[test]
fn clusters_are_looked_for_in_small_pieces() {
    let csv = log();
    // One row of the sample against all others, or the first centres of a start, are one piece.
    let piece = 1_500 * 5 * 3;
    for options in
        [r#"{"at":"2024-12-31","clusters":3}"#, r#"{"at":"2024-12-31","mostClusters":5}"#]
    {
        let request = format!(r#"{{"analysis":"clusters","options":{options}}}"#);
        let (largest, count, total) = steps(&csv, &request, 300);
        assert!(largest <= 300 + piece, "a step of {largest} units");
        assert!(count >= total / (300 + piece), "{count} steps for {total} units");
        assert!(total > 100 * piece, "{total} units are too few to tell");
    }
}

#[test]
fn the_size_of_steps_changes_no_answer() {
    let csv = log();
    for (name, options) in [
        ("lifecycle", r#"{"at":"2024-12-31","rhythm":"own"}"#),
        ("migration", r#"{"from":"2024-06-30","to":"2024-12-31"}"#),
        ("clusters", r#"{"at":"2024-12-31","clusters":3}"#),
    ] {
        let request = format!(r#"{{"analysis":"{name}","options":{options}}}"#);
        let answer = |budget: usize| {
            let tables = vec![("orders".to_owned(), Source::Loaded(table(&csv)))];
            let mut job =
                Job::start(plain(&request), tables, Rc::new(Gate::open()), 1 << 30).unwrap();
            while !job.step(budget).unwrap().finished {}
            let (report, sets) = job.finish().unwrap();
            (serde_json::to_string(&report).unwrap(), sets)
        };
        assert!(answer(97) == answer(1 << 20), "{name}");
    }
}
