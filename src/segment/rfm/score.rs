//! Scores: one measure of every customer → 1 (worst) to `bins` (best).
//!
//! There is no one RFM score. On the same customers the usual conventions disagree for up to
//! two customers in three, mostly because shops have many one-time buyers and each convention
//! treats ties in its own way. So the [`Convention`] is a named option, each is reproduced
//! exactly, and the cut points that were used are part of the answer ([`Cuts`]).
//!
//! All conventions but two compare a value with at most nine cut points, so that equal values
//! always get equal scores. The cut points come from counting, not from a sort.
//! [`Convention::Ntile`] and [`Convention::RankFirst`] split ties by row order; they are here to
//! reproduce results of other tools.

use crate::error::{Code, Error, Result};
use crate::stats::order::sort_rows;
use crate::stats::quantile::{Position, order_statistics};
use serde::{Deserialize, Serialize};

/// The fewest bins.
pub const MIN_BINS: u8 = 2;
/// The most bins.
pub const MAX_BINS: u8 = 10;
/// The score of a customer who has none (see [`Scored::scores`]).
pub const NOT_SCORED: u8 = 0;

/// How a value becomes a score. `n` is the number of customers, `bins` the number of scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Convention {
    /// `1 + floor(bins · w / n)`, where `w` customers are strictly worse. Equal customers share
    /// the lowest of their ranks: if most bought once, one purchase scores 1, as one would say
    /// in words. Scores in the middle can stay empty then. Computed in integers; does not
    /// change when all amounts are scaled.
    #[default]
    RankMin,
    /// `ceil(bins · c / n)`, where `c` customers are equal or worse (SQL `CUME_DIST`). Equal
    /// customers share the highest of their ranks: if most bought once, one purchase can
    /// score 4 of 5.
    CumeDist,
    /// Between quantiles (type 7), each bin closed above: what `qcut(duplicates="drop")` of
    /// pandas gives. Equal edges are merged, so that fewer than `bins` scores may exist.
    Quantile,
    /// As `quantile`, on ranks 1 … n with ties in row order: what `qcut` of pandas on
    /// `rank(method="first")` gives. Equal customers can get different scores.
    RankFirst,
    /// SQL `NTILE`: sorted from worst to best with ties in row order, cut into `bins` tiles of
    /// equal size, the first `n mod bins` of them one larger. Equal customers can get different
    /// scores.
    Ntile,
    /// The rule of the R package rfm: cut points are the inner quantiles (type 7) **plus one**,
    /// bins closed below. The one is a day, an order and a unit of money, so that this score
    /// changes when amounts are given in another unit: give it whole currency units, as R does.
    RRfm,
    /// Thresholds that you set, one list for each measure. Scores then mean the same in every
    /// month and every shop.
    Fixed,
}

/// Which end of a measure is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Frequency and monetary value.
    HigherIsBetter,
    /// Recency in days.
    LowerIsBetter,
}

/// To which side a value that equals a fixed threshold belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Closed {
    /// To the side below: with the threshold 30, "30 days" still counts as "up to 30 days".
    #[default]
    Right,
    /// To the side above: with the threshold 100, an amount of 100 counts as "100 and more".
    Left,
}

/// One of the three measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Days since the last purchase; fewer are better.
    Recency,
    /// Number of purchases.
    Frequency,
    /// Sum of money.
    Monetary,
}

impl Measure {
    /// Which end is good.
    #[must_use]
    pub fn direction(self) -> Direction {
        match self {
            Measure::Recency => Direction::LowerIsBetter,
            Measure::Frequency | Measure::Monetary => Direction::HigherIsBetter,
        }
    }
}

/// Thresholds of the convention `fixed`, ascending. Each list has one entry fewer than there
/// are bins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Thresholds {
    /// Days since the last purchase, for example `[7, 30, 90, 180]`: up to 7 days score 5.
    pub recency: Vec<f64>,
    /// Number of purchases, for example `[1, 2, 5, 10]`: one purchase scores 1.
    pub frequency: Vec<f64>,
    /// Sum of money in whole currency units, for example `[100, 500, 2000, 10000]`.
    pub monetary: Vec<f64>,
}

/// How much each measure counts in the total score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Weights {
    /// Weight of the recency score, zero or more.
    pub recency: f64,
    /// Weight of the frequency score, zero or more.
    pub frequency: f64,
    /// Weight of the monetary score, zero or more.
    pub monetary: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Weights { recency: 1.0, frequency: 1.0, monetary: 1.0 }
    }
}

