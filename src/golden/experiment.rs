//! Methods of the cases about experiments; their names and shapes are those of the file's README.

use super::malformed;
use super::methods::field;
use crate::error::Result;
use crate::experiment::assign::{HashVersion, Namespace, Ranges, bucket};
use crate::experiment::compare::always_valid::{self, Mixture};
use crate::experiment::compare::bayes::{self, Beta, Normal};
use crate::experiment::compare::group_sequential::{self, Classic, Spending};
use crate::experiment::compare::means::{self, Test};
use crate::experiment::compare::proportions::{self, Share, ShareInterval};
use crate::experiment::compare::ranks::{RankLaw, mann_whitney as ranks};
use crate::experiment::compare::{Alternative, Comparison};
use crate::experiment::design::{self, Arms, Degrees, Shares};
use crate::experiment::effects::{Curve, Cut, RankedUnit, Ranking};
use crate::experiment::estimate::{Estimate, Form, Metric, Quantile};
use crate::experiment::health::{RunningRatio, sample_ratio, sample_ratio_exact};
use crate::experiment::unit_stats::UnitStats;
use crate::experiment::variance::{
    CovariateUse, Cuped, RegressionDesign, caps, filled, post_stratified,
};
use crate::stats::accumulator::Accumulator;
use crate::stats::discrete::fisher_exact;
use crate::stats::distribution as law;
use crate::stats::multiplicity::{Adjustment, adjusted};
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::stats::regression::Covariance;
use crate::stats::special::Tails;
use crate::stats::special::beta::incomplete_beta;
use crate::stats::special::error::{normal, normal_quantile};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// An arm of any kind: what is not of its kind is absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Arm {
    kind: String,
    n: f64,
    sum: f64,
    sum_squares: f64,
    mean: f64,
    variance: f64,
    successes: f64,
    m_sum: f64,
    m_sum_squares: f64,
    d_sum: f64,
    d_sum_squares: f64,
    m_d_sum_of_products: f64,
    post_sum: f64,
    post_sum_squares: f64,
    pre_sum: f64,
    pre_sum_squares: f64,
    post_pre_sum_of_products: f64,
    n_star: f64,
    nu: f64,
    quantile_hat: f64,
    quantile_lower: f64,
    quantile_upper: f64,
    main_sum: f64,
    main_sum_squares: f64,
    denominator_sum: f64,
    denominator_sum_squares: f64,
    main_denominator_sum_product: f64,
    n_clusters: f64,
}

/// Moments out of sums.
fn of_sums(n: f64, [x, xx]: [f64; 2], [y, yy]: [f64; 2], xy: f64) -> Result<UnitStats> {
    let part = |product: f64, a: f64, b: f64| {
        let centred = (product - a * b / n) / (n - 1.0);
        if n > 1.0 { centred } else { 0.0 }
    };
    let covariances = [part(xx, x, x).max(0.0), part(xy, x, y), part(yy, y, y).max(0.0)];
    UnitStats::of_moments(n as u64, &[x / n, y / n], &covariances)
}

impl Arm {
    /// `None` where this arm has no estimate of its own; of `cuped` see [`pair`].
    fn estimate(&self) -> Result<Option<Estimate>> {
        Ok(match self.kind.as_str() {
            "proportion" => Estimate::of_proportion(self.sum, self.n),
            "mean" => {
                let variance = (self.sum_squares - self.sum * self.sum / self.n) / (self.n - 1.0);
                Estimate::of_mean(self.n, self.sum / self.n, variance.max(0.0))
            }
            "ratio" => {
                let m = [self.m_sum, self.m_sum_squares];
                let d = [self.d_sum, self.d_sum_squares];
                let stats = of_sums(self.n, m, d, self.m_d_sum_of_products)?;
                Estimate::of(&stats, Metric::Ratio(0, 1))
            }
            "quantile" => self.quantile().estimate(None, 1e-5),
            "quantile_clustered" => {
                let main = [self.main_sum, self.main_sum_squares];
                let all = [self.denominator_sum, self.denominator_sum_squares];
                let product = self.main_denominator_sum_product;
                let clusters = of_sums(self.n_clusters, main, all, product)?;
                self.quantile().estimate(Some(&clusters), 1e-5)
            }
            _ => return Err(malformed("an arm of an unknown kind")),
        })
    }

    fn quantile(&self) -> Quantile {
        Quantile {
            count: self.n,
            interval_count: self.n_star,
            probability: self.nu,
            value: self.quantile_hat,
            low: self.quantile_lower,
            high: self.quantile_upper,
        }
    }

    fn cuped(&self) -> Result<UnitStats> {
        let post = [self.post_sum, self.post_sum_squares];
        let pre = [self.pre_sum, self.pre_sum_squares];
        of_sums(self.n, post, pre, self.post_pre_sum_of_products)
    }

    fn share(&self) -> Result<Share> {
        Share::new(self.successes as u64, self.n as u64)
    }
}

#[derive(Deserialize)]
struct Pair {
    control: Arm,
    treatment: Arm,
}

/// Both arms' estimates; `None` without one, or where one arm does not vary.
fn pair(case: &Value) -> Result<Option<(Estimate, Estimate)>> {
    let Pair { control, treatment } = field(case, "input")?;
    let found = if control.kind == "cuped" {
        let arms = [control.cuped()?, treatment.cuped()?];
        let cuped =
            Cuped::of(&arms.each_ref(), Metric::Mean(0), Metric::Mean(1), CovariateUse::Cuped);
        let [control, treatment] = &arms;
        cuped.and_then(|cuped| cuped.estimate(control).zip(cuped.estimate(treatment)))
    } else {
        control.estimate()?.zip(treatment.estimate()?)
    };
    Ok(found.filter(|(control, treatment)| control.variance > 0.0 && treatment.variance > 0.0))
}

fn yes() -> f64 {
    0.05
}

