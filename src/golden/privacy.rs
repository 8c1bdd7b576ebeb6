//! The cases of `privacy.json`: personal information, consents, safe tables, noise and logs.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::malformed;
use super::methods::field;
use crate::error::Result;
use crate::plain;
use crate::privacy::anonymity::{AnonymityOptions, Demand, anonymity as figures};
use crate::privacy::consent::{Asked, Reason, Record, Terms, decide, is_retention_over};
use crate::privacy::detect::{Detector, Kind};
use crate::privacy::dp::accountant::{self, Mechanism};
use crate::privacy::dp::budget::{Decimal, Filter, Outcome};
use crate::privacy::dp::groups::threshold_continuous;
use crate::privacy::dp::sensitivity::Neighbours;
use crate::privacy::dp::{law, local as local_noise, quantile};
use crate::privacy::identifier::{is_card, is_credit_code, satisfies_luhn};
use crate::privacy::ledger::{Ledger, hashes, hex};
use crate::privacy::mask::masked;
use crate::privacy::policy::instant;
use crate::privacy::pseudonym::{self, from_hex};
use crate::privacy::release::is_formula;
use crate::privacy::suppression::{SuppressOptions, suppress};
use crate::privacy::task;

/// Part of a case that may be absent.
fn maybe<T: serde::de::DeserializeOwned>(case: &Value, name: &str) -> Result<Option<T>> {
    match case.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => field(case, name).map(Some),
    }
}

pub(super) fn zcdp_to_approx_dp(case: &Value) -> Result<Value> {
    let (rho, delta) = (field(case, "rho")?, field(case, "delta")?);
    let (tight, order) = accountant::zcdp_tight(rho, delta);
    Ok(json!({
        "epsilon_simple": accountant::zcdp_simple(rho, delta),
        "epsilon_tight": tight,
        "alpha_star": order,
        "opendp_epsilon": tight,
    }))
}

pub(super) fn gaussian_analytic(case: &Value) -> Result<Value> {
    let [sigma, sensitivity, epsilon] =
        [field(case, "sigma")?, field(case, "sensitivity")?, field(case, "epsilon")?];
    Ok(json!({ "delta": accountant::gaussian_delta(sigma, sensitivity, epsilon) }))
}

pub(super) fn gaussian_calibration(case: &Value) -> Result<Value> {
    let [epsilon, delta, sensitivity] =
        [field(case, "epsilon")?, field(case, "delta")?, field(case, "sensitivity")?];
    Ok(json!({
        "sigma_min": accountant::gaussian_sigma(epsilon, delta, sensitivity)?,
        "sigma_classic": accountant::gaussian_sigma_classic(epsilon, delta, sensitivity),
        "classic_valid": epsilon < 1.0,
    }))
}

pub(super) fn rdp_composition(case: &Value) -> Result<Value> {
    let mechanism: Mechanism = field(case, "mechanism")?;
    let [multiplier, count, delta] =
        [field(case, "noise_multiplier")?, field(case, "count")?, field(case, "delta")?];
    let orders: Vec<f64> = field(case, "orders")?;
    let curve: Vec<(f64, f64)> = orders
        .into_iter()
        .map(|order| (order, count * accountant::rdp(mechanism, multiplier, order)))
        .collect();
    let found = accountant::rdp_to_epsilon(&curve, delta);
    Ok(json!({
        "rdp": curve.iter().map(|(_, rdp)| *rdp).collect::<Vec<_>>(),
        "epsilon_rdp": found.map(|(epsilon, _)| epsilon),
        "optimal_order": found.map(|(_, order)| order),
    }))
}

pub(super) fn rdp_subsampled_gaussian(case: &Value) -> Result<Value> {
    let [sampling, sigma, count, delta] = [
        field(case, "sampling")?,
        field(case, "sigma")?,
        field(case, "count")?,
        field(case, "delta")?,
    ];
    let orders: Vec<f64> = field(case, "orders")?;
    let of = |order: f64| {
        let rdp: Option<f64> = accountant::rdp_sampled_gaussian(sampling, sigma, order);
        rdp.map(|rdp| (order, count * rdp))
    };
    let curve: Vec<(f64, f64)> = orders.into_iter().filter_map(of).collect();
    let found = accountant::rdp_to_epsilon(&curve, delta);
    Ok(json!({ "epsilon_rdp": found.map(|(epsilon, _): (f64, f64)| epsilon) }))
}

