//! Special functions against 25 digits of mpmath (`reference.py` beside this file wrote them).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

use siyu::stats::special::Tails;
use siyu::stats::special::beta::{incomplete_beta, inverse_incomplete_beta, ln_beta};
use siyu::stats::special::error::{erf, erfc, normal_quantile};
use siyu::stats::special::gamma::{digamma, incomplete_gamma, inverse_incomplete_gamma, ln_gamma};

const TOLERANCE: f64 = 1e-12;

fn value(function: &str, a: f64, b: f64, x: f64) -> Option<f64> {
    match function {
        "ln_gamma" => ln_gamma(x),
        "digamma" => digamma(x),
        "erf" => Some(erf(x)),
        "erfc" => Some(erfc(x)),
        "ln_beta" => ln_beta(a, b),
        "gamma_lower" => incomplete_gamma(a, x).map(|tails| tails.lower),
        "gamma_upper" => incomplete_gamma(a, x).map(|tails| tails.upper),
        "beta_lower" => incomplete_beta(a, b, x).map(|tails| tails.lower),
        "beta_upper" => incomplete_beta(a, b, x).map(|tails| tails.upper),
        "gamma_quantile_lower" => inverse_incomplete_gamma(a, Tails::of_lower(x)),
        "gamma_quantile_upper" => inverse_incomplete_gamma(a, Tails::of_upper(x)),
        "beta_quantile_lower" => inverse_incomplete_beta(a, b, Tails::of_lower(x)),
        "beta_quantile_upper" => inverse_incomplete_beta(a, b, Tails::of_upper(x)),
        "normal_quantile" => normal_quantile(x),
        other => panic!("{other}"),
    }
}

#[test]
fn special_functions_hold_to_1e_12_relative_with_tails() {
    let text = include_str!("reference.csv");
    let (mut points, mut wrong) = (0, Vec::new());
    let mut worst = std::collections::BTreeMap::<&str, f64>::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |at: usize| cells[at].parse::<f64>().unwrap();
        let (function, a, b, x, expected) = (cells[0], number(1), number(2), number(3), number(4));
        let got = value(function, a, b, x).unwrap();
        let error = ((got - expected) / expected).abs();
        let error = if error.is_nan() { f64::INFINITY } else { error };
        points += 1;
        let most = worst.entry(function).or_default();
        *most = most.max(error);
        if error > TOLERANCE {
            wrong.push(format!("{line}: got {got:e}, off by {error:e}"));
        }
    }
    println!("{points} points; worst {worst:?}");
    assert!(points > 900, "{points}");
    assert!(wrong.is_empty(), "{} of {points}\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn arguments_outside_the_domain_have_no_value() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(ln_gamma(bad), None);
        assert_eq!(digamma(bad), None);
        assert_eq!(ln_beta(bad, 1.0), None);
        assert_eq!(incomplete_gamma(bad, 1.0), None);
        assert_eq!(incomplete_beta(1.0, bad, 0.5), None);
        assert_eq!(inverse_incomplete_gamma(bad, Tails::of_lower(0.5)), None);
        assert_eq!(inverse_incomplete_beta(bad, 1.0, Tails::of_lower(0.5)), None);
    }
    for bad in [-0.1, 1.1, f64::NAN] {
        assert_eq!(normal_quantile(bad), None);
        assert_eq!(incomplete_beta(1.0, 1.0, bad), None);
    }
    assert_eq!(incomplete_gamma(1.0, f64::INFINITY), Some(Tails::BELOW));
    assert_eq!(incomplete_beta(2.0, 3.0, 1.0), Some(Tails::BELOW));
    assert_eq!(inverse_incomplete_beta(2.0, 3.0, Tails::ABOVE), Some(0.0));
    assert_eq!(inverse_incomplete_gamma(2.0, Tails::BELOW), Some(f64::INFINITY));
}
