//! `replenishment`: which customer will need which product again, and when.
//!
//! For each customer and product the days between purchases give a due day with its interval, by
//! [`Rhythm`]: customers with few own gaps lean on those of all who buy the product, and products that
//! few buy again lean on all products.
//!
//! When not to use it: for what is bought once (furniture), or whenever one likes (fashion). And gaps
//! that have not ended yet are not seen: in a log that is not many gaps long, due days come too early.

use serde::{Deserialize, Serialize};

use super::gaps::{Pace, Rhythm, median_gap};
use crate::customers::product_days::ProductDays;
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress, collected, ids, no_memory, texts, unfinished};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Text, Values};
use crate::stats::confidence::check_confidence;
use crate::stats::order::{arrangement, sort_by};
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::stats::special::error::normal_quantile;
use crate::table::block::MISSING;
use crate::table::calendar::LocalDays;
use crate::table::moment::Moment;
use crate::table::role::Role;
use crate::table::zone::Zone;

/// Customers with a gap, and gaps beyond the first of each, from which a product has its own rhythm.
const ENOUGH: f64 = 10.0;
/// The same of all products together, below which nothing can be told.
const LEAST: f64 = 3.0;
/// Products that are listed at most.
const MOST_PRODUCTS: usize = 200;

/// Options of `replenishment`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplenishmentOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it are
    /// left out.
    pub at: String,
    /// The share of next purchases that the time of being due is to hold, and the confidence of the
    /// intervals of shares, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

fn usual_confidence() -> f64 {
    0.8
}

/// Result of `replenishment`. The column set `reminders` has a row for each customer and product, those that
/// are due first, then those that will be, the soonest first, then those that are late, the latest to
/// have become so first: `customer`, `product`, `purchases` (days with one), `since` (days since the
/// last), `ownGap` (the median of the customer's own days between them; 0 with one day), `gap` (expected days between purchases), `dueIn` (days from `at` to the day at which the next
/// purchase is as likely before as after; below 0 it has passed), `dueFrom` and `dueTo` (the same of the
/// ends of its interval), `state` (0 not yet, 1 due: within the interval, 2 late: beyond it).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplenishmentResult {
    /// Pairs of a customer and a product.
    pub pairs: u64,
    /// Of them, those that are not due yet.
    pub not_yet: u64,
    /// Those that are due.
    pub due: u64,
    /// Those that are late.
    pub late: u64,
    /// The gaps of all products together.
    pub all: ProductGaps,
    /// The products that most customers bought, 200 at most.
    pub products: Vec<ProductRhythm>,
    /// Products beyond them.
    pub more_products: u64,
    /// The answer in one sentence.
    pub sentence: Text,
}

/// How long customers wait before they buy a product again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductGaps {
    /// Customers with two days of purchase or more.
    pub customers: u64,
    /// The median gap of a customer of whom nothing is known, in days.
    pub median: f64,
    /// The interval of that customer's next gap, in days.
    pub interval: Interval,
    /// The share of the spread of gaps that lies between customers, 0 to 1; the rest is chance from one
    /// gap of a customer to the next.
    pub between: f64,
}

/// One product.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductRhythm {
    /// Its name.
    pub product: String,
    /// Customers who bought it.
    pub customers: u64,
    /// The share of them that bought it on another day again.
    pub repeated: f64,
    /// Wilson's interval of that share.
    pub repeated_interval: Interval,
    /// Its gaps; null if too few bought it again, so that all products together stand in for it.
    pub gaps: Option<ProductGaps>,
    /// Customers for whom it is due.
    pub due: u64,
    /// Customers for whom it is late.
    pub late: u64,
}

/// A customer and a product.
#[derive(Clone, Copy, Debug)]
struct Pair {
    customer: u32,
    product: u32,
    purchases: u32,
    last: i32,
    /// The median of the own gaps.
    own_gap: Option<f64>,
    pace: Pace,
}

/// When a pair is due, in days from the reference day.
#[derive(Clone, Copy, Debug)]
struct Due {
    gap: f64,
    middle: f64,
    from: f64,
    to: f64,
    state: u8,
}

