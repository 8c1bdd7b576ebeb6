//! A question to the data and what it costs. First the log and the budget are checked, then
//! something may be computed. A question that was answered before is answered from the log: it
//! costs nothing, and asking again does not average the noise away.

use serde::{Deserialize, Serialize};

use super::budget::{Decimal, Filter, Outcome};
use super::demand;
use crate::error::{Code, Error, Result};
use crate::plain::Value;
use crate::privacy::ledger::Ledger;

/// What may be spent in all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PrivacyBudget"))]
pub struct Budget {
    /// ε, as exact decimal digits.
    pub epsilon: String,
    /// δ, as exact decimal digits; `0` if left out.
    #[serde(default)]
    pub delta: Option<String>,
}

/// What an answer costs, and the log with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Receipt {
    /// Whether the answer is that of an earlier, equal question.
    pub repeated: bool,
    /// ε spent so far.
    pub epsilon_spent: f64,
    /// δ spent so far.
    pub delta_spent: f64,
    /// The log: keep it, and give it with the next question.
    pub ledger: Ledger,
}

/// A number above 0 in decimal digits.
///
/// # Errors
/// `invalid-option` for anything else.
pub(super) fn amount(text: &str, field: &'static str) -> Result<Decimal> {
    let amount = Decimal::parse(text, true).filter(|amount| *amount > Decimal::default());
    amount.ok_or_else(|| {
        Error::new(Code::InvalidOption, "this is a number above 0 in decimal digits").at_path(field)
    })
}

/// A question whose price is paid or was paid before.
pub(super) struct Paid {
    asked: Vec<(String, Value)>,
    spent: [Decimal; 2],
    before: Option<Value>,
    ledger: Ledger,
}

impl Paid {
    /// Checks the log, looks for the same question, and charges it otherwise. `settings` are what
    /// makes two questions of the same words different.
    ///
    /// # Errors
    /// `denied` if the budget does not suffice, `decode` if the log was changed,
    /// `invalid-option`.
    pub(super) fn charge(
        query: &str,
        settings: &[(&str, Value)],
        epsilon: &str,
        delta: Option<&str>,
        budget: &Budget,
        ledger: Ledger,
    ) -> Result<Paid> {
        demand(!query.is_empty(), "query", "name the question and its data")?;
        ledger.untouched()?;
        let text = |text: &str| Value::Text(text.to_owned());
        let mut asked = vec![
            ("op".to_owned(), text("noisy-answer")),
            ("query".to_owned(), text(query)),
            ("epsilon".to_owned(), text(epsilon)),
        ];
        asked.extend(delta.map(|delta| ("delta".to_owned(), text(delta))));
        asked.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let limit = |text: &str, field: &'static str| {
            Decimal::parse(text, false).map(Filter::new).ok_or_else(|| {
                Error::new(Code::InvalidOption, "this is a number of 0 or more in decimal digits")
                    .at_path(field)
            })
        };
        let mut of_epsilon = limit(&budget.epsilon, "budget.epsilon")?;
        let mut of_delta = limit(budget.delta.as_deref().unwrap_or("0"), "budget.delta")?;
        let mut before = None;
        for entry in &ledger.entries {
            if entry.get("op") != asked.first().map(|(_, op)| op) {
                continue;
            }
            for (filter, field) in [(&mut of_epsilon, "epsilon"), (&mut of_delta, "delta")] {
                if let Some(Value::Text(amount)) = entry.get(field) {
                    filter.charge(amount);
                }
            }
            let is_same = asked.iter().all(|(name, value)| entry.get(name) == Some(value));
            // `seq`, what was asked, and the answer: nothing else is in an equal entry.
            let fields = if let Value::Object(fields) = entry { fields.len() } else { 0 };
            if is_same && fields == asked.len() + 2 {
                before = entry.get("answer").cloned();
            }
        }
        if before.is_none() {
            let fits = of_epsilon.request(epsilon) == Outcome::Granted
                && delta.is_none_or(|delta| of_delta.request(delta) == Outcome::Granted);
            if !fits {
                let hint = "the budget does not suffice for this answer: nothing was computed";
                return Err(Error::new(Code::Denied, hint).at_path("budget"));
            }
        }
        Ok(Paid { asked, spent: [of_epsilon.spent(), of_delta.spent()], before, ledger })
    }

    /// The answer of the log, or a new one, which is then in the log.
    ///
    /// # Errors
    /// Those of `compute`.
    pub(super) fn answered(
        self,
        compute: impl FnOnce() -> Result<Value>,
    ) -> Result<(Value, Receipt)> {
        let Paid { mut asked, spent, before, mut ledger } = self;
        let repeated = before.is_some();
        let answer = match before {
            Some(answer) => answer,
            None => {
                let answer = compute()?;
                asked.push(("answer".to_owned(), answer.clone()));
                ledger.append(asked)?;
                answer
            }
        };
        let [epsilon_spent, delta_spent] = spent.map(Decimal::to_f64);
        Ok((answer, Receipt { repeated, epsilon_spent, delta_spent, ledger }))
    }
}
