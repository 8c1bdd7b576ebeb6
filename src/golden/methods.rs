//! The dispatch table: `file/method` → the call of this crate that answers its cases, in the
//! shape of their expectations. To add a method, write its function and one line of
//! [`METHODS`], and take it off `tests/golden/pending.txt`.

use std::rc::Rc;

use super::{churn, classification, experiment, malformed, privacy, segmentation};
use crate::analysis::{Job, Source};
use crate::error::{Code, Error, Result};
use crate::privacy::gate::Gate;
use crate::read;
use crate::read::columns::{ColumnLoader, Values};
use crate::report;
use crate::segment::rfm::groups::{self, Customers, GroupOptions};
use crate::segment::rfm::score::{Closed, Convention, Direction, NOT_SCORED, Rule, score};
use crate::stats::accumulator::Accumulator;
use crate::stats::moments::Moments;
use crate::stats::quantile::{QuantileType, quantiles};
use crate::table::calendar::Date;
use crate::table::money;
use crate::table::role::Role;
use crate::table::zone::Zone;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Answers one case; see [`run`](super::run).
pub type Method = fn(&Value) -> Result<Value>;

/// Every method that is here.
pub const METHODS: &[(&str, Method)] = &[
    ("behaviour/cluster_quality", segmentation::cluster_quality),
    ("behaviour/concentration", segmentation::concentration),
    ("behaviour/dbscan", segmentation::dbscan),
    ("behaviour/distribution_drift", segmentation::distribution_drift),
    ("behaviour/entropy", segmentation::entropy),
    ("behaviour/gmm", segmentation::gmm),
    ("behaviour/gower_distance", segmentation::gower_distance),
    ("behaviour/hclust", segmentation::hclust),
    ("behaviour/hdbscan", segmentation::hdbscan),
    ("behaviour/replenishment_due", churn::replenishment_due),
    ("behaviour/inactivity_flags", segmentation::inactivity_flags),
    ("behaviour/kmeans", segmentation::kmeans),
    ("behaviour/kmodes", segmentation::kmodes),
    ("behaviour/kprototypes", segmentation::kprototypes),
    ("behaviour/lifecycle", segmentation::lifecycle),
    ("behaviour/partition_agreement", segmentation::partition_agreement),
    ("behaviour/proportion_ci", segmentation::proportion_ci),
    ("behaviour/quantile", quantile),
    ("behaviour/rfm_eight_groups", rfm_eight_groups),
    ("behaviour/rfm_score", rfm_score),
    ("behaviour/rfm_table", rfm_table),
    ("behaviour/sample_drift", segmentation::samples_drift),
    ("behaviour/scale", segmentation::scale),
    ("behaviour/segment_migration", segmentation::segment_migration),
    ("behaviour/wecom_coverage", segmentation::wecom_coverage),
    ("churn/bgbb.fit", churn::bgbb_fit),
    ("churn/bgbb.loglik", churn::bgbb_loglik),
    ("churn/bgbb.pmf", churn::bgbb_pmf),
    ("churn/bgbb.points", churn::bgbb_points),
    ("churn/bgnbd.calibration_vs_holdout", churn::calibration_against_holdout),
    ("churn/bgnbd.conditional_expected", churn::bgnbd_conditional),
    ("churn/bgnbd.expected", churn::bgnbd_expected),
    ("churn/bgnbd.fit", churn::bgnbd_fit),
    ("churn/bgnbd.loglik", churn::bgnbd_loglik),
    ("churn/bgnbd.loglik_covariates", churn::bgnbd_covariates),
    ("churn/bgnbd.p_alive", churn::bgnbd_alive),
    ("churn/bgnbd.pmf", churn::bgnbd_pmf),
    ("churn/bgnbd.points", churn::bgnbd_points),
    ("churn/btyd.calibration_holdout", churn::calibration_holdout),
    ("churn/btyd.summary", churn::summary),
    ("churn/calibrate.beta", classification::beta),
    ("churn/calibrate.isotonic", classification::isotonic),
    ("churn/calibrate.platt", classification::platt),
    ("churn/clv.discounted", churn::clv),
    ("churn/drift.psi", classification::psi),
    ("churn/explain.treeshap", classification::shapley),
    ("churn/features.churn_label", classification::label),
    ("churn/gammagamma.conditional_expected_spend", churn::gammagamma_expected),
    ("churn/gammagamma.fit", churn::gammagamma_fit),
    ("churn/gammagamma.loglik", churn::gammagamma_loglik),
    ("churn/logistic.fit", classification::logistic),
    ("churn/mbgnbd.conditional_expected", churn::mbgnbd_conditional),
    ("churn/mbgnbd.expected", churn::mbgnbd_expected),
    ("churn/mbgnbd.fit", churn::mbgnbd_fit),
    ("churn/mbgnbd.loglik", churn::mbgnbd_loglik),
    ("churn/mbgnbd.p_alive", churn::mbgnbd_alive),
    ("churn/mbgnbd.points", churn::mbgnbd_points),
    ("churn/metrics.binary", classification::binary),
    ("churn/metrics.emp_churn", classification::emp),
    ("churn/paretonbd.conditional_expected", churn::paretonbd_conditional),
    ("churn/paretonbd.dert", churn::paretonbd_dert),
    ("churn/paretonbd.expected", churn::paretonbd_expected),
    ("churn/paretonbd.fit", churn::paretonbd_fit),
    ("churn/paretonbd.loglik", churn::paretonbd_loglik),
    ("churn/paretonbd.p_alive", churn::paretonbd_alive),
    ("churn/paretonbd.points", churn::paretonbd_points),
    ("churn/sbg.derl", churn::sbg_derl),
    ("churn/sbg.fit", churn::sbg_fit),
    ("churn/sbg.project", churn::sbg_project),
    ("churn/survival.aft", churn::accelerated),
    ("churn/survival.competing_risks", churn::competing_risks),
    ("churn/survival.concordance", churn::concordance_of),
    ("churn/survival.cox", churn::cox),
    ("churn/survival.cox_loglik", churn::cox_log_likelihood),
    ("churn/survival.km_na", churn::km_na),
    ("churn/survival.logrank", churn::logrank_of),
    ("churn/threshold.profit", classification::profit),
    ("churn/uplift.metrics", classification::uplift),
    ("experiment/assignment_hash", experiment::hash),
    ("experiment/assignment_namespace", experiment::namespace),
    ("experiment/assignment_ranges", experiment::ranges),
    ("experiment/bandit_probability_best", experiment::best),
    ("experiment/bandit_top_two_weights", experiment::top_two),
    ("experiment/bayes_beta_binomial", experiment::bayes_beta),
    ("experiment/bayes_normal_effect", experiment::bayes_normal),
    ("experiment/chi2_contingency", experiment::contingency),
    ("experiment/cluster_randomised", experiment::clusters),
    ("experiment/covariance", experiment::covariance),
    ("experiment/cs_bernoulli_interval", experiment::bernoulli_interval),
    ("experiment/cs_beta_binomial_bound", experiment::beta_binomial_bound),
    ("experiment/cs_gamma_exponential_bound", experiment::gamma_exponential_bound),
    ("experiment/cs_normal_log_mixture", experiment::normal_log_mixture),
    ("experiment/cs_normal_mixture_bound", experiment::normal_bound),
    ("experiment/cs_poly_stitching_bound", experiment::poly_stitching),
    ("experiment/cuped_missing_pre", experiment::missing_pre),
    ("experiment/cuped_sufficient", experiment::delta),
    ("experiment/cuped_units", experiment::cuped_units),
    ("experiment/diff_in_diff", experiment::diff_in_diff),
    ("experiment/distribution", experiment::distribution),
    ("experiment/fisher_exact", experiment::fisher),
    ("experiment/group_sequential_bounds", experiment::group_bounds),
    ("experiment/group_sequential_classic", experiment::group_classic),
    ("experiment/mann_whitney", experiment::mann_whitney),
    ("experiment/mde_t", experiment::mde_t),
    ("experiment/mean_difference", experiment::mean_difference),
    ("experiment/moments_merge", moments_merge),
    ("experiment/multiple_testing", experiment::multiple_testing),
    ("experiment/non_inferiority_means", experiment::non_inferiority),
    ("experiment/post_stratification", experiment::strata),
    ("experiment/power_from_moments", experiment::power_from_moments),
    ("experiment/power_proportions", experiment::power_proportions),
    ("experiment/power_t_two_sample", experiment::power_t),
    ("experiment/power_z_two_sample", experiment::power_z),
    ("experiment/proportion_ci", experiment::proportion_ci),
    ("experiment/proportion_pooled_z", experiment::pooled_z),
    ("experiment/proportion_two_sample_ci", experiment::two_sample_interval),
    ("experiment/quantile_clustered", experiment::delta),
    ("experiment/quantile_unit", experiment::delta),
    ("experiment/ratio_metric_cuped_units", experiment::ratio_cuped_units),
    ("experiment/ratio_metric_delta", experiment::delta),
    ("experiment/ratio_metric_units", experiment::ratio_units),
    ("experiment/regression_adjustment_lin", experiment::lin),
    ("experiment/relative_ttest", experiment::delta),
    ("experiment/sample_size_proportions", experiment::sample_size_proportions),
    ("experiment/sample_size_t", experiment::sample_size_t),
    ("experiment/sequential_asymptotic_cs", experiment::asymptotic),
    ("experiment/srm_binomial_exact", experiment::srm_binomial),
    ("experiment/srm_chi2", experiment::srm_chi2),
    ("experiment/srm_sequential", experiment::srm_sequential),
    ("experiment/tost_means", experiment::tost_means),
    ("experiment/tost_proportions", experiment::tost_proportions),
    ("experiment/uplift_ranking", experiment::uplift_ranking),
    ("experiment/winsorized_welch", experiment::winsorized),
    ("privacy/anonymity", privacy::anonymity),
    ("privacy/audit_chain", privacy::audit_chain),
    ("privacy/budget_ledger", privacy::budget_ledger),
    ("privacy/cn_resident_id", privacy::cn_resident_id),
    ("privacy/cn_uscc", privacy::cn_uscc),
    ("privacy/consent_gate", privacy::consent_gate),
    ("privacy/discrete_gaussian_pmf", privacy::discrete_gaussian_pmf),
    ("privacy/discrete_laplace_pmf", privacy::discrete_laplace_pmf),
    ("privacy/dp_quantile_exponential", privacy::dp_quantile_exponential),
    ("privacy/formula_injection", privacy::formula_injection),
    ("privacy/gaussian_analytic", privacy::gaussian_analytic),
    ("privacy/gaussian_calibration", privacy::gaussian_calibration),
    ("privacy/hkdf_sha256", privacy::hkdf_sha256),
    ("privacy/hmac_pseudonym", privacy::hmac_pseudonym),
    ("privacy/local_dp", privacy::local_dp),
    ("privacy/luhn", privacy::luhn),
    ("privacy/masking", privacy::masking),
    ("privacy/noise_accuracy", privacy::noise_accuracy),
    ("privacy/partition_threshold", privacy::partition_threshold),
    ("privacy/pii_detection", privacy::pii_detection),
    ("privacy/pure_composition", privacy::pure_composition),
    ("privacy/rdp_composition", privacy::rdp_composition),
    ("privacy/rdp_subsampled_gaussian", privacy::rdp_subsampled_gaussian),
    ("privacy/retention", privacy::retention),
    ("privacy/sensitivity", privacy::sensitivity),
    ("privacy/suppression", privacy::suppression),
    ("privacy/to_zcdp", privacy::to_zcdp),
    ("privacy/zcdp_to_approx_dp", privacy::zcdp_to_approx_dp),
];

