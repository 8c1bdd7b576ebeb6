//! The summary of an experiment with noise, as it may be published: units, means and effects of
//! each arm, with intervals that carry the noise as well as chance.
//!
//! A customer is one unit of one arm. Of each arm three kinds of integers get discrete Laplace
//! noise: its units, and of each metric the sum and the sum of squares of the values as far as they
//! lie from the middle of their bounds. A metric that is 0 or 1 needs no squares. Everything else
//! follows from these. Arms share no customer, so that ε is paid once for all of them.

use serde::{Deserialize, Serialize};

use super::law::laplace_accuracy;
use super::noise::{Entropy, laplace};
use super::question::{Budget, Paid, Receipt, amount};
use super::{demand, probability, units};
use crate::error::{Code, Error, Result};
use crate::plain::Value;
use crate::privacy::ledger::Ledger;
use crate::stats::order::arrangement;
use crate::stats::proportion::Interval;

/// So many rows at most.
const MOST: usize = 1_000_000;

/// An experiment whose summary is to be published. Rows are given as lists of one length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoisyExperimentOptions {
    /// The question, and the data it is asked of: the same words get the same answer from the log.
    pub query: String,
    /// The names of the arms; the first is the control. They are known without the data.
    pub arms: Vec<String>,
    /// The arm of each row, from 0; at most 1,000,000 rows.
    pub arm: Vec<u32>,
    /// The customer of each row, as any number. Of a customer the first row counts, and none if
    /// there are rows in two arms. Each row is a customer if this is left out.
    #[serde(default)]
    pub customer: Option<Vec<u32>>,
    /// What is measured.
    pub metrics: Vec<NoisyMetric>,
    /// How sure intervals are.
    #[serde(default = "usual")]
    pub confidence: f64,
    /// ε of this answer, as exact decimal digits.
    pub epsilon: String,
    /// What may be spent in all.
    pub budget: Budget,
    /// The log of what was published before; empty at first.
    #[serde(default)]
    pub ledger: Ledger,
}

fn usual() -> f64 {
    0.95
}

/// One number of each row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoisyMetric {
    /// Its name.
    pub name: String,
    /// The values. They are rounded to `decimals`.
    pub values: Vec<f64>,
    /// The least value that counts, known without the data. Lower ones count as this.
    pub lower: f64,
    /// The largest value that counts, known without the data. Higher ones count as this.
    pub upper: f64,
    /// Places behind the point of values, 0 to 4. With 0, and bounds of 0 and 1, a metric is a
    /// share.
    #[serde(default)]
    pub decimals: u8,
}

/// An experiment as it may be published.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoisyExperiment {
    /// Of each arm its units, with noise: the number may be below 0.
    pub units: Vec<f64>,
    /// In 95 of 100 cases a number of units is off by less than this.
    pub units_within95: f64,
    /// What was measured.
    pub metrics: Vec<NoisyResult>,
    /// What it cost, and the log with this answer in it.
    pub receipt: Receipt,
}

/// A metric as it may be published.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoisyResult {
    /// Its name.
    pub name: String,
    /// Of each arm its mean.
    pub arms: Vec<NoisyMean>,
    /// Of each arm but the control its mean minus that of the control.
    pub effects: Vec<NoisyMean>,
}

/// A mean or a difference of means.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoisyMean {
    /// The estimate; null where the noise leaves fewer than 2 units.
    pub value: Option<f64>,
    /// Its interval, for chance and noise together.
    pub interval: Option<Interval>,
    /// How likely at least so far from 0 would be, were the truth 0. Of differences only.
    pub p_value: Option<f64>,
}

/// An estimate whose error is the sum of a normal one and independent Laplace ones.
#[derive(Clone, Debug, Default)]
struct Spread {
    value: f64,
    variance: f64,
    scales: Vec<f64>,
}

impl Spread {
    fn minus(&self, other: &Spread) -> Spread {
        let scales = self.scales.iter().chain(&other.scales).copied().collect();
        Spread { value: self.value - other.value, variance: self.variance + other.variance, scales }
    }

