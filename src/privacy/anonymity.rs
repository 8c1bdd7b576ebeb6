//! How well people hide in a table: k-anonymity, l-diversity, t-closeness, and the risk of being
//! found.
//!
//! Classes are rows equal in all quasi-identifiers, by exact typed value. These figures describe
//! one table against one who knows the quasi-identifiers; two tables together may say more.
//! (Sweeney 2002; Machanavajjhala et al. 2007; Li, Li, Venkatasubramanian 2007.)

use serde::{Deserialize, Serialize};

use super::ledger::canonical;
use crate::error::{Code, Error, Result};
use crate::plain::Value;
use crate::stats::order::{sort, sort_by};

/// A table whose figures are asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AnonymityOptions {
    /// The rows, one for each person: objects of values by column.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<serde_json::Value>"))]
    pub rows: Vec<Value>,
    /// The columns by which a person could be found.
    pub quasi_identifiers: Vec<String>,
    /// The column that nobody should learn of a person.
    pub sensitive: String,
    /// The values of that column in their order, if they have one.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<serde_json::Value>>"))]
    pub ordered_values: Option<Value>,
    /// What to demand.
    #[serde(default)]
    pub demand: Demand,
}

/// What a table must reach; what is not named is not demanded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Demand {
    /// At least so many in each class.
    pub k: Option<f64>,
    /// At least so many distinct sensitive values in each class.
    pub l: Option<f64>,
    /// At most this distance of a class from the whole: ordered where values have an order.
    pub t: Option<f64>,
}

/// The figures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Anonymity {
    /// The size of the smallest class.
    pub k: u32,
    /// How many classes there are.
    pub classes: u32,
    /// How many of them hold one row.
    pub singletons: u32,
    /// The fewest distinct sensitive values in a class.
    pub l_distinct: u32,
    /// e to the smallest entropy of the sensitive values in a class.
    pub l_entropy: f64,
    /// The largest share of one sensitive value in a class.
    pub max_sensitive_share: f64,
    /// The largest distance of a class from the whole: half the sum of differences of shares.
    pub t_equal: f64,
    /// The same for ordered values, from 0 to 1.
    pub t_ordered: Option<f64>,
    /// The highest probability of finding a person who is known to be in the table: 1/k.
    pub prosecutor_risk_max: f64,
    /// The mean of it: classes over rows.
    pub prosecutor_risk_mean: f64,
    /// Whether all that was demanded is reached.
    pub passes: bool,
}