#[derive(Deserialize)]
struct DeltaOptions {
    #[serde(default = "yes")]
    alpha: f64,
    difference_type: String,
    #[serde(default)]
    alternative: Alternative,
    traffic_proportion: Option<f64>,
    phase_length_days: Option<f64>,
    tuning_n: Option<f64>,
    #[serde(default)]
    inverse: bool,
    prior: Option<Prior>,
}

#[derive(Clone, Deserialize)]
struct Prior {
    mean: f64,
    stddev: f64,
    proper: bool,
    #[serde(rename = "type")]
    kind: String,
}

impl DeltaOptions {
    fn compare(&self, case: &Value) -> Result<Option<(Comparison, Estimate, Estimate)>> {
        let Some((control, treatment)) = pair(case)? else { return Ok(None) };
        let confidence = 1.0 - self.alpha;
        let found = if self.difference_type == "relative" {
            means::relative(&control, &treatment, self.alternative, confidence)
        } else {
            let test = Test::Welch;
            means::absolute(&control, &treatment, test, self.alternative, confidence)
        };
        Ok(found.map(|found| (found, control, treatment)))
    }

    /// What an effect of all traffic is, where that is asked for.
    fn scale(&self, treatment: &Estimate) -> f64 {
        if self.difference_type != "scaled" {
            return 1.0;
        }
        let traffic = self.traffic_proportion.unwrap_or(1.0);
        treatment.count / (traffic * self.phase_length_days.unwrap_or(1.0))
    }
}

fn number(value: f64) -> Value {
    if value.is_finite() {
        json!(value)
    } else if value.is_nan() {
        json!("NaN")
    } else if value > 0.0 {
        json!("Infinity")
    } else {
        json!("-Infinity")
    }
}

fn no_estimate() -> Value {
    json!({ "error": "not-enough-data" })
}

/// `relative_ttest`, `ratio_metric_delta`, `cuped_sufficient`, `quantile_unit`,
/// `quantile_clustered`.
pub(super) fn delta(case: &Value) -> Result<Value> {
    let options: DeltaOptions = field(case, "options")?;
    let Some((found, _, treatment)) = options.compare(case)? else { return Ok(no_estimate()) };
    let scale = options.scale(&treatment);
    Ok(json!({
        "effect": found.effect * scale,
        "ci_lower": number(found.interval.low * scale),
        "ci_upper": number(found.interval.high * scale),
        "se": found.error * scale,
        "p_value": found.p_value,
        "dof": found.degrees,
    }))
}

pub(super) fn asymptotic(case: &Value) -> Result<Value> {
    let options: DeltaOptions = field(case, "options")?;
    let compared = options.compare(case)?;
    let Some((found, control, treatment)) = compared else { return Ok(no_estimate()) };
    let units = control.count + treatment.count;
    let tuning = options.tuning_n.unwrap_or(5000.0);
    let Some(valid) = always_valid::asymptotic(&found, units, options.alpha, tuning) else {
        return Ok(no_estimate());
    };
    Ok(json!({
        "effect": found.effect,
        "ci_lower": valid.interval.low,
        "ci_upper": valid.interval.high,
        "se": found.error,
        "p_value": valid.p_value,
        "dof": found.degrees,
        "log_e_value": valid.log_e_value,
        "rho": valid.rho,
    }))
}

pub(super) fn bayes_normal(case: &Value) -> Result<Value> {
    let options: DeltaOptions = field(case, "options")?;
    let compared = options.compare(case)?;
    let Some((found, control, _)) = compared else { return Ok(no_estimate()) };
    let prior = options.prior.clone().filter(|prior| prior.proper).map(|prior| {
        let is_scaled = options.difference_type != "relative" && prior.kind == "relative";
        let scale = if is_scaled { control.unadjusted.abs() } else { 1.0 };
        Normal { mean: prior.mean * scale, deviation: prior.stddev * scale }
    });
    let law = Normal::posterior(&found, prior);
    let belief = law.belief();
    let interval =
        law.interval(1.0 - options.alpha).ok_or_else(|| malformed("α has no interval"))?;
    let (risk_control, risk_treatment, chance) = if options.inverse {
        let chance = normal(law.mean / law.deviation).upper;
        (belief.loss_of_treatment, belief.loss_of_control, chance)
    } else {
        (belief.loss_of_control, belief.loss_of_treatment, belief.chance_to_win)
    };
    Ok(json!({
        "chance_to_win": chance,
        "expected": law.mean,
        "ci_lower": interval.low,
        "ci_upper": interval.high,
        "stddev": law.deviation,
        "risk_control": risk_control,
        "risk_treatment": risk_treatment,
    }))
}

#[derive(Deserialize)]
struct MeanOptions {
    #[serde(default)]
    test: String,
    #[serde(default)]
    alternative: Alternative,
    confidence_level: f64,
}

fn test_named(name: &str) -> Result<Test> {
    match name {
        "" | "welch" | "unequal" => Ok(Test::Welch),
        "student" | "pooled" => Ok(Test::Student),
        "z" => Ok(Test::Z),
        _ => Err(malformed("a test of an unknown name")),
    }
}

/// The answer in the shape of `mean_difference`; relative effects by the logarithm.
fn mean_answer(
    case: &Value,
    control: Option<Estimate>,
    treatment: Option<Estimate>,
) -> Result<Value> {
    let options: MeanOptions = field(case, "options")?;
    let test = test_named(&options.test)?;
    let (alternative, confidence) = (options.alternative, options.confidence_level);
    let Some((c, t)) = control.zip(treatment) else { return Ok(no_estimate()) };
    let Some(found) = means::absolute(&c, &t, test, alternative, confidence) else {
        return Ok(no_estimate());
    };
    let mut answer = json!({
        "control": c.value,
        "treatment": t.value,
        "effect_size": found.effect,
        "effect_size_ci_lower": number(found.interval.low),
        "effect_size_ci_upper": number(found.interval.high),
        "pvalue": found.p_value,
        "statistic": found.statistic,
    });
    if let (Some(relative), Some(answer)) = (
        means::relative_by_logarithm(&c, &t, test, alternative, confidence),
        answer.as_object_mut(),
    ) {
        answer.insert("rel_effect_size".to_owned(), json!(t.value / c.value - 1.0));
        answer.insert("rel_effect_size_ci_lower".to_owned(), number(relative.low));
        answer.insert("rel_effect_size_ci_upper".to_owned(), number(relative.high));
    }
    Ok(answer)
}

