//! `repeat-purchase`: how many customers of each cohort buy again within so many days, how soon, and
//! at what intervals they go on.
//!
//! A customer begins with the first day of purchase, and buys again with the second. Who was not seen
//! for so long yet counts for as long as they were seen ([`super::cohorts`]).
//!
//! When not to use it: for the future of one customer ([`super::lifetime_value`]), or for one product
//! ([`super::replenishment`]). And where the log begins in the middle of customers' lives its first
//! cohorts hold old customers: leave them out with `from`.

use serde::{Deserialize, Serialize};

use super::btyd::histories::PaidDay;
use super::cohorts::{ByCohort, CohortRates, Wait, by_cohort, check_horizons};
use super::paid_log::PaidLog;
use super::survival::analysis::CurvePoint;
use crate::customers::daily::DailyMoney;
use crate::customers::purchases::{Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress, collected, ids, unfinished};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Text, Values};
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::order::sort;
use crate::stats::quantile::Position;
use crate::table::moment::Moment;
use crate::table::period::{Periods, Unit, WeekStart};

/// Options of `repeat-purchase`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RepeatPurchaseOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it are
    /// left out, and what has not happened by then is not known.
    pub at: String,
    /// A local day: customers with a purchase before it are left out. Set it where the log begins in
    /// the middle of customers' lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Customers whose first purchase is in one such period are a cohort.
    #[serde(default)]
    pub period: Unit,
    /// Where weeks begin.
    #[serde(default)]
    pub week_start: WeekStart,
    /// The share that buys again is told within each of these days: 1 to 12 ascending numbers, 1 to
    /// 3,650.
    #[serde(default = "usual_horizons")]
    pub horizons: Vec<u32>,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
    /// What a negative amount does: netted, it is no purchase.
    #[serde(default)]
    pub refunds: Refunds,
    /// What an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
}

fn usual_horizons() -> Vec<u32> {
    vec![30, 60, 90]
}

/// Result of `repeat-purchase`. The column set `customers` holds `customer`, `cohort` (its place in
/// `cohorts`), `days` (until the second day of purchase, or so far) and `repeated` (1 if it came).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RepeatPurchaseResult {
    /// All customers: those who bought again, when, and how many do within each horizon.
    pub all: CohortRates,
    /// Each cohort, the earliest first.
    pub cohorts: Vec<CohortRates>,
    /// The share that has not bought again yet, from day 0 to the last horizon.
    pub curve: Vec<CurvePoint>,
    /// Days between two days of purchase of all customers; null if nobody bought on two.
    pub gaps: Option<GapQuantiles>,
    /// The same of each cohort, in the order of `cohorts`.
    pub cohort_gaps: Vec<Option<GapQuantiles>>,
    /// The answer in one sentence.
    pub sentence: Text,
}

/// Days between one day of purchase and the next. Those that have not ended by the reference moment
/// are not among them: in a short log they are too short.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GapQuantiles {
    /// How many.
    pub gaps: u64,
    /// A quarter is at or below (type 7).
    pub q1: f64,
    /// Half.
    pub median: f64,
    /// Three quarters.
    pub q3: f64,
}

/// The running analysis.
#[derive(Debug)]
pub struct RepeatPurchase {
    options: RepeatPurchaseOptions,
    periods: Periods,
    from: Option<i32>,
    log: PaidLog,
    earlier: u64,
    is_settled: bool,
    next: usize,
    codes: Vec<u32>,
    waits: Vec<Wait>,
    /// The cohort and the days of each gap.
    gaps: Vec<(i32, u32)>,
    answer: Option<RepeatPurchaseResult>,
}

impl Analysis for RepeatPurchase {
    const NAME: &'static str = "repeat-purchase";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Repeat-purchase rates of cohorts after Kaplan and Meier",
        reference: "Kaplan, E. L., Meier, P. (1958). Nonparametric Estimation from Incomplete \
                    Observations. JASA 53, 457–481. Dorey, F. J., Korn, E. L. (1987). Statistics in \
                    Medicine 6, 679–687.",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = RepeatPurchaseOptions;
    type Result = RepeatPurchaseResult;

