//! Judges an answer against an expectation, leaf by leaf, by the rules of the file's README.
//!
//! | file | a number holds if |
//! |---|---|
//! | `behaviour`, `experiment` | \|got − expected\| ≤ abs + rel·\|expected\| |
//! | `churn`, `privacy` | \|got − expected\| ≤ max(abs, rel·\|expected\|) |
//!
//! Absent tolerances are zero. In `churn` and `experiment` a number that the file writes as an
//! integer is a count or an index, and exact. Everything that is not a number is exact, lists
//! have equal lengths, and objects equal key sets: nothing goes uncompared.

use serde_json::Value;

/// The most reasons that are kept of one case.
const MOST_REASONS: usize = 5;

/// What the comparison found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// How many leaves were compared.
    pub compared: usize,
    /// The differences, up to five of them.
    pub reasons: Vec<String>,
}

impl Verdict {
    /// Whether something was compared and all of it holds.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.compared > 0 && self.reasons.is_empty()
    }

    fn differs(&mut self, path: &str, what: &str) {
        if self.reasons.len() < MOST_REASONS {
            let path = if path.is_empty() { "the answer" } else { path };
            self.reasons.push(format!("{path}: {what}"));
        }
    }
}

/// Compares `got` with `expected`. `file` is the file's name without its ending, `method` is
/// `file/method`, and `tolerance` what the case (or its group) says.
#[must_use]
pub fn compare(
    file: &str,
    method: &str,
    got: &Value,
    expected: &Value,
    tolerance: &Value,
) -> Verdict {
    let mut verdict = Verdict::default();
    let rules = match Rules::new(file, tolerance) {
        Ok(rules) => rules,
        Err(reason) => {
            verdict.reasons.push(reason);
            return verdict;
        }
    };
    let says = |name: &str, what: bool| expected.get(name).and_then(Value::as_bool) == Some(what);
    let is_without = expected.get("error").is_some()
        || file == "churn" && (says("separated", true) || says("converged", false));
    if matches!(file, "churn" | "experiment") && is_without {
        // The fact that there is no estimate is the expectation; the numbers beside it are
        // placeholders of the source.
        verdict.compared = 1;
        if got.get("error").is_none_or(Value::is_null) {
            verdict.differs("error", &format!("{method} must say that there is no estimate"));
        }
        return verdict;
    }
    if matches!(method, "behaviour/kmodes" | "behaviour/kprototypes") {
        // There are many good solutions; only a cost above the expected one is worse. The rest of
        // the expectation is informative, as the README says.
        cost_is_no_higher(got, expected, &rules, &mut verdict);
        return verdict;
    }
    if method == "privacy/rdp_composition" && got.get("epsilon_pld").is_none() {
        // Without an accountant of that kind only the claim is judged: it is no lower.
        let (mut got, claim) = (got.clone(), got.get("epsilon_rdp").and_then(Value::as_f64));
        let tight = expected.get("epsilon_pld").cloned().unwrap_or_default();
        if let (Some(claim), Some(least), Some(fields)) =
            (claim, tight.as_f64(), got.as_object_mut())
        {
            let is_claim = claim >= 0.998 * least;
            fields.insert("epsilon_pld".to_owned(), if is_claim { tight } else { claim.into() });
        }
        walk("", &got, expected, &rules, &mut verdict);
        return verdict;
    }
    if method == "privacy/pii_detection" {
        finds_pair(got, expected, &mut verdict);
        return verdict;
    }
    let informative = with_what_some_cases_lack(method, got, expected);
    let got = informative.as_ref().unwrap_or(got);
    let renamed = with_labels_renamed(method, got, expected);
    walk("", renamed.as_ref().unwrap_or(got), expected, &rules, &mut verdict);
    verdict
}

fn cost_is_no_higher(got: &Value, expected: &Value, rules: &Rules, verdict: &mut Verdict) {
    let cost = |value: &Value| value.get("cost").and_then(Value::as_f64);
    verdict.compared = 1;
    match (cost(got), cost(expected)) {
        (Some(got), Some(wanted)) if got <= wanted || rules.holds("cost", got, wanted) => {}
        (got, wanted) => verdict.differs("cost", &format!("got {got:?}, expected {wanted:?}")),
    }
}

