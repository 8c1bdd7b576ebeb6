//! `compare-segments`: what sets segments apart, how they overlap, and how they moved.
//!
//! Each segment is held against all other customers in every measure (Welch) and in every value of
//! every attribute (shares), with intervals, and with p-values adjusted for how many were looked
//! at. Two segments are compared by the customers they share, two dates by how the sizes of the
//! segments drifted.
//!
//! When not to use it: a segment that was made from a measure differs in it; no test can find that
//! out. And a difference is not an effect: for that take an experiment.

use serde::{Deserialize, Serialize};

use crate::customers::attributes::Latest;
use crate::customers::matching::Matching;
use crate::customers::purchases::{Count, Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, AttributeValues, Needs};
use crate::report::{LeftOut, Method, Outcome, Warning};
use crate::segment::features::{Features, MOST_VALUES};
use crate::segment::population::{Population, PurchaseRules, no_memory, unfinished};
use crate::segment::rfm::groups::Text;
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::drift::{ClassDrift, class_drift};
use crate::stats::mean::{MeanDifference, Sample, welch};
use crate::stats::multiplicity::{Adjustment, adjusted};
use crate::stats::order::{sort, sort_by};
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::stats::shares::{ShareDifference, compare_shares};
use crate::table::block::MISSING;
use crate::table::dictionary::Dictionary;
use crate::table::role::Role;

/// The input with attributes of customers.
const CUSTOMERS: usize = 1;
/// The input with purchases.
const LOG: usize = 2;
/// The input with the segments of an earlier date.
const BEFORE: usize = 3;

/// Segments that can be compared at once.
const MOST_SEGMENTS: usize = 64;
/// Options of `compare-segments`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CompareOptions {
    /// The attribute of `segments` (and of `before`) that names the segment. A customer with
    /// several rows may be in several segments.
    #[serde(default = "usual_segment")]
    pub segment: String,
    /// Attributes of `customers` that are compared: numbers by their means, texts by their shares.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// With a log: the reference moment of recency, frequency, money and tenure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// With a log: what counts as one purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// With a log: what a negative amount does.
    #[serde(default)]
    pub refunds: Refunds,
    /// With a log: what an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
    /// How p-values are adjusted, over all tests of the report.
    #[serde(default)]
    pub adjustment: Adjustment,
    /// Confidence of the intervals, between 0 and 1. A difference is named in a sentence if its
    /// adjusted p-value is below 1 less this.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

fn usual_segment() -> String {
    "segment".to_owned()
}

/// Result of `compare-segments`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CompareResult {
    /// Customers of all tables together.
    pub customers: u64,
    /// Tests that were made.
    pub tests: u64,
    /// The segments, the largest first.
    pub segments: Vec<SegmentProfile>,
    /// Every two segments that share a customer, by index into `segments`.
    pub overlaps: Vec<Overlap>,
    /// How the segments moved since the earlier date; null without `before`.
    pub drift: Option<SegmentDrift>,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentProfile {
    /// Its name.
    pub segment: String,
    /// How many customers.
    pub customers: u64,
    /// Their share of all customers.
    pub share: f64,
    /// Wilson interval of the share.
    pub interval: Interval,
    /// What sets it apart, in one sentence.
    pub sentence: Text,
    /// Each measure, the largest effect first.
    pub measures: Vec<MeasureProfile>,
    /// Each value of each attribute, the smallest p-value first.
    pub values: Vec<ValueProfile>,
}

/// A measure in a segment and among all others.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeasureProfile {
    /// The measure: `recency`, `frequency`, `monetary`, `tenure` of the log, or an attribute.
    pub measure: String,
    /// Customers of the segment with a value.
    pub known: u64,
    /// Their mean; null without a value.
    pub mean: Option<f64>,
    /// Student's interval of the mean; null below two values.
    pub interval: Option<Interval>,
    /// The mean of all others; null without a value.
    pub others_mean: Option<f64>,
    /// Welch's comparison; null where one side has fewer than two values or nothing varies.
    pub difference: Option<MeanDifference>,
    /// Cohen's d: the difference over the pooled standard deviation. 0.2 is small, 0.8 large. Null
    /// as above.
    pub effect: Option<f64>,
    /// The p-value adjusted for all tests of the report.
    pub adjusted_p_value: Option<f64>,
}