impl Weights {
    /// Checks that every weight is finite and not negative, and that not all are zero.
    ///
    /// # Errors
    /// `invalid-option` with the field's name.
    pub fn check(&self) -> Result<()> {
        let named =
            [("recency", self.recency), ("frequency", self.frequency), ("monetary", self.monetary)];
        for (name, weight) in named {
            if !weight.is_finite() || weight < 0.0 {
                return Err(
                    Error::new(Code::InvalidOption, "a weight is zero or more").at_path(name)
                );
            }
        }
        if !self.sum().is_finite() || self.sum() <= 0.0 {
            return Err(Error::new(Code::InvalidOption, "at least one weight is above zero"));
        }
        Ok(())
    }

    /// The weighted mean of the three scores, on the scale of the scores themselves. `None` if
    /// one of them is [`NOT_SCORED`].
    #[must_use]
    pub fn total(&self, r: u8, f: u8, m: u8) -> Option<f64> {
        if [r, f, m].contains(&NOT_SCORED) {
            return None;
        }
        let weighted = self.recency * f64::from(r)
            + self.frequency * f64::from(f)
            + self.monetary * f64::from(m);
        Some(weighted / self.sum())
    }

    fn sum(&self) -> f64 {
        self.recency + self.frequency + self.monetary
    }
}

/// How customers are scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScoreOptions {
    /// How a value becomes a score, above all how equal values are treated.
    pub convention: Convention,
    /// How many scores there are: 1 is worst, this number is best. From 2 to 10.
    #[cfg_attr(feature = "schema", schemars(range(min = 2, max = 10)))]
    pub bins: u8,
    /// The thresholds, needed with the convention `fixed` and allowed only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<Thresholds>,
    /// With `fixed`: to which side a value that equals a threshold belongs.
    pub closed: Closed,
    /// How much each measure counts in the total score.
    pub weights: Weights,
}

impl Default for ScoreOptions {
    fn default() -> Self {
        ScoreOptions {
            convention: Convention::default(),
            bins: 5,
            thresholds: None,
            closed: Closed::default(),
            weights: Weights::default(),
        }
    }
}

impl ScoreOptions {
    /// Checks every field.
    ///
    /// # Errors
    /// `invalid-option` or `missing-field` with the path inside these options.
    pub fn check(&self) -> Result<()> {
        for measure in [Measure::Recency, Measure::Frequency, Measure::Monetary] {
            self.rule(measure)?;
        }
        self.weights.check().map_err(|error| error.inside("weights"))
    }

    /// The rule for one measure.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn rule(&self, measure: Measure) -> Result<Rule<'_>> {
        if self.convention != Convention::Fixed {
            if self.thresholds.is_some() {
                return Err(Error::new(
                    Code::InvalidOption,
                    "thresholds are used by the convention `fixed` only",
                )
                .at_path("thresholds"));
            }
            return Rule::of_data(self.convention, self.bins);
        }
        check_bins(self.bins)?;
        let Some(lists) = &self.thresholds else {
            return Err(Error::new(
                Code::MissingField,
                "the convention `fixed` needs thresholds for recency, frequency and monetary",
            )
            .at_path("thresholds"));
        };
        let (name, list) = match measure {
            Measure::Recency => ("thresholds.recency", &lists.recency),
            Measure::Frequency => ("thresholds.frequency", &lists.frequency),
            Measure::Monetary => ("thresholds.monetary", &lists.monetary),
        };
        if list.len() + 1 != usize::from(self.bins) {
            return Err(Error::new(
                Code::InvalidOption,
                format!("{} bins need {} thresholds", self.bins, self.bins - 1),
            )
            .at_path(name));
        }
        Rule::fixed(list, self.closed).map_err(|error| error.inside(name))
    }
}

/// A checked rule for one column.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a>(Kind<'a>);

#[derive(Clone, Copy, Debug)]
enum Kind<'a> {
    OfData { convention: Convention, bins: u8 },
    Fixed { thresholds: &'a [f64], closed: Closed },
}

impl<'a> Rule<'a> {
    /// A rule whose cut points come from the customers themselves.
    ///
    /// # Errors
    /// `invalid-option` if `bins` is not from 2 to 10, or the convention is `fixed`.
    pub fn of_data(convention: Convention, bins: u8) -> Result<Self> {
        check_bins(bins)?;
        if convention == Convention::Fixed {
            return Err(
                Error::new(Code::InvalidOption, "`fixed` needs thresholds").at_path("convention")
            );
        }
        Ok(Rule(Kind::OfData { convention, bins }))
    }