/// `opendp_epsilon` stands in some cases only and is the same number as the tight one.
fn with_what_some_cases_lack(method: &str, got: &Value, expected: &Value) -> Option<Value> {
    let name = "opendp_epsilon";
    let is_extra = method == "privacy/zcdp_to_approx_dp" && expected.get(name).is_none();
    is_extra.then(|| {
        let mut got = got.clone();
        got.as_object_mut().map(|fields| fields.remove(name));
        got
    })
}

/// Finds pair one to one: equal types, and at least half of what both cover is covered by both.
fn finds_pair(got: &Value, expected: &Value, verdict: &mut Verdict) {
    let list = |value: &Value| value.get("entities").and_then(Value::as_array).cloned();
    let (Some(mut got), Some(expected)) = (list(got), list(expected)) else {
        return verdict.differs("entities", "are no list");
    };
    let span = |entity: &Value| {
        let at = |name: &str| entity.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
        (at("start"), at("end"))
    };
    verdict.compared = 1;
    for wanted in &expected {
        let ((from, until), kind) = (span(wanted), wanted.get("type"));
        let fits = |found: &Value| {
            let (start, end) = span(found);
            let both = end.min(until) - start.max(from);
            found.get("type") == kind && both >= 0.5 * (end.max(until) - start.min(from))
        };
        match got.iter().position(fits) {
            Some(at) => _ = got.remove(at),
            None => verdict.differs("entities", &format!("lack {wanted}")),
        }
    }
    for extra in got {
        verdict.differs("entities", &format!("have {extra}, which nothing expects"));
    }
}

/// Cluster labels have no names of their own: each label of the answer becomes the one of the
/// expectation with which it first appears, if both ways are unique. −1, noise, keeps its name.
fn with_labels_renamed(method: &str, got: &Value, expected: &Value) -> Option<Value> {
    const CLUSTERINGS: [&str; 4] =
        ["behaviour/dbscan", "behaviour/hclust", "behaviour/hdbscan", "behaviour/kmeans"];
    if !CLUSTERINGS.contains(&method) {
        return None;
    }
    let mut renamed = got.clone();
    for field in ["labels", "labels_k3"] {
        let (Some(Value::Array(labels)), Some(Value::Array(wanted))) =
            (renamed.get_mut(field), expected.get(field))
        else {
            continue;
        };
        let noise = Value::from(-1);
        let mut names: Vec<(Value, Value)> = vec![(noise.clone(), noise)];
        for (label, wanted) in labels.iter_mut().zip(wanted) {
            let known = names.iter().find(|(from, _)| from == label).map(|(_, to)| to.clone());
            let is_taken = names.iter().any(|(_, to)| to == wanted);
            match known {
                Some(name) => *label = name,
                None if !is_taken => {
                    names.push((label.clone(), wanted.clone()));
                    *label = wanted.clone();
                }
                // Its name belongs to another cluster: the difference must show.
                None => *label = Value::from(format!("another cluster than {label}")),
            }
        }
    }
    Some(renamed)
}

/// The tolerance of one case.
struct Rules {
    /// abs + rel·|expected| instead of the larger of both.
    sum: bool,
    /// Integers of the file are counts.
    exact_integers: bool,
    abs: f64,
    rel: f64,
    /// Tolerances for some fields only: (field, abs, rel, one-sided).
    fields: Vec<Field>,
}

struct Field {
    name: &'static str,
    abs: Option<f64>,
    rel: Option<f64>,
    /// More is fine, as a higher likelihood is.
    at_least: bool,
    /// The name is how the field begins.
    is_start: bool,
}