pub(super) fn pure_composition(case: &Value) -> Result<Value> {
    let [epsilon, count, slack] =
        [field(case, "epsilon_each")?, field(case, "count")?, field(case, "delta_slack")?];
    let found = accountant::compose_pure(epsilon, count, slack);
    Ok(json!({
        "basic": found.basic,
        "advanced_drv10": found.advanced,
        "advanced_kov15_style": found.optimal_style,
        "zcdp_rho": found.rho,
        "epsilon_via_zcdp_tight": found.through_zcdp,
    }))
}

pub(super) fn to_zcdp(case: &Value) -> Result<Value> {
    let rho = match maybe(case, "pure_epsilon")? {
        Some(epsilon) => accountant::rho_of_pure(epsilon),
        None => accountant::rho_of_gaussian(field(case, "sigma")?, field(case, "sensitivity")?),
    };
    Ok(json!({ "rho": rho }))
}

pub(super) fn budget_ledger(case: &Value) -> Result<Value> {
    let budget: String = field(case, "budget")?;
    let requests: Vec<String> = field(case, "requests")?;
    let budget = Decimal::parse(&budget, false).ok_or_else(|| malformed("budget"))?;
    let mut filter = Filter::new(budget);
    let outcomes = requests.iter().map(|request| match filter.request(request) {
        Outcome::Granted => "granted",
        Outcome::Refused => "refused",
        Outcome::Invalid => "invalid",
    });
    Ok(json!({ "outcome": outcomes.collect::<Vec<_>>() }))
}

pub(super) fn partition_threshold(case: &Value) -> Result<Value> {
    let (epsilon, delta) = (field(case, "epsilon")?, field(case, "delta")?);
    Ok(json!({ "threshold_min_laplace": threshold_continuous(epsilon, delta) }))
}

pub(super) fn discrete_laplace_pmf(case: &Value) -> Result<Value> {
    let scale = field(case, "scale")?;
    Ok(json!({
        "pmf_0_to_10": (0..=10).map(|k| law::laplace_mass(scale, k)).collect::<Vec<_>>(),
        "variance": law::laplace_variance(scale),
        "p_abs_ge_10": law::laplace_tail(scale, 10),
    }))
}

pub(super) fn discrete_gaussian_pmf(case: &Value) -> Result<Value> {
    let sigma = field(case, "sigma")?;
    Ok(json!({
        "pmf_0_to_10": (0..=10).map(|k| law::gaussian_mass(sigma, k)).collect::<Vec<_>>(),
        "variance": law::gaussian_variance(sigma),
    }))
}

pub(super) fn noise_accuracy(case: &Value) -> Result<Value> {
    let kind: Mechanism = field(case, "kind")?;
    let (scale, alpha) = (field(case, "scale")?, field(case, "alpha")?);
    let (continuous, discrete) = match kind {
        Mechanism::Laplace => law::laplace_accuracy(scale, alpha)?,
        Mechanism::Gaussian => law::gaussian_accuracy(scale, alpha)?,
    };
    Ok(json!({ "accuracy_continuous": continuous, "accuracy_discrete": discrete }))
}

pub(super) fn local_dp(case: &Value) -> Result<Value> {
    let (k, epsilon) = (field(case, "k")?, field(case, "epsilon")?);
    let plan = local_noise::plan(k, epsilon)?;
    let mut answer = json!({
        "p_truth": plan.truth,
        "p_other": plan.other,
        "oue_p": plan.unary_own,
        "oue_q": plan.unary_other,
        "var_per_user_grr_at_f0": plan.variance,
        "var_per_user_oue_at_f0": plan.unary_variance,
    });
    #[derive(Deserialize)]
    struct Counts {
        n: f64,
        observed: f64,
    }
    if let Some(Counts { n, observed }) = maybe(case, "unbiased_from_counts")?
        && let Some(fields) = answer.as_object_mut()
    {
        let estimate = local_noise::estimate(k, epsilon, n, observed)?;
        fields.insert("unbiased_from_counts".to_owned(), json!({ "estimate": estimate }));
    }
    Ok(answer)
}