/// A typed field of a case.
pub(super) fn field<T: DeserializeOwned>(case: &Value, name: &str) -> Result<T> {
    let value = case.get(name).cloned().unwrap_or_default();
    serde_json::from_value(value).map_err(|error| malformed(&format!("{name}: {error}")))
}

/// A number that may be undefined, as `churn` and `experiment` write it.
fn number_or_nan(value: Option<f64>) -> Value {
    value.map_or_else(|| json!("NaN"), |value| json!(value))
}

fn quantile(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        x: Vec<f64>,
        p: Vec<f64>,
    }
    let Input { x, p } = field(case, "input")?;
    let mut by_type = Map::new();
    for kind in QuantileType::ALL {
        by_type.insert(u8::from(kind).to_string(), json!(quantiles(&x, &p, kind)?));
    }
    Ok(Value::Object(by_type))
}

/// The whole way: columns → table → job → report.
fn rfm_table(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        transactions: Vec<(String, String, f64)>,
    }
    #[derive(Deserialize)]
    struct Options {
        reference_date: String,
    }
    let Input { transactions } = field(case, "input")?;
    let Options { reference_date } = field(case, "options")?;
    let text = |cells: Vec<&String>| {
        let bytes: Vec<u8> = cells.iter().flat_map(|cell| cell.bytes()).collect();
        let ends = cells.iter().scan(0u32, |end, cell| {
            *end += cell.len() as u32;
            Some(*end)
        });
        (bytes, ends.collect::<Vec<u32>>())
    };
    let (ids, id_ends) = text(transactions.iter().map(|row| &row.0).collect());
    let (times, time_ends) = text(transactions.iter().map(|row| &row.1).collect());
    let amounts: Vec<f64> = transactions.iter().map(|row| row.2).collect();
    let mut mapping = read::Options::default();
    for role in [Role::Customer, Role::Time, Role::Amount] {
        mapping.roles.set(role, role.as_str());
    }
    let mut loader = ColumnLoader::new(&mapping, Zone::utc(), 1, 1 << 30)?;
    loader.push(&[
        (Role::Customer, Values::Text { bytes: &ids, ends: &id_ends }),
        (Role::Time, Values::Text { bytes: &times, ends: &time_ends }),
        (Role::Amount, Values::F64(&amounts)),
    ])?;
    let (table, _) = loader.finish()?;
    let request = json!({
        "analysis": "rfm",
        "options": { "at": reference_date, "count": "row", "refunds": "keep" },
    });
    let request = serde_json::from_value(request).map_err(|e| malformed(&e.to_string()))?;
    let source = Source::Loaded(Rc::new(table));
    let job =
        Job::start(request, vec![("log".to_owned(), source)], Rc::new(Gate::open()), 1 << 30)?;
    let (_, sets) = job.run()?;
    let column = |name: &str| {
        let set = sets.iter().find(|set| set.name == "customers");
        set.and_then(|set| set.columns.iter().find(|column| column.name == name))
            .map(|column| &column.values)
    };
    let numbers = |name: &str| match column(name) {
        Some(report::Values::F64(values)) => values.clone(),
        _ => Vec::new(),
    };
    let Some(report::Values::Text { bytes, ends }) = column("customer") else {
        return Err(malformed("the answer has no customers"));
    };
    let starts = std::iter::once(&0).chain(ends);
    let customers = starts.zip(ends).map(|(start, end)| {
        String::from_utf8_lossy(bytes.get(*start as usize..*end as usize).unwrap_or_default())
    });
    let first = numbers("first").into_iter().map(|ms| Date::of_day_number((ms / 864e5) as i32));
    let mut rows: Vec<_> = customers
        .zip(numbers("recency").into_iter().zip(numbers("frequency")))
        .zip(numbers("monetary").into_iter().zip(first.map(|date| date.to_string())))
        .collect();
    // UTF-8 sorts as code points do.
    rows.sort_by(|a, b| a.0.0.cmp(&b.0.0));
    Ok(json!({
        "id": rows.iter().map(|row| &row.0.0).collect::<Vec<_>>(),
        "recency_days": rows.iter().map(|row| row.0.1.0).collect::<Vec<_>>(),
        "frequency": rows.iter().map(|row| row.0.1.1).collect::<Vec<_>>(),
        "monetary": rows.iter().map(|row| row.1.0).collect::<Vec<_>>(),
        "first_date": rows.iter().map(|row| &row.1.1).collect::<Vec<_>>(),
    }))
}