/// A value of an attribute in a segment and among all others.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ValueProfile {
    /// The attribute.
    pub attribute: String,
    /// The value.
    pub value: String,
    /// Customers of the segment with this value.
    pub customers: u64,
    /// Their share of those of whom the attribute is known; null if of none.
    pub share: Option<f64>,
    /// Wilson interval of the share.
    pub interval: Option<Interval>,
    /// The share among all others; null if known of none.
    pub others_share: Option<f64>,
    /// The comparison of the shares; null where one side knows nobody's.
    pub difference: Option<ShareDifference>,
    /// The p-value adjusted for all tests of the report.
    pub adjusted_p_value: Option<f64>,
}

/// Two segments.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Overlap {
    /// Index of the first.
    pub first: u32,
    /// Index of the second.
    pub second: u32,
    /// Customers in both.
    pub both: u64,
    /// Jaccard: customers in both over customers in either.
    pub jaccard: f64,
    /// Share of the first who are in the second.
    pub first_share: f64,
    /// Share of the second who are in the first.
    pub second_share: f64,
}

/// Two dates.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentDrift {
    /// How far the sizes of the segments are apart; null if one date has no customer.
    pub sizes: Option<ClassDrift>,
    /// Each segment at both dates, in the order of names.
    pub segments: Vec<SegmentChange>,
}

/// A segment at two dates.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentChange {
    /// Its name.
    pub segment: String,
    /// Customers at the earlier date.
    pub before: u64,
    /// Customers now.
    pub after: u64,
    /// Customers at both.
    pub stayed: u64,
    /// Jaccard of its customers at the two dates; null if it has none at either.
    pub jaccard: Option<f64>,
}

/// Rows of customers and segments, in the codes of one table.
#[derive(Debug, Default)]
struct Memberships {
    rows: Vec<(u32, u32)>,
    denied: u64,
    unnamed: u64,
}

/// A segment's customers.
#[derive(Debug)]
struct Segment {
    name: String,
    is_member: Vec<bool>,
    customers: u64,
}

/// The running analysis.
#[derive(Debug)]
pub struct Compare {
    options: CompareOptions,
    inputs: Vec<usize>,
    now: Memberships,
    before: Memberships,
    attributes: Option<Latest>,
    population: Option<Population>,
    attribute_rows: u64,
    attribute_denied: u64,
    features: Features,
    segments: Vec<Segment>,
    earlier: Vec<Segment>,
    profiles: Vec<SegmentProfile>,
    answer: Option<CompareResult>,
    is_settled: bool,
}

fn rules(options: &CompareOptions) -> PurchaseRules {
    PurchaseRules { count: options.count, refunds: options.refunds, zeros: options.zeros }
}

