//! The counts of groups with noise, as they may be published: the segments of any segmentation.
//!
//! Each group gets noise of its own; the order of work is that of [`question`](super::question).

use serde::{Deserialize, Serialize};

use super::accountant::zcdp_tight;
use super::law::{gaussian_accuracy, laplace_accuracy};
use super::noise::{Entropy, gaussian, laplace};
use super::question::{Budget, Paid, Receipt, amount};
use super::{accountant::Mechanism, demand};
use crate::error::{Code, Error, Result};
use crate::plain::Value;
use crate::privacy::ledger::Ledger;

/// Counts to be published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoisyCountsOptions {
    /// The question, and the data it is asked of: the same words get the same answer from the log.
    pub query: String,
    /// The groups and how many customers each has.
    pub groups: Vec<GroupCount>,
    /// Whether the names of the groups are known without the data, as those of segments are. If
    /// not, groups with few customers are left out, for which `delta` is needed.
    #[serde(default)]
    pub names_known: bool,
    /// How many groups one customer is in at most.
    #[serde(default = "one")]
    pub groups_per_customer: u32,
    /// The noise.
    #[serde(default = "by_laplace")]
    pub mechanism: Mechanism,
    /// ε of this answer, as exact decimal digits.
    pub epsilon: String,
    /// δ of this answer: for Gaussian noise and for names that come from the data.
    #[serde(default)]
    pub delta: Option<String>,
    /// What may be spent in all.
    pub budget: Budget,
    /// The log of what was published before; empty at first.
    #[serde(default)]
    pub ledger: Ledger,
}

fn one() -> u32 {
    1
}

fn by_laplace() -> Mechanism {
    Mechanism::Laplace
}

/// A group and its customers. With noise the number may be below 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupCount {
    /// Its name.
    pub name: String,
    /// How many customers.
    pub customers: f64,
}

/// Counts that may be published, and the log with this answer in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoisyCounts {
    /// The groups with noisy counts: integers, below 0 where the noise is larger than the count.
    pub groups: Vec<GroupCount>,
    /// In 95 of 100 cases a count is off by less than this.
    pub within95: f64,
    /// Noisy counts below this were left out with their names, if names come from the data.
    pub threshold: Option<f64>,
    /// What it cost, and the log with this answer in it.
    pub receipt: Receipt,
}

/// The least noisy count with which a group is shown whose name comes from the data:
/// 1 + ln(1/2δ)/ε (Wilson et al. 2020), for one group of each customer and continuous noise.
#[must_use]
pub fn threshold_continuous(epsilon: f64, delta: f64) -> f64 {
    1.0 - libm::log(2.0 * delta) / epsilon
}

/// The same for integers and several groups of each customer.
fn threshold(scale: f64, delta: f64, groups: f64) -> f64 {
    // P(1 + X ≥ t) = z^(t−1)/(1 + z), for each of the groups.
    let share = delta / groups * (1.0 + libm::exp(-1.0 / scale));
    let whole = (1.0 - scale * libm::log(share) + 1e-9).ceil();
    whole.max(threshold_continuous(1.0 / scale, delta / groups))
}