/// The measures of the customers of a case.
#[derive(Deserialize)]
struct Measures {
    recency_days: Vec<f64>,
    frequency: Vec<f64>,
    monetary: Vec<f64>,
}

#[derive(Deserialize)]
struct ScoreChoice {
    #[serde(default)]
    bins: u8,
    thresholds: Option<Thresholds>,
}

#[derive(Deserialize)]
struct Thresholds {
    r: Vec<f64>,
    f: Vec<f64>,
    m: Vec<f64>,
}

fn rfm_score(case: &Value) -> Result<Value> {
    let measures: Measures = field(case, "input")?;
    let choice: ScoreChoice = field(case, "options")?;
    // The README names the conventions as the ids do: rfm.score.<convention>.<data>.
    let id: String = field(case, "id")?;
    let convention = id.split('.').find_map(|name| match name {
        "pandas_qcut_drop" => Some((Convention::Quantile, Closed::Right)),
        "pandas_rank_first" => Some((Convention::RankFirst, Closed::Right)),
        "ntile" => Some((Convention::Ntile, Closed::Right)),
        "cume_dist" => Some((Convention::CumeDist, Closed::Right)),
        "r_rfm" => Some((Convention::RRfm, Closed::Right)),
        "fixed_right_closed" => Some((Convention::Fixed, Closed::Right)),
        "fixed_left_closed" => Some((Convention::Fixed, Closed::Left)),
        _ => None,
    });
    let (convention, closed) = convention.ok_or_else(|| malformed("the id names no convention"))?;
    let column = |values: &[f64], direction, thresholds: Option<&Vec<f64>>| -> Result<Value> {
        let rule = match thresholds {
            Some(thresholds) => Rule::fixed(thresholds, closed)?,
            None => Rule::of_data(convention, choice.bins)?,
        };
        let scores = score(values, direction, rule)?.scores;
        Ok(scores.into_iter().map(|score| (score != NOT_SCORED).then_some(score)).collect())
    };
    let given = choice.thresholds.as_ref();
    Ok(json!({
        "r": column(&measures.recency_days, Direction::LowerIsBetter, given.map(|t| &t.r))?,
        "f": column(&measures.frequency, Direction::HigherIsBetter, given.map(|t| &t.f))?,
        "m": column(&measures.monetary, Direction::HigherIsBetter, given.map(|t| &t.m))?,
    }))
}

