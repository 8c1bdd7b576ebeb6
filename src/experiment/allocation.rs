//! `assign`: which variant each unit gets, by a hash of its id: the same answer everywhere, today
//! and next month, with nothing stored.
//!
//! Raising `coverage` keeps everybody in the variant they have. Another `seed` shares out anew.

use serde::{Deserialize, Serialize};

use super::assign::{HashVersion, Namespace, Ranges, bucket};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Values};
use crate::table::role::Role;

/// Options of `assign`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AssignOptions {
    /// What tells this experiment from others: its key.
    pub seed: String,
    /// The variants, control first.
    pub variants: Vec<VariantOptions>,
    /// The share of units that take part, 0 to 1.
    #[serde(default = "everybody")]
    pub coverage: f64,
    /// A part of the traffic that this experiment has for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceOptions>,
    /// 2, or 1 to agree with assignments that were made so.
    #[serde(default = "newest")]
    pub hash_version: u8,
    /// Without a table: the ids of the units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
}

fn everybody() -> f64 {
    1.0
}

fn newest() -> u8 {
    2
}

/// A variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VariantOptions {
    /// Its name.
    pub name: String,
    /// Its weight, relative to those of the others. Default: 1.
    #[serde(default = "everybody")]
    pub weight: f64,
}

/// A part of a namespace: units whose place in it lies from `from` to below `to`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NamespaceOptions {
    /// Its name; experiments that exclude each other have the same.
    pub name: String,
    /// Where the part begins, 0 to 1.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
}

/// Result of `assign`. The set `customers` has each unit with its `variant`, empty for units that do
/// not take part.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AssignResult {
    /// Units of each variant, in the order of the options.
    pub variants: Vec<VariantUnits>,
    /// Units that do not take part.
    pub outside: u64,
}

/// Units of a variant.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VariantUnits {
    /// Its name.
    pub name: String,
    /// How many.
    pub units: u64,
}

/// The running analysis.
#[derive(Debug)]
pub struct Assign {
    options: AssignOptions,
    ranges: Ranges,
    version: HashVersion,
    has_table: bool,
    /// By code: whether a row of the unit was let through.
    is_seen: Vec<bool>,
    rows: u64,
    denied: u64,
}