    fn deviation(&self) -> f64 {
        let noise: f64 = self.scales.iter().map(|scale| 2.0 * scale * scale).sum();
        (self.variance + noise).sqrt()
    }

    /// P(|error| ≥ x), by inverting the characteristic function (Gil-Pelaez 1951) with the midpoint
    /// sum of Davies (1973): it repeats itself after 60 deviations, far beyond what the tails of
    /// Laplace laws leave.
    fn beyond(&self, x: f64) -> f64 {
        let deviation = self.deviation();
        if deviation <= 0.0 {
            return f64::from(x <= 0.0);
        }
        let step = core::f64::consts::TAU / 60.0 / deviation;
        let mut sum = 0.0;
        for k in 0..20_000 {
            let t = step * (f64::from(k) + 0.5);
            let mut law = libm::exp(-0.5 * self.variance * t * t);
            for scale in &self.scales {
                law /= 1.0 + (scale * t) * (scale * t);
            }
            if law < 1e-14 {
                break;
            }
            sum += libm::sin(t * x) * law / (f64::from(k) + 0.5);
        }
        (1.0 - 2.0 / core::f64::consts::PI * sum).clamp(0.0, 1.0)
    }

    /// The interval that leaves `alpha` outside.
    fn interval(&self, alpha: f64) -> Interval {
        let (mut low, mut high) = (0.0, 25.0 * self.deviation());
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.beyond(middle) > alpha {
                low = middle;
            } else {
                high = middle;
            }
        }
        Interval { low: self.value - high, high: self.value + high }
    }
}

/// Bounds of a metric in units of its last decimal, and the noise that they need.
struct Bounded {
    unit: f64,
    lower: i64,
    upper: i64,
}

impl Bounded {
    /// How far one customer changes the sum of distances.
    fn range(&self) -> u64 {
        self.upper.abs_diff(self.lower)
    }

    /// Whether values are 0 or 1 of their unit: every distance then has one square, which tells nothing.
    fn is_share(&self) -> bool {
        self.range() == 1
    }

    /// The noise of the sum, and of the sum of squares where there is one.
    fn widths(&self, width: &Width) -> Result<(u64, Option<u64>)> {
        let square = || self.range().checked_mul(self.range()).ok_or_else(too_wide);
        let squares = match self.is_share() {
            true => None,
            false => Some(width.of(square()?)?),
        };
        Ok((width.of(self.range())?, squares))
    }

    /// Twice the distance of a value from the middle of the bounds: a whole number of at most
    /// `upper − lower`.
    fn distance(&self, value: f64) -> i64 {
        // Out of range the conversion saturates.
        let value = ((value * self.unit).round() as i64).clamp(self.lower, self.upper);
        2 * value - self.lower - self.upper
    }

    fn middle(&self) -> f64 {
        (self.lower + self.upper) as f64
    }
}

/// Of an arm its units, and of each metric the sum and the sum of squares.
type Totals = (i128, Vec<(i128, i128)>);

fn bounded(options: &NoisyExperimentOptions) -> Result<Vec<Bounded>> {
    let one = |(at, metric): (usize, &NoisyMetric)| {
        let place = |error: Error| error.inside(&format!("metrics[{at}]"));
        let fits = metric.values.len() == options.arm.len();
        demand(fits, "values", "this has as many rows as `arm`").map_err(place)?;
        let are_numbers = metric.values.iter().all(|value| !value.is_nan());
        demand(are_numbers, "values", "all of them are numbers").map_err(place)?;
        let bounds = units(metric.lower, metric.upper, metric.decimals).map_err(place)?;
        let (unit, lower, upper) = bounds;
        Ok(Bounded { unit, lower, upper })
    };
    options.metrics.iter().enumerate().map(one).collect()
}

fn too_wide() -> Error {
    let hint = "the bounds are too wide for this ε: take fewer decimals or narrower bounds";
    Error::new(Code::Overflow, hint).at_path("upper")
}

/// The scale of noise for a sensitivity of 1 and one part of ε, as the numerator over that of ε.
struct Width(u64);