    /// A rule with given thresholds; `k` of them make `k + 1` bins.
    ///
    /// # Errors
    /// `invalid-option` if there are not 1 to 9 of them, or they do not rise.
    pub fn fixed(thresholds: &'a [f64], closed: Closed) -> Result<Self> {
        if !(1..usize::from(MAX_BINS)).contains(&thresholds.len()) {
            return Err(Error::new(Code::InvalidOption, "give 1 to 9 thresholds"));
        }
        let mut before = f64::NEG_INFINITY;
        for (at, threshold) in thresholds.iter().enumerate() {
            if !threshold.is_finite() || *threshold <= before {
                return Err(Error::new(
                    Code::InvalidOption,
                    "thresholds are numbers, each larger than the one before",
                )
                .at_path(format!("[{at}]")));
            }
            before = *threshold;
        }
        Ok(Rule(Kind::Fixed { thresholds, closed }))
    }

    /// How many scores the rule has.
    #[must_use]
    pub fn bins(&self) -> u8 {
        match self.0 {
            Kind::OfData { bins, .. } => bins,
            // At most nine: checked when the rule was made.
            Kind::Fixed { thresholds, .. } => thresholds.len() as u8 + 1,
        }
    }
}

fn check_bins(bins: u8) -> Result<()> {
    if (MIN_BINS..=MAX_BINS).contains(&bins) {
        return Ok(());
    }
    Err(Error::new(Code::InvalidOption, "the number of bins is from 2 to 10").at_path("bins"))
}

/// What a value must do to pass a cut point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Passes {
    /// Lie above it.
    Above,
    /// Lie on it or above.
    AtLeast,
    /// Lie below it.
    Below,
    /// Lie on it or below.
    AtMost,
}

/// The cut points of a scoring, in the unit of the measure.
///
/// A customer's score is 1 plus the number of cut points passed: the first entry of `points`
/// leads to score 2, the next to 3, and so on. Equal entries mean that a score cannot occur.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cuts {
    /// What passing means.
    pub passes: Passes,
    /// From the cut between the two worst scores to that between the two best: rising where
    /// higher values are better, falling for recency.
    pub points: Vec<f64>,
}

impl Cuts {
    /// The score of one value, [`NOT_SCORED`] if it is not a finite number.
    #[must_use]
    pub fn score(&self, value: f64) -> u8 {
        if !value.is_finite() {
            return NOT_SCORED;
        }
        let passed = |point: &&f64| match self.passes {
            Passes::Above => value > **point,
            Passes::AtLeast => value >= **point,
            Passes::Below => value < **point,
            Passes::AtMost => value <= **point,
        };
        // At most nine.
        1 + self.points.iter().filter(passed).count() as u8
    }
}

/// The scores of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// One score per customer, in row order: 1 is worst. [`NOT_SCORED`] (0) for a value that is
    /// not a finite number, and, with `r-rfm`, for a value that fits none of its bins.
    pub scores: Vec<u8>,
    /// The best score that exists: the number of bins, or fewer where the convention
    /// `quantile` merged equal edges.
    pub highest: u8,
    /// The cut points; `None` where values alone do not decide (`ntile`, `rank-first`), and
    /// where there was nobody to take them from.
    pub cuts: Option<Cuts>,
}

/// Scores one column.
///
/// `values` are in row order. Values that are not finite are left out of `n` and not scored.
/// Takes O(n) time and at most one scratch copy of the column; `ntile` and `rank-first` sort,
/// and take 16 bytes per customer instead.
///
/// # Errors
/// `limit-memory` if there is no room for scores or scratch space; `limit` for more than 2³²
/// customers.
pub fn score(values: &[f64], direction: Direction, rule: Rule<'_>) -> Result<Scored> {
    let (convention, bins) = match rule.0 {
        Kind::OfData { convention, bins } => (convention, bins),
        Kind::Fixed { thresholds, closed } => {
            let cuts = fixed_cuts(thresholds, closed, direction)?;
            let scores = pass_all(values, &cuts)?;
            return Ok(Scored { scores, highest: rule.bins(), cuts: Some(cuts) });
        }
    };
    if matches!(convention, Convention::Ntile | Convention::RankFirst) {
        return by_row_order(values, direction, convention, bins);
    }
    let mut finite_only;
    let finite = if values.iter().all(|value| value.is_finite()) {
        values
    } else {
        finite_only = room(values.len())?;
        finite_only.extend(values.iter().copied().filter(|value| value.is_finite()));
        &finite_only
    };
    if finite.is_empty() {
        let mut scores = room(values.len())?;
        scores.resize(values.len(), NOT_SCORED);
        return Ok(Scored { scores, highest: bins, cuts: None });
    }
    let cuts = match convention {
        Convention::CumeDist => cume_dist_cuts(finite, direction, bins)?,
        Convention::Quantile => quantile_cuts(finite, direction, bins)?,
        Convention::RRfm => r_rfm_cuts(finite, direction, bins)?,
        // Fixed and the two that sort were answered above.
        _ => rank_min_cuts(finite, direction, bins)?,
    };
    let mut scores = pass_all(values, &cuts)?;
    if convention == Convention::RRfm {
        leave_out_the_end(values, &mut scores);
    }
    let highest =
        if convention == Convention::Quantile { cuts.points.len() as u8 + 1 } else { bins };
    Ok(Scored { scores, highest, cuts: Some(cuts) })
}