pub(super) fn mean_difference(case: &Value) -> Result<Value> {
    let Pair { control, treatment } = field(case, "input")?;
    let of = |arm: &Arm| Estimate::of_mean(arm.n, arm.mean, arm.variance);
    mean_answer(case, of(&control), of(&treatment))
}

fn stats_of(columns: &[&[f64]]) -> Result<UnitStats> {
    let mut stats = UnitStats::new();
    stats.update(columns)?;
    Ok(stats)
}

/// The rows of each arm, column by column.
fn by_arm(variant: &[f64], columns: &[&[f64]]) -> Result<[UnitStats; 2]> {
    let of = |arm: f64| {
        let part = |column: &&[f64]| -> Vec<f64> {
            let rows = column.iter().zip(variant);
            rows.filter(|(_, variant)| **variant == arm).map(|(value, _)| *value).collect()
        };
        let parts: Vec<Vec<f64>> = columns.iter().map(part).collect();
        stats_of(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
    };
    Ok([of(0.0)?, of(1.0)?])
}

pub(super) fn ratio_units(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Units {
        numerator: Vec<f64>,
        denominator: Vec<f64>,
    }
    #[derive(Deserialize)]
    struct Input {
        control: Units,
        treatment: Units,
    }
    let Input { control, treatment } = field(case, "input")?;
    let of = |units: &Units| -> Result<Option<Estimate>> {
        let stats = stats_of(&[&units.numerator, &units.denominator])?;
        Ok(Estimate::of(&stats, Metric::Ratio(0, 1)))
    };
    mean_answer(case, of(&control)?, of(&treatment)?)
}

pub(super) fn cuped_units(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        variant: Vec<f64>,
        y: Vec<f64>,
        covariate: Vec<f64>,
    }
    let Input { variant, y, covariate } = field(case, "input")?;
    let arms = by_arm(&variant, &[&y, &covariate])?;
    adjusted_answer(case, &arms, Metric::Mean(0), Metric::Mean(1))
}

pub(super) fn ratio_cuped_units(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        variant: Vec<f64>,
        numerator: Vec<f64>,
        denominator: Vec<f64>,
        pre_numerator: Vec<f64>,
        pre_denominator: Vec<f64>,
    }
    let input: Input = field(case, "input")?;
    let columns: [&[f64]; 4] =
        [&input.numerator, &input.denominator, &input.pre_numerator, &input.pre_denominator];
    let arms = by_arm(&input.variant, &columns)?;
    adjusted_answer(case, &arms, Metric::Ratio(0, 1), Metric::Ratio(2, 3))
}

fn adjusted_answer(
    case: &Value,
    arms: &[UnitStats; 2],
    metric: Metric,
    covariate: Metric,
) -> Result<Value> {
    let [control, treatment] = arms;
    let Some(cuped) = Cuped::of(&arms.each_ref(), metric, covariate, CovariateUse::Cuped) else {
        return Ok(no_estimate());
    };
    mean_answer(case, cuped.estimate(control), cuped.estimate(treatment))
}

pub(super) fn covariance(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        x: Vec<f64>,
        y: Vec<f64>,
    }
    let Input { x, y } = field(case, "input")?;
    let found = stats_of(&[&x, &y])?.covariance(0, 1);
    Ok(json!({ "covariance": number(found.unwrap_or(f64::NAN)) }))
}

pub(super) fn distribution(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        function: String,
    }
    #[derive(Deserialize)]
    struct Input {
        args: Map<String, Value>,
    }
    let Options { function } = field(case, "options")?;
    let Input { args } = field(case, "input")?;
    let arg = |name: &str| args.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let (x, t, p, df) = (arg("x"), arg("t"), arg("p"), arg("df"));
    let (a, b) = (arg("a"), arg("b"));
    let lower = |tails: Option<Tails>| tails.map(|tails| tails.lower);
    let upper = |tails: Option<Tails>| tails.map(|tails| tails.upper);
    let value = match function.as_str() {
        "normal_sf" => Some(normal(x).upper),
        "normal_cdf" => Some(normal(x).lower),
        "normal_quantile" => normal_quantile(p),
        "student_t_sf" => upper(law::student_t(df, t)),
        "student_t_cdf" => lower(law::student_t(df, t)),
        "student_t_quantile" => {
            // By symmetry from the smaller tail, whose digits `1 − p` would lose.
            let turned = law::student_t_quantile(df, p.min(1.0 - p));
            turned.map(|value| if p < 0.5 { -value } else { value })
        }
        "chi2_sf" => upper(law::chi_squared(df, x)),
        "chi2_cdf" => lower(law::chi_squared(df, x)),
        "chi2_quantile" => law::chi_squared_quantile(df, 1.0 - p),
        "f_sf" => upper(law::f_ratio(arg("dfn"), arg("dfd"), x)),
        "beta_cdf" => lower(incomplete_beta(a, b, x)),
        "beta_sf" => upper(incomplete_beta(a, b, x)),
        "beta_quantile" => law::beta_quantile(a, b, p),
        _ => return Err(malformed("a function of an unknown name")),
    };
    Ok(json!({ "value": number(value.unwrap_or(f64::NAN)) }))
}

fn shares(case: &Value) -> Result<(Share, Share)> {
    let Pair { control, treatment } = field(case, "input")?;
    Ok((control.share()?, treatment.share()?))
}

