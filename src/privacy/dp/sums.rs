//! Sums and means by group with noise, as they may be published: what segments spend, what the arms
//! of an experiment bring in.
//!
//! What a customer can change is bounded before anything is added: so many rows, so many groups,
//! each amount within its bounds. Amounts are whole units (cents), so no sum is rounded, whatever
//! the order of rows: sums of floating-point numbers change by more than they should (Casacuberta
//! et al. 2022). Each answer is discrete Laplace noise on an integer. Half of ε goes to the
//! numbers of customers, half to the sums; the means follow from both.

use serde::{Deserialize, Serialize};

use super::law::laplace_accuracy;
use super::noise::{Entropy, laplace};
use super::question::{Budget, Paid, Receipt, amount};
use super::{demand, units};
use crate::error::{Code, Error, Result};
use crate::plain::Value;
use crate::privacy::ledger::Ledger;
use crate::stats::order::arrangement;

/// So many rows at most.
const MOST: usize = 1_000_000;

/// Sums to be published. Rows are given as lists of one length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoisySumsOptions {
    /// The question, and the data it is asked of: the same words get the same answer from the log.
    pub query: String,
    /// The groups. Their names are known without the data, as those of segments are.
    pub groups: Vec<String>,
    /// The amount of each row, at most 1,000,000 rows. They are rounded to `decimals`.
    pub amounts: Vec<f64>,
    /// The group of each row, from 0. All rows are in the first if this is left out.
    #[serde(default)]
    pub group: Option<Vec<u32>>,
    /// The customer of each row, as any number. Each row is a customer if this is left out.
    #[serde(default)]
    pub customer: Option<Vec<u32>>,
    /// The least amount that counts, known without the data. Lower ones count as this.
    pub lower: f64,
    /// The largest amount that counts, known without the data. Higher ones count as this.
    pub upper: f64,
    /// Places behind the point of amounts, 0 to 4.
    #[serde(default)]
    pub decimals: u8,
    /// How many rows of a customer count at most, in all groups together: the first ones.
    #[serde(default = "one")]
    pub rows_per_customer: u32,
    /// In how many groups one customer counts at most: the first ones.
    #[serde(default = "one")]
    pub groups_per_customer: u32,
    /// ε of this answer, as exact decimal digits.
    pub epsilon: String,
    /// What may be spent in all.
    pub budget: Budget,
    /// The log of what was published before; empty at first.
    #[serde(default)]
    pub ledger: Ledger,
}

fn one() -> u32 {
    1
}

/// A group as it may be published.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoisySum {
    /// Its name.
    pub name: String,
    /// Its customers, with noise: it may be below 0.
    pub customers: f64,
    /// The sum of their amounts, with noise.
    pub sum: f64,
    /// The sum for each customer: one over the other, null below one customer.
    pub mean: Option<f64>,
}

/// Sums that may be published.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoisySums {
    /// The groups.
    pub groups: Vec<NoisySum>,
    /// In 95 of 100 cases a number of customers is off by less than this.
    pub customers_within95: f64,
    /// In 95 of 100 cases a sum is off by less than this.
    pub sum_within95: f64,
    /// What it cost, and the log with this answer in it.
    pub receipt: Receipt,
}

/// Publishes sums.
///
/// # Errors
/// `denied` if the budget does not suffice, `decode` if the log was changed, `invalid-option`,
/// `limit`, `overflow`, `unsupported` without randomness of the platform.
pub fn publish(options: NoisySumsOptions, from: &mut dyn Entropy) -> Result<NoisySums> {
    let limits = Limits::of(&options)?;
    let number = Value::Number;
    let names = options.groups.iter().cloned().map(Value::Text).collect();
    let settings = [
        ("sums", Value::List(names)),
        ("lower", number(options.lower)),
        ("upper", number(options.upper)),
        ("decimals", number(f64::from(options.decimals))),
        ("rowsPerCustomer", number(f64::from(options.rows_per_customer))),
        ("groupsPerCustomer", number(f64::from(options.groups_per_customer))),
    ];
    let (numerator, denominator) = amount(&options.epsilon, "epsilon")?.ratio()?;
    // Each half of ε is numerator / 2 denominator.
    let width = |sensitivity: u64| {
        let width = denominator.checked_mul(2).and_then(|both| both.checked_mul(sensitivity));
        width.ok_or_else(|| {
            Error::new(Code::Overflow, "the bounds are too wide for this ε: take fewer decimals")
                .at_path("upper")
        })
    };
    let (of_count, of_sum) = (width(limits.groups_changed)?, width(limits.sum_changed)?);
    let within = |width: u64| laplace_accuracy(width as f64 / numerator as f64, 0.05);
    let (customers_within95, units_within95) = (within(of_count)?.1, within(of_sum)?.1);
    let NoisySumsOptions { query, groups, epsilon, budget, ledger, .. } = &options;
    let paid = Paid::charge(query, &settings, epsilon, None, budget, ledger.clone())?;
    let (answer, receipt) = paid.answered(|| {
        let noisy = |(customers, sum): (i128, i128)| {
            let customers = customers.saturating_add(laplace(of_count, numerator, from)?);
            let sum = sum.saturating_add(laplace(of_sum, numerator, from)?);
            Ok(Value::List(vec![number(customers as f64), number(sum as f64)]))
        };
        Ok(Value::List(limits.bounded(&options)?.into_iter().map(noisy).collect::<Result<_>>()?))
    })?;
    let Value::List(answer) = answer else {
        return Err(Error::new(Code::Decode, "the log holds no such answer").at_path("ledger"));
    };
    let figures = |of: &Value| match of {
        Value::List(figures) => match figures.as_slice() {
            [Value::Number(customers), Value::Number(sum)] => (*customers, *sum / limits.unit),
            _ => (0.0, 0.0),
        },
        _ => (0.0, 0.0),
    };
    let groups = groups.iter().zip(&answer).map(|(name, answer)| {
        let (customers, sum) = figures(answer);
        let mean = (customers >= 1.0).then(|| sum / customers);
        NoisySum { name: name.clone(), customers, sum, mean }
    });
    let sum_within95 = units_within95 / limits.unit;
    Ok(NoisySums { groups: groups.collect(), customers_within95, sum_within95, receipt })
}