impl Analysis for Assign {
    const NAME: &'static str = "assign";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Deterministic assignment by FNV-1a, compatible with GrowthBook",
        reference: "GrowthBook SDK specification, hash versions 1 and 2.",
    };
    const INPUTS: &'static [&'static str] = &[];
    const OPTIONAL: &'static [&'static str] = &["units"];

    type Options = AssignOptions;
    type Result = AssignResult;

    fn needs(_options: &AssignOptions, _input: usize) -> Result<Needs> {
        Ok(Needs::roles(&[Role::Customer]))
    }

    fn estimate(_options: &AssignOptions, inputs: &[Facts<'_>]) -> u64 {
        inputs.iter().map(|facts| facts.customers * 64).sum()
    }

    fn start(options: AssignOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let wrong =
            |hint: &'static str, path: &str| Error::new(Code::InvalidOption, hint).at_path(path);
        let weights: Vec<f64> = options.variants.iter().map(|variant| variant.weight).collect();
        let sum: f64 = weights.iter().sum();
        let are_good = weights.iter().all(|weight| *weight >= 0.0) && sum > 0.0 && sum.is_finite();
        if options.variants.len() < 2 || !are_good {
            return Err(wrong("there are two variants or more, with weights", "variants"));
        }
        if !(0.0..=1.0).contains(&options.coverage) {
            return Err(wrong("coverage is a share, 0 to 1", "coverage"));
        }
        if let Some(part) = &options.namespace
            && !(part.from >= 0.0 && part.from < part.to && part.to <= 1.0)
        {
            return Err(wrong("a part lies within 0 to 1", "namespace"));
        }
        let version = match options.hash_version {
            1 => HashVersion::One,
            2 => HashVersion::Two,
            _ => return Err(wrong("there are the versions 1 and 2", "hashVersion")),
        };
        if inputs.is_empty() == options.units.is_empty() {
            return Err(wrong("give either a table of units or their ids", "units"));
        }
        let weights: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
        let ranges = Ranges::new(weights.len(), options.coverage, Some(&weights))?;
        Ok(Assign {
            options,
            ranges,
            version,
            has_table: !inputs.is_empty(),
            is_seen: Vec::new(),
            rows: 0,
            denied: 0,
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        let units = rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let more = rows.known().saturating_sub(self.is_seen.len());
        self.is_seen.try_reserve(more).map_err(|_| no_memory())?;
        self.is_seen.resize(rows.known().max(self.is_seen.len()), false);
        for unit in units {
            if rows.keep().is_some_and(|keep| !keep.get(*unit)) {
                self.denied += 1;
            } else if let Some(seen) = self.is_seen.get_mut(*unit as usize) {
                *seen = true;
                self.rows += 1;
            }
        }
        Ok(())
    }

    fn finish(&mut self, _budget: usize) -> Result<Progress> {
        Ok(Progress { done: 1, total: 1 })
    }

    fn outcome(self, names: &[AllowedNames<'_>]) -> Result<Outcome<AssignResult, AssignOptions>> {
        let mut counts = vec![0; self.options.variants.len()];
        let mut outside = 0;
        let (mut ids, mut variants) = (Texts::default(), Texts::default());
        let mut add = |unit: &str| -> Result<()> {
            let variant = self.variant(unit);
            let name = variant.and_then(|at| self.options.variants.get(at));
            match variant.and_then(|at| counts.get_mut(at)) {
                Some(count) => *count += 1,
                None => outside += 1,
            }
            ids.push(unit)?;
            variants.push(name.map_or("", |variant| &variant.name))
        };
        if self.has_table {
            let texts = names.first().and_then(|names| names.get(Role::Customer));
            for (code, _) in self.is_seen.iter().enumerate().filter(|(_, seen)| **seen) {
                let id = texts.and_then(|texts| texts.get(code as u32)).unwrap_or_default();
                add(&String::from_utf8_lossy(id))?;
            }
        } else {
            self.options.units.iter().try_for_each(|unit| add(unit))?;
        }
        let length = ids.ends.len();
        let column = |name, texts: Texts| NamedColumn {
            name,
            values: Values::Text { bytes: texts.bytes, ends: texts.ends },
        };
        let columns = vec![column("customer", ids), column("variant", variants)];
        let found = self
            .options
            .variants
            .iter()
            .zip(counts)
            .map(|(variant, units)| VariantUnits { name: variant.name.clone(), units });
        let denied = LeftOut { reason: "denied", rows: self.denied, customers: 0 };
        Ok(Outcome {
            result: AssignResult { variants: found.collect(), outside },
            sets: vec![ColumnSet { name: "customers", length, columns }],
            rows: if self.has_table { self.rows } else { 0 },
            customers: length as u64,
            left_out: if self.denied > 0 { vec![denied] } else { Vec::new() },
            warnings: Vec::new(),
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.is_seen.capacity()
    }
}

impl Assign {
    fn variant(&self, unit: &str) -> Option<usize> {
        if let Some(part) = &self.options.namespace {
            let NamespaceOptions { name, from, to } = part.clone();
            if !(Namespace { id: name, from, to }).place(unit).1 {
                return None;
            }
        }
        self.ranges.variant(bucket(self.version, &self.options.seed, unit))
    }
}

/// Texts one after the other.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Texts {
    fn push(&mut self, text: &str) -> Result<()> {
        self.bytes.try_reserve(text.len()).map_err(|_| no_memory())?;
        self.ends.try_reserve(1).map_err(|_| no_memory())?;
        self.bytes.extend(text.as_bytes());
        self.ends.push(u32::try_from(self.bytes.len()).map_err(|_| no_memory())?);
        Ok(())
    }
}

fn no_memory() -> Error {
    Error::new(Code::LimitMemory, "there is not enough memory for the units")
}