pub(super) fn pooled_z(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        #[serde(default)]
        alternative: Alternative,
    }
    let Options { alternative } = field(case, "options")?;
    let (control, treatment) = shares(case)?;
    let (z, p) =
        proportions::pooled_z(control, treatment, alternative).unwrap_or((f64::NAN, f64::NAN));
    Ok(json!({ "z": number(z), "p_value": number(p) }))
}

fn ends(interval: Option<Interval>) -> Value {
    let Interval { low, high } = interval.unwrap_or(Interval { low: f64::NAN, high: f64::NAN });
    json!({ "ci_lower": number(low), "ci_upper": number(high) })
}

pub(super) fn two_sample_interval(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        method: String,
        compare: String,
        confidence_level: f64,
        #[serde(default)]
        miettinen_nurminen_correction: bool,
    }
    let options: Options = field(case, "options")?;
    let (control, treatment) = shares(case)?;
    let corrected = options.miettinen_nurminen_correction;
    let kind = match (options.method.as_str(), options.compare.as_str()) {
        ("wald", "diff") => ShareInterval::Wald,
        ("agresti-caffo", "diff") => ShareInterval::AgrestiCaffo,
        ("newcomb", "diff") => ShareInterval::Newcombe,
        ("score", "diff") => ShareInterval::Score(corrected),
        ("score", "ratio") => ShareInterval::ScoreRatio(corrected),
        ("log", "ratio") => ShareInterval::Log,
        ("log-adjusted", "ratio") => ShareInterval::LogAdjusted,
        ("logit", "odds-ratio") => ShareInterval::Logit,
        ("logit-adjusted", "odds-ratio") => ShareInterval::LogitAdjusted,
        _ => return Err(malformed("an interval of an unknown name")),
    };
    Ok(ends(proportions::interval(control, treatment, kind, options.confidence_level)?))
}

pub(super) fn proportion_ci(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        n: u64,
        successes: u64,
    }
    #[derive(Deserialize)]
    struct Options {
        method: String,
        confidence_level: f64,
    }
    let Input { n, successes } = field(case, "input")?;
    let Options { method, confidence_level } = field(case, "options")?;
    let kind = match method.as_str() {
        "wilson" => ProportionInterval::Wilson,
        "clopper_pearson" | "beta" => ProportionInterval::ClopperPearson,
        "agresti_coull" => ProportionInterval::AgrestiCoull,
        "jeffreys" => ProportionInterval::Jeffreys,
        "normal" => ProportionInterval::Wald,
        _ => return Err(malformed("an interval of an unknown name")),
    };
    Ok(ends(Some(proportion_interval(successes, n, confidence_level, kind)?)))
}

fn table(case: &Value) -> Result<Vec<Vec<f64>>> {
    #[derive(Deserialize)]
    struct Input {
        table: Vec<Vec<f64>>,
    }
    Ok(field::<Input>(case, "input")?.table)
}

pub(super) fn fisher(case: &Value) -> Result<Value> {
    let table = table(case)?;
    let row = |at: usize| match table.get(at).map(Vec::as_slice) {
        Some([hits, misses]) => Ok((*hits as u64, (hits + misses) as u64)),
        _ => Err(malformed("the table is two by two")),
    };
    let p = fisher_exact(row(0)?, row(1)?);
    Ok(json!({ "p_value": number(p.unwrap_or(f64::NAN)) }))
}

pub(super) fn contingency(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        #[serde(default)]
        yates: bool,
    }
    let Options { yates } = field(case, "options")?;
    let found = proportions::contingency(&table(case)?, yates)?;
    Ok(json!({ "chi2": found.chi_squared, "p_value": found.p_value, "dof": found.degrees }))
}

pub(super) fn bayes_beta(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        prior_alpha: f64,
        prior_beta: f64,
    }
    let Options { prior_alpha, prior_beta } = field(case, "options")?;
    let (control, treatment) = shares(case)?;
    let law = |share| {
        Beta::posterior(share, prior_alpha, prior_beta).ok_or_else(|| malformed("the prior"))
    };
    let (control, treatment) = (law(control)?, law(treatment)?);
    let belief =
        bayes::compare_shares(control, treatment).ok_or_else(|| malformed("the posteriors"))?;
    let interval = control.interval(0.95).ok_or_else(|| malformed("the posterior"))?;
    Ok(json!({
        "chance_to_win": belief.chance_to_win,
        "expected_loss_choose_treatment": belief.loss_of_treatment,
        "expected_loss_choose_control": belief.loss_of_control,
        "control_ci95": [interval.low, interval.high],
    }))
}

pub(super) fn best(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        posterior_means: Vec<f64>,
        posterior_stddevs: Vec<f64>,
    }
    let Input { posterior_means, posterior_stddevs } = field(case, "input")?;
    let laws: Vec<Normal> = (posterior_means.into_iter().zip(posterior_stddevs))
        .map(|(mean, deviation)| Normal { mean, deviation })
        .collect();
    let chances = bayes::probability_best(&laws).ok_or_else(|| malformed("the laws"))?;
    Ok(json!({ "probability_best": chances, "thompson_weights": chances }))
}

pub(super) fn top_two(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        probability_best: Vec<f64>,
    }
    #[derive(Deserialize)]
    struct Options {
        beta: f64,
    }
    let Input { probability_best } = field(case, "input")?;
    let Options { beta } = field(case, "options")?;
    let weights = bayes::top_two(&probability_best, beta);
    Ok(json!({ "weights": weights.ok_or_else(|| malformed("the chances"))? }))
}

#[derive(Deserialize)]
struct MixtureOptions {
    #[serde(default = "yes")]
    alpha: f64,
    #[serde(default = "yes")]
    alpha_opt: f64,
    #[serde(default)]
    one_sided: bool,
    #[serde(default)]
    v_opt: f64,
    #[serde(default)]
    c: f64,
    #[serde(default)]
    g: f64,
    #[serde(default)]
    h: f64,
    #[serde(default)]
    v_min: f64,
    #[serde(default)]
    s: f64,
    #[serde(default)]
    eta: f64,
    #[serde(default)]
    t_opt: f64,
}

