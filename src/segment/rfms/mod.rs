//! RFM-S: recency, frequency and money, and what a customer does for the shop besides buying.
//!
//! Recency, frequency and monetary scores are those of `rfm`. [`social`] adds the social score,
//! `actions` finds the actions in the logs, `everybody` adds those who never bought, `groups` names the eight corners of recent ×
//! valuable × social; this file is the analysis.
//!
//! A customer who never bought but stands in the events or referrals is a customer too: value is
//! low, and recency counts from their last action, against the same marks.
//!
//! When not to use it: actions are not worth the same everywhere. The weights are a judgement, and
//! the groups follow it; the score says who is active, not whose friends will buy.

pub(crate) mod actions;
pub mod everybody;
pub mod groups;
pub mod social;

use serde::{Deserialize, Serialize};

use crate::customers::purchases::{Count, Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, Method, NamedColumn, Outcome, Values, Warning};
use crate::segment::population::{Population, PurchaseRules, collected, unfinished};
use crate::segment::rfm::groups::{Group, Text};
use crate::segment::rfm::score::{self, Convention, Cuts, Measure, NOT_SCORED, ScoreOptions};
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::mean::Sample;
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::table::calendar::DAY_MS;
use crate::table::money;
use crate::table::zone::Zone;
use actions::{Actions, Counted};
use everybody::{NonBuyers, everybody};
use groups::{GROUPS, Traits};
use social::{KINDS, Social, SocialOptions, social as social_of};

/// Options of `rfms`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RfmsOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it
    /// are left out.
    pub at: String,
    /// What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// What a negative amount does.
    #[serde(default)]
    pub refunds: Refunds,
    /// What an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
    /// How recency, frequency and money become scores. The conventions that are decided by the
    /// order of rows, and `r-rfm`, are not allowed here. Of the weights, those of frequency and
    /// money make the value score.
    #[serde(default)]
    pub scoring: ScoreOptions,
    /// How actions become the social score.
    #[serde(default)]
    pub social: SocialOptions,
    /// RfmsAbove which scores a customer is recent, valuable, social.
    #[serde(default)]
    pub above: RfmsAbove,
    /// What becomes of customers who stand in the events or referrals and never bought.
    #[serde(default)]
    pub non_buyers: NonBuyers,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

/// RfmsMarks of the three traits. Default of each: the middle of the scores, 3 of five.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RfmsAbove {
    /// A recency score above this is recent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recency: Option<f64>,
    /// A value score above this is valuable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// A social score above this is social.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub social: Option<f64>,
}

/// Result of `rfms`. The column set `customers` holds `customer`, `isBuyer`, `recency` (days since
/// the last purchase, of others since the last action), `frequency`, `monetary`, the scores `r`,
/// `f`, `m` (0 = never bought), `value` (the weighted mean of `f` and `m`, 0 = never bought), the
/// counts `shares`, `invitesSent`, `invitesAccepted`, `comments`, `groupPosts`, their weighted
/// parts `sharePart` … `groupPostPart`, their sum `social`, the score `s`, the answers `isRecent`,
/// `isValuable`, `isSocial`, and `group` (index into `groups`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RfmsResult {
    /// All customers together.
    pub totals: PeopleTotals,
    /// The eight groups in display order, empty ones included.
    pub groups: Vec<RfmsGroup>,
    /// The marks that decided, in the units of the measures.
    pub marks: RfmsMarks,
    /// Each kind of action.
    pub actions: Vec<ActionRow>,
}