pub(super) fn dp_quantile_exponential(case: &Value) -> Result<Value> {
    let data: Vec<f64> = field(case, "data")?;
    let [q, lower, upper, epsilon] =
        [field(case, "q")?, field(case, "lower")?, field(case, "upper")?, field(case, "epsilon")?];
    let (edges, probabilities) = quantile::intervals(&data, q, (lower, upper), epsilon)?;
    Ok(json!({ "edges": edges, "interval_probability": probabilities }))
}

pub(super) fn sensitivity(case: &Value) -> Result<Value> {
    let query: task::Query = field(case, "query")?;
    let substitute = match field::<String>(case, "neighbours")?.as_str() {
        "add_remove" => Neighbours::AddRemove,
        "substitute" => Neighbours::Substitute,
        _ => return Err(malformed("neighbours")),
    };
    let found = task::sensitivity(task::SensitivityOptions {
        query,
        neighbours: substitute,
        lower: maybe(case, "lower")?.unwrap_or(0.0),
        upper: maybe(case, "upper")?.unwrap_or(0.0),
        rows_per_customer: maybe(case, "rows_per_customer_max")?.unwrap_or(1),
        rows_per_group: maybe(case, "rows_per_bin_max")?,
    })?;
    Ok(match query {
        task::Query::Histogram => json!({ "l1": found.l1, "l2": found.l2 }),
        _ => json!({ "sensitivity": found.l1 }),
    })
}

pub(super) fn anonymity(case: &Value) -> Result<Value> {
    let options = AnonymityOptions {
        rows: field(case, "rows")?,
        quasi_identifiers: field(case, "quasi_identifiers")?,
        sensitive: field(case, "sensitive")?,
        ordered_values: maybe(case, "ordered_values")?,
        demand: Demand::default(),
    };
    let found = figures(&options)?;
    Ok(json!({ "expect": {
        "k": found.k,
        "classes": found.classes,
        "singletons": found.singletons,
        "l_distinct": found.l_distinct,
        "l_entropy": found.l_entropy,
        "max_sensitive_share": found.max_sensitive_share,
        "t_equal": found.t_equal,
        "t_ordered": found.t_ordered,
        "prosecutor_risk_max": found.prosecutor_risk_max,
        "prosecutor_risk_mean": found.prosecutor_risk_mean,
    } }))
}

pub(super) fn suppression(case: &Value) -> Result<Value> {
    let (counts, k): (Vec<Vec<u32>>, u32) = (field(case, "counts")?, field(case, "k")?);
    let found = suppress(&SuppressOptions {
        counts: counts.clone(),
        k,
        table: None,
        ledger: Ledger::default(),
    })?;
    let columns = counts.first().map_or(0, Vec::len);
    let column = |at: usize| -> u64 {
        counts.iter().filter_map(|row| row.get(at)).map(|count| u64::from(*count)).sum()
    };
    let primary = counts.iter().enumerate().flat_map(|(row, of_row)| {
        let small = move |(_, count): &(usize, &u32)| (1..k).contains(*count);
        of_row.iter().enumerate().filter(small).map(move |(column, _)| json!([row, column]))
    });
    let others = || found.hidden.iter().filter(|cell| cell.complementary);
    let count = |row: u32, column: u32| {
        counts.get(row as usize).and_then(|of_row| of_row.get(column as usize)).copied()
    };
    let weight: u32 = others().filter_map(|cell| count(cell.row, cell.column)).sum();
    let intervals: Map<String, Value> = found
        .hidden
        .iter()
        .map(|cell| (format!("{},{}", cell.row, cell.column), json!([cell.least, cell.most])))
        .collect();
    Ok(json!({
        "row_totals": counts.iter().map(|row| row.iter().sum::<u32>()).collect::<Vec<_>>(),
        "col_totals": (0..columns).map(column).collect::<Vec<_>>(),
        "primary": primary.collect::<Vec<_>>(),
        "complementary_min_cells": found.feasible.then(|| others().count()),
        "example_complementary":
            others().map(|cell| json!([cell.row, cell.column])).collect::<Vec<_>>(),
        "example_complementary_weight": found.feasible.then_some(weight),
        "intervals": intervals,
        "feasible": found.feasible,
    }))
}