#[derive(Deserialize)]
struct MixtureInput {
    #[serde(default)]
    v: f64,
    #[serde(default)]
    s: f64,
    #[serde(default)]
    successes: f64,
    #[serde(default)]
    n: f64,
}

fn bound_of(case: &Value, mixture: &dyn Fn(&MixtureOptions) -> Mixture) -> Result<Value> {
    let options: MixtureOptions = field(case, "options")?;
    let MixtureInput { v, .. } = field(case, "input")?;
    let bound = mixture(&options).bound(v, options.alpha);
    Ok(json!({ "bound": number(bound.unwrap_or(f64::NAN)) }))
}

pub(super) fn normal_bound(case: &Value) -> Result<Value> {
    bound_of(case, &|o| Mixture::normal(o.v_opt, o.alpha_opt, o.one_sided))
}

pub(super) fn gamma_exponential_bound(case: &Value) -> Result<Value> {
    bound_of(case, &|o| Mixture::gamma_exponential(o.v_opt, o.c, o.alpha_opt))
}

pub(super) fn beta_binomial_bound(case: &Value) -> Result<Value> {
    bound_of(case, &|o| Mixture::beta_binomial(o.v_opt, o.g, o.h, o.alpha_opt, o.one_sided))
}

pub(super) fn normal_log_mixture(case: &Value) -> Result<Value> {
    let options: MixtureOptions = field(case, "options")?;
    let MixtureInput { v, s, .. } = field(case, "input")?;
    let mixture = Mixture::normal(options.v_opt, options.alpha_opt, options.one_sided);
    let log = mixture.log_value(s, v).ok_or_else(|| malformed("the sum"))?;
    Ok(json!({ "log_mixture": log, "always_valid_p": libm::exp(-log).min(1.0) }))
}

pub(super) fn poly_stitching(case: &Value) -> Result<Value> {
    let o: MixtureOptions = field(case, "options")?;
    let MixtureInput { v, .. } = field(case, "input")?;
    let bound = always_valid::poly_stitching(v, o.alpha, o.v_min, o.c, o.s, o.eta);
    Ok(json!({ "bound": number(bound.unwrap_or(f64::NAN)) }))
}

pub(super) fn bernoulli_interval(case: &Value) -> Result<Value> {
    let o: MixtureOptions = field(case, "options")?;
    let MixtureInput { successes, n, .. } = field(case, "input")?;
    Ok(ends(always_valid::share_interval(successes, n, o.alpha, o.t_opt, o.alpha_opt)))
}

pub(super) fn group_bounds(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        information_fractions: Vec<f64>,
    }
    #[derive(Deserialize)]
    struct Options {
        alpha: f64,
        spending: String,
        rho: Option<f64>,
    }
    let Input { information_fractions } = field(case, "input")?;
    let Options { alpha, spending, rho } = field(case, "options")?;
    let spending = match spending.as_str() {
        "obrien_fleming" => Spending::OBrienFleming,
        "pocock" => Spending::Pocock,
        "power" => Spending::Power(rho.unwrap_or(1.0)),
        _ => return Err(malformed("a spending of an unknown name")),
    };
    let found = group_sequential::bounds(&information_fractions, alpha, spending)?;
    Ok(json!({ "z_bounds": found.z, "cumulative_alpha": found.spent }))
}

pub(super) fn group_classic(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        looks: usize,
    }
    #[derive(Deserialize)]
    struct Options {
        alpha: f64,
        design: String,
    }
    let Input { looks } = field(case, "input")?;
    let Options { alpha, design } = field(case, "options")?;
    let design = match design.as_str() {
        "pocock" => Classic::Pocock,
        "obrien_fleming" => Classic::OBrienFleming,
        _ => return Err(malformed("a design of an unknown name")),
    };
    let (constant, bounds) = group_sequential::classic(looks, alpha, design)?;
    Ok(json!({ "constant": constant, "z_bounds": bounds }))
}

#[derive(Deserialize)]
struct Observed {
    observed: Vec<u64>,
    weights: Vec<f64>,
}

pub(super) fn srm_chi2(case: &Value) -> Result<Value> {
    let Observed { observed, weights } = field(case, "input")?;
    Ok(match sample_ratio(&observed, &weights)? {
        Some((statistic, p)) => json!({ "p_value": p, "chi2": statistic }),
        None => json!({ "p_value": 1.0 }),
    })
}

pub(super) fn srm_binomial(case: &Value) -> Result<Value> {
    let Observed { observed, weights } = field(case, "input")?;
    Ok(json!({ "p_value": sample_ratio_exact(&observed, &weights)? }))
}

pub(super) fn srm_sequential(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        batches: Vec<Vec<u64>>,
        weights: Vec<f64>,
    }
    #[derive(Deserialize)]
    struct Options {
        dirichlet_concentration: f64,
    }
    let Input { batches, weights } = field(case, "input")?;
    let Options { dirichlet_concentration } = field(case, "options")?;
    let mut running = RunningRatio::new(&weights, dirichlet_concentration)?;
    let p_values: Result<Vec<f64>> = batches.iter().map(|batch| running.add(batch)).collect();
    Ok(json!({ "p_values": p_values?, "log_bayes_factor": running.log_bayes_factor() }))
}

pub(super) fn multiple_testing(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        p_values: Vec<f64>,
    }
    #[derive(Deserialize)]
    struct Options {
        alpha: f64,
        method: String,
    }
    let Input { p_values } = field(case, "input")?;
    let Options { alpha, method } = field(case, "options")?;
    let name = Value::String(method.replace('_', "-"));
    let adjustment: Adjustment =
        serde_json::from_value(name).map_err(|error| malformed(&error.to_string()))?;
    let p_values: Vec<Option<f64>> = p_values.into_iter().map(Some).collect();
    let found: Vec<f64> = adjusted(&p_values, adjustment).into_iter().flatten().collect();
    let reject: Vec<bool> = found.iter().map(|p| *p <= alpha).collect();
    Ok(json!({ "adjusted": found, "reject": reject }))
}