/// The figures of a table.
///
/// # Errors
/// `not-enough-data` without a row; `invalid-option` for a sensitive value that is not among the
/// ordered ones.
pub fn anonymity(options: &AnonymityOptions) -> Result<Anonymity> {
    let AnonymityOptions { rows, quasi_identifiers, sensitive, ordered_values, demand } = options;
    if rows.is_empty() {
        return Err(Error::new(Code::NotEnoughData, "the table has no row").at_path("rows"));
    }
    let text = |value: Option<&Value>| canonical(value.unwrap_or(&Value::Null));
    let key = |row: &Value| -> Vec<String> {
        quasi_identifiers.iter().map(|name| text(row.get(name))).collect()
    };
    let of_rows: Vec<String> = rows.iter().map(|row| text(row.get(sensitive))).collect();
    let ordered = match ordered_values {
        None | Some(Value::Null) => None,
        Some(Value::List(values)) => Some(values.iter().map(canonical).collect::<Vec<_>>()),
        Some(_) => return Err(not_ordered()),
    };
    let mut values = of_rows.clone();
    sort(&mut values);
    values.dedup();
    if let Some(ordered) = &ordered {
        if !values.iter().all(|value| ordered.contains(value)) {
            return Err(not_ordered());
        }
        values.clone_from(ordered);
    }
    let place = |value: &String| values.iter().position(|known| known == value).unwrap_or(0);
    let mut classes: Vec<(Vec<String>, usize)> =
        rows.iter().zip(&of_rows).map(|(row, value)| (key(row), place(value))).collect();
    sort_by(&mut classes, |a, b| a.0.cmp(&b.0));
    let shares = |class: &[(Vec<String>, usize)]| {
        let mut counts = vec![0.0; values.len()];
        for (_, value) in class {
            if let Some(count) = counts.get_mut(*value) {
                *count += 1.0;
            }
        }
        let size = class.len() as f64;
        counts.into_iter().map(|count: f64| count / size).collect::<Vec<f64>>()
    };
    let whole = shares(&classes);
    let mut found = Anonymity {
        k: u32::MAX,
        classes: 0,
        singletons: 0,
        l_distinct: u32::MAX,
        l_entropy: f64::INFINITY,
        max_sensitive_share: 0.0,
        t_equal: 0.0,
        t_ordered: ordered.as_ref().map(|_| 0.0),
        prosecutor_risk_max: 0.0,
        prosecutor_risk_mean: 0.0,
        passes: false,
    };
    for class in classes.chunk_by(|a, b| a.0 == b.0) {
        let shares = shares(class);
        let size = class.len() as u32;
        found.k = found.k.min(size);
        found.classes += 1;
        found.singletons += u32::from(size == 1);
        let held = || shares.iter().copied().filter(|share| *share > 0.0);
        found.l_distinct = found.l_distinct.min(held().count() as u32);
        let entropy = -held().map(|share| share * libm::log(share)).sum::<f64>();
        found.l_entropy = found.l_entropy.min(libm::exp(entropy));
        found.max_sensitive_share = held().fold(found.max_sensitive_share, f64::max);
        let differences = || shares.iter().zip(&whole).map(|(share, of_all)| share - of_all);
        let equal = differences().map(f64::abs).sum::<f64>() / 2.0;
        found.t_equal = found.t_equal.max(equal);
        let (mut cumulative, mut moved) = (0.0, 0.0);
        for difference in differences() {
            cumulative += difference;
            moved += f64::abs(cumulative);
        }
        let steps = values.len().saturating_sub(1).max(1) as f64;
        found.t_ordered = found.t_ordered.map(|t: f64| t.max(moved / steps));
    }
    found.prosecutor_risk_max = 1.0 / f64::from(found.k);
    found.prosecutor_risk_mean = f64::from(found.classes) / rows.len() as f64;
    found.passes = demand.k.is_none_or(|k| f64::from(found.k) >= k)
        && demand.l.is_none_or(|l| f64::from(found.l_distinct) >= l)
        && demand.t.is_none_or(|t| found.t_ordered.unwrap_or(found.t_equal) <= t);
    Ok(found)
}

fn not_ordered() -> Error {
    Error::new(Code::InvalidOption, "the ordered values are a list of all sensitive values")
        .at_path("orderedValues")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(json: &str) -> Result<Anonymity> {
        anonymity(&serde_json::from_str::<Value>(json).unwrap().read().unwrap())
    }

    #[test]
    fn nothing_a_zero_and_an_empty_text_are_three_values() {
        let found = figures(
            r#"{"rows":[{"q":null,"s":1},{"q":"","s":1},{"q":"0","s":1},{"q":0,"s":1},{"s":2}],
                "quasiIdentifiers":["q"],"sensitive":"s","demand":{"k":2}}"#,
        )
        .unwrap();
        assert_eq!((found.classes, found.k, found.singletons), (4, 1, 3));
        assert!(!found.passes);
    }

    #[test]
    fn an_empty_table_and_an_unknown_value_are_refused() {
        let error = figures(r#"{"rows":[],"quasiIdentifiers":[],"sensitive":"s"}"#).unwrap_err();
        assert_eq!(error.path(), Some("rows"));
        let json =
            r#"{"rows":[{"s":3}],"quasiIdentifiers":[],"sensitive":"s","orderedValues":[1,2]}"#;
        assert_eq!(figures(json).unwrap_err().path(), Some("orderedValues"));
    }
}