/// `score ≥ s + 1` means `bins · w ≥ s · n`, so at least `k = ceil(s · n / bins)` customers are
/// strictly worse, so the value lies beyond the k-th worst.
fn rank_min_cuts(values: &[f64], direction: Direction, bins: u8) -> Result<Cuts> {
    let worse = |s: u64, n: u64| (s * n).div_ceil(u64::from(bins)) - 1;
    rank_cuts(values, direction, bins, worse, (Passes::Above, Passes::Below))
}

/// `score ≥ s + 1` means `bins · c > s · n`, so at least `floor(s · n / bins) + 1` customers are
/// equal or worse, so the value reaches the one of that rank.
fn cume_dist_cuts(values: &[f64], direction: Direction, bins: u8) -> Result<Cuts> {
    let worse = |s: u64, n: u64| s * n / u64::from(bins);
    rank_cuts(values, direction, bins, worse, (Passes::AtLeast, Passes::AtMost))
}

/// Cuts at values whose rank, counted from the worst, is `worse(s, n)`.
fn rank_cuts(
    values: &[f64],
    direction: Direction,
    bins: u8,
    worse: impl Fn(u64, u64) -> u64,
    (up, down): (Passes, Passes),
) -> Result<Cuts> {
    let n = values.len() as u64;
    let ranks = (1..u64::from(bins)).map(|s| worse(s, n));
    let (ranks, passes): (Vec<usize>, _) = match direction {
        Direction::HigherIsBetter => (ranks.map(|rank| rank as usize).collect(), up),
        Direction::LowerIsBetter => (ranks.map(|rank| (n - 1 - rank) as usize).collect(), down),
    };
    Ok(Cuts { passes, points: order_statistics(values, &ranks)? })
}

/// Edges at the type 7 quantiles 0, 1/bins, …, 1, equal ones merged; bin `i` is
/// `(edge[i−1], edge[i]]` and the minimum is in bin 1. Recency turns the bins round.
fn quantile_cuts(values: &[f64], direction: Direction, bins: u8) -> Result<Cuts> {
    let mut points = linear_quantiles(values, bins, 0..=u32::from(bins))?;
    points.dedup();
    // What is left between the outer edges; both are gone if all values are equal.
    points.pop();
    if !points.is_empty() {
        points.remove(0);
    }
    Ok(upward(points, Passes::Above).facing(direction))
}

/// Bins `lower ≤ x < upper` at the inner type 7 quantiles plus one. Recency turns the bins round.
fn r_rfm_cuts(values: &[f64], direction: Direction, bins: u8) -> Result<Cuts> {
    let mut points = linear_quantiles(values, bins, 1..=u32::from(bins) - 1)?;
    points.iter_mut().for_each(|point| *point += 1.0);
    Ok(upward(points, Passes::AtLeast).facing(direction))
}