#[derive(Deserialize)]
struct Samples {
    control: Vec<f64>,
    treatment: Vec<f64>,
}

impl Samples {
    fn estimates(&self) -> Result<Option<(Estimate, Estimate)>> {
        let of = |values: &[f64]| -> Result<Option<Estimate>> {
            Ok(Estimate::of(&stats_of(&[values])?, Metric::Mean(0)))
        };
        Ok(of(&self.control)?.zip(of(&self.treatment)?))
    }
}

#[derive(Deserialize)]
struct Margins {
    low: f64,
    upp: f64,
    #[serde(default)]
    variance: String,
}

pub(super) fn tost_means(case: &Value) -> Result<Value> {
    let Margins { low, upp, variance } = field(case, "options")?;
    let samples: Samples = field(case, "input")?;
    let test = test_named(&variance)?;
    let found = samples
        .estimates()?
        .and_then(|(control, treatment)| means::equivalence(&control, &treatment, test, low, upp));
    let Some(found) = found else { return Ok(no_estimate()) };
    Ok(json!({
        "p_value": found.p_value,
        "t_lower": found.lower.0,
        "p_lower": found.lower.1,
        "t_upper": found.upper.0,
        "p_upper": found.upper.1,
    }))
}

pub(super) fn tost_proportions(case: &Value) -> Result<Value> {
    let Margins { low, upp, .. } = field(case, "options")?;
    let Pair { control, treatment } = field(case, "input")?;
    let of = |arm: &Arm| Estimate::of_proportion(arm.successes, arm.n);
    let found = of(&control).zip(of(&treatment)).and_then(|(control, treatment)| {
        means::equivalence(&control, &treatment, Test::Z, low, upp)
    });
    let Some(found) = found else { return Ok(no_estimate()) };
    Ok(json!({ "p_value": found.p_value }))
}

pub(super) fn non_inferiority(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        margin: f64,
        better: String,
        #[serde(default)]
        test: String,
        #[serde(default = "yes")]
        alpha: f64,
    }
    let options: Options = field(case, "options")?;
    let Pair { control, treatment } = field(case, "input")?;
    let of = |arm: &Arm| Estimate::of_mean(arm.n, arm.mean, arm.variance);
    let test = test_named(&options.test)?;
    let is_higher = options.better == "higher";
    let found = of(&control).zip(of(&treatment)).and_then(|(control, treatment)| {
        let confidence = 1.0 - options.alpha;
        means::non_inferiority(&control, &treatment, test, options.margin, is_higher, confidence)
    });
    let Some(found) = found else { return Ok(no_estimate()) };
    Ok(json!({ "t": found.statistic, "dof": found.degrees, "p_value": found.p_value }))
}

#[derive(Deserialize)]
struct PowerInput {
    #[serde(default)]
    effect_size: f64,
    #[serde(default)]
    n_control: f64,
    #[serde(default)]
    n_treatment: f64,
    #[serde(default)]
    ratio: f64,
    #[serde(default)]
    p_control: f64,
    #[serde(default)]
    diff: f64,
}

#[derive(Deserialize)]
struct PowerOptions {
    alpha: f64,
    #[serde(default)]
    power: f64,
    alternative: String,
}

impl PowerOptions {
    fn test(&self) -> Result<design::Test> {
        // "two-sided (upper tail only)" says how the formula counts.
        let name = self.alternative.split(' ').next().unwrap_or_default();
        let alternative =
            serde_json::from_value(json!(name)).map_err(|error| malformed(&error.to_string()))?;
        Ok(design::Test { alpha: self.alpha, alternative })
    }
}

fn powered(case: &Value) -> Result<(PowerInput, PowerOptions, design::Test)> {
    let options: PowerOptions = field(case, "options")?;
    let test = options.test()?;
    Ok((field(case, "input")?, options, test))
}

/// Arms of variance 1: effects are in standard deviations.
fn unit_arms(ratio: f64) -> Arms {
    Arms { ratio, control_variance: 1.0, treatment_variance: 1.0 }
}

pub(super) fn power_t(case: &Value) -> Result<Value> {
    let (input, _, test) = powered(case)?;
    let arms = unit_arms(input.ratio);
    let power = arms.power(test, input.effect_size, input.n_control, Degrees::Pooled)?;
    Ok(json!({ "power": power }))
}

pub(super) fn power_z(case: &Value) -> Result<Value> {
    let (input, _, test) = powered(case)?;
    let error = ((1.0 + 1.0 / input.ratio) / input.n_control).sqrt();
    let power = test.power_z(input.effect_size / error, 1.0);
    Ok(json!({ "power": number(power.unwrap_or(f64::NAN)) }))
}

pub(super) fn sample_size_t(case: &Value) -> Result<Value> {
    let (input, options, test) = powered(case)?;
    let arms = unit_arms(input.ratio);
    let n = arms.sample_size(test, input.effect_size, options.power, Degrees::Pooled)?;
    Ok(json!({ "n_control": n }))
}

pub(super) fn mde_t(case: &Value) -> Result<Value> {
    let (input, options, test) = powered(case)?;
    let arms = unit_arms(input.ratio);
    let effect = arms.detectable(test, input.n_control, options.power, Degrees::Pooled)?;
    Ok(json!({ "effect_size": effect }))
}

fn design_shares(input: &PowerInput) -> Shares {
    let (control, ratio) = (input.p_control, input.ratio);
    Shares { control, treatment: control + input.diff, ratio }
}