/// The running analysis.
#[derive(Debug)]
pub struct Replenishment {
    options: ReplenishmentOptions,
    zone: Zone,
    moment: Moment,
    days: ProductDays,
    rows: u64,
    left_out: [u64; 4],
    is_settled: bool,
    next: usize,
    pairs: Vec<Pair>,
    is_done: bool,
}

impl Analysis for Replenishment {
    const NAME: &'static str = "replenishment";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Log-normal gaps between purchases with random effects of customers",
        reference: "Searle, S. R., Casella, G., McCulloch, C. E. (1992). Variance Components, \
                    sections 3.6 and 7.4.",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = ReplenishmentOptions;
    type Result = ReplenishmentResult;

    fn needs(_options: &ReplenishmentOptions, _input: usize) -> Result<Needs> {
        let needs = Needs::roles(&[Role::Customer, Role::Time, Role::Product]);
        Ok(needs.and_if_mapped(&[Role::Amount]))
    }

    fn estimate(_options: &ReplenishmentOptions, inputs: &[Facts<'_>]) -> u64 {
        // Pairs and their columns, each twice while lists grow.
        let of = |facts: &Facts<'_>| {
            let pairs = facts.rows * (2 * size_of::<Pair>() as u64 + 120);
            ProductDays::estimate(facts.rows, facts.customers) + pairs
        };
        inputs.first().map_or(0, of)
    }