impl Width {
    fn of(&self, sensitivity: u64) -> Result<u64> {
        self.0.checked_mul(sensitivity).ok_or_else(too_wide)
    }
}

/// Publishes the summary of an experiment.
///
/// # Errors
/// `denied` if the budget does not suffice, `decode` if the log was changed, `invalid-option`,
/// `limit`, `overflow`, `unsupported` without randomness of the platform.
pub fn publish(options: NoisyExperimentOptions, from: &mut dyn Entropy) -> Result<NoisyExperiment> {
    let NoisyExperimentOptions { query, arms, arm, customer, metrics, epsilon, .. } = &options;
    demand(arms.len() > 1, "arms", "there is a control and at least one other arm")?;
    demand(!metrics.is_empty(), "metrics", "something is measured")?;
    probability(options.confidence, "confidence")?;
    let are_known = arm.iter().all(|arm| (*arm as usize) < arms.len());
    demand(are_known, "arm", "an arm is a number from 0, one of `arms`")?;
    let fits = customer.as_ref().is_none_or(|list| list.len() == arm.len());
    demand(fits, "customer", "this has as many rows as `arm`")?;
    if arm.len() > MOST {
        return Err(Error::new(Code::Limit, "a summary is made of at most 1,000,000 rows"));
    }
    let bounds = bounded(&options)?;
    // Of each arm so many integers get noise, each its part of ε.
    let parts = 1 + bounds.iter().map(|of| if of.is_share() { 1 } else { 2 }).sum::<u64>();
    let (numerator, denominator) = amount(epsilon, "epsilon")?.ratio()?;
    let width = Width(denominator.checked_mul(parts).ok_or_else(too_wide)?);
    let widths = bounds
        .iter()
        .enumerate()
        .map(|(at, of)| of.widths(&width).map_err(|error| error.inside(&format!("metrics[{at}]"))));
    let widths = widths.collect::<Result<Vec<_>>>()?;
    let of_units = width.of(1)?;
    let text = |text: &String| Value::Text(text.clone());
    let bound = |metric: &NoisyMetric| {
        Value::List(vec![
            text(&metric.name),
            Value::Number(metric.lower),
            Value::Number(metric.upper),
            Value::Number(f64::from(metric.decimals)),
        ])
    };
    let settings = [
        ("experiment", Value::List(arms.iter().map(text).collect())),
        ("metrics", Value::List(metrics.iter().map(bound).collect())),
    ];
    let paid =
        Paid::charge(query, &settings, epsilon, None, &options.budget, options.ledger.clone())?;
    let (answer, receipt) = paid.answered(|| {
        let mut figures = Vec::new();
        for (units, sums) in totals(&options, &bounds) {
            let mut noisy = |figure: i128, width: u64| {
                let noisy = figure.saturating_add(laplace(width, numerator, from)?);
                figures.push(Value::Number(noisy as f64));
                Ok(())
            };
            noisy(units, of_units)?;
            for ((sum, squares), (of_sum, of_squares)) in sums.into_iter().zip(&widths) {
                noisy(sum, *of_sum)?;
                if let Some(width) = of_squares {
                    noisy(squares, *width)?;
                }
            }
        }
        Ok(Value::List(figures))
    })?;
    let Value::List(figures) = answer else {
        return Err(Error::new(Code::Decode, "the log holds no such answer").at_path("ledger"));
    };
    let mut figures = figures.iter().map(|figure| match figure {
        Value::Number(figure) => *figure,
        _ => 0.0,
    });
    let mut units = Vec::new();
    let mut spreads: Vec<Vec<Option<Spread>>> = vec![Vec::new(); metrics.len()];
    for _ in arms {
        let count = figures.next().unwrap_or(0.0);
        units.push(count);
        for ((bounds, widths), of_arms) in bounds.iter().zip(&widths).zip(&mut spreads) {
            let sum = figures.next().unwrap_or(0.0);
            let squares = widths.1.map(|_| figures.next().unwrap_or(0.0));
            of_arms.push(spread(count, sum, squares, bounds, (of_units, *widths), numerator));
        }
    }
    let alpha = 1.0 - options.confidence;
    let told = |spread: Option<Spread>, is_effect: bool| NoisyMean {
        value: spread.as_ref().map(|spread| spread.value),
        interval: spread.as_ref().map(|spread| spread.interval(alpha)),
        p_value: spread.filter(|_| is_effect).map(|spread| spread.beyond(spread.value.abs())),
    };
    let results = metrics.iter().zip(spreads).map(|(metric, arms)| {
        let control = arms.first().cloned().flatten();
        let effects = arms.iter().skip(1).map(|arm| {
            let both = arm.as_ref().zip(control.as_ref());
            told(both.map(|(arm, control)| arm.minus(control)), true)
        });
        let effects = effects.collect();
        let arms = arms.into_iter().map(|arm| told(arm, false)).collect();
        NoisyResult { name: metric.name.clone(), arms, effects }
    });
    let units_within95 = laplace_accuracy(of_units as f64 / numerator as f64, 0.05)?.1;
    Ok(NoisyExperiment { metrics: results.collect(), units, units_within95, receipt })
}