pub(super) fn power_proportions(case: &Value) -> Result<Value> {
    let (input, _, test) = powered(case)?;
    Ok(json!({ "power": design_shares(&input).power(test, input.n_treatment)? }))
}

pub(super) fn sample_size_proportions(case: &Value) -> Result<Value> {
    let (input, options, test) = powered(case)?;
    Ok(json!({ "n_treatment": design_shares(&input).sample_size(test, options.power)? }))
}

pub(super) fn power_from_moments(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Moments {
        n: f64,
        mean: Map<String, Value>,
        variance: Map<String, Value>,
        covariance: Map<String, Value>,
    }
    #[derive(Deserialize)]
    struct Input {
        moments: Moments,
    }
    #[derive(Deserialize)]
    struct Options {
        metric: String,
        treatment_to_control: f64,
    }
    let Input { moments } = field(case, "input")?;
    let Options { metric, treatment_to_control: ratio } = field(case, "options")?;
    let options: PowerOptions = field(case, "options")?;
    let test = options.test()?;
    const NAMES: [&str; 4] = ["numerator", "denominator", "pre_numerator", "pre_denominator"];
    let number_of = |map: &Map<String, Value>, name: &str| map.get(name).and_then(Value::as_f64);
    let means: Vec<f64> =
        NAMES.iter().map(|name| number_of(&moments.mean, name).unwrap_or(0.0)).collect();
    let mut products = Vec::new();
    for (at, a) in NAMES.iter().enumerate() {
        for b in NAMES.iter().take(at) {
            let either = number_of(&moments.covariance, &format!("{a},{b}"));
            let either = either.or_else(|| number_of(&moments.covariance, &format!("{b},{a}")));
            products.push(either.unwrap_or(0.0));
        }
        products.push(number_of(&moments.variance, a).unwrap_or(0.0));
    }
    let stats = UnitStats::of_moments(moments.n as u64, &means, &products)?;
    let (own, pre) = if metric.starts_with("ratio") {
        (Metric::Ratio(0, 1), Metric::Ratio(2, 3))
    } else {
        (Metric::Mean(0), Metric::Mean(2))
    };
    let undefined = || malformed("the moments");
    let form = Form::of(&stats, own).ok_or_else(undefined)?;
    let mut variance = form.covariance(&form, &stats).ok_or_else(undefined)?;
    if metric.ends_with("cuped") {
        let cuped = Cuped::of(&[&stats], own, pre, CovariateUse::Cuped).ok_or_else(undefined)?;
        variance *= 1.0 - cuped.explained;
    }
    let arms = Arms { ratio, control_variance: variance, treatment_variance: variance };
    let control = moments.n / (1.0 + ratio);
    let effect = 0.05 * form.value;
    let mde = arms.detectable(test, control, options.power, Degrees::Welch)?;
    let size = arms.sample_size(test, effect, options.power, Degrees::Welch)?;
    Ok(json!({
        "mde_absolute": mde,
        "mde_relative": mde / form.value,
        "power_at_5_percent": arms.power(test, effect, control, Degrees::Welch)?,
        "n_obs_total_at_5_percent": (size * (1.0 + ratio)).ceil(),
    }))
}

pub(super) fn mann_whitney(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        method: String,
        #[serde(default)]
        alternative: Alternative,
    }
    let Options { method, alternative } = field(case, "options")?;
    let Samples { control, treatment } = field(case, "input")?;
    let law = if method == "exact" { RankLaw::Exact } else { RankLaw::Asymptotic };
    let found = ranks(&control, &treatment, law, alternative)?;
    Ok(json!({ "u": found.u, "p_value": found.p_value }))
}

pub(super) fn winsorized(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        lower_quantile: f64,
        upper_quantile: f64,
    }
    let Options { lower_quantile, upper_quantile } = field(case, "options")?;
    let Samples { control, treatment } = field(case, "input")?;
    let all: Vec<f64> = control.iter().chain(&treatment).copied().collect();
    let caps = caps(&all, lower_quantile, upper_quantile)?;
    let capped = |values: &[f64]| -> Vec<f64> {
        values.iter().map(|value| value.clamp(caps.low, caps.high)).collect()
    };
    let samples = Samples { control: capped(&control), treatment: capped(&treatment) };
    let found = samples.estimates()?.and_then(|(control, treatment)| {
        means::absolute(&control, &treatment, Test::Welch, Alternative::TwoSided, 0.95)
    });
    let Some(found) = found else { return Ok(no_estimate()) };
    Ok(json!({
        "lower_cap": caps.low,
        "upper_cap": caps.high,
        "effect": found.effect,
        "t": found.statistic,
        "dof": found.degrees,
        "p_value": found.p_value,
        "ci_lower": found.interval.low,
        "ci_upper": found.interval.high,
    }))
}

pub(super) fn strata(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        strata: Vec<Pair>,
    }
    let Input { strata } = field(case, "input")?;
    let DeltaAlpha { alpha } = field(case, "options")?;
    let of = |arm: &Arm| Estimate::of_mean(arm.n, arm.mean, arm.variance);
    let pairs: Option<Vec<(Estimate, Estimate)>> =
        strata.iter().map(|pair| of(&pair.control).zip(of(&pair.treatment))).collect();
    let found = pairs.and_then(|pairs| post_stratified(&pairs, 1.0 - alpha));
    let Some(found) = found else { return Ok(no_estimate()) };
    Ok(json!({
        "effect": found.effect,
        "se": found.error,
        "z": found.statistic,
        "p_value": found.p_value,
        "ci_lower": found.interval.low,
        "ci_upper": found.interval.high,
    }))
}

#[derive(Deserialize)]
struct DeltaAlpha {
    #[serde(default = "yes")]
    alpha: f64,
}

fn regression_answer(found: &Comparison) -> Value {
    json!({
        "effect": found.effect,
        "se": found.error,
        "p_value": found.p_value,
        "ci_lower": found.interval.low,
        "ci_upper": found.interval.high,
    })
}

