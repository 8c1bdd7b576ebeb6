//! `panel-effect`: sums the rows of each group and period, makes a balanced panel of them, and has the
//! treated held against what would have been.

use super::fit::{Panel, Synthetic, course};
use super::options::{
    Absent, Beginning, Combine, Comparison, PanelEffectOptions, PanelEffectResult,
};
use super::staggered::{Beginnings, DRAWS, NEVER, Unit};
use crate::error::{Code, Error, Result};
use crate::experiment::units::{numbers_of, variants_of};
use crate::job::{Analysis, Facts, Progress, no_memory, unfinished};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{LeftOut, Method, Outcome, Warning};
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
    pub(super) options: PanelEffectOptions,
    pub(super) periods: Periods,
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
    pub(super) first: i32,
    pub(super) panel: Panel,
    pub(super) names: [Vec<String>; 2],
    pub(super) unbalanced: u64,
    pub(super) synthetic: Option<Synthetic>,
    /// The ratio of each control that was taken for treated.
    pub(super) ratios: Vec<Option<f64>>,
    /// The periods of the other beginnings, and the groups that began in them.
    others: Vec<i32>,
    late: Vec<Unit>,
    pub(super) staggered: Option<Beginnings>,
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
        name: "Difference in differences with two-way fixed effects, effects by beginning and period, synthetic control, interrupted time series",
        reference: "Bertrand, Duflo, Mullainathan (2004) Q. J. Econ. 119; Callaway, Sant'Anna (2021) J. Econometrics 225; Abadie, Diamond, Hainmueller \
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
        let other = |(at, other): (usize, &Beginning)| {
            let path = format!("beginnings[{at}].began");
            Ok(periods.of_day(moment(&other.began, &path)?.day))
        };
        let others = options.beginnings.iter().enumerate().map(other).collect::<Result<_>>()?;
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
            others,
            late: Vec::new(),
            staggered: None,
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
        if !self.late.is_empty() {
            let (before, panel) = (self.panel.before, &self.panel);
            let unit =
                |began: usize| move |values: &Vec<f64>| Unit { began, values: values.clone() };
            let mut units: Vec<Unit> = panel.treated.iter().map(unit(before)).collect();
            units.append(&mut self.late);
            units.extend(panel.controls.iter().map(unit(NEVER)));
            let options = &self.options;
            self.staggered = Beginnings::of(units, options.comparison, options.confidence);
            if self.staggered.is_none() {
                let hint = "no group is without the treatment where another has it";
                return Err(too_little("comparison", hint));
            }
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
        let (mut done, mut all) = (self.ratios.len(), total);
        if let Some(staggered) = &mut self.staggered {
            if done == total {
                staggered.draw(budget, self.options.seed);
            }
            done += staggered.done();
            all += DRAWS;
        }
        Ok(Progress { done: done as u64, total: all as u64 })
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
            (
                "several-beginnings",
                result.staggered.is_some(),
                self.options.beginnings.len() as u64 + 1,
                "a regression over all beginnings would hold late groups against early ones, which have the treatment already: read `staggered`; `diffInDiff` and `synthetic` are of the groups in `treated` alone",
            ),
        ];
        let met = warnings.into_iter().filter(|(_, holds, ..)| *holds);
        let [group, outcome, early, late] = self.left_out;
        Ok(Outcome {
            rows: self.rows,
            customers: match &self.staggered {
                Some(all) => all.groups(),
                None => result.treated + result.controls,
            },
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
            + self.staggered.as_ref().map_or(0, Beginnings::heap_size)
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
        if let Some(at) = self.others.iter().position(|began| *began <= first || *began > last) {
            let hint = "there is no period before these began, or none since";
            return Err(too_little(&format!("beginnings[{at}].began"), hint));
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
        let mut begun: Vec<(&str, usize)> = Vec::new();
        for (of, (other, began)) in self.options.beginnings.iter().zip(&self.others).enumerate() {
            for (at, name) in other.treated.iter().enumerate() {
                let wrong = |hint| Err(invalid(&format!("beginnings[{of}].treated[{at}]"), hint));
                if !groups.iter().any(|(known, _)| known == name) {
                    return wrong("no row has this group");
                }
                if self.options.treated.contains(name) || begun.iter().any(|(one, _)| one == name) {
                    return wrong("a group begins once");
                }
                begun.push((name, began.abs_diff(first) as usize));
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
            if let Some((_, began)) = begun.iter().find(|(known, _)| *known == name) {
                self.late.push(Unit { began: *began, values });
                continue;
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
        let is_against_never = self.options.comparison == Comparison::NeverTreated;
        if !self.late.is_empty() && is_against_never && self.panel.controls.is_empty() {
            let hint = "no group was never treated: compare with `not-yet-treated`";
            return Err(invalid("comparison", hint));
        }
        self.first = first;
        self.panel.before = self.began.abs_diff(first) as usize;
        Ok(())
    }
}

/// Too much of it; rows that are added are told the whole path of the option.
fn many(path: &str) -> Error {
    let hint = "more than 2,000 groups, or 400,000 of them times periods: name a coarser `group`, or take longer periods";
    Error::new(Code::Limit, hint).at_path(path)
}