/// All customers together, those who never bought included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PeopleTotals {
    /// Customers in the answer.
    pub customers: u64,
    /// Of them, those with a purchase.
    pub buyers: u64,
    /// Their money.
    pub revenue: f64,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RfmsGroup {
    /// Name, meaning and suggested action.
    #[serde(flatten)]
    pub group: Group,
    /// Its customers are recent.
    pub is_recent: bool,
    /// Its customers are valuable.
    pub is_valuable: bool,
    /// Its customers are social.
    pub is_social: bool,
    /// The rule and the figures in one sentence.
    pub sentence: Text,
    /// How many customers.
    pub customers: u64,
    /// Their share of all customers, 0 to 1.
    pub customers_share: f64,
    /// Wilson interval of the share, as of customers drawn from many.
    pub interval: Interval,
    /// Of them, those with a purchase.
    pub buyers: u64,
    /// Their money.
    pub revenue: f64,
    /// Their share of all money; null if all money together is not positive.
    pub revenue_share: Option<f64>,
    /// Money per customer; null for an empty group.
    pub monetary_mean: Option<f64>,
    /// Student's interval of the mean; null below two customers.
    pub monetary_interval: Option<Interval>,
    /// Sum of the social measure.
    pub social: f64,
    /// Its share of the social measure of all; null if nobody did anything.
    pub social_share: Option<f64>,
}

/// The marks of the three traits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RfmsMarks {
    /// Recent is a recency score above this.
    pub recency_above: f64,
    /// Recent is at most so many days; null if nobody or everybody can be.
    pub recency_days: Option<f64>,
    /// Valuable is a value score above this.
    pub value_above: f64,
    /// Social is a social score above this.
    pub social_above: f64,
    /// Social is at least this measure; null if nobody or everybody can be.
    pub social_least: Option<f64>,
}

/// One kind of action.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActionRow {
    /// The kind.
    pub kind: social::ActionKind,
    /// How often.
    pub times: u64,
    /// By how many customers.
    pub customers: u64,
    /// One usual measure: see `normalise`. Null if nobody did it.
    pub unit: Option<f64>,
}

/// The running analysis.
#[derive(Debug)]
pub struct Rfms {
    options: RfmsOptions,
    zone: Zone,
    population: Population,
    actions: Actions,
    phase: Phase,
    answer: Option<(RfmsResult, People)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Customers,
    Result,
    Done,
}

/// Everybody's row.
#[derive(Debug, Default)]
struct People {
    numbers: Vec<u32>,
    buyers: usize,
    recency: Vec<f64>,
    frequency: Vec<f64>,
    monetary: Vec<f64>,
    scores: [Vec<u8>; 3],
    value: Vec<f64>,
    counts: [Vec<u32>; KINDS],
    social: Social,
    groups: Vec<u8>,
    left_out: u64,
}

fn rules(options: &RfmsOptions) -> PurchaseRules {
    PurchaseRules { count: options.count, refunds: options.refunds, zeros: options.zeros }
}