impl Rules {
    fn new(file: &str, tolerance: &Value) -> Result<Rules, String> {
        let mut rules = Rules {
            sum: matches!(file, "behaviour" | "experiment"),
            exact_integers: matches!(file, "churn" | "experiment"),
            abs: 0.0,
            rel: 0.0,
            fields: Vec::new(),
        };
        let entries = tolerance.as_object().into_iter().flatten();
        let is_fit = tolerance.get("params_rel").is_some();
        for (name, value) in entries {
            if matches!(name.as_str(), "note" | "reason") {
                continue;
            }
            let Some(number) = value.as_f64().filter(|number| *number >= 0.0) else {
                return Err(format!("the tolerance {name} is not a number of 0 or more"));
            };
            let field = |name, abs, rel| Field { name, abs, rel, at_least: false, is_start: false };
            match name.as_str() {
                "abs" => rules.abs = number,
                "rel" => rules.rel = number,
                "rel_alpha_star" => rules.fields.push(field("alpha_star", None, Some(number))),
                "rel_pld" => rules.fields.push(field("epsilon_pld", None, Some(number))),
                "sum_expected_rel" => {
                    rules.fields.push(Field {
                        is_start: true,
                        ..field("sum_expected_", None, Some(number))
                    });
                }
                "params_rel" => rules.fields.push(field("params", None, Some(number))),
                "loglik_abs" => rules
                    .fields
                    .push(Field { at_least: is_fit, ..field("loglik", Some(number), None) }),
                // A tolerance that nobody reads would let a case pass or fail by chance.
                _ => return Err(format!("the tolerance {name} has no rule in compare.rs")),
            }
        }
        Ok(rules)
    }

    fn holds(&self, path: &str, got: f64, expected: f64) -> bool {
        // "params.alpha" and "points[2].loglik" are under the fields "params" and "loglik".
        let of_field = |field: &&Field| {
            path.split(['.', '['])
                .any(|part| part == field.name || (field.is_start && part.starts_with(field.name)))
        };
        let field = self.fields.iter().find(of_field);
        if field.is_some_and(|field| field.at_least) && got >= expected {
            return true;
        }
        let own_abs = field.and_then(|field| field.abs).unwrap_or(0.0);
        let rel = field.and_then(|field| field.rel).unwrap_or(self.rel) * expected.abs();
        let allowed = if self.sum { self.abs + rel } else { self.abs.max(rel) }.max(own_abs);
        // Equal infinities have no difference.
        got == expected || (got - expected).abs() <= allowed
    }
}

fn walk(path: &str, got: &Value, expected: &Value, rules: &Rules, verdict: &mut Verdict) {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            for (name, expected) in expected {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match got.get(name) {
                    Some(got) => walk(&path, got, expected, rules, verdict),
                    None => verdict.differs(&path, "is missing"),
                }
            }
            for name in got.keys().filter(|name| !expected.contains_key(*name)) {
                verdict.differs(path, &format!("has {name}, which nothing expects"));
            }
            // An empty object is a leaf itself.
            verdict.compared += usize::from(expected.is_empty());
        }
        (Value::Array(got), Value::Array(expected)) => {
            if got.len() != expected.len() {
                let what = format!("has {} entries, expected {}", got.len(), expected.len());
                verdict.differs(path, &what);
                return;
            }
            for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
                walk(&format!("{path}[{at}]"), got, expected, rules, verdict);
            }
            verdict.compared += usize::from(expected.is_empty());
        }
        (got, expected) => {
            verdict.compared += 1;
            if !leaf_holds(path, got, expected, rules) {
                verdict.differs(path, &format!("got {}, expected {expected}", shortened(got)));
            }
        }
    }
}

fn leaf_holds(path: &str, got: &Value, expected: &Value, rules: &Rules) -> bool {
    match (got.as_f64(), expected.as_f64()) {
        (Some(_), Some(_)) if got == expected => true,
        (Some(got), Some(wanted)) => {
            if rules.exact_integers && !expected.is_f64() {
                return got == wanted;
            }
            rules.holds(path, got, wanted)
        }
        _ => got == expected,
    }
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(60).chain("…".chars()).collect()
}