/// "Not after today": the day on which the cases are run is an input like any other.
const TODAY: &str = "2026-11-23";

pub(super) fn cn_resident_id(case: &Value) -> Result<Value> {
    let found = task::identify(task::IdentifyOptions {
        text: field(case, "input")?,
        normalise: maybe::<Value>(case, "normalise")?.is_some_and(|how| how != json!(false)),
        lenient: maybe(case, "lenient")?.unwrap_or(false),
        today: Some(TODAY.to_owned()),
    })?;
    let Some(facts) = found.resident else { return Ok(json!({ "valid": false })) };
    let mut answer = json!({ "valid": true, "birth": facts.birth });
    if let Some(fields) = answer.as_object_mut() {
        match facts.male {
            Some(male) => {
                fields.insert("sex".to_owned(), json!(if male { "male" } else { "female" }))
            }
            None => fields.insert("legacy".to_owned(), json!(true)),
        };
    }
    Ok(answer)
}

pub(super) fn luhn(case: &Value) -> Result<Value> {
    let input: String = field(case, "input")?;
    let digits: Vec<u8> =
        input.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().into();
    let length = String::from_utf8_lossy(&digits).chars().count();
    Ok(json!({
        "luhn": satisfies_luhn(&digits),
        "plausible_card": is_card(&digits),
        "length": length,
    }))
}

pub(super) fn cn_uscc(case: &Value) -> Result<Value> {
    let input: String = field(case, "input")?;
    Ok(json!({ "valid": is_credit_code(input.as_bytes()) }))
}

/// A kind as the cases write it.
fn kind_name(kind: Kind) -> Result<String> {
    let name = serde_json::to_value(kind).map_err(|error| malformed(&error.to_string()))?;
    Ok(name.as_str().unwrap_or_default().to_uppercase().replace('-', "_"))
}

pub(super) fn pii_detection(case: &Value) -> Result<Value> {
    let text: String = field(case, "text")?;
    let mut detector = Detector::default();
    let mut entities = Vec::new();
    let (_, today) = instant(TODAY)?;
    for entity in detector.find(&text, Some(today)) {
        let value: String = text.chars().take(entity.end).skip(entity.start).collect();
        entities.push(json!({
            "type": kind_name(entity.kind)?,
            "start": entity.start,
            "end": entity.end,
            "value": value,
        }));
    }
    Ok(json!({ "entities": entities }))
}

pub(super) fn masking(case: &Value) -> Result<Value> {
    let (input, kind): (String, String) = (field(case, "input")?, field(case, "type")?);
    let kind = serde_json::from_value(json!(kind.to_lowercase().replace('_', "-")));
    let kind = kind.map_err(|error| malformed(&error.to_string()))?;
    Ok(json!({ "masked": masked(&input, kind) }))
}

fn bytes(case: &Value, name: &str) -> Result<Vec<u8>> {
    from_hex(&field::<String>(case, name)?).ok_or_else(|| malformed(name))
}

pub(super) fn hmac_pseudonym(case: &Value) -> Result<Value> {
    let mac = pseudonym::hmac(&bytes(case, "key_hex")?, &bytes(case, "message_hex")?)?;
    Ok(json!({ "hmac_sha256_hex": hex(&mac) }))
}

pub(super) fn hkdf_sha256(case: &Value) -> Result<Value> {
    let [key, salt, info] =
        [bytes(case, "ikm_hex")?, bytes(case, "salt_hex")?, bytes(case, "info_hex")?];
    Ok(json!({ "okm_hex": hex(&pseudonym::hkdf(&key, &salt, &info, field(case, "length")?)?) }))
}

