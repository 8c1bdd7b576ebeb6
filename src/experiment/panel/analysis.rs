//! `panel-effect`: sums the rows of each group and period, makes a balanced panel of them, and holds
//! the treated against what would have been, in the three ways there are.

use super::fit::{Panel, Synthetic, course, interrupted, mean};
use super::options::{
    Absent, ClaimLabel, Combine, DiffInDiff, Donor, InterruptedSeries, PanelEffectOptions,
    PanelEffectResult, PanelEstimate, PanelPeriod, SyntheticControl, claim,
};
use crate::error::{Code, Error, Result};
use crate::experiment::units::{numbers_of, variants_of};
use crate::job::{Analysis, Facts, Progress, no_memory, unfinished};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{LeftOut, Method, Outcome, Text, Warning, short};
use crate::stats::confidence::check_confidence;
use crate::stats::order::sort_by;
use crate::table::block::MISSING;
use crate::table::calendar::LocalDays;
use crate::table::moment::Moment;
use crate::table::period::Periods;
use crate::table::role::Role;
use crate::table::zone::Zone;

/// Groups at most, and cells of group and period.
const MOST: (usize, usize) = (2_000, 400_000);
/// Below so many groups on a side the errors are too small.
const FEW: usize = 10;

/// What the rows of a group in a period come to.
#[derive(Clone, Copy, Debug)]
struct Cell {
    period: i32,
    sum: f64,
    rows: f64,
}

/// The groups that were met, each with its code and its cells in the order of periods.
#[derive(Debug, Default)]
struct Cells {
    /// Where the group of a code stands; [`MISSING`] where it was not met.
    places: Vec<u32>,
    groups: Vec<(u32, Vec<Cell>)>,
    count: usize,
}

/// The running analysis.
#[derive(Debug)]
pub struct PanelEffect {
    options: PanelEffectOptions,
    periods: Periods,
    zone: Zone,
    /// The period in which it began.
    began: i32,
    /// The local days that bound the periods, the second one beyond.
    days: (i32, i32),
    cells: Cells,
    /// Decimals of the amounts so far.
    scale: u8,
    rows: u64,
    denied: u64,
    /// Without a group, without an outcome, before `from`, in a period that ends after `at`.
    left_out: [u64; 4],
    /// The periods of the panel, from the first.
    first: i32,
    panel: Panel,
    names: [Vec<String>; 2],
    unbalanced: u64,
    synthetic: Option<Synthetic>,
    /// The ratio of each control that was taken for treated.
    ratios: Vec<Option<f64>>,
}

fn invalid(path: &str, hint: &'static str) -> Error {
    Error::new(Code::InvalidOption, hint).at_path(path)
}

fn too_little(path: &str, hint: &'static str) -> Error {
    Error::new(Code::NotEnoughData, hint).at_path(path)
}