    fn needs(_options: &RepeatPurchaseOptions, _input: usize) -> Result<Needs> {
        Ok(PaidLog::needs())
    }

    fn estimate(_options: &RepeatPurchaseOptions, inputs: &[Facts<'_>]) -> u64 {
        // Waits, lives, points and columns of customers; gaps of days, while lists grow.
        let of = |facts: &Facts<'_>| {
            DailyMoney::estimate(facts.rows, facts.customers)
                + facts.customers * 220
                + facts.rows * 16
        };
        inputs.first().map_or(0, of)
    }

    fn start(options: RepeatPurchaseOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let [log] = inputs else {
            return Err(Error::new(Code::UnknownTable, "`repeat-purchase` reads one log"));
        };
        check_confidence(options.confidence)?;
        check_horizons(&options.horizons)?;
        let from = options.from.as_ref().map(|text| Moment::parse(text, &log.schema.zone));
        let from = from.transpose().map_err(|error| error.at_path("from"))?;
        Ok(RepeatPurchase {
            log: PaidLog::start(&options.at, options.refunds, options.zeros, log)?,
            periods: Periods { unit: options.period, week_start: options.week_start },
            from: from.map(|moment| moment.day),
            options,
            earlier: 0,
            is_settled: false,
            next: 0,
            codes: Vec::new(),
            waits: Vec::new(),
            gaps: Vec::new(),
            answer: None,
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        self.log.update(rows)
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let (days, known) = (self.log.days.len() as u64, self.log.days.customers());
        let total = days + known as u64 + 1;
        if !self.is_settled {
            self.is_settled = self.log.days.settle(budget)?;
            return Ok(Progress { done: self.log.days.settled() as u64, total });
        }
        if self.next < known {
            self.follow(budget)?;
            return Ok(Progress { done: days + self.next as u64, total });
        }
        if self.answer.is_none() {
            self.answer = Some(self.result()?);
        }
        Ok(Progress { done: total, total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<RepeatPurchaseResult, RepeatPurchaseOptions>> {
        let result = self.answer.take().ok_or_else(unfinished)?;
        let length = self.codes.len();
        let mut known = collected(self.waits.iter().map(|wait| wait.cohort), length)?;
        sort(&mut known);
        known.dedup();
        let place = |wait: &Wait| known.binary_search(&wait.cohort).unwrap_or(0) as u16;
        let cohorts = collected(self.waits.iter().map(place), length)?;
        let days = collected(self.waits.iter().map(|wait| f64::from(wait.days)), length)?;
        let came = collected(self.waits.iter().map(|wait| u8::from(wait.came)), length)?;
        let columns = vec![
            NamedColumn { name: "customer", values: ids(&self.codes, names)? },
            NamedColumn { name: "cohort", values: Values::U16(cohorts) },
            NamedColumn { name: "days", values: Values::F64(days) },
            NamedColumn { name: "repeated", values: Values::U8(came) },
        ];
        let mut left_out = self.log.left_out();
        left_out.extend(LeftOut::parts(&[("before-from", 0, self.earlier)]));
        Ok(Outcome {
            rows: self.log.rows,
            customers: length as u64,
            sets: vec![ColumnSet { name: "customers", length, columns }],
            left_out,
            warnings: Vec::new(),
            options: self.options,
            result,
        })
    }

    fn heap_size(&self) -> usize {
        self.log.days.heap_size()
            + self.codes.capacity() * 4
            + self.waits.capacity() * size_of::<Wait>()
            + self.gaps.capacity() * 8
    }
}

impl RepeatPurchase {
    fn follow(&mut self, budget: usize) -> Result<()> {
        let until = self.next.saturating_add(budget.max(1)).min(self.log.days.customers());
        let mut days: Vec<PaidDay> = Vec::new();
        let between = |from: i32, to: i32| (i64::from(to) - i64::from(from)).unsigned_abs() as u32;
        for code in self.next..until {
            let code = code as u32;
            self.log.days.of(code, &mut days)?;
            let Some((first, _)) = days.first().copied() else {
                self.log.refund_only += u64::from(self.log.days.is_known(code));
                continue;
            };
            if self.from.is_some_and(|from| first < from) {
                self.earlier += 1;
                continue;
            }
            let cohort = self.periods.of_day(first);
            let second = days.get(1).map(|day| between(first, day.0));
            let age = between(first, self.log.moment.day);
            self.codes.push(code);
            self.waits.push(Wait { cohort, days: second.unwrap_or(age), came: second.is_some() });
            let pairs = days.iter().zip(days.iter().skip(1));
            self.gaps.extend(pairs.map(|(a, b)| (cohort, between(a.0, b.0))));
        }
        self.next = until;
        Ok(())
    }

    fn result(&mut self) -> Result<RepeatPurchaseResult> {
        let mut waits = collected(self.waits.iter().copied(), self.waits.len())?;
        let options = &self.options;
        let found = by_cohort(&mut waits, self.periods, &options.horizons, options.confidence)?;
        let ByCohort { all, cohorts, curve } = found;
        sort(&mut self.gaps);
        let mut own = self.gaps.chunk_by(|a, b| a.0 == b.0).peekable();
        let mut cohort_gaps = Vec::new();
        for cohort in waits.chunk_by(|a, b| a.cohort == b.cohort).filter_map(|own| own.first()) {
            let is_own =
                |gaps: &&[(i32, u32)]| gaps.first().is_some_and(|gap| gap.0 == cohort.cohort);
            let gaps = own.next_if(is_own);
            cohort_gaps.push(gaps.and_then(|gaps| quantiles(gaps.iter().map(|gap| gap.1))));
        }
        let mut lengths = collected(self.gaps.iter().map(|gap| gap.1), self.gaps.len())?;
        sort(&mut lengths);
        Ok(RepeatPurchaseResult {
            sentence: sentence(&all),
            gaps: quantiles(lengths.iter().copied()),
            all,
            cohorts,
            curve,
            cohort_gaps,
        })
    }
}

/// Of days that ascend.
fn quantiles(days: impl ExactSizeIterator<Item = u32> + Clone) -> Option<GapQuantiles> {
    let at = |part: u32| {
        let position = Position::linear_at_fraction(days.len(), part, 4)?;
        let value = |rank: usize| days.clone().nth(rank).map(f64::from);
        Some(position.between(value(position.lower)?, value(position.upper)?))
    };
    Some(GapQuantiles { gaps: days.len() as u64, q1: at(1)?, median: at(2)?, q3: at(3)? })
}

/// The answer in words.
fn sentence(all: &CohortRates) -> Text {
    let told = all.rates.iter().rev().find_map(|rate| Some((rate, rate.rate?, rate.interval?)));
    let Some((rate, share, interval)) = told else {
        return Text {
            en: "Nobody was seen for as long as the first horizon.".into(),
            zh: "还没有客户被观察到第一个期限那么久。".into(),
        };
    };
    let [share, low, high] = [share, interval.low, interval.high].map(|share| 100.0 * share);
    let days = rate.within_days;
    let (mut en, mut zh) = (
        format!("{share:.1} % buy again within {days} days ({low:.1} to {high:.1} %)"),
        format!("{days} 天内有 {share:.1}% 的客户再次购买（{low:.1}% 到 {high:.1}%）"),
    );
    if let Some(median) = all.median_days {
        en += &format!("; half have after {median:.0} days");
        zh += &format!("；{median:.0} 天后有一半客户已经复购");
    }
    Text { en: (en + ".").into(), zh: (zh + "。").into() }
}