impl Analysis for Rfms {
    const NAME: &'static str = "rfms";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "RFM with a social dimension",
        reference: "Siyu, docs/analyses/rfms.md: a rule, not a model. Scores as in Hughes, A. M. \
                    (1994). Strategic Database Marketing. Probus.",
    };
    const INPUTS: &'static [&'static str] = &["log"];
    const OPTIONAL: &'static [&'static str] = &["events", "referrals"];

    type Options = RfmsOptions;
    type Result = RfmsResult;

    fn needs(options: &RfmsOptions, input: usize) -> Result<Needs> {
        Ok(if input == 0 { Population::needs(rules(options)) } else { Actions::needs(input) })
    }

    fn estimate(options: &RfmsOptions, inputs: &[Facts<'_>]) -> u64 {
        let log = inputs.iter().find(|facts| facts.input == 0);
        let customers: u64 = inputs.iter().map(|facts| facts.customers).sum();
        // Sixteen columns of eight bytes, ten of one and the number, with the copies of a scoring.
        log.map_or(0, |log| Population::estimate(rules(options), log))
            + Actions::estimate(inputs)
            + customers * (16 * 8 + 10 + 4 + 2 * 8)
    }

    fn start(options: RfmsOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let log = inputs
            .iter()
            .find(|facts| facts.input == 0)
            .ok_or_else(|| Error::new(Code::UnknownTable, "`rfms` reads a log of purchases"))?;
        check(&options)?;
        let zone = log.schema.zone.clone();
        let population = Population::start(&options.at, rules(&options), log)
            .map_err(|error| error.at_path("at"))?;
        let moment = population.moment();
        let from = options.social.days.map_or(i64::MIN, |days| {
            let first = i64::from(moment.day) - i64::from(days) + 1;
            zone.instant_of(first * DAY_MS).instant()
        });
        let actions = Actions::new(options.social.events.clone(), from, moment.until, inputs);
        Ok(Rfms { options, zone, population, actions, phase: Phase::Customers, answer: None })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        if input == 0 { self.population.update(rows) } else { self.actions.update(input, rows) }
    }

    fn join(&mut self, names: &[AllowedNames<'_>], budget: usize) -> Result<Progress> {
        self.actions.join(names, budget)
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let customers = self.actions.customers() as u64;
        let total = customers * 2 + 1;
        let done = match self.phase {
            Phase::Customers => {
                if self.population.settle(budget)? {
                    self.phase = Phase::Result;
                }
                self.population.summary.len() as u64
            }
            Phase::Result => {
                self.answer = Some(self.result()?);
                self.phase = Phase::Done;
                total
            }
            Phase::Done => total,
        };
        Ok(Progress { done: done.min(total), total })
    }

    fn outcome(mut self, names: &[AllowedNames<'_>]) -> Result<Outcome<RfmsResult, RfmsOptions>> {
        let (result, people) = self.answer.take().ok_or_else(unfinished)?;
        let mut warnings = Vec::new();
        if !self.actions.is_there() {
            warnings.push(Warning {
                code: "no-actions",
                count: 0,
                hint: "there are no events and no referrals: everybody's social score is 1"
                    .to_owned(),
            });
        } else if result.actions.iter().all(|row| row.times == 0) {
            warnings.push(Warning {
                code: "no-actions",
                count: self.actions.rows(),
                hint: "no event is one of `social.events`: name yours there".to_owned(),
            });
        }
        let bins = usize::from(self.options.scoring.bins);
        if people.buyers < bins * 4 {
            warnings.push(Warning {
                code: "few-customers",
                count: people.buyers as u64,
                hint: format!("{} customers in {bins} bins: scores mean little", people.buyers),
            });
        }
        let mut left_out = self.population.left_out();
        for part in self.actions.left_out() {
            match left_out.iter_mut().find(|known| known.reason == part.reason) {
                Some(known) => known.rows += part.rows,
                None => left_out.push(part),
            }
        }
        if people.left_out > 0 {
            left_out.push(crate::report::LeftOut {
                reason: "never-bought",
                rows: 0,
                customers: people.left_out,
            });
        }
        let rows = self.population.summary.rows + self.actions.rows();
        let customers = self.columns(people, names)?;
        self.options.count = Some(self.population.count());
        Ok(Outcome {
            rows,
            customers: result.totals.customers,
            result,
            sets: vec![customers],
            left_out,
            warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.population.heap_size() + self.actions.heap_size()
    }
}

fn check(options: &RfmsOptions) -> Result<()> {
    let scoring = &options.scoring;
    scoring.check().map_err(|error| error.inside("scoring"))?;
    if matches!(scoring.convention, Convention::Ntile | Convention::RankFirst | Convention::RRfm) {
        return Err(Error::new(
            Code::InvalidOption,
            "scores must follow from values alone: take `rank-min`, `cume-dist`, `quantile` or \
             `fixed`",
        )
        .at_path("scoring.convention"));
    }
    if scoring.weights.frequency + scoring.weights.monetary <= 0.0 {
        return Err(Error::new(Code::InvalidOption, "frequency or money must weigh something")
            .at_path("scoring.weights"));
    }
    options.social.check(scoring.bins).map_err(|error| error.inside("social"))?;
    let RfmsAbove { recency, value, social } = options.above;
    for (name, mark) in [("recency", recency), ("value", value), ("social", social)] {
        if mark.is_some_and(|mark| !(mark >= 0.0 && mark <= f64::from(scoring.bins))) {
            return Err(Error::new(
                Code::InvalidOption,
                format!("a mark lies between 0 and {}, the best score", scoring.bins),
            )
            .at_path(format!("above.{name}")));
        }
    }
    check_confidence(options.confidence)?;
    Ok(())
}

impl Rfms {
    fn result(&mut self) -> Result<(RfmsResult, People)> {
        let first = |code: u32| {
            let at = self.population.summary.codes.binary_search(&code).ok()?;
            self.population.summary.first.get(at).copied()
        };
        let counted = self.actions.count(first)?;
        let (mut people, recency_cuts) = self.people(&counted)?;
        let bins = self.options.scoring.bins;
        people.social = social_of(&self.options.social, bins, &people.counts)?;
        let middle = (1.0 + f64::from(bins)) / 2.0;
        let above = self.options.above;
        let marks = [above.recency, above.value, above.social].map(|mark| mark.unwrap_or(middle));
        let [recent, valuable, social] = marks;
        let [r, _, _] = &people.scores;
        let rows = r.iter().zip(&people.value).zip(&people.social.scores);
        people.groups = collected(
            rows.map(|((r, value), s)| {
                let traits = Traits {
                    is_recent: f64::from(*r) > recent,
                    is_valuable: *value > valuable,
                    is_social: f64::from(*s) > social,
                };
                traits.code()
            }),
            people.numbers.len(),
        )?;
        let marks = RfmsMarks {
            recency_above: recent,
            recency_days: recency_cuts.and_then(|cuts| days_within(&cuts, recent)),
            value_above: valuable,
            social_above: social,
            social_least: place_of(social).and_then(|place| {
                people.social.cuts.as_ref().and_then(|cuts| cuts.get(place)).copied()
            }),
        };
        let result = self.summary(&people, marks)?;
        Ok((result, people))
    }

    /// Everybody with their scores, and where recency was cut.
    fn people(&self, counted: &Counted) -> Result<(People, Option<Cuts>)> {
        let base = everybody(&self.population, counted, &self.zone, self.options.non_buyers)?;
        let (all, buyers) = (base.numbers.len(), base.buyers);
        let scored = |values: &[f64], measure: Measure| {
            let rule = self.options.scoring.rule(measure)?;
            score::score(values.get(..buyers).unwrap_or(values), measure.direction(), rule)
        };
        let mut r = scored(&base.recency, Measure::Recency)?;
        let later = base.recency.get(buyers..).unwrap_or_default().iter();
        let cuts = r.cuts.take();
        let score_later = |days: &f64| cuts.as_ref().map_or(NOT_SCORED, |cuts| cuts.score(*days));
        let r = collected(r.scores.into_iter().chain(later.map(score_later)), all)?;
        let fill = |scores: Vec<u8>| {
            collected(scores.into_iter().chain((buyers..all).map(|_| NOT_SCORED)), all)
        };
        let f = fill(scored(&base.frequency, Measure::Frequency)?.scores)?;
        let m = fill(scored(&base.monetary, Measure::Monetary)?.scores)?;
        let weights = self.options.scoring.weights;
        let value = collected(
            f.iter().zip(&m).map(|(f, m)| {
                (weights.frequency * f64::from(*f) + weights.monetary * f64::from(*m))
                    / (weights.frequency + weights.monetary)
            }),
            all,
        )?;
        let people = People {
            numbers: base.numbers,
            buyers,
            recency: base.recency,
            frequency: base.frequency,
            monetary: base.monetary,
            scores: [r, f, m],
            value,
            counts: base.counts,
            left_out: base.left_out,
            ..People::default()
        };
        Ok((people, cuts))
    }

    fn summary(&self, people: &People, marks: RfmsMarks) -> Result<RfmsResult> {
        let summary = &self.population.summary;
        let mut sums = [(0_u64, 0_u64, 0_i128); GROUPS];
        let minor = summary.monetary.iter().map(|minor| (*minor, 1));
        let minor = minor.chain(std::iter::repeat((0, 0)));
        for (group, (minor, buyers)) in people.groups.iter().zip(minor) {
            if let Some((customers, bought, sum)) = sums.get_mut(usize::from(*group)) {
                *customers += 1;
                *bought += buyers;
                *sum += i128::from(minor);
            }
        }
        let all = people.numbers.len() as u64;
        let revenue: i128 = sums.iter().map(|(_, _, sum)| sum).sum();
        let mut rows = Vec::new();
        let mut socials = Vec::new();
        for (code, (group, (customers, buyers, sum))) in
            (0_u8..).zip(groups::groups().into_iter().zip(sums))
        {
            let of_group = |values: &'_ [f64]| -> Vec<f64> {
                let both = values.iter().zip(&people.groups);
                sorted(both.filter(|(_, group)| **group == code).map(|(value, _)| *value).collect())
            };
            let money = of_group(&people.monetary);
            let sample = Sample::of(money.iter().copied());
            let social: f64 = of_group(&people.social.measure).iter().sum();
            socials.push(social);
            let Traits { is_recent, is_valuable, is_social } = Traits::of(code);
            let share = customers as f64 / all as f64;
            let interval = proportion_interval(
                customers,
                all,
                self.options.confidence,
                ProportionInterval::Wilson,
            )?;
            let revenue_share = (revenue > 0).then(|| sum as f64 / revenue as f64);
            rows.push(RfmsGroup {
                group,
                is_recent,
                is_valuable,
                is_social,
                sentence: sentence(Traits::of(code), &marks, customers, interval, revenue_share),
                customers,
                customers_share: share,
                interval,
                buyers,
                revenue: money::to_f64(sum, summary.scale),
                revenue_share,
                monetary_mean: (customers > 0)
                    .then(|| money::to_f64(sum, summary.scale) / customers as f64),
                monetary_interval: sample.interval(self.options.confidence),
                social,
                social_share: None,
            });
        }
        let all_social: f64 = socials.iter().sum();
        for row in &mut rows {
            row.social_share = (all_social > 0.0).then(|| row.social / all_social);
        }
        let kinds =
            social::ActionKind::ALL.into_iter().zip(&people.counts).zip(people.social.units);
        let actions = kinds.map(|((kind, counts), unit)| ActionRow {
            kind,
            times: counts.iter().map(|count| u64::from(*count)).sum(),
            customers: counts.iter().filter(|count| **count > 0).count() as u64,
            unit,
        });
        Ok(RfmsResult {
            totals: PeopleTotals {
                customers: all,
                buyers: people.buyers as u64,
                revenue: money::to_f64(revenue, summary.scale),
            },
            groups: rows,
            marks,
            actions: actions.collect(),
        })
    }

    fn columns(&self, people: People, names: &[AllowedNames<'_>]) -> Result<ColumnSet> {
        let length = people.numbers.len();
        let ids = self.actions.ids(&people.numbers, names)?;
        let buyers = (0..length).map(|row| u8::from(row < people.buyers));
        let trait_of = |pick: fn(Traits) -> bool| {
            collected(people.groups.iter().map(|code| u8::from(pick(Traits::of(*code)))), length)
                .map(Values::U8)
        };
        let traits = [
            ("isRecent", trait_of(|traits| traits.is_recent)?),
            ("isValuable", trait_of(|traits| traits.is_valuable)?),
            ("isSocial", trait_of(|traits| traits.is_social)?),
        ];
        let [r, f, m] = people.scores;
        let mut columns = vec![
            ("customer", ids),
            ("isBuyer", Values::U8(collected(buyers, length)?)),
            ("recency", Values::F64(people.recency)),
            ("frequency", Values::F64(people.frequency)),
            ("monetary", Values::F64(people.monetary)),
            ("r", Values::U8(r)),
            ("f", Values::U8(f)),
            ("m", Values::U8(m)),
            ("value", Values::F64(people.value)),
        ];
        let names = ["shares", "invitesSent", "invitesAccepted", "comments", "groupPosts"];
        for (name, counts) in names.into_iter().zip(&people.counts) {
            let counts = collected(counts.iter().map(|count| f64::from(*count)), length)?;
            columns.push((name, Values::F64(counts)));
        }
        let names =
            ["sharePart", "inviteSentPart", "inviteAcceptedPart", "commentPart", "groupPostPart"];
        for (name, part) in names.into_iter().zip(people.social.parts) {
            columns.push((name, Values::F64(part)));
        }
        columns.push(("social", Values::F64(people.social.measure)));
        columns.push(("s", Values::U8(people.social.scores)));
        columns.extend(traits);
        columns.push(("group", Values::U8(people.groups)));
        let columns = columns.into_iter().map(|(name, values)| NamedColumn { name, values });
        Ok(ColumnSet { name: "customers", length, columns: columns.collect() })
    }
}

/// Values in one order whatever the order of rows, so that their sums have the same bits.
fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The cut point that a score must pass to lie above a mark: place 0 leads to score 2. `None` if
/// every score lies above.
fn place_of(mark: f64) -> Option<usize> {
    (mark >= 1.0).then(|| mark.floor() as usize - 1)
}

/// The most whole days that still lie above the mark.
fn days_within(cuts: &Cuts, mark: f64) -> Option<f64> {
    let point = *cuts.points.get(place_of(mark)?)?;
    let most = match cuts.passes {
        score::Passes::Below => point.ceil() - 1.0,
        _ => point.floor(),
    };
    (most >= 0.0).then_some(most)
}

/// The rule and the figures of a group in one sentence.
fn sentence(
    traits: Traits,
    marks: &RfmsMarks,
    customers: u64,
    interval: Interval,
    revenue_share: Option<f64>,
) -> Text {
    let percent = |share: f64| format!("{:.1}", share * 100.0);
    let (low, high) = (percent(interval.low), percent(interval.high));
    let word = |holds: bool, yes: &'static str, no: &'static str| if holds { yes } else { no };
    let (recent_en, recent_zh) = match marks.recency_days {
        Some(days) => (
            format!(
                "{} {days} days ago",
                word(traits.is_recent, "last here at most", "last here over")
            ),
            format!(
                "{} {days} 天",
                word(traits.is_recent, "最近一次到访不超过", "最近一次到访超过")
            ),
        ),
        None => (
            format!(
                "recency score {} {}",
                word(traits.is_recent, "above", "up to"),
                marks.recency_above
            ),
            format!("新近度分{} {}", word(traits.is_recent, "高于", "不高于"), marks.recency_above),
        ),
    };
    let sides_en = |holds| word(holds, "above", "up to");
    let sides_zh = |holds| word(holds, "高于", "不高于");
    let money_en = revenue_share.map_or_else(String::new, |share| {
        format!(" They bring {} % of the money.", percent(share))
    });
    let money_zh = revenue_share
        .map_or_else(String::new, |share| format!("贡献 {} % 的收入。", percent(share)));
    let (value, social) = (marks.value_above, marks.social_above);
    let en = format!(
        "{customers} customers ({low} to {high} % of all): {recent_en}, value score {} {value}, \
         social score {} {social}.{money_en}",
        sides_en(traits.is_valuable),
        sides_en(traits.is_social),
    );
    let zh = format!(
        "共 {customers} 位客户（占 {low}–{high} %）：{recent_zh}，价值分{} {value}，社交分{} {social}。{money_zh}",
        sides_zh(traits.is_valuable),
        sides_zh(traits.is_social),
    );
    Text { en: en.into(), zh: zh.into() }
}