fn rfm_eight_groups(case: &Value) -> Result<Value> {
    let measures: Measures = field(case, "input")?;
    let whole = |values: &[f64]| values.iter().map(|value| *value as i64).collect::<Vec<i64>>();
    let minor = |value: &f64| {
        let (minor, scale, rounded) = money::from_f64(*value)?;
        if rounded {
            return Err(Error::new(Code::Precision, "an amount has more than six decimals"));
        }
        money::rescaled(minor, scale, money::MOST_DECIMALS)
    };
    let grouped = groups::assign(
        &GroupOptions::default(),
        5,
        &Customers {
            recency_days: &whole(&measures.recency_days),
            frequency: &whole(&measures.frequency),
            monetary: &measures.monetary.iter().map(minor).collect::<Result<Vec<i64>>>()?,
            ..Default::default()
        },
    )?;
    let name = |code: &u8| {
        let group = grouped.groups.get(usize::from(*code));
        group.map(|group| group.key.replace('-', "_"))
    };
    Ok(json!({ "group": grouped.codes.iter().map(name).collect::<Vec<_>>() }))
}

fn moments_merge(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        chunk_a: Vec<f64>,
        chunk_b: Vec<f64>,
    }
    let chunks: Input = field(case, "input")?;
    let (mut a, mut b) = (Moments::new(), Moments::new());
    a.update(&chunks.chunk_a)?;
    b.update(&chunks.chunk_b)?;
    a.merge(b)?;
    let all = a.summary();
    Ok(json!({
        "n": all.count,
        "mean": number_or_nan(all.mean),
        "variance": number_or_nan(all.variance),
    }))
}