fn covariance_named(name: &str) -> Covariance<'static> {
    match name {
        "HC1" => Covariance::Hc1,
        "HC2" => Covariance::Hc2,
        "HC3" => Covariance::Hc3,
        _ => Covariance::Classic,
    }
}

#[derive(Deserialize)]
struct RegressionOptions {
    #[serde(default = "yes")]
    alpha: f64,
    cov_type: String,
}

pub(super) fn lin(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        variant: Vec<f64>,
        y: Vec<f64>,
        covariates: Vec<Vec<f64>>,
    }
    #[derive(Deserialize)]
    struct Interacted {
        #[serde(default = "always")]
        interacted: bool,
    }
    fn always() -> bool {
        true
    }
    let Input { variant, y, covariates } = field(case, "input")?;
    let RegressionOptions { alpha, cov_type } = field(case, "options")?;
    let Interacted { interacted } = field(case, "options")?;
    let design = RegressionDesign {
        covariance: covariance_named(&cov_type),
        is_interacted: interacted,
        confidence: 1.0 - alpha,
    };
    Ok(regression_answer(&design.effect(&y, &variant, &covariates)?))
}

pub(super) fn missing_pre(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        variant: Vec<f64>,
        y: Vec<f64>,
        covariate: Vec<Option<f64>>,
    }
    let Input { variant, y, covariate } = field(case, "input")?;
    let RegressionOptions { alpha, cov_type } = field(case, "options")?;
    let design = RegressionDesign {
        covariance: covariance_named(&cov_type),
        is_interacted: false,
        confidence: 1.0 - alpha,
    };
    Ok(regression_answer(&design.effect(&y, &variant, &filled(&covariate))?))
}

pub(super) fn clusters(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        y: Vec<f64>,
        treatment: Vec<f64>,
        cluster: Vec<u32>,
    }
    let Input { y, treatment, cluster } = field(case, "input")?;
    let DeltaAlpha { alpha } = field(case, "options")?;
    let design = RegressionDesign {
        covariance: Covariance::Clusters(&cluster),
        is_interacted: false,
        confidence: 1.0 - alpha,
    };
    let found = design.effect(&y, &treatment, &[])?;
    let mut answer = regression_answer(&found);
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("t".to_owned(), json!(found.statistic));
    }
    Ok(answer)
}

pub(super) fn diff_in_diff(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        unit: Vec<u32>,
        treated: Vec<f64>,
        post: Vec<f64>,
        y: Vec<f64>,
    }
    let Input { unit, treated, post, y } = field(case, "input")?;
    let design = RegressionDesign {
        covariance: Covariance::Clusters(&unit),
        is_interacted: false,
        confidence: 0.95,
    };
    // The effect is that of the product beside both.
    let both: Vec<f64> = treated.iter().zip(&post).map(|(a, b)| a * b).collect();
    let found = design.effect(&y, &both, &[treated, post])?;
    Ok(json!({ "effect": found.effect, "se": found.error, "p_value": found.p_value }))
}

pub(super) fn hash(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        seed: String,
        value: String,
    }
    #[derive(Deserialize)]
    struct Options {
        hash_version: u8,
    }
    let Input { seed, value } = field(case, "input")?;
    let version = match field::<Options>(case, "options")?.hash_version {
        1 => HashVersion::One,
        2 => HashVersion::Two,
        _ => return Err(malformed("a hash of an unknown version")),
    };
    Ok(json!({ "bucket": bucket(version, &seed, &value) }))
}

pub(super) fn ranges(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        variations: usize,
        coverage: f64,
        weights: Option<Vec<f64>>,
    }
    let Input { variations, coverage, weights } = field(case, "input")?;
    let ranges = Ranges::new(variations, coverage, weights.as_deref())?;
    let mut chosen = Map::new();
    for place in ["0.0", "0.0799", "0.33", "0.5", "0.999"] {
        let at: f64 = place.parse().map_err(|_| malformed("a place"))?;
        let variant = ranges.variant(at).map_or(-1, |variant| variant as i64);
        chosen.insert(place.to_owned(), json!(variant));
    }
    let ends: Vec<[f64; 2]> = ranges.ends().iter().map(|(from, to)| [*from, *to]).collect();
    Ok(json!({ "ranges": ends, "chosen_at": chosen }))
}

pub(super) fn namespace(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        value: String,
        namespace: (String, f64, f64),
    }
    let Input { value, namespace: (id, from, to) } = field(case, "input")?;
    let (hash, is_in) = Namespace { id, from, to }.place(&value);
    Ok(json!({ "in_namespace": is_in, "hash": hash }))
}

pub(super) fn uplift_ranking(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        outcome: Vec<u8>,
        treatment: Vec<u8>,
        score: Vec<f64>,
    }
    let Input { outcome, treatment, score } = field(case, "input")?;
    let units: Vec<RankedUnit> = (outcome.iter().zip(&treatment).zip(score))
        .map(|((outcome, treatment), score)| RankedUnit {
            outcome: *outcome == 1,
            is_treated: *treatment == 1,
            score,
        })
        .collect();
    let ranking = Ranking::new(&units)?;
    let defined = |value: Option<f64>| number(value.unwrap_or(f64::NAN));
    let curve = ranking.curve(Curve::Qini);
    let side = |pick: fn(&(f64, f64)) -> f64| curve.iter().map(pick).collect::<Vec<f64>>();
    Ok(json!({
        "qini_auc": defined(ranking.coefficient(Curve::Qini)),
        "uplift_auc": defined(ranking.coefficient(Curve::Uplift)),
        "uplift_at_30_by_group": defined(ranking.uplift_at(0.3, Cut::ByArm)),
        "uplift_at_30_overall": defined(ranking.uplift_at(0.3, Cut::Overall)),
        "qini_curve": { "x": side(|point| point.0), "y": side(|point| point.1) },
    }))
}