impl Analysis for PanelEffect {
    const NAME: &'static str = "panel-effect";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Difference in differences with two-way fixed effects, synthetic control, interrupted time series",
        reference: "Bertrand, Duflo, Mullainathan (2004) Q. J. Econ. 119; Abadie, Diamond, Hainmueller \
                    (2010) JASA 105; Wagner et al. (2002) J. Clin. Pharm. Ther. 27; Newey, West (1987) \
                    Econometrica 55.",
    };
    const INPUTS: &'static [&'static str] = &["panel"];

    type Options = PanelEffectOptions;
    type Result = PanelEffectResult;

    fn needs(options: &PanelEffectOptions, _input: usize) -> Result<Needs> {
        let mut roles = vec![Role::Customer, Role::Time];
        if options.outcome.is_none() {
            roles.push(Role::Amount);
        }
        let attributes = options.group.iter().chain(&options.outcome).map(String::as_str);
        Ok(Needs::roles(&roles).and_attributes(attributes))
    }

    fn estimate(_options: &PanelEffectOptions, inputs: &[Facts<'_>]) -> u64 {
        let most = |facts: &Facts<'_>| facts.customers * 4 + facts.rows.min(MOST.1 as u64) * 64;
        inputs.iter().map(most).sum()
    }

    fn start(options: PanelEffectOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let [facts] = inputs else { return Err(Error::new(Code::UnknownTable, "name the panel")) };
        check_confidence(options.confidence)?;
        if options.treated.is_empty() {
            return Err(invalid("treated", "name the groups that were treated"));
        }
        let zone = facts.schema.zone.clone();
        let moment = |text: &str, path: &str| {
            Moment::parse(text, &zone).map_err(|error| error.at_path(path.to_owned()))
        };
        let periods = Periods { unit: options.period, week_start: options.week_start };
        let began = periods.of_day(moment(&options.began, "began")?.day);
        let from = options.from.as_ref().map(|text| moment(text, "from")).transpose()?;
        let at = options.at.as_ref().map(|text| moment(text, "at")).transpose()?;
        let until = at.map_or(i32::MAX, |at| LocalDays::new(&zone).day_of(at.until));
        Ok(PanelEffect {
            periods,
            began,
            days: (from.map_or(i32::MIN, |from| from.day), until),
            zone,
            options,
            cells: Cells::default(),
            scale: 0,
            rows: 0,
            denied: 0,
            left_out: [0; 4],
            first: 0,
            panel: Panel::default(),
            names: Default::default(),
            unbalanced: 0,
            synthetic: None,
            ratios: Vec::new(),
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        let customers = rows.codes(Role::Customer);
        let customers = customers.ok_or_else(|| Allowed::refused(Role::Customer))?;
        let times = rows.times().ok_or_else(|| Allowed::refused(Role::Time))?;
        let groups = match &self.options.group {
            Some(name) => {
                variants_of(&rows, name).map_err(|error| error.at_path("options.group"))?
            }
            None => customers,
        };
        let numbers = match &self.options.outcome {
            Some(name) => Some(numbers_of(&rows, name)?),
            None => None,
        };
        let (amounts, scale) = match numbers {
            None => rows.money().ok_or_else(|| Allowed::refused(Role::Amount))?,
            Some(_) => (&[][..], 0),
        };
        // Sums of amounts are whole numbers of the smallest unit, and so the same in any order.
        let finer = ten(scale.saturating_sub(self.scale));
        if finer > 1.0 {
            let cells = self.cells.groups.iter_mut().flat_map(|(_, cells)| cells);
            cells.for_each(|cell| cell.sum *= finer);
            self.scale = scale;
        }
        let unit = ten(self.scale.saturating_sub(scale));
        let keep = rows.keep();
        let mut local = LocalDays::new(&self.zone);
        let mut last: Option<(i32, i32, [bool; 2])> = None;
        for (row, ((customer, group), time)) in customers.iter().zip(groups).zip(times).enumerate()
        {
            if keep.is_some_and(|keep| !keep.get(*customer)) {
                self.denied += 1;
                continue;
            }
            let day = local.day_of(*time);
            let (_, period, ends) = match last {
                Some(known @ (known_day, ..)) if known_day == day => known,
                _ => {
                    let period = self.periods.of_day(day);
                    let begins = self.periods.first_day(period) < self.days.0;
                    (day, period, [begins, self.periods.first_day(period + 1) > self.days.1])
                }
            };
            last = Some((day, period, ends));
            let value = match numbers {
                Some((values, valid)) => values.get(row).copied().filter(|_| valid.get(row)),
                None => amounts.get(row).map(|amount| *amount as f64 * unit),
            };
            let value = value.filter(|value| value.is_finite());
            let [early, late] = ends;
            let reasons = [*group == MISSING, value.is_none(), early, late];
            if let Some(at) = reasons.iter().position(|holds| *holds) {
                self.left_out.iter_mut().skip(at).take(1).for_each(|count| *count += 1);
                continue;
            }
            self.cells.add(*group, period, value.unwrap_or(0.0))?;
            self.rows += 1;
        }
        Ok(())
    }

    fn join(&mut self, names: &[AllowedNames<'_>], _budget: usize) -> Result<Progress> {
        self.balance(names)?;
        let donors: Vec<&[f64]> = self.panel.controls.iter().map(Vec::as_slice).collect();
        let target = course(&self.panel.treated);
        if donors.len() > 1 && self.panel.before > 1 {
            self.synthetic = Synthetic::of(&target, &donors, self.panel.before);
        }
        Ok(Progress::default())
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let controls = &self.panel.controls;
        let total = if self.synthetic.is_some() { controls.len() } else { 0 };
        let work = total * self.panel.before.max(1);
        let until = total.min(self.ratios.len() + (budget / work.max(1)).max(1));
        for own in self.ratios.len()..until {
            let Some(target) = controls.get(own) else { break };
            let others = controls.iter().enumerate().filter(|(at, _)| *at != own);
            let donors: Vec<&[f64]> = others.map(|(_, donor)| donor.as_slice()).collect();
            let found = Synthetic::of(target, &donors, self.panel.before);
            self.ratios.push(found.and_then(|found| found.ratio()));
        }
        Ok(Progress { done: self.ratios.len() as u64, total: total as u64 })
    }

    fn outcome(
        self,
        _names: &[AllowedNames<'_>],
    ) -> Result<Outcome<PanelEffectResult, PanelEffectOptions>> {
        if self.panel.treated.is_empty() {
            return Err(unfinished());
        }
        let result = self.result();
        let few = self.panel.treated.len().min(self.panel.controls.len());
        let fits = self.synthetic.as_ref();
        let warnings = [
            (
                "few-clusters",
                result.diff_in_diff.is_some() && few < FEW,
                few as u64,
                "a side has fewer than ten groups: errors by group are too small, so trust the permutation",
            ),
            (
                "perfect-fit",
                fits.is_some_and(|fits| fits.ratio().is_none()),
                self.panel.before as u64,
                "the synthetic control fits perfectly before: there are too few periods for so many controls",
            ),
            (
                "weights-not-unique",
                fits.is_some_and(|fits| !fits.is_unique),
                self.panel.controls.len() as u64,
                "other weights of the controls fit as well before, and may tell another effect",
            ),
        ];
        let met = warnings.into_iter().filter(|(_, holds, ..)| *holds);
        let [group, outcome, early, late] = self.left_out;
        Ok(Outcome {
            rows: self.rows,
            customers: result.treated + result.controls,
            result,
            sets: Vec::new(),
            left_out: LeftOut::parts(&[
                ("denied", self.denied, 0),
                ("no-group", group, 0),
                ("no-outcome", outcome, 0),
                ("before-from", early, 0),
                ("incomplete-period", late, 0),
                ("unbalanced", 0, self.unbalanced),
            ]),
            warnings: met
                .map(|(code, _, count, hint)| Warning { code, count, hint: hint.to_owned() })
                .collect(),
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        let panel = self.panel.treated.iter().chain(&self.panel.controls).map(Vec::capacity);
        self.cells.places.capacity() * 4
            + self.cells.count * size_of::<Cell>()
            + panel.sum::<usize>() * 8
    }
}

fn ten(power: u8) -> f64 {
    10_f64.powi(i32::from(power))
}

impl Cells {
    /// Adds a row to the cell of its group and period.
    fn add(&mut self, group: u32, period: i32, value: f64) -> Result<()> {
        let code = group as usize;
        if self.places.len() <= code {
            let more = code + 1 - self.places.len();
            self.places.try_reserve(more).map_err(|_| no_memory())?;
            self.places.resize(code + 1, MISSING);
        }
        let Some(place) = self.places.get_mut(code) else { return Ok(()) };
        if *place == MISSING {
            if self.groups.len() == MOST.0 {
                return Err(many("options.group"));
            }
            *place = self.groups.len() as u32;
            self.groups.push((group, Vec::new()));
        }
        let Some((_, cells)) = self.groups.get_mut(*place as usize) else { return Ok(()) };
        match cells.binary_search_by(|cell| cell.period.cmp(&period)) {
            Ok(at) => {
                if let Some(cell) = cells.get_mut(at) {
                    cell.sum += value;
                    cell.rows += 1.0;
                }
            }
            Err(_) if self.count == MOST.1 => return Err(many("options.group")),
            Err(at) => {
                self.count += 1;
                cells.insert(at, Cell { period, sum: value, rows: 1.0 });
            }
        }
        Ok(())
    }
}

impl PanelEffect {
    /// The groups with a value in every period, by name; the treated apart from the others.
    fn balance(&mut self, names: &[AllowedNames<'_>]) -> Result<()> {
        let texts = names.first().and_then(|names| match &self.options.group {
            Some(name) => names.attribute(name),
            None => names.get(Role::Customer),
        });
        let texts = texts.ok_or_else(|| Allowed::refused(Role::Customer))?;
        let all = self.cells.groups.iter().flat_map(|(_, cells)| cells);
        let ends = all.map(|cell| cell.period);
        let (Some(first), Some(last)) = (ends.clone().min(), ends.max()) else {
            return Err(too_little("panel", "no row has a group, a time and an outcome"));
        };
        if self.began <= first {
            return Err(too_little("began", "there is no period before the treatment began"));
        }
        if self.began > last {
            return Err(too_little("began", "there is no period since the treatment began"));
        }
        let mut groups: Vec<(String, &[Cell])> = self
            .cells
            .groups
            .iter()
            .map(|(group, cells)| {
                let id = texts.get(*group).unwrap_or_default();
                (String::from_utf8_lossy(id).into_owned(), cells.as_slice())
            })
            .collect();
        let periods = last.abs_diff(first) as usize + 1;
        if groups.len().saturating_mul(periods) > MOST.1 {
            return Err(many("group"));
        }
        sort_by(&mut groups, |a, b| a.0.cmp(&b.0));
        for (at, name) in self.options.treated.iter().enumerate() {
            if !groups.iter().any(|(known, _)| known == name) {
                return Err(invalid(&format!("treated[{at}]"), "no row has this group"));
            }
        }
        let (unit, combine) = (ten(self.scale), self.options.combine);
        for (name, cells) in groups {
            if cells.len() < periods && self.options.absent == Absent::LeaveOut {
                self.unbalanced += 1;
                continue;
            }
            let mut values = vec![0.0; periods];
            for cell in cells {
                let own = if combine == Combine::Mean { cell.rows } else { 1.0 };
                let place = values.get_mut(cell.period.abs_diff(first) as usize);
                place.into_iter().for_each(|value| *value = cell.sum / own / unit);
            }
            let is_treated = self.options.treated.contains(&name);
            let side = if is_treated { &mut self.panel.treated } else { &mut self.panel.controls };
            side.push(values);
            let [treated, controls] = &mut self.names;
            if is_treated { treated } else { controls }.push(name);
        }
        if self.panel.treated.is_empty() {
            let hint = "no treated group has a row in every period: see `absent`";
            return Err(too_little("treated", hint));
        }
        self.first = first;
        self.panel.before = self.began.abs_diff(first) as usize;
        Ok(())
    }

    fn result(&self) -> PanelEffectResult {
        let (panel, options) = (&self.panel, &self.options);
        let treated = course(&panel.treated);
        let has_controls = !panel.controls.is_empty();
        let label = if options.randomized {
            ClaimLabel::CausalByDesign
        } else {
            ClaimLabel::UnderAssumptions
        };
        let claimed = |own: &'static str| {
            let all = ["no-spillover", "no-anticipation", own];
            claim(label, all.get(..if options.randomized { 1 } else { 3 }).unwrap_or_default())
        };
        let after = treated.get(panel.before..).unwrap_or_default();
        let relative = |effect: f64| {
            let without = mean(after) - effect;
            (without > 0.0).then(|| effect / without)
        };
        let (study, leads) = panel.event_study(options.confidence);
        let diff_in_diff = has_controls.then(|| {
            let effect = panel.effect(options.confidence);
            let (permutation_p_value, before) = panel.permutations(options.seed);
            DiffInDiff {
                claim: claimed("parallel-trends"),
                relative: relative(effect.value),
                effect,
                permutation_p_value,
                slope_before: panel.slope_before(options.confidence),
                slope_permutation_p_value: before.map(|[slope, _]| slope),
                leads_permutation_p_value: before.map(|[_, leads]| leads),
                leads,
            }
        });
        let rule = 4.0 * libm::pow(treated.len() as f64 / 100.0, 2.0 / 9.0);
        let lags = options.lags.unwrap_or(rule as u32);
        let single = interrupted(&treated, panel.before, lags as usize, options.confidence)
            .filter(|_| !has_controls);
        let expected = match (&self.synthetic, &single) {
            (Some(synthetic), _) => Some(&synthetic.course),
            (None, Some(single)) => Some(&single.course),
            (None, None) => None,
        };
        let controls = course(&panel.controls);
        let number = |values: &[f64], at: usize| values.get(at).copied();
        let periods: Vec<PanelPeriod> = treated
            .iter()
            .enumerate()
            .map(|(at, own)| {
                let expected = expected.and_then(|values| number(values, at));
                PanelPeriod {
                    period: self.periods.name(self.first + at as i32),
                    offset: at as i32 - panel.before as i32,
                    treated: *own,
                    controls: number(&controls, at),
                    difference: study.get(at).copied().flatten().filter(|_| has_controls),
                    expected,
                    gap: expected.map(|expected| own - expected),
                }
            })
            .collect();
        let gaps = periods.iter().skip(panel.before).filter_map(|period| period.gap);
        let gap = mean(&gaps.collect::<Vec<f64>>());
        let synthetic = self.synthetic.as_ref().map(|found| SyntheticControl {
            claim: claimed("weights-carry-over"),
            effect: gap,
            relative: relative(gap),
            rmspe_before: found.rmspe_before,
            rmspe_after: found.rmspe_after,
            ratio: found.ratio(),
            p_value: found.ratio().map(|own| {
                let as_large = |ratio: &&Option<f64>| ratio.is_none_or(|ratio| ratio >= own);
                let above = self.ratios.iter().filter(as_large).count();
                (above as f64 + 1.0) / (self.ratios.len() as f64 + 1.0)
            }),
            donors: self.donors(found),
        });
        let series = single.map(|found| {
            let [slope_before, level, slope, effect] = found.estimates;
            let claim = claim(ClaimLabel::BeforeAfter, &["course-goes-on"]);
            InterruptedSeries {
                claim,
                slope_before: slope_before.value,
                level,
                slope,
                effect,
                lags,
            }
        });
        let sentence = match (&diff_in_diff, &series) {
            (Some(found), _) => sentence(&found.effect, label),
            (None, Some(found)) => sentence(&found.effect, ClaimLabel::BeforeAfter),
            (None, None) => Text {
                en:
                    "There is nothing to compare with, and too few periods to tell a former course."
                        .into(),
                zh: "没有可比较的对照组，时期也太少，看不出原来的走势。".into(),
            },
        };
        PanelEffectResult {
            treated: panel.treated.len() as u64,
            controls: panel.controls.len() as u64,
            unbalanced: self.unbalanced,
            before: panel.before as u64,
            after: after.len() as u64,
            diff_in_diff,
            synthetic,
            series,
            periods,
            sentence,
        }
    }

    fn donors(&self, found: &Synthetic) -> Vec<Donor> {
        let [_, names] = &self.names;
        let parts = names.iter().zip(&found.weights).zip(&self.ratios);
        let mut donors: Vec<Donor> = parts
            .map(|((group, weight), ratio)| Donor {
                group: group.clone(),
                weight: *weight,
                ratio: *ratio,
            })
            .collect();
        sort_by(&mut donors, |a, b| b.weight.total_cmp(&a.weight));
        donors
    }
}

/// Too much of it; rows that are added are told the whole path of the option.
fn many(path: &str) -> Error {
    let hint = "more than 2,000 groups, or 400,000 of them times periods: name a coarser `group`, or take longer periods";
    Error::new(Code::Limit, hint).at_path(path)
}

/// The answer in words.
fn sentence(effect: &PanelEstimate, label: ClaimLabel) -> Text {
    let value = short(effect.value);
    let (en, zh) = match effect.interval {
        Some(interval) => {
            let (low, high) = (short(interval.low), short(interval.high));
            (format!("{value} ({low} to {high})"), format!("{value}（{low} 至 {high}）"))
        }
        None => (value.clone(), value),
    };
    let (en, zh) = match label {
        ClaimLabel::BeforeAfter => (
            format!(
                "Since it began the treated stand {en} above their former course per period; this is a change in time, not proof of an effect."
            ),
            format!(
                "处理开始后，处理组每期比原走势高 {zh}；这只是前后变化，不能证明是处理带来的。"
            ),
        ),
        ClaimLabel::CausalByDesign => (
            format!(
                "The treatment changed the outcome by {en} per group and period; chance chose who was treated."
            ),
            format!("处理使每组每期的结果变化 {zh}；处理组由随机选定。"),
        ),
        ClaimLabel::UnderAssumptions => (
            format!(
                "The treated changed by {en} more than the others per group and period; that is the effect if both would otherwise have gone on alike."
            ),
            format!("处理组每组每期的变化比对照组多 {zh}；若两者本来会同步变化，这就是处理效果。"),
        ),
    };
    Text { en: en.into(), zh: zh.into() }
}