/// What one customer can change, in units of the last decimal.
struct Limits {
    unit: f64,
    lower: i64,
    upper: i64,
    groups_changed: u64,
    sum_changed: u64,
}

impl Limits {
    fn of(options: &NoisySumsOptions) -> Result<Limits> {
        let NoisySumsOptions { groups, amounts, group, customer, .. } = options;
        let (rows, groups_most) = (options.rows_per_customer, options.groups_per_customer);
        demand(rows > 0, "rowsPerCustomer", "a customer has a row at least")?;
        demand(groups_most > 0, "groupsPerCustomer", "a customer is in a group at least")?;
        demand(!groups.is_empty(), "groups", "there is at least one group")?;
        let fits =
            |list: &Option<Vec<u32>>| list.as_ref().is_none_or(|list| list.len() == amounts.len());
        demand(fits(group), "group", "this has as many rows as `amounts`")?;
        demand(fits(customer), "customer", "this has as many rows as `amounts`")?;
        let mut of_rows = group.iter().flatten();
        let are_known = of_rows.all(|group| (*group as usize) < groups.len());
        demand(are_known, "group", "a group is a number from 0, one of `groups`")?;
        demand(
            amounts.iter().all(|amount| !amount.is_nan()),
            "amounts",
            "all of them are numbers",
        )?;
        if amounts.len() > MOST {
            return Err(Error::new(Code::Limit, "sums are taken of at most 1,000,000 rows"));
        }
        let (unit, lower, upper) = units(options.lower, options.upper, options.decimals)?;
        let most = lower.unsigned_abs().max(upper.unsigned_abs());
        let sum_changed = most.checked_mul(rows.into()).ok_or_else(|| {
            Error::new(Code::Overflow, "the bounds are beyond the integers").at_path("upper")
        })?;
        Ok(Limits { unit, lower, upper, groups_changed: groups_most.min(rows).into(), sum_changed })
    }

    /// Of each group its customers and their sum, in which no customer counts for more.
    fn bounded(&self, options: &NoisySumsOptions) -> Result<Vec<(i128, i128)>> {
        let NoisySumsOptions { groups, amounts, group, customer, .. } = options;
        let group = |row: usize| group.as_ref().and_then(|of| of.get(row)).map_or(0, |at| *at);
        let customer = |row: usize| match customer {
            Some(of) => of.get(row).map_or(0, |customer| *customer as usize),
            None => row,
        };
        let mut totals = vec![(0i128, 0i128); groups.len()];
        let order = arrangement(amounts.len(), &|a, b| (customer(a), a).cmp(&(customer(b), b)));
        let (mut current, mut counted) = (None, 0);
        let mut seen: Vec<u32> = Vec::new();
        for row in order {
            let row = row as usize;
            if current != Some(customer(row)) {
                (current, counted) = (Some(customer(row)), 0);
                seen.clear();
            }
            let is_new = !seen.contains(&group(row));
            let is_full = is_new && seen.len() >= options.groups_per_customer as usize;
            if counted == options.rows_per_customer || is_full {
                continue;
            }
            counted += 1;
            let amount = amounts.get(row).map_or(0.0, |amount| amount * self.unit);
            // Out of range the conversion saturates.
            let amount = (amount.round() as i64).clamp(self.lower, self.upper);
            if let Some((customers, sum)) = totals.get_mut(group(row) as usize) {
                *customers += i128::from(is_new);
                *sum += i128::from(amount);
            }
            if is_new {
                seen.push(group(row));
            }
        }
        Ok(totals)
    }
}