/// The fields of a case that are inputs, in the layout `groups`, where the README names them
/// before its arrow. A dot goes into an object.
#[must_use]
pub fn inputs_of(method: &str) -> &'static [&'static str] {
    match method {
        "privacy/zcdp_to_approx_dp" => &["rho", "delta"],
        "privacy/gaussian_analytic" => &["sigma", "sensitivity", "epsilon"],
        "privacy/gaussian_calibration" => &["epsilon", "delta", "sensitivity"],
        "privacy/rdp_composition" => &["mechanism", "noise_multiplier", "count", "delta", "orders"],
        "privacy/rdp_subsampled_gaussian" => &["sampling", "sigma", "count", "delta", "orders"],
        "privacy/pure_composition" => &["epsilon_each", "count", "delta_slack"],
        "privacy/to_zcdp" => &["sigma", "sensitivity", "pure_epsilon"],
        "privacy/budget_ledger" => &["budget", "requests"],
        "privacy/partition_threshold" => &["epsilon", "delta"],
        "privacy/discrete_laplace_pmf" => &["scale"],
        "privacy/discrete_gaussian_pmf" => &["sigma"],
        "privacy/noise_accuracy" => &["kind", "scale", "alpha"],
        "privacy/local_dp" => {
            &["k", "epsilon", "unbiased_from_counts.n", "unbiased_from_counts.observed"]
        }
        "privacy/dp_quantile_exponential" => &["data", "q", "lower", "upper", "epsilon"],
        "privacy/sensitivity" => &[
            "query",
            "neighbours",
            "lower",
            "upper",
            "rows_per_customer_max",
            "rows_per_bin_max",
            "groups_per_customer_max",
        ],
        "privacy/anonymity" => &["rows", "quasi_identifiers", "sensitive", "ordered_values"],
        "privacy/suppression" => &["counts", "k"],
        "privacy/cn_resident_id" => &["input", "normalise", "lenient"],
        "privacy/luhn" | "privacy/cn_uscc" => &["input"],
        "privacy/pii_detection" => &["text"],
        "privacy/masking" => &["input", "type"],
        "privacy/hmac_pseudonym" => &["key_hex", "message_hex"],
        "privacy/hkdf_sha256" => &["ikm_hex", "salt_hex", "info_hex", "length"],
        "privacy/audit_chain" => &["entries", "stored_hashes", "anchored_head"],
        "privacy/formula_injection" => &["cell"],
        "privacy/consent_gate" => &["records", "request"],
        "privacy/retention" => &["last_activity", "retention_days", "now"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(file: &str, got: Value, expected: Value, tolerance: Value) -> bool {
        compare(file, &format!("{file}/m"), &got, &expected, &tolerance).passed()
    }

    #[test]
    fn each_file_has_its_own_rule_for_numbers() {
        let both = json!({"abs": 0.1, "rel": 0.01});
        // Sum: 0.1 + 0.1; larger of both: 0.1.
        for (file, near, far) in [
            ("behaviour", 10.19, 10.21),
            ("experiment", 10.19, 10.21),
            ("churn", 10.09, 10.11),
            ("privacy", 10.09, 10.11),
        ] {
            assert!(holds(file, json!(near), json!(10.0), both.clone()), "{file}");
            assert!(!holds(file, json!(far), json!(10.0), both.clone()), "{file}");
        }
        assert!(!holds("privacy", json!(10.000001), json!(10.0), Value::Null));
        assert!(holds("behaviour", json!(-0.0), json!(0), Value::Null));
        assert!(holds("behaviour", json!(1.0), json!(1), Value::Null));
    }

    #[test]
    fn counts_are_exact_whatever_the_tolerance() {
        let loose = json!({"rel": 0.5});
        assert!(!holds("churn", json!(11), json!(10), loose.clone()));
        assert!(holds("churn", json!(11), json!(10.0), loose));
    }

    #[test]
    fn infinities_are_words_and_exact() {
        assert!(holds("experiment", json!("Infinity"), json!("Infinity"), json!({"abs": 1})));
        assert!(!holds("experiment", json!(1e308), json!("Infinity"), json!({"abs": 1})));
        assert!(!holds("experiment", json!(null), json!("NaN"), Value::Null));
    }

    #[test]
    fn a_fit_may_have_a_higher_likelihood_but_not_a_lower_one() {
        let tolerance = json!({"params_rel": 0.001, "loglik_abs": 0.001, "note": "text"});
        let expected = json!({"params": {"a": 1.0}, "loglik": -100.0});
        let with = |a: f64, loglik: f64| {
            holds(
                "churn",
                json!({"params": {"a": a}, "loglik": loglik}),
                expected.clone(),
                tolerance.clone(),
            )
        };
        assert!(with(1.0009, -99.0));
        assert!(with(1.0, -100.0009));
        assert!(!with(1.0, -100.01));
        assert!(!with(1.002, -100.0));
    }

    #[test]
    fn a_likelihood_at_fixed_parameters_has_a_further_allowance_on_both_sides() {
        let tolerance = json!({"rel": 1e-7, "abs": 0.0, "loglik_abs": 1e-3});
        let with = |got: f64| {
            holds("churn", json!([{"loglik": got}]), json!([{"loglik": 0.5}]), tolerance.clone())
        };
        assert!(with(0.5005) && with(0.4995));
        assert!(!with(0.502) && !with(0.498));
    }

    #[test]
    fn a_named_field_has_its_own_tolerance() {
        let tolerance = json!({"rel": 1e-6, "rel_alpha_star": 1e-3});
        let with = |star: f64, tight: f64| {
            holds(
                "privacy",
                json!({"alpha_star": star, "epsilon_tight": tight}),
                json!({"alpha_star": 10.0, "epsilon_tight": 1.0}),
                tolerance.clone(),
            )
        };
        assert!(with(10.009, 1.0));
        assert!(!with(10.0, 1.0009));
    }

    #[test]
    fn a_tolerance_without_a_rule_fails_the_case() {
        assert!(!holds("churn", json!(1.0), json!(1.0), json!({"rel_somehow": 0.1})));
        assert!(!holds("churn", json!(1.0), json!(1.0), json!({"abs": "much"})));
    }

    #[test]
    fn no_estimate_must_be_said() {
        let expected = json!({"error": "ZERO_VARIANCE", "effect": 0.0});
        assert!(holds(
            "experiment",
            json!({"error": "not-enough-data"}),
            expected.clone(),
            Value::Null
        ));
        assert!(!holds("experiment", json!({"effect": 0.0}), expected, Value::Null));
    }

    #[test]
    fn names_of_clusters_do_not_matter_but_the_partition_does() {
        let labels = |got: Value, expected: Value| {
            let (got, expected) = (json!({ "labels": got }), json!({ "labels": expected }));
            compare("behaviour", "behaviour/dbscan", &got, &expected, &json!({"abs": 0})).passed()
        };
        assert!(labels(json!([5, 5, 0, -1]), json!([0, 0, 1, -1])));
        assert!(!labels(json!([5, 5, 5, -1]), json!([0, 0, 1, -1])));
        assert!(!labels(json!([0, 1, 2, -1]), json!([0, 0, 1, -1])));
        assert!(!labels(json!([0, 0, 1, 2]), json!([0, 0, 1, -1])));
        assert!(!labels(json!([-1, -1, 1, -1]), json!([0, 0, 1, -1])));
        assert!(!labels(json!([0, 0, 1]), json!([0, 0, 1, -1])));
    }

    #[test]
    fn a_lower_cost_is_fine_and_a_higher_one_is_not() {
        let cost = |got: Value| {
            let expected = json!({"cost": 10.0, "labels": [0, 1]});
            compare("behaviour", "behaviour/kmodes", &got, &expected, &json!({"abs": 1e-6}))
                .passed()
        };
        assert!(cost(json!({"cost": 9.0})) && cost(json!({"cost": 10.0000001})));
        assert!(!cost(json!({"cost": 10.1})) && !cost(json!({})));
    }

    #[test]
    fn nothing_compared_is_no_pass() {
        assert!(!Verdict::default().passed());
        assert!(holds("behaviour", json!([]), json!([]), Value::Null));
    }
}