    fn start(options: ReplenishmentOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let [log] = inputs else {
            return Err(Error::new(Code::UnknownTable, "`replenishment` reads one log"));
        };
        check_confidence(options.confidence)?;
        let zone = log.schema.zone.clone();
        let moment = Moment::parse(&options.at, &zone).map_err(|error| error.at_path("at"))?;
        Ok(Replenishment {
            options,
            zone,
            moment,
            days: ProductDays::default(),
            rows: 0,
            left_out: [0; 4],
            is_settled: false,
            next: 0,
            pairs: Vec::new(),
            is_done: false,
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        let codes = |role| rows.codes(role).ok_or_else(|| Allowed::refused(role));
        let (customers, products) = (codes(Role::Customer)?, codes(Role::Product)?);
        let times = rows.times().ok_or_else(|| Allowed::refused(Role::Time))?;
        let amounts = rows.money().map(|(amounts, _)| amounts);
        let mut local = LocalDays::new(&self.zone);
        for (row, ((customer, product), time)) in
            customers.iter().zip(products).zip(times).enumerate()
        {
            // A refund needs no product again.
            let is_refund = amounts.and_then(|amounts| amounts.get(row)).is_some_and(|a| *a < 0);
            let reasons = [
                *time >= self.moment.until,
                rows.keep().is_some_and(|keep| !keep.get(*customer)),
                is_refund,
                *product == MISSING,
            ];
            if let Some(at) = reasons.iter().position(|holds| *holds) {
                self.left_out.iter_mut().skip(at).take(1).for_each(|count| *count += 1);
                continue;
            }
            self.days.insert(*customer, *product, local.day_of(*time))?;
            self.rows += 1;
        }
        Ok(())
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let known = self.days.customers();
        let total = 2 * known as u64 + 1;
        if !self.is_settled {
            self.is_settled = self.days.settle(budget)?;
            return Ok(Progress { done: 0, total });
        }
        let until = self.next.saturating_add(budget.max(1)).min(known);
        let (mut days, mut own) = (Vec::new(), Vec::new());
        for customer in self.next..until {
            let customer = customer as u32;
            self.days.of(customer, &mut days);
            for bought in days.chunk_by(|a, b| a.0 == b.0) {
                own.clear();
                own.extend(bought.iter().map(|(_, day)| *day));
                let (Some((product, _)), Some(last)) = (bought.first(), own.last()) else {
                    continue;
                };
                if self.pairs.len() == self.pairs.capacity() {
                    let more = self.pairs.len().max(1024);
                    self.pairs.try_reserve(more).map_err(|_| no_memory())?;
                }
                self.pairs.push(Pair {
                    customer,
                    product: *product,
                    purchases: own.len() as u32,
                    last: *last,
                    own_gap: median_gap(&own),
                    pace: Pace::of(&own),
                });
            }
        }
        self.next = until;
        self.is_done = until == known;
        let done = if self.is_done { total } else { (known + until) as u64 };
        Ok(Progress { done, total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<ReplenishmentResult, ReplenishmentOptions>> {
        if !self.is_done {
            return Err(unfinished());
        }
        let products = names.first().and_then(|names| names.get(Role::Product));
        let products = products.ok_or_else(|| Allowed::refused(Role::Product))?;
        let name = |code: u32| products.get(code).unwrap_or_default();
        let paces = || self.pairs.iter().map(|pair| pair.pace);
        let Some(all) = Rhythm::learn(paces().collect(), LEAST) else {
            return Err(Error::new(
                Code::NotEnoughData,
                "too few customers bought the same product on three days or more: at least three must, \
                 to tell the usual days between purchases",
            ));
        };
        // The pairs of a product stand together.
        let mut pairs = std::mem::take(&mut self.pairs);
        sort_by(&mut pairs, |a: &Pair, b: &Pair| {
            a.product.cmp(&b.product).then(a.customer.cmp(&b.customer))
        });
        let mut dues = collected(std::iter::empty(), pairs.len())?;
        let mut listed = Vec::new();
        for of_product in pairs.chunk_by(|a, b| a.product == b.product) {
            let Some(first) = of_product.first() else { continue };
            let own = Rhythm::learn(of_product.iter().map(|pair| pair.pace).collect(), ENOUGH);
            let begin = dues.len();
            for pair in of_product {
                dues.push(self.due(own.as_ref().unwrap_or(&all), pair)?);
            }
            let is = |state: u8| dues.iter().skip(begin).filter(|due| due.state == state).count();
            let customers = of_product.len() as u64;
            let again = of_product.iter().filter(|pair| pair.purchases > 1).count() as u64;
            let kind = ProportionInterval::Wilson;
            listed.push(ProductRhythm {
                product: String::from_utf8_lossy(name(first.product)).into_owned(),
                customers,
                repeated: again as f64 / customers as f64,
                repeated_interval: proportion_interval(
                    again,
                    customers,
                    self.options.confidence,
                    kind,
                )?,
                gaps: own.map(|own| self.gaps(&own)).transpose()?,
                due: is(1) as u64,
                late: is(2) as u64,
            });
        }
        sort_by(&mut listed, |a: &ProductRhythm, b: &ProductRhythm| {
            b.customers.cmp(&a.customers).then_with(|| a.product.cmp(&b.product))
        });
        let more_products = listed.len().saturating_sub(MOST_PRODUCTS) as u64;
        listed.truncate(MOST_PRODUCTS);
        let count = |state: u8| dues.iter().filter(|due| due.state == state).count() as u64;
        let counts = [count(0), count(1), count(2)];
        let all = self.gaps(&all)?;
        let result = ReplenishmentResult {
            pairs: pairs.len() as u64,
            not_yet: counts[0],
            due: counts[1],
            late: counts[2],
            sentence: sentence(counts, all.median),
            all,
            products: listed,
            more_products,
        };
        let set = columns(&pairs, &dues, self.moment.day, names)?;
        let [after, denied, refunds, unnamed] = self.left_out;
        let customers = customers_of(&pairs);
        Ok(Outcome {
            rows: self.rows,
            customers,
            sets: vec![set],
            left_out: LeftOut::rows(&[
                ("after-at", after),
                ("denied", denied),
                ("refund-dropped", refunds),
                ("no-product", unnamed),
            ]),
            warnings: Vec::new(),
            options: self.options,
            result,
        })
    }

    fn heap_size(&self) -> usize {
        self.days.heap_size() + self.pairs.capacity() * size_of::<Pair>()
    }
}

impl Replenishment {
    /// How far the ends of an interval lie from its middle, in standard deviations.
    fn reach(&self) -> Result<f64> {
        normal_quantile(f64::midpoint(1.0, self.options.confidence)).ok_or_else(unfinished)
    }

    /// When a pair is due by a rhythm.
    fn due(&self, rhythm: &Rhythm, pair: &Pair) -> Result<Due> {
        let (mean, variance) = rhythm.next(&pair.pace);
        let reach = self.reach()? * variance.sqrt();
        let since = f64::from(self.moment.day) - f64::from(pair.last);
        let [gap, from, to] = [mean, mean - reach, mean + reach].map(libm::exp);
        let state = if since < from { 0 } else { 1 + u8::from(since > to) };
        Ok(Due { gap, middle: gap - since, from: from - since, to: to - since, state })
    }

    fn gaps(&self, rhythm: &Rhythm) -> Result<ProductGaps> {
        let (mean, variance) = rhythm.next(&Pace::default());
        let reach = self.reach()? * variance.sqrt();
        let all = rhythm.between + rhythm.within;
        Ok(ProductGaps {
            customers: rhythm.customers,
            median: libm::exp(mean),
            interval: Interval { low: libm::exp(mean - reach), high: libm::exp(mean + reach) },
            between: if all > 0.0 { rhythm.between / all } else { 0.0 },
        })
    }
}

/// How many customers these pairs are of.
fn customers_of(pairs: &[Pair]) -> u64 {
    let mut customers: Vec<u32> = pairs.iter().map(|pair| pair.customer).collect();
    customers.sort_unstable();
    customers.dedup();
    customers.len() as u64
}

fn columns(
    pairs: &[Pair],
    dues: &[Due],
    day: i32,
    names: &[AllowedNames<'_>],
) -> Result<ColumnSet> {
    let both: Vec<(&Pair, &Due)> = pairs.iter().zip(dues).collect();
    let rank = |due: &Due| match due.state {
        1 => (0, due.middle),
        0 => (1, due.middle),
        _ => (2, -due.to),
    };
    let order = arrangement(both.len(), &|a, b| match (both.get(a), both.get(b)) {
        (Some((_, a)), Some((_, b))) => {
            let (a, b) = (rank(a), rank(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        }
        _ => std::cmp::Ordering::Equal,
    });
    let rows = || order.iter().filter_map(|at| both.get(*at as usize));
    let codes = collected(rows().map(|(pair, _)| pair.customer), order.len())?;
    let products = collected(rows().map(|(pair, _)| pair.product), order.len())?;
    let number = |of: &dyn Fn(&Pair, &Due) -> f64| -> Result<Values> {
        Ok(Values::F64(collected(rows().map(|(pair, due)| of(pair, due)), order.len())?))
    };
    let states = collected(rows().map(|(_, due)| due.state), order.len())?;
    let columns = vec![
        ("customer", ids(&codes, names)?),
        ("product", texts(Role::Product, &products, names)?),
        ("purchases", number(&|pair, _| f64::from(pair.purchases))?),
        ("since", number(&|pair, _| f64::from(day) - f64::from(pair.last))?),
        ("ownGap", number(&|pair, _| pair.own_gap.unwrap_or(0.0))?),
        ("gap", number(&|_, due| due.gap)?),
        ("dueIn", number(&|_, due| due.middle)?),
        ("dueFrom", number(&|_, due| due.from)?),
        ("dueTo", number(&|_, due| due.to)?),
        ("state", Values::U8(states)),
    ];
    let columns = columns.into_iter().map(|(name, values)| NamedColumn { name, values });
    Ok(ColumnSet { name: "reminders", length: order.len(), columns: columns.collect() })
}

/// The answer in words.
fn sentence([not_yet, due, late]: [u64; 3], median: f64) -> Text {
    Text {
        en: format!(
            "{due} purchases are due again, {not_yet} will be, {late} are late; the usual wait is \
             {median:.0} days."
        )
        .into(),
        zh: format!(
            "{due} 项到了该复购的时候，{not_yet} 项还没到，{late} 项已经超时；通常间隔 {median:.0} 天。"
        )
        .into(),
    }
}