/// Publishes counts.
///
/// # Errors
/// `denied` if the budget does not suffice, `decode` if the log was changed, `invalid-option`,
/// `unsupported` without randomness of the platform.
pub fn publish(options: NoisyCountsOptions, from: &mut dyn Entropy) -> Result<NoisyCounts> {
    let NoisyCountsOptions {
        query,
        groups,
        names_known,
        groups_per_customer,
        mechanism,
        epsilon: epsilon_text,
        delta: delta_text,
        budget,
        ledger,
    } = options;
    demand(groups_per_customer > 0, "groupsPerCustomer", "a customer is in a group at least")?;
    let is_count = |count: f64| count >= 0.0 && count.fract() == 0.0 && count < 9e15;
    let are_counts = groups.iter().all(|group| is_count(group.customers));
    demand(are_counts, "groups", "the customers of a group are a whole number")?;
    let is_gaussian = mechanism == Mechanism::Gaussian;
    demand(
        names_known || !is_gaussian,
        "mechanism",
        "names that come from the data are for Laplace noise",
    )?;
    let needs_delta = is_gaussian || !names_known;
    let epsilon = amount(&epsilon_text, "epsilon")?;
    let charged = delta_text.as_deref().filter(|_| needs_delta);
    let delta = match charged {
        Some(delta) => Some(amount(delta, "delta")?.to_f64()),
        None if needs_delta => {
            let hint = "Gaussian noise, and names that come from the data, need a δ";
            return Err(Error::new(Code::MissingField, hint).at_path("delta"));
        }
        None => None,
    };
    demand(delta.is_none_or(|delta| delta < 1.0), "delta", "this is below 1")?;
    let in_groups = f64::from(groups_per_customer);
    let scale = in_groups / epsilon.to_f64();
    let square = delta
        .filter(|_| is_gaussian)
        .map(|delta| gaussian_square(epsilon.to_f64(), delta, in_groups.sqrt()));
    let threshold = delta.filter(|_| !names_known).map(|delta| threshold(scale, delta, in_groups));
    let within95 = match square {
        Some(square) => gaussian_accuracy(square.sqrt(), 0.05)?.1,
        None => laplace_accuracy(scale, 0.05)?.1,
    };
    let (numerator, denominator) = epsilon.ratio()?;
    let width = denominator
        .checked_mul(u64::from(groups_per_customer))
        .ok_or_else(|| Error::new(Code::Overflow, "ε has too many digits").at_path("epsilon"))?;
    let settings = [
        ("mechanism", Value::Text(if is_gaussian { "gaussian" } else { "laplace" }.to_owned())),
        ("namesKnown", Value::Bool(names_known)),
        ("groupsPerCustomer", Value::Number(in_groups)),
    ];
    let paid = Paid::charge(&query, &settings, &epsilon_text, charged, &budget, ledger)?;
    let (answer, receipt) = paid.answered(|| {
        let mut answer = Vec::new();
        for group in groups {
            let noise = match square {
                // In ten-thousandths, rounded upwards.
                Some(square) => gaussian((square * 1e4).ceil() as u64, 10_000, from)?,
                None => laplace(width, numerator, from)?,
            };
            let noisy = group.customers + noise as f64;
            if threshold.is_none_or(|least| noisy >= least) {
                answer.push((group.name, Value::Number(noisy)));
            }
        }
        Ok(Value::Object(answer))
    })?;
    let group = |(name, count): (String, Value)| match count {
        Value::Number(customers) => Some(GroupCount { name, customers }),
        _ => None,
    };
    let groups = match answer {
        Value::Object(fields) => fields.into_iter().filter_map(group).collect(),
        _ => Vec::new(),
    };
    Ok(NoisyCounts { groups, within95, threshold, receipt })
}

/// σ² of Gaussian noise that is (ε, δ)-private for integers, through zCDP.
fn gaussian_square(epsilon: f64, delta: f64, sensitivity: f64) -> f64 {
    let (mut low, mut high) = (-80.0, 60.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if zcdp_tight(libm::exp(middle), delta).0 <= epsilon {
            low = middle;
        } else {
            high = middle;
        }
    }
    sensitivity * sensitivity / (2.0 * libm::exp(low))
}

#[cfg(test)]
mod tests {
    use super::super::noise::tests::Seeded;
    use super::*;
    use crate::stats::random::Random;