/// The last bin of `r-rfm` ends before `max + 1`. Near 2⁵³ that sum is rounded to `max`, and the
/// largest values are in no bin at all.
fn leave_out_the_end(values: &[f64], scores: &mut [u8]) {
    let max = values.iter().copied().filter(|x| x.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    if max + 1.0 > max {
        return;
    }
    for (value, score) in values.iter().zip(scores) {
        if *value >= max + 1.0 {
            *score = NOT_SCORED;
        }
    }
}

fn fixed_cuts(thresholds: &[f64], closed: Closed, direction: Direction) -> Result<Cuts> {
    let mut points = room(thresholds.len())?;
    points.extend_from_slice(thresholds);
    let passes = match closed {
        Closed::Right => Passes::Above,
        Closed::Left => Passes::AtLeast,
    };
    Ok(upward(points, passes).facing(direction))
}

fn linear_quantiles(
    values: &[f64],
    bins: u8,
    parts: std::ops::RangeInclusive<u32>,
) -> Result<Vec<f64>> {
    let n = values.len();
    let positions: Vec<Position> =
        parts.filter_map(|part| Position::linear_at_fraction(n, part, u32::from(bins))).collect();
    let ranks: Vec<usize> = positions.iter().flat_map(|at| [at.lower, at.upper]).collect();
    let found = order_statistics(values, &ranks)?;
    let between = |(at, pair): (&Position, &[f64])| match pair {
        [below, above] => Some(at.between(*below, *above)),
        _ => None,
    };
    Ok(positions.iter().zip(found.chunks_exact(2)).filter_map(between).collect())
}

fn upward(points: Vec<f64>, passes: Passes) -> Cuts {
    Cuts { passes, points }
}

impl Cuts {
    /// Turns bins counted upwards into scores: where lower values are better, a score counts
    /// the cut points that are *not* passed, from the top one down.
    fn facing(mut self, direction: Direction) -> Cuts {
        if direction == Direction::LowerIsBetter {
            self.points.reverse();
            self.passes = match self.passes {
                Passes::Above => Passes::AtMost,
                Passes::AtLeast => Passes::Below,
                Passes::Below => Passes::AtLeast,
                Passes::AtMost => Passes::Above,
            };
        }
        self
    }
}

/// Scores every value by the cut points that it passes.
fn pass_all(values: &[f64], cuts: &Cuts) -> Result<Vec<u8>> {
    let mut scores = room(values.len())?;
    match cuts.passes {
        Passes::Above => count_passed(values, &cuts.points, &mut scores, |x, cut| x > cut),
        Passes::AtLeast => count_passed(values, &cuts.points, &mut scores, |x, cut| x >= cut),
        Passes::Below => count_passed(values, &cuts.points, &mut scores, |x, cut| x < cut),
        Passes::AtMost => count_passed(values, &cuts.points, &mut scores, |x, cut| x <= cut),
    }
    Ok(scores)
}

/// Appends 1 plus the number of cut points passed, or [`NOT_SCORED`].
fn count_passed(
    values: &[f64],
    cuts: &[f64],
    scores: &mut Vec<u8>,
    passes: impl Fn(f64, f64) -> bool + Copy,
) {
    // A fixed number of comparisons without a branch; five bins, the usual case, need four.
    // NaN pads the rest: nothing compares with it.
    if cuts.len() <= 4 {
        count_of::<4>(values, cuts, scores, passes);
    } else {
        count_of::<{ MAX_BINS as usize - 1 }>(values, cuts, scores, passes);
    }
}

fn count_of<const N: usize>(
    values: &[f64],
    cuts: &[f64],
    scores: &mut Vec<u8>,
    passes: impl Fn(f64, f64) -> bool,
) {
    let mut padded = [f64::NAN; N];
    padded.iter_mut().zip(cuts).for_each(|(place, cut)| *place = *cut);
    scores.extend(values.iter().map(|value| {
        let passed: u8 = padded.iter().map(|cut| u8::from(passes(*value, *cut))).sum();
        if value.is_finite() { 1 + passed } else { NOT_SCORED }
    }));
}

/// `ntile` and `rank-first`: the score follows from the place in a sort whose ties keep row
/// order.
fn by_row_order(
    values: &[f64],
    direction: Direction,
    convention: Convention,
    bins: u8,
) -> Result<Scored> {
    // NTILE sorts from worst to best. rank-first sorts upwards and then turns recency round, so
    // that among equally recent customers the later row gets the lower score.
    let worst_is_high = direction == Direction::LowerIsBetter && convention == Convention::Ntile;
    let mut order: Vec<(f64, u32)> = room(values.len())?;
    for (row, value) in values.iter().enumerate() {
        let row = u32::try_from(row)
            .map_err(|_| Error::new(Code::Limit, "at most 4,294,967,296 customers"))?;
        if value.is_finite() {
            // Both lines also make -0 equal to 0.
            let key = if worst_is_high { 0.0 - value } else { 0.0 + value };
            order.push((key, row));
        }
    }
    sort_rows(&mut order);
    let n = order.len() as u64;
    let reverse = direction == Direction::LowerIsBetter && convention == Convention::RankFirst;
    // A single rank has equal edges: one bin.
    let highest = if convention == Convention::RankFirst && n == 1 { 1 } else { bins };
    let mut scores = room(values.len())?;
    scores.resize(values.len(), NOT_SCORED);
    for (place, (_, row)) in order.iter().enumerate() {
        let bin = match convention {
            Convention::Ntile => tile(place as u64, n, u64::from(bins)),
            _ => rank_bin(place as u64, n, u64::from(bins)),
        };
        let bin = if reverse { highest + 1 - bin } else { bin };
        if let Some(score) = scores.get_mut(*row as usize) {
            *score = bin;
        }
    }
    Ok(Scored { scores, highest, cuts: None })
}

/// The tile (from 1) of the `place`-th (from 0) of `n` rows in `bins` tiles, of which the first
/// `n mod bins` have one row more.
fn tile(place: u64, n: u64, bins: u64) -> u8 {
    let (size, larger) = (n / bins, n % bins);
    let in_larger = larger * (size + 1);
    let tile = if place < in_larger {
        place / (size + 1)
    } else {
        // `size` is at least 1 here: otherwise all n = larger rows stand in the larger tiles.
        larger + (place - in_larger) / size.max(1)
    };
    tile as u8 + 1
}

/// The bin (from 1) of rank `place + 1` between the edges `1 + (n−1) · s / bins`.
fn rank_bin(place: u64, n: u64, bins: u64) -> u8 {
    (bins * place).div_ceil((n - 1).max(1)).max(1) as u8
}

/// An empty vector with room for `count` elements.
fn room<T>(count: usize) -> Result<Vec<T>> {
    let mut room = Vec::new();
    room.try_reserve_exact(count).map_err(|_| {
        Error::new(Code::LimitMemory, "not enough memory to score so many customers")
    })?;
    Ok(room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{HigherIsBetter, LowerIsBetter};
    use proptest::prelude::*;

    const OF_DATA: [Convention; 6] = [
        Convention::RankMin,
        Convention::CumeDist,
        Convention::Quantile,
        Convention::RankFirst,
        Convention::Ntile,
        Convention::RRfm,
    ];
    const TIES_SHARE: [Convention; 4] =
        [Convention::RankMin, Convention::CumeDist, Convention::Quantile, Convention::RRfm];

    fn scored(values: &[f64], direction: Direction, convention: Convention, bins: u8) -> Scored {
        score(values, direction, Rule::of_data(convention, bins).unwrap()).unwrap()
    }

    /// The definition of each rank convention, customer by customer.
    fn by_definition(
        values: &[f64],
        direction: Direction,
        convention: Convention,
        bins: u8,
    ) -> Vec<u8> {
        let n = values.len() as u64;
        let worse_or_equal = |a: f64, b: f64| match direction {
            HigherIsBetter => a <= b,
            LowerIsBetter => a >= b,
        };
        let score_of = |x: &f64| {
            let c = values.iter().filter(|v| worse_or_equal(**v, *x)).count() as u64;
            let w = c - values.iter().filter(|v| *v == x).count() as u64;
            match convention {
                Convention::RankMin => 1 + (u64::from(bins) * w / n) as u8,
                _ => (u64::from(bins) * c).div_ceil(n) as u8,
            }
        };
        values.iter().map(score_of).collect()
    }

    #[test]
    fn one_time_buyers_get_1_and_share_it() {
        // Six of ten bought once.
        let orders = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 9.0];
        let got = scored(&orders, HigherIsBetter, Convention::RankMin, 5);
        assert_eq!(got.scores, [1, 1, 1, 1, 1, 1, 4, 4, 5, 5]);
        let cume = scored(&orders, HigherIsBetter, Convention::CumeDist, 5);
        assert_eq!(cume.scores, [3, 3, 3, 3, 3, 3, 4, 4, 5, 5]);
    }

    #[test]
    fn fewer_days_score_higher() {
        let days = [5.0, 400.0, 30.0, 90.0, 5.0];
        for convention in OF_DATA {
            let got = scored(&days, LowerIsBetter, convention, 5).scores;
            assert!(
                got[0] > got[2] && got[2] > got[3] && got[3] > got[1],
                "{convention:?} {got:?}"
            );
        }
    }

    #[test]
    fn cut_points_explain_the_scores() {
        let orders = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0];
        let up = scored(&orders, HigherIsBetter, Convention::RankMin, 5).cuts.unwrap();
        assert_eq!(up, Cuts { passes: Passes::Above, points: vec![2.0, 4.0, 6.0, 8.0] });
        let down = scored(&orders, LowerIsBetter, Convention::RankMin, 5).cuts.unwrap();
        assert_eq!(down, Cuts { passes: Passes::Below, points: vec![9.0, 7.0, 5.0, 3.0] });
        let quantile = scored(&orders, LowerIsBetter, Convention::Quantile, 2).cuts.unwrap();
        assert_eq!(quantile, Cuts { passes: Passes::AtMost, points: vec![5.5] });
        assert_eq!(scored(&orders, LowerIsBetter, Convention::Ntile, 5).cuts, None);
    }

    #[test]
    fn equal_edges_leave_fewer_scores() {
        let got = scored(&[1.0, 1.0, 1.0, 1.0, 2.0, 3.0], HigherIsBetter, Convention::Quantile, 5);
        // Edges 1, 1, 1, 1, 2, 3: two bins, [1, 2] and (2, 3].
        assert_eq!((got.scores.as_slice(), got.highest), ([1, 1, 1, 1, 1, 2].as_slice(), 2));
        let same = scored(&[4.0; 5], LowerIsBetter, Convention::Quantile, 5);
        assert_eq!((same.scores.as_slice(), same.highest), ([1; 5].as_slice(), 1));
    }

    #[test]
    fn tiles_differ_by_at_most_one_customer_and_the_first_are_larger() {
        for n in 1..40_usize {
            for bins in MIN_BINS..=MAX_BINS {
                let values: Vec<f64> = (0..n).map(|i| i as f64).collect();
                let got = scored(&values, HigherIsBetter, Convention::Ntile, bins).scores;
                let sizes: Vec<usize> =
                    (1..=bins).map(|s| got.iter().filter(|g| **g == s).count()).collect();
                let (size, larger) = (n / usize::from(bins), n % usize::from(bins));
                let want: Vec<usize> =
                    (0..usize::from(bins)).map(|i| size + usize::from(i < larger)).collect();
                assert_eq!(sizes, want);
                assert!(got.is_sorted());
            }
        }
    }

    #[test]
    fn ties_keep_row_order_in_ntile_and_rank_first() {
        let equal = [3.0; 5];
        assert_eq!(scored(&equal, LowerIsBetter, Convention::Ntile, 5).scores, [1, 2, 3, 4, 5]);
        let zeros = [0.0, -0.0, 0.0, -0.0];
        assert_eq!(scored(&zeros, HigherIsBetter, Convention::Ntile, 4).scores, [1, 2, 3, 4]);
        assert_eq!(scored(&zeros, LowerIsBetter, Convention::Ntile, 4).scores, [1, 2, 3, 4]);
        assert_eq!(scored(&equal, LowerIsBetter, Convention::RankFirst, 5).scores, [5, 4, 3, 2, 1]);
    }

    #[test]
    fn a_value_on_a_fixed_threshold_goes_to_the_closed_side() {
        let values = [6.0, 7.0, 8.0];
        let by = |closed, direction| {
            score(&values, direction, Rule::fixed(&[7.0], closed).unwrap()).unwrap().scores
        };
        assert_eq!(by(Closed::Right, HigherIsBetter), [1, 1, 2]);
        assert_eq!(by(Closed::Left, HigherIsBetter), [1, 2, 2]);
        assert_eq!(by(Closed::Right, LowerIsBetter), [2, 2, 1]);
        assert_eq!(by(Closed::Left, LowerIsBetter), [2, 1, 1]);
    }

    #[test]
    fn a_value_that_is_not_a_number_is_not_scored_and_moves_nobody() {
        for convention in OF_DATA {
            let whole = scored(&[1.0, 2.0, 3.0, 4.0], HigherIsBetter, convention, 4).scores;
            let holes = [1.0, f64::NAN, 2.0, 3.0, f64::INFINITY, 4.0, f64::NEG_INFINITY];
            let got = scored(&holes, HigherIsBetter, convention, 4).scores;
            assert_eq!(got, [whole[0], 0, whole[1], whole[2], 0, whole[3], 0], "{convention:?}");
        }
        let fixed =
            score(&[f64::NAN, 2.0], LowerIsBetter, Rule::fixed(&[1.0], Closed::Left).unwrap());
        assert_eq!(fixed.unwrap().scores, [0, 1]);
    }

    #[test]
    fn nobody_gets_no_score() {
        for convention in OF_DATA {
            assert!(scored(&[], HigherIsBetter, convention, 5).scores.is_empty());
            assert_eq!(scored(&[f64::NAN], HigherIsBetter, convention, 5).scores, [NOT_SCORED]);
            assert_eq!(scored(&[3.0], LowerIsBetter, convention, 5).scores.len(), 1);
        }
    }

    #[test]
    fn amounts_too_large_for_plus_one_fit_no_bin_of_r_rfm() {
        let huge = 2_f64.powi(60);
        let got = scored(&[1.0, 2.0, 3.0, huge], HigherIsBetter, Convention::RRfm, 2);
        assert_eq!(got.scores, [1, 1, 1, NOT_SCORED]);
    }

    #[test]
    fn bins_outside_2_to_10_are_refused_at_their_path() {
        for bins in [0, 1, 11, 255] {
            let error = ScoreOptions { bins, ..Default::default() }.check().unwrap_err();
            assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("bins")));
        }
    }

    #[test]
    fn options_are_checked_at_their_path() {
        let parse = |text: &str| serde_json::from_str::<ScoreOptions>(text).unwrap();
        let path = |text: &str| parse(text).check().unwrap_err().path().unwrap_or("").to_owned();
        assert_eq!(path(r#"{"convention":"fixed"}"#), "thresholds");
        assert_eq!(path(r#"{"thresholds":{}}"#), "thresholds");
        assert_eq!(
            path(
                r#"{"convention":"fixed","bins":3,
                    "thresholds":{"recency":[7,30],"frequency":[2,2],"monetary":[1,2]}}"#
            ),
            "thresholds.frequency[1]"
        );
        assert_eq!(
            path(r#"{"convention":"fixed","thresholds":{"recency":[7,30]}}"#),
            "thresholds.recency"
        );
        assert_eq!(path(r#"{"weights":{"monetary":-1}}"#), "weights.monetary");
        assert_eq!(path(r#"{"weights":{"recency":0,"frequency":0,"monetary":0}}"#), "weights");
        assert_eq!(parse("{}"), ScoreOptions::default());
        assert!(serde_json::from_str::<ScoreOptions>(r#"{"binz":5}"#).is_err());
    }

    #[test]
    fn the_total_is_the_weighted_mean() {
        let weights = Weights { recency: 2.0, frequency: 1.0, monetary: 1.0 };
        assert_eq!(weights.total(5, 1, 3), Some(3.5));
        assert_eq!(Weights::default().total(4, 4, 4), Some(4.0));
        assert_eq!(weights.total(0, 1, 3), None);
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![(-4..12).prop_map(f64::from), -100.0..1e6], 1..60)
    }

    fn directions() -> impl Strategy<Value = Direction> {
        prop::sample::select(vec![HigherIsBetter, LowerIsBetter])
    }

    proptest! {
        #[test]
        fn cut_points_give_the_scores_of_the_definition(x in values(), direction in directions(), bins in 2_u8..=10) {
            for convention in [Convention::RankMin, Convention::CumeDist] {
                prop_assert_eq!(
                    scored(&x, direction, convention, bins).scores,
                    by_definition(&x, direction, convention, bins)
                );
            }
        }

        #[test]
        fn scores_lie_in_the_bins_and_never_fall_as_values_get_better(
            x in values(), direction in directions(), bins in 2_u8..=10,
            convention in prop::sample::select(OF_DATA.to_vec()),
        ) {
            let got = scored(&x, direction, convention, bins);
            prop_assert!(got.highest <= bins);
            for (a, score_a) in x.iter().zip(&got.scores) {
                prop_assert!((1..=got.highest).contains(score_a));
                for (b, score_b) in x.iter().zip(&got.scores) {
                    let better = match direction { HigherIsBetter => a > b, LowerIsBetter => a < b };
                    prop_assert!(!better || score_a >= score_b);
                }
            }
        }

        #[test]
        fn equal_values_get_equal_scores_in_any_row_order(
            x in values(), direction in directions(), bins in 2_u8..=10,
            convention in prop::sample::select(TIES_SHARE.to_vec()),
            shuffle in any::<prop::sample::Index>(),
        ) {
            let got = scored(&x, direction, convention, bins).scores;
            for (i, a) in x.iter().enumerate() {
                for (j, b) in x.iter().enumerate() {
                    prop_assert!(a != b || got[i] == got[j]);
                }
            }
            let turn = shuffle.index(x.len());
            let (mut turned, mut want) = (x.clone(), got);
            turned.rotate_left(turn);
            turned.reverse();
            want.rotate_left(turn);
            want.reverse();
            prop_assert_eq!(scored(&turned, direction, convention, bins).scores, want);
        }

        #[test]
        fn another_unit_of_money_changes_no_score(
            cents in prop::collection::vec(-1000_i32..1_000_000, 1..60), bins in 2_u8..=10,
        ) {
            let small: Vec<f64> = cents.iter().map(|c| f64::from(*c)).collect();
            let large: Vec<f64> = small.iter().map(|c| c * 700.0).collect();
            for convention in [Convention::RankMin, Convention::CumeDist, Convention::RankFirst, Convention::Ntile] {
                prop_assert_eq!(
                    scored(&small, HigherIsBetter, convention, bins).scores,
                    scored(&large, HigherIsBetter, convention, bins).scores
                );
            }
        }

        #[test]
        fn scores_are_one_plus_the_cut_points_passed(
            x in values(), direction in directions(), bins in 2_u8..=10,
            convention in prop::sample::select(TIES_SHARE.to_vec()),
        ) {
            let got = scored(&x, direction, convention, bins);
            let cuts = got.cuts.unwrap();
            prop_assert_eq!(cuts.points.len() + 1, usize::from(got.highest));
            for (value, score) in x.iter().zip(&got.scores) {
                let passed = cuts.points.iter().filter(|cut| match cuts.passes {
                    Passes::Above => value > cut,
                    Passes::AtLeast => value >= cut,
                    Passes::Below => value < cut,
                    Passes::AtMost => value <= cut,
                });
                prop_assert_eq!(passed.count() + 1, usize::from(*score));
            }
        }
    }
}