#[cfg(test)]
mod tests {
    use super::super::noise::tests::Seeded;
    use super::*;
    use crate::stats::random::Random;

    fn options(customers: &[u32], groups: &[u32], amounts: &[f64]) -> NoisySumsOptions {
        NoisySumsOptions {
            query: "q".to_owned(),
            groups: vec!["a".to_owned(), "b".to_owned()],
            amounts: amounts.to_vec(),
            group: Some(groups.to_vec()),
            customer: Some(customers.to_vec()),
            lower: -5.0,
            upper: 100.0,
            decimals: 2,
            rows_per_customer: 3,
            groups_per_customer: 1,
            epsilon: "1".to_owned(),
            budget: Budget { epsilon: "1".to_owned(), delta: None },
            ledger: Ledger::default(),
        }
    }

    fn totals(options: &NoisySumsOptions) -> Vec<(i128, i128)> {
        Limits::of(options).unwrap().bounded(options).unwrap()
    }

    #[test]
    fn a_customer_counts_with_so_many_rows_groups_and_amounts() {
        let rows =
            options(&[7, 7, 7, 7, 7, 9], &[0, 1, 0, 0, 0, 1], &[1.0, 2.0, 1e9, 4.0, 8.0, -9.0]);
        // Of customer 7 the first three rows of the first group, of which one is cut to 100.
        assert_eq!(totals(&rows), [(1, 10_500), (1, -500)]);
        let wide = NoisySumsOptions { groups_per_customer: 2, ..rows };
        assert_eq!(totals(&wide), [(1, 10_100), (2, -300)]);
    }

    #[test]
    fn sums_do_not_depend_on_the_order_of_customers() {
        let amounts = [0.1, 0.2, 0.3, 0.7, f64::INFINITY, f64::NEG_INFINITY];
        let forward = options(&[1, 2, 3, 4, 5, 6], &[0; 6], &amounts);
        let mut backward = forward.clone();
        backward.amounts.reverse();
        assert_eq!(totals(&forward), totals(&backward));
        assert_eq!(totals(&forward)[0], (6, 130 + 10_000 - 500));
    }

    #[test]
    fn noise_is_as_wide_as_one_customer_and_the_rest_follows() {
        let mut from = Seeded(Random::new(5, 1));
        let found = publish(options(&[1, 2], &[0, 0], &[10.0, 20.0]), &mut from).unwrap();
        // 1 group and 3 rows of 100 at half of ε: 2 ln 20 and 600 ln 20, a little more in integers.
        assert!((6.0..7.0).contains(&found.customers_within95));
        assert!((1797.0..1798.0).contains(&found.sum_within95), "{}", found.sum_within95);
        for group in &found.groups {
            assert_eq!(group.customers.fract(), 0.0);
            assert_eq!((group.sum * 100.0).round() / 100.0, group.sum);
            assert_eq!(group.mean.is_some(), group.customers >= 1.0);
        }
        let again = NoisySumsOptions {
            ledger: found.receipt.ledger.clone(),
            ..options(&[1, 2], &[0, 0], &[10.0, 20.0])
        };
        let again = publish(again, &mut from).unwrap();
        assert!(again.receipt.repeated && again.groups == found.groups);
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let mut from = Seeded(Random::new(5, 2));
        let good = options(&[1], &[0], &[1.0]);
        let mut path = |wrong: NoisySumsOptions| {
            publish(wrong, &mut from).unwrap_err().path().map(str::to_owned)
        };
        let good = || good.clone();
        assert_eq!(path(NoisySumsOptions { group: Some(vec![2]), ..good() }).unwrap(), "group");
        assert_eq!(
            path(NoisySumsOptions { customer: Some(vec![]), ..good() }).unwrap(),
            "customer"
        );
        assert_eq!(
            path(NoisySumsOptions { amounts: vec![f64::NAN], ..good() }).unwrap(),
            "amounts"
        );
        assert_eq!(path(NoisySumsOptions { upper: -5.0, ..good() }).unwrap(), "upper");
        assert_eq!(path(NoisySumsOptions { groups: vec![], ..good() }).unwrap(), "groups");
        let rows_per_customer = 0;
        assert_eq!(
            path(NoisySumsOptions { rows_per_customer, ..good() }).unwrap(),
            "rowsPerCustomer"
        );
        let wide = NoisySumsOptions { upper: 8e11, rows_per_customer: u32::MAX, ..good() };
        assert_eq!(path(wide).unwrap(), "upper");
        let poor = Budget { epsilon: "0.9".to_owned(), delta: None };
        assert_eq!(path(NoisySumsOptions { budget: poor, ..good() }).unwrap(), "budget");
    }
}