    fn options(epsilon: &str, query: &str, ledger: Ledger) -> NoisyCountsOptions {
        let group = |name: &str, customers| GroupCount { name: name.to_owned(), customers };
        NoisyCountsOptions {
            query: query.to_owned(),
            groups: vec![group("loyal", 1000.0), group("lost", 40.0), group("rare", 1.0)],
            names_known: true,
            groups_per_customer: 1,
            mechanism: Mechanism::Laplace,
            epsilon: epsilon.to_owned(),
            delta: None,
            budget: Budget { epsilon: "1.0".to_owned(), delta: Some("1e-6".to_owned()) },
            ledger,
        }
    }

    /// Counts how often it is asked.
    struct Counted(Seeded, u32);

    impl Entropy for Counted {
        fn next(&mut self) -> Result<u64> {
            self.1 += 1;
            self.0.next()
        }
    }

    fn counted() -> Counted {
        Counted(Seeded(Random::new(1, 1)), 0)
    }

    #[test]
    fn a_question_beyond_the_budget_is_refused_before_any_noise_is_drawn() {
        let mut from = counted();
        let first = publish(options("0.7", "a", Ledger::default()), &mut from).unwrap();
        let drawn = from.1;
        let error =
            publish(options("0.4", "b", first.receipt.ledger.clone()), &mut from).unwrap_err();
        assert_eq!((error.code(), from.1), (Code::Denied, drawn));
        let last = publish(options("0.3", "b", first.receipt.ledger), &mut from).unwrap();
        assert_eq!(last.receipt.epsilon_spent, 1.0);
    }

    #[test]
    fn asking_again_gets_the_same_answer_at_no_cost() {
        let mut from = counted();
        let first = publish(options("0.7", "a", Ledger::default()), &mut from).unwrap();
        let drawn = from.1;
        let again = publish(options("0.7", "a", first.receipt.ledger.clone()), &mut from).unwrap();
        assert!(again.receipt.repeated && again.groups == first.groups && from.1 == drawn);
        assert_eq!(again.receipt.epsilon_spent, 0.7);
        assert_eq!(again.receipt.ledger, first.receipt.ledger);
    }

    #[test]
    fn a_log_without_its_charges_is_refused() {
        let mut from = counted();
        let first = publish(options("0.7", "a", Ledger::default()), &mut from).unwrap();
        let mut forged = first.receipt.ledger;
        if let Value::Object(fields) = &mut forged.entries[0] {
            for (name, value) in fields {
                if name == "epsilon" {
                    *value = Value::Text("0.1".to_owned());
                }
            }
        }
        let error = publish(options("0.7", "b", forged), &mut from).unwrap_err();
        assert_eq!(error.code(), Code::Decode);
    }

    #[test]
    fn names_from_the_data_need_delta_and_rare_ones_stay_hidden() {
        let mut from = counted();
        let mut asked = options("1", "a", Ledger::default());
        asked.names_known = false;
        let error = publish(asked.clone(), &mut from).unwrap_err();
        assert_eq!(error.path(), Some("delta"));
        asked.delta = Some("1e-6".to_owned());
        let found = publish(asked, &mut from).unwrap();
        let names: Vec<&str> = found.groups.iter().map(|group| &*group.name).collect();
        assert_eq!(names, ["loyal", "lost"]);
        // Discrete noise needs a little more than continuous noise.
        assert!(found.threshold.unwrap() >= threshold_continuous(1.0, 1e-6));
    }

    #[test]
    fn noise_is_whole_and_drawn_anew_for_each_group() {
        let mut from = counted();
        let mut asked = options("0.1", "a", Ledger::default());
        asked.groups = vec![GroupCount { name: "g".to_owned(), customers: 500.0 }; 40];
        for mechanism in [Mechanism::Laplace, Mechanism::Gaussian] {
            asked.mechanism = mechanism;
            asked.delta = Some("1e-6".to_owned());
            let found = publish(asked.clone(), &mut from).unwrap().groups;
            assert!(found.iter().all(|group| group.customers.fract() == 0.0));
            let first = found[0].customers;
            assert!(found.iter().any(|group| group.customers != first));
        }
    }
}