impl Analysis for Compare {
    const NAME: &'static str = "compare-segments";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Welch and share tests against all others, adjusted for multiplicity",
        reference: "Welch (1947) Biometrika 34; Newcombe (1998) Stat. Med. 17; Holm (1979) Scand. \
                    J. Stat. 6; Benjamini, Hochberg (1995) JRSS B 57.",
    };
    const INPUTS: &'static [&'static str] = &["segments"];
    const OPTIONAL: &'static [&'static str] = &["customers", "log", "before"];

    type Options = CompareOptions;
    type Result = CompareResult;

    fn needs(options: &CompareOptions, input: usize) -> Result<Needs> {
        let customers = Needs::roles(&[Role::Customer]);
        Ok(match input {
            CUSTOMERS => customers.and_attributes(&options.attributes),
            LOG => Population::needs(rules(options)),
            _ => customers.and_attributes([&options.segment]),
        })
    }

    fn estimate(options: &CompareOptions, inputs: &[Facts<'_>]) -> u64 {
        let attributes = options.attributes.len() as u64;
        let customers: u64 = inputs.iter().map(|facts| facts.customers).sum();
        let of = |facts: &Facts<'_>| match facts.input {
            LOG => Population::estimate(rules(options), facts),
            CUSTOMERS => Latest::estimate(attributes, facts.rows, facts.customers),
            _ => facts.rows * 16,
        };
        // A bit of each segment as a byte, and each measure with its customer.
        inputs.iter().map(of).sum::<u64>()
            + Matching::estimate(customers)
            + customers * (2 * MOST_SEGMENTS as u64 + 16 * (attributes + 4))
    }

    fn start(options: CompareOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let facts = |input: usize| inputs.iter().find(|facts| facts.input == input);
        check_confidence(options.confidence)?;
        let population =
            Population::start_if_given(options.at.as_deref(), rules(&options), facts(LOG))?;
        if facts(CUSTOMERS).is_none() && !options.attributes.is_empty() {
            return Err(Error::new(
                Code::UnknownTable,
                "attributes are columns of the input `customers`, which is not there",
            )
            .at_path("attributes"));
        }
        let names = options.attributes.iter().map(String::as_str);
        let attributes = facts(CUSTOMERS).map(|table| Latest::new(names, table.schema, None));
        Ok(Compare {
            inputs: inputs.iter().map(|facts| facts.input).collect(),
            options,
            now: Memberships::default(),
            before: Memberships::default(),
            attributes,
            population,
            attribute_rows: 0,
            attribute_denied: 0,
            features: Features::new(),
            segments: Vec::new(),
            earlier: Vec::new(),
            profiles: Vec::new(),
            answer: None,
            is_settled: false,
        })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        match input {
            LOG => match &mut self.population {
                Some(population) => population.update(rows),
                None => Ok(()),
            },
            CUSTOMERS => {
                let kept = kept(rows)?;
                self.attribute_rows += kept;
                self.attribute_denied += rows.rows() as u64 - kept;
                match &mut self.attributes {
                    Some(attributes) => attributes.update(rows),
                    None => Ok(()),
                }
            }
            BEFORE => self.before.update(rows, &self.options.segment),
            _ => self.now.update(rows, &self.options.segment),
        }
    }

    fn join(&mut self, names: &[AllowedNames<'_>], budget: usize) -> Result<Progress> {
        let progress = self.features.join(names, budget)?;
        if !progress.is_finished() {
            return Ok(progress);
        }
        for (place, input) in self.inputs.clone().into_iter().enumerate() {
            let Some(names) = names.get(place) else { continue };
            match input {
                0 | BEFORE => {
                    let rows = if input == 0 { &self.now.rows } else { &self.before.rows };
                    let texts = names.attribute(&self.options.segment);
                    let found = self.segments_of(place, rows, texts)?;
                    if input == 0 {
                        self.segments = found;
                    } else {
                        self.earlier = found;
                    }
                }
                CUSTOMERS => {
                    if let Some(latest) = self.attributes.take() {
                        self.features.read_attributes(place, latest, names)?;
                    }
                }
                _ => {}
            }
        }
        for segment in &self.segments {
            let both = self.features.everybody.iter_mut().zip(&segment.is_member);
            both.for_each(|(is_there, is_member)| *is_there |= is_member);
        }
        Ok(progress)
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let total = self.segments.len() as u64 + 2;
        if !self.is_settled {
            if let Some(population) = &mut self.population
                && !population.settle(budget)?
            {
                return Ok(Progress { done: 0, total });
            }
            self.is_settled = true;
            let place = self.inputs.iter().position(|input| *input == LOG);
            if let (Some(place), Some(population)) = (place, &self.population) {
                self.features.read_purchases(place, population)?;
            }
            if self.segments.is_empty() {
                return Err(Error::new(
                    Code::NotEnoughData,
                    "no customer is in a segment: is the attribute the right one?",
                ));
            }
            return Ok(Progress { done: 1, total });
        }
        // One segment a step.
        if self.profiles.len() < self.segments.len() {
            let profile = self.profile(self.profiles.len())?;
            self.profiles.push(profile);
            return Ok(Progress { done: self.profiles.len() as u64, total });
        }
        if self.answer.is_none() {
            self.answer = Some(self.result()?);
        }
        Ok(Progress { done: total, total })
    }

    fn outcome(
        mut self,
        _names: &[AllowedNames<'_>],
    ) -> Result<Outcome<CompareResult, CompareOptions>> {
        let result = self.answer.take().ok_or_else(unfinished)?;
        let mut warnings = Vec::new();
        if self.features.rare > 0 {
            warnings.push(Warning {
                code: "rare-values",
                count: self.features.rare,
                hint: format!(
                    "of each attribute the {MOST_VALUES} most frequent values are compared"
                ),
            });
        }
        if self.features.measures.is_empty() && self.features.categories.is_empty() {
            warnings.push(Warning {
                code: "nothing-to-compare",
                count: 0,
                hint:
                    "give a log, or `customers` with `attributes`, to see what sets segments apart"
                        .to_owned(),
            });
        }
        let mut left_out = self.population.as_ref().map(Population::left_out).unwrap_or_default();
        let denied = self.now.denied + self.before.denied + self.attribute_denied;
        let unnamed = self.now.unnamed + self.before.unnamed;
        for (reason, rows) in [("denied", denied), ("no-segment", unnamed)] {
            match left_out.iter_mut().find(|part| part.reason == reason) {
                Some(part) => part.rows += rows,
                None if rows > 0 => left_out.push(LeftOut { reason, rows, customers: 0 }),
                None => {}
            }
        }
        let rows = (self.now.rows.len() + self.before.rows.len()) as u64
            + self.attribute_rows
            + self.population.as_ref().map_or(0, |population| population.summary.rows);
        Ok(Outcome {
            rows,
            customers: result.customers,
            result,
            sets: Vec::new(),
            left_out,
            warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        let segments = self.segments.iter().chain(&self.earlier);
        segments.map(|segment| segment.is_member.capacity()).sum::<usize>()
            + self.population.as_ref().map_or(0, Population::heap_size)
            + self.attributes.as_ref().map_or(0, Latest::heap_size)
            + (self.now.rows.capacity() + self.before.rows.capacity()) * 8
            + self.features.heap_size()
    }
}

/// Rows whose customer may be used.
fn kept(rows: Allowed<'_>) -> Result<u64> {
    let customers = rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
    Ok(match rows.keep() {
        None => customers.len() as u64,
        Some(keep) => customers.iter().filter(|code| keep.get(**code)).count() as u64,
    })
}

impl Memberships {
    fn update(&mut self, rows: Allowed<'_>, segment: &str) -> Result<()> {
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let Some(AttributeValues::Text(segments)) = rows.attribute(segment) else {
            return Err(Error::new(
                Code::Type,
                "segments are texts: map the attribute without a type",
            ));
        };
        for (customer, segment) in customers.iter().zip(segments) {
            if rows.keep().is_some_and(|keep| !keep.get(*customer)) {
                self.denied += 1;
            } else if *segment == MISSING {
                self.unnamed += 1;
            } else {
                self.rows.try_reserve(1).map_err(|_| no_memory())?;
                self.rows.push((*customer, *segment));
            }
        }
        Ok(())
    }
}

impl Compare {
    /// The segments of one table, the largest first, then by name.
    fn segments_of(
        &self,
        place: usize,
        rows: &[(u32, u32)],
        texts: Option<&Dictionary>,
    ) -> Result<Vec<Segment>> {
        let mut codes: Vec<u32> = rows.iter().map(|(_, segment)| *segment).collect();
        codes.sort_unstable();
        codes.dedup();
        if codes.len() > MOST_SEGMENTS {
            return Err(Error::new(
                Code::Limit,
                format!("at most {MOST_SEGMENTS} segments can be compared at once"),
            )
            .at_path("segment"));
        }
        let mut segments = Vec::new();
        for code in &codes {
            let name = texts.and_then(|texts| texts.get(*code)).unwrap_or_default();
            let name = String::from_utf8_lossy(name).into_owned();
            let mut is_member = Vec::new();
            is_member.try_reserve_exact(self.features.matching.len()).map_err(|_| no_memory())?;
            is_member.resize(self.features.matching.len(), false);
            segments.push(Segment { name, is_member, customers: 0 });
        }
        for (customer, code) in rows {
            let number = self.features.matching.number(place, *customer);
            let at = codes.binary_search(code).ok();
            let segment = at.and_then(|at| segments.get_mut(at));
            if let (Some(number), Some(segment)) = (number, segment)
                && let Some(is_member) = segment.is_member.get_mut(number as usize)
            {
                segment.customers += u64::from(!*is_member);
                *is_member = true;
            }
        }
        sort_by(&mut segments, |a, b| {
            b.customers.cmp(&a.customers).then_with(|| a.name.cmp(&b.name))
        });
        Ok(segments)
    }

    fn profile(&self, at: usize) -> Result<SegmentProfile> {
        let Some(segment) = self.segments.get(at) else { return Err(unfinished()) };
        let confidence = self.options.confidence;
        let is_in = |number: u32| segment.is_member.get(number as usize).copied().unwrap_or(false);
        let is_there =
            |number: u32| self.features.everybody.get(number as usize).copied().unwrap_or(false);
        let all = self.features.everybody.iter().filter(|is_there| **is_there).count() as u64;
        let mut measures = Vec::new();
        for measure in &self.features.measures {
            let side = |wanted: bool| {
                let of_side = measure
                    .sorted
                    .iter()
                    .filter(move |(_, number)| is_there(*number) && is_in(*number) == wanted);
                Sample::of(of_side.map(|(value, _)| *value))
            };
            let (own, others) = (side(true), side(false));
            let difference = welch(&own, &others, confidence);
            measures.push(MeasureProfile {
                measure: measure.name.clone(),
                known: own.count,
                mean: (own.count > 0).then_some(own.mean),
                interval: own.interval(confidence),
                others_mean: (others.count > 0).then_some(others.mean),
                difference,
                effect: difference.and_then(|_| effect(&own, &others)),
                adjusted_p_value: None,
            });
        }
        let mut values = Vec::new();
        for category in &self.features.categories {
            // Customers with each value, and all whose value is known: own, others.
            let mut counts = vec![[0_u64; 2]; category.values.len()];
            let mut known = [0_u64; 2];
            for (place, number) in category.places.iter().zip(0..) {
                if *place == MISSING || !is_there(number) {
                    continue;
                }
                let side = usize::from(!is_in(number));
                if let Some(count) = known.get_mut(side) {
                    *count += 1;
                }
                let count = counts.get_mut(*place as usize).and_then(|both| both.get_mut(side));
                if let Some(count) = count {
                    *count += 1;
                }
            }
            let [own, others] = known;
            for (value, [hits, other_hits]) in category.values.iter().zip(counts) {
                let share = |hits: u64, all: u64| (all > 0).then(|| hits as f64 / all as f64);
                let wilson = ProportionInterval::Wilson;
                values.push(ValueProfile {
                    attribute: category.name.clone(),
                    value: value.clone(),
                    customers: hits,
                    share: share(hits, own),
                    interval: match own {
                        0 => None,
                        own => Some(proportion_interval(hits, own, confidence, wilson)?),
                    },
                    others_share: share(other_hits, others),
                    difference: match (own, others) {
                        (0, _) | (_, 0) => None,
                        _ => Some(compare_shares((hits, own), (other_hits, others), confidence)?),
                    },
                    adjusted_p_value: None,
                });
            }
        }
        Ok(SegmentProfile {
            segment: segment.name.clone(),
            customers: segment.customers,
            share: segment.customers as f64 / all.max(1) as f64,
            interval: proportion_interval(
                segment.customers,
                all.max(segment.customers).max(1),
                confidence,
                ProportionInterval::Wilson,
            )?,
            sentence: Text { en: "".into(), zh: "".into() },
            measures,
            values,
        })
    }

    fn result(&mut self) -> Result<CompareResult> {
        let mut profiles = std::mem::take(&mut self.profiles);
        let p_values: Vec<Option<f64>> = profiles
            .iter()
            .flat_map(|profile| {
                let means = profile.measures.iter().map(|one| one.difference.map(|d| d.p_value));
                let shares = profile.values.iter().map(|one| one.difference.map(|d| d.p_value));
                means.chain(shares)
            })
            .collect();
        let mut found = adjusted(&p_values, self.options.adjustment).into_iter();
        let mark = 1.0 - self.options.confidence;
        for profile in &mut profiles {
            for one in &mut profile.measures {
                one.adjusted_p_value = found.next().flatten();
            }
            for one in &mut profile.values {
                one.adjusted_p_value = found.next().flatten();
            }
            let size = |effect: Option<f64>| effect.map_or(-1.0, f64::abs);
            sort_by(&mut profile.measures, |a, b| size(b.effect).total_cmp(&size(a.effect)));
            let p =
                |one: &ValueProfile| one.difference.map_or(2.0, |difference| difference.p_value);
            sort_by(&mut profile.values, |a, b| p(a).total_cmp(&p(b)));
            profile.sentence = sentence(profile, mark);
        }
        let everybody = self.features.everybody.iter().filter(|is_there| **is_there).count() as u64;
        let has_before = self.inputs.contains(&BEFORE);
        Ok(CompareResult {
            customers: everybody,
            tests: p_values.iter().flatten().count() as u64,
            segments: profiles,
            overlaps: self.overlaps(),
            drift: if has_before { Some(self.drift()?) } else { None },
        })
    }

    fn overlaps(&self) -> Vec<Overlap> {
        let mut overlaps = Vec::new();
        for (at, first) in self.segments.iter().enumerate() {
            for (other, second) in self.segments.iter().enumerate().skip(at + 1) {
                let both = shared(first, second);
                if both == 0 {
                    continue;
                }
                let either = first.customers + second.customers - both;
                overlaps.push(Overlap {
                    first: at as u32,
                    second: other as u32,
                    both,
                    jaccard: both as f64 / either as f64,
                    first_share: both as f64 / first.customers as f64,
                    second_share: both as f64 / second.customers as f64,
                });
            }
        }
        overlaps
    }

    fn drift(&self) -> Result<SegmentDrift> {
        let mut names: Vec<&str> =
            self.segments.iter().chain(&self.earlier).map(|one| one.name.as_str()).collect();
        sort(&mut names);
        names.dedup();
        let find = |list: &'_ [Segment], name: &str| list.iter().position(|one| one.name == name);
        let mut segments = Vec::new();
        for name in names {
            let old = find(&self.earlier, name).and_then(|at| self.earlier.get(at));
            let new = find(&self.segments, name).and_then(|at| self.segments.get(at));
            let (before, after) =
                (old.map_or(0, |one| one.customers), new.map_or(0, |one| one.customers));
            let stayed = match (old, new) {
                (Some(old), Some(new)) => shared(old, new),
                _ => 0,
            };
            let either = before + after - stayed;
            segments.push(SegmentChange {
                segment: name.to_owned(),
                before,
                after,
                stayed,
                jaccard: (either > 0).then(|| stayed as f64 / either as f64),
            });
        }
        let counts = |of: fn(&SegmentChange) -> u64| segments.iter().map(of).collect::<Vec<u64>>();
        let (before, after) = (counts(|one| one.before), counts(|one| one.after));
        let has = |counts: &[u64]| counts.iter().any(|count| *count > 0);
        let sizes =
            if has(&before) && has(&after) { Some(class_drift(&before, &after)?) } else { None };
        Ok(SegmentDrift { sizes, segments })
    }
}

fn shared(first: &Segment, second: &Segment) -> u64 {
    let both = first.is_member.iter().zip(&second.is_member);
    both.filter(|(a, b)| **a && **b).count() as u64
}

/// Cohen's d with the pooled standard deviation. `None` if nothing varies.
fn effect(own: &Sample, others: &Sample) -> Option<f64> {
    let degrees = (own.count + others.count).checked_sub(2).filter(|degrees| *degrees > 0)?;
    let deviation = ((own.squares + others.squares) / degrees as f64).sqrt();
    (deviation > 0.0).then(|| (own.mean - others.mean) / deviation)
}

/// What sets a segment apart: the largest effect and the surest value, if they are no chance.
fn sentence(profile: &SegmentProfile, mark: f64) -> Text {
    let is_sure = |p: Option<f64>| p.is_some_and(|p| p < mark);
    let measure = profile.measures.iter().find(|one| is_sure(one.adjusted_p_value));
    let value = profile.values.iter().find(|one| is_sure(one.adjusted_p_value));
    let percent = |share: f64| format!("{:.1}", share * 100.0);
    let (low, high) = (percent(profile.interval.low), percent(profile.interval.high));
    let (name, customers) = (&profile.segment, profile.customers);
    let (mut en, mut zh) = (Vec::new(), Vec::new());
    if let Some(MeasureProfile { measure, mean: Some(mean), others_mean: Some(others), .. }) =
        measure
    {
        let (word, wort) = if mean > others { ("above", "高于") } else { ("below", "低于") };
        en.push(format!("{measure} is on average {mean:.2}, {word} the {others:.2} of all others"));
        zh.push(format!("{measure} 平均为 {mean:.2}，{wort}其他客户的 {others:.2}"));
    }
    if let Some(ValueProfile {
        attribute,
        value,
        share: Some(share),
        others_share: Some(others),
        ..
    }) = value
    {
        let (share, others) = (percent(*share), percent(*others));
        en.push(format!("{share} % have {attribute} {value}, of all others {others} %"));
        zh.push(format!("{attribute} 为 {value} 的占 {share} %，其他客户为 {others} %"));
    }
    if en.is_empty() {
        en.push("nothing that was compared sets it apart beyond chance".to_owned());
        zh.push("所比较的各项均无超出偶然的差异".to_owned());
    }
    Text {
        en: format!("{name}: {customers} customers ({low} to {high} % of all); {}.", en.join("; "))
            .into(),
        zh: format!("{name}：{customers} 位客户（占 {low}–{high} %）；{}。", zh.join("；")).into(),
    }
}