pub(super) fn audit_chain(case: &Value) -> Result<Value> {
    let entries: Vec<plain::Value> = field(case, "entries")?;
    let Some(stored) = maybe(case, "stored_hashes")? else {
        return Ok(json!({ "hashes": hashes(&entries) }));
    };
    let head: Option<String> = maybe(case, "anchored_head")?;
    let found = Ledger { entries, hashes: stored }.check(head.as_deref());
    Ok(match found.first_bad {
        None if found.is_cut => json!({ "first_bad_seq": null, "detected_by": "anchored_head" }),
        first_bad => json!({ "first_bad_seq": first_bad }),
    })
}

pub(super) fn formula_injection(case: &Value) -> Result<Value> {
    Ok(json!({ "dangerous": is_formula(field::<String>(case, "cell")?.as_bytes()) }))
}

#[derive(Deserialize)]
struct GivenRecord {
    subject: String,
    purpose: String,
    #[serde(default)]
    basis: String,
    granted_at: String,
    withdrawn_at: Option<String>,
    expires_at: Option<String>,
    policy: Option<String>,
    columns: Option<Vec<String>>,
    #[serde(default)]
    separate: Value,
    #[serde(default)]
    guardian: Value,
    #[serde(default)]
    adm_opt_out: bool,
}

#[derive(Deserialize)]
struct GivenRequest {
    subject: String,
    purpose: String,
    at: String,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    automated: bool,
    #[serde(default)]
    material_change: bool,
    policy: Option<String>,
    birth: Option<String>,
}

pub(super) fn consent_gate(case: &Value) -> Result<Value> {
    let given: Vec<GivenRecord> = field(case, "records")?;
    let request: GivenRequest = field(case, "request")?;
    let moment = |text: &Option<String>| text.as_deref().map(instant).transpose();
    let mut records = Vec::new();
    for one in given {
        if one.subject != request.subject || one.purpose != request.purpose {
            continue;
        }
        let separate = match one.separate {
            Value::String(column) => vec![column],
            Value::Array(list) => {
                list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        let terms = Terms {
            basis: one.basis,
            policy: one.policy,
            columns: one.columns,
            separate,
            guardian: !matches!(one.guardian, Value::Null | Value::Bool(false)),
            adm_opt_out: one.adm_opt_out,
        };
        records.push(Record {
            granted_at: instant(&one.granted_at)?.0,
            withdrawn_at: moment(&one.withdrawn_at)?.map(|of| of.0),
            expires_at: moment(&one.expires_at)?.map(|of| of.0),
            terms: terms.into(),
        });
    }
    let (at, today) = instant(&request.at)?;
    // The README names the sensitive column of these cases.
    let sensitive: Vec<String> =
        request.columns.iter().filter(|column| *column == "gps_track").cloned().collect();
    let asked = Asked {
        at,
        today: Some(today),
        columns: &request.columns,
        sensitive: &sensitive,
        automated: request.automated,
        material_change: request.material_change,
        policy: request.policy.as_deref(),
        birth: moment(&request.birth)?.map(|of| of.1),
    };
    let (reason, record) = decide(&records.iter().collect::<Vec<_>>(), &asked);
    let basis = record.map_or("", |record| record.terms.basis.as_str());
    let reason_name =
        if reason == Reason::Basis { basis.to_owned() } else { reason.name().replace('-', "_") };
    let decision = if reason.allows() { "allow" } else { "deny" };
    Ok(json!({ "decision": decision, "reason": reason_name }))
}

pub(super) fn retention(case: &Value) -> Result<Value> {
    let (last, now): (String, String) = (field(case, "last_activity")?, field(case, "now")?);
    let day = |text: &str| instant(text).map(|of| of.1);
    let over = is_retention_over(day(&last)?, field(case, "retention_days")?, day(&now)?);
    Ok(json!({ "expired": over }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn a_case_of_another_shape_is_malformed_and_no_crash() {
        for method in [masking, sensitivity, audit_chain, consent_gate, hkdf_sha256, suppression] {
            assert_eq!(method(&json!({})).unwrap_err().code(), Code::InvalidOption);
        }
    }
}