/// The mean of an arm out of its noisy integers.
fn spread(
    count: f64,
    sum: f64,
    squares: Option<f64>,
    bounds: &Bounded,
    (of_units, (of_sum, of_squares)): (u64, (u64, Option<u64>)),
    numerator: u64,
) -> Option<Spread> {
    if count < 2.0 {
        return None;
    }
    let scale = |of: u64| of as f64 / numerator as f64;
    let range = bounds.range() as f64;
    let mean = (sum / count).clamp(-range, range);
    // Of values that are 0 or 1 every distance has the square 1.
    let square = squares.unwrap_or(count * range * range) / count;
    // The noise of the squares may take away what there is of variance: its deviation is added, so
    // that small arms get intervals that are too wide rather than too narrow.
    let noise = of_squares.map_or(0.0, |width| scale(width) * core::f64::consts::SQRT_2 / count);
    let variance = (square - mean * mean + noise).clamp(0.0, range * range);
    let half = 0.5 / bounds.unit;
    Some(Spread {
        value: (bounds.middle() + mean) * half,
        variance: variance * half * half / (count - 1.0),
        scales: vec![scale(of_sum) * half / count, scale(of_units) * mean.abs() * half / count],
    })
}

/// The totals of each arm, in which every customer is one unit of one arm.
fn totals(options: &NoisyExperimentOptions, bounds: &[Bounded]) -> Vec<Totals> {
    let NoisyExperimentOptions { arms, arm, customer, metrics, .. } = options;
    let mut totals = vec![(0i128, vec![(0i128, 0i128); metrics.len()]); arms.len()];
    let customer = |row: usize| match customer {
        Some(of) => of.get(row).map_or(0, |customer| *customer as usize),
        None => row,
    };
    let arm = |row: usize| arm.get(row).map_or(0, |arm| *arm as usize);
    let order = arrangement(options.arm.len(), &|a, b| (customer(a), a).cmp(&(customer(b), b)));
    for rows in order.chunk_by(|a, b| customer(*a as usize) == customer(*b as usize)) {
        let Some(first) = rows.first().map(|row| *row as usize) else { continue };
        if rows.iter().any(|row| arm(*row as usize) != arm(first)) {
            continue;
        }
        let Some((units, sums)) = totals.get_mut(arm(first)) else { continue };
        *units += 1;
        for ((metric, bounds), (sum, squares)) in metrics.iter().zip(bounds).zip(sums) {
            let value = metric.values.get(first).copied().unwrap_or(0.0);
            let distance = i128::from(bounds.distance(value));
            *sum += distance;
            *squares += distance * distance;
        }
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::super::noise::tests::Seeded;
    use super::*;
    use crate::stats::random::Random;

    fn metric(values: Vec<f64>, upper: f64) -> NoisyMetric {
        NoisyMetric { name: "m".to_owned(), values, lower: 0.0, upper, decimals: 0 }
    }

    fn options(arm: Vec<u32>, metrics: Vec<NoisyMetric>) -> NoisyExperimentOptions {
        NoisyExperimentOptions {
            query: "q".to_owned(),
            arms: vec!["a".to_owned(), "b".to_owned()],
            arm,
            customer: None,
            metrics,
            confidence: 0.95,
            epsilon: "1".to_owned(),
            budget: Budget { epsilon: "1".to_owned(), delta: None },
            ledger: Ledger::default(),
        }
    }

    fn sums(options: &NoisyExperimentOptions) -> Vec<Totals> {
        totals(options, &bounded(options).unwrap())
    }

    #[test]
    fn a_customer_is_one_unit_of_one_arm_and_changes_no_more_than_the_noise_hides() {
        let mut random = Random::new(11, 1);
        for _ in 0..300 {
            let n = 12;
            let arm = (0..n).map(|_| random.below(2)).collect();
            let customer: Vec<u32> = (0..n).map(|_| random.below(6)).collect();
            let money = (0..n).map(|_| random.unit() * 30.0 - 5.0).collect();
            let share = (0..n).map(|_| random.below(2) as f64).collect();
            let mut with = options(arm, vec![metric(money, 20.0), metric(share, 1.0)]);
            with.customer = Some(customer.clone());
            let keep = |row: &usize| customer[*row] != 3;
            let rows: Vec<usize> = (0..n as usize).filter(keep).collect();
            let of = |list: &[f64]| rows.iter().map(|row| list[*row]).collect::<Vec<f64>>();
            let mut without = with.clone();
            without.arm = rows.iter().map(|row| with.arm[*row]).collect();
            without.customer = Some(rows.iter().map(|row| customer[*row]).collect());
            for metric in &mut without.metrics {
                metric.values = of(&metric.values);
            }
            let (mut units, mut sum, mut squares, mut share) = (0, 0, 0, 0);
            for (with, without) in sums(&with).iter().zip(sums(&without)) {
                units += (with.0 - without.0).abs();
                sum += (with.1[0].0 - without.1[0].0).abs();
                squares += (with.1[0].1 - without.1[0].1).abs();
                share += (with.1[1].0 - without.1[1].0).abs();
            }
            assert!(units <= 1 && sum <= 20 && squares <= 400 && share <= 1);
        }
        let mut twice = options(vec![0, 1, 1, 1], vec![metric(vec![1.0, 1.0, 0.0, 1.0], 1.0)]);
        twice.customer = Some(vec![1, 1, 2, 2]);
        // Customer 1 is in both arms; of customer 2 the first row counts.
        assert_eq!(sums(&twice), [(0, vec![(0, 0)]), (1, vec![(-1, 1)])]);
    }

    #[test]
    fn the_tails_of_sums_of_laws_are_those_of_the_books() {
        let normal = Spread { value: 0.0, variance: 4.0, scales: Vec::new() };
        assert!((normal.beyond(1.96 * 2.0) - 0.049_995_790_296_44).abs() < 1e-10);
        let laplace = Spread { value: 0.0, variance: 0.0, scales: vec![3.0] };
        assert!((laplace.beyond(6.0) - libm::exp(-2.0)).abs() < 1e-6);
        // The sum of two with scale 1, whose density is (1 + |x|) e^-|x| / 4: e^-x (1 + x/2).
        let two = Spread { value: 0.0, variance: 0.0, scales: vec![1.0, 1.0] };
        assert!((two.beyond(3.0) - libm::exp(-3.0) * 2.5).abs() < 1e-9);
        let interval = laplace.interval(0.05);
        assert!((interval.high - 3.0 * libm::log(20.0)).abs() < 1e-4);
        let nothing = Spread { value: 1.0, variance: 0.0, scales: Vec::new() };
        assert_eq!(nothing.interval(0.05), Interval { low: 1.0, high: 1.0 });
    }

    /// Intervals of the effect of money and of a share, over experiments of one size.
    fn coverage(n: usize, epsilon: &str) -> [f64; 3] {
        let mut from = Seeded(Random::new(11, n as u64));
        let mut random = Random::new(12, n as u64);
        let runs = 400;
        let mut held = [0.0; 3];
        for _ in 0..runs {
            let arm: Vec<u32> = (0..n).map(|row| (row % 2) as u32).collect();
            let share = |lift: f64, random: &mut Random| f64::from(random.unit() < 0.2 + lift);
            let hits = arm.iter().map(|arm| share(f64::from(*arm) * 0.1, &mut random)).collect();
            let money = |random: &mut Random| (random.unit() * random.unit() * 100.0).round();
            let spend = arm.iter().map(|_| money(&mut random)).collect();
            let mut asked = options(arm, vec![metric(hits, 1.0), metric(spend, 100.0)]);
            asked.epsilon = epsilon.to_owned();
            let found = publish(asked, &mut from).unwrap();
            for (at, truth) in [0.1, 0.0].into_iter().enumerate() {
                let effect = &found.metrics[at].effects[0];
                let interval = effect.interval.unwrap();
                held[at] += f64::from(interval.low <= truth && truth <= interval.high);
            }
            let p = found.metrics[1].effects[0].p_value.unwrap();
            held[2] += f64::from(p <= 0.05);
        }
        held.map(|held| held / f64::from(runs))
    }

    #[test]
    fn intervals_hold_with_the_noise_in_them() {
        for (n, epsilon) in [(400, "1"), (2000, "1"), (2000, "0.2"), (400, "0.5")] {
            let [share, money, alarms] = coverage(n, epsilon);
            // 400 runs: 95 % ± 3.8 standard errors below; wide ones are no lie.
            assert!(share > 0.908, "{n} {epsilon}: {share}");
            assert!(money > 0.908, "{n} {epsilon}: {money}");
            assert!(alarms < 0.092, "{n} {epsilon}: {alarms}");
        }
    }

    #[test]
    fn an_equal_question_is_answered_from_the_log_and_another_is_paid() {
        let mut from = Seeded(Random::new(13, 1));
        let asked = options(vec![0, 1, 0, 1], vec![metric(vec![1.0, 3.0, 4.0, 9.0], 9.0)]);
        let first = publish(asked.clone(), &mut from).unwrap();
        let again = NoisyExperimentOptions { ledger: first.receipt.ledger.clone(), ..asked };
        let same = publish(again.clone(), &mut from).unwrap();
        assert!(same.receipt.repeated && same.units == first.units);
        assert_eq!(same.metrics, first.metrics);
        let mut other = again;
        other.metrics[0].upper = 8.0;
        let error = publish(other, &mut from).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::Denied, Some("budget")));
    }

    #[test]
    fn mistakes_are_told_with_their_place_and_few_units_with_null() {
        let mut from = Seeded(Random::new(13, 2));
        let good = || options(vec![0, 1], vec![metric(vec![1.0, 0.0], 1.0)]);
        let mut path = |wrong: NoisyExperimentOptions| {
            publish(wrong, &mut from).unwrap_err().path().map(str::to_owned).unwrap_or_default()
        };
        assert_eq!(path(NoisyExperimentOptions { arms: vec!["a".to_owned()], ..good() }), "arms");
        assert_eq!(path(NoisyExperimentOptions { arm: vec![0, 2], ..good() }), "arm");
        assert_eq!(path(NoisyExperimentOptions { metrics: vec![], ..good() }), "metrics");
        assert_eq!(path(NoisyExperimentOptions { confidence: 1.0, ..good() }), "confidence");
        let metrics = vec![metric(vec![1.0], 1.0)];
        assert_eq!(path(NoisyExperimentOptions { metrics, ..good() }), "metrics[0].values");
        let metrics = vec![metric(vec![1.0, f64::NAN], 1.0)];
        assert_eq!(path(NoisyExperimentOptions { metrics, ..good() }), "metrics[0].values");
        let metrics = vec![metric(vec![1.0, 1.0], 8e15)];
        assert_eq!(path(NoisyExperimentOptions { metrics, ..good() }), "metrics[0].upper");
        let mut found = publish(good(), &mut from).unwrap();
        while found.units[0] >= 2.0 {
            found = publish(good(), &mut from).unwrap();
        }
        let effect = found.metrics[0].effects[0];
        assert_eq!(effect, NoisyMean { value: None, interval: None, p_value: None });
    }
}
