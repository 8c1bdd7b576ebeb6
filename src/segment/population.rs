//! The walk from a purchase log to finished customers that several analyses share.

use crate::customers::purchases::{Count, Options as FoldOptions, Purchases, Refunds, Rows, Zeros};
use crate::customers::summary::Summary;
use crate::error::{Code, Error, Result};
use crate::job::{Facts, ids};
pub(crate) use crate::job::{collected, filled, no_memory, unfinished};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{LeftOut, Values};
use crate::stats::accumulator::Accumulator;
use crate::table::moment::Moment;
use crate::table::money;
use crate::table::role::Role;

/// Customers of a log up to a reference moment.
#[derive(Debug)]
pub(crate) struct Population {
    count: Count,
    moment: Moment,
    fold: Purchases,
    rows: u64,
    next: usize,
    /// The finished customers, once [`settle`](Population::settle) says so.
    pub(crate) summary: Summary,
}

/// The rules by which rows become purchases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PurchaseRules {
    pub(crate) count: Option<Count>,
    pub(crate) refunds: Refunds,
    pub(crate) zeros: Zeros,
}

impl Population {
    /// The columns that are read.
    pub(crate) fn needs(rules: PurchaseRules) -> Needs {
        match rules.count {
            Some(Count::Order) => {
                Needs::roles(&[Role::Customer, Role::Time, Role::Amount, Role::Order])
            }
            Some(_) => Needs::roles(&[Role::Customer, Role::Time, Role::Amount]),
            None => Needs::roles(&[Role::Customer, Role::Time, Role::Amount])
                .and_if_mapped(&[Role::Order]),
        }
    }

    /// Bytes held at most.
    pub(crate) fn estimate(rules: PurchaseRules, log: &Facts<'_>) -> u64 {
        Purchases::estimate(resolved(rules.count, log), log.rows, log.customers)
            + Summary::estimate(log.customers)
    }

    /// Starts the fold. `at` is the text of the reference moment.
    pub(crate) fn start(at: &str, rules: PurchaseRules, log: &Facts<'_>) -> Result<Self> {
        let zone = log.schema.zone.clone();
        let moment = Moment::parse(at, &zone)?;
        let count = resolved(rules.count, log);
        let PurchaseRules { refunds, zeros, .. } = rules;
        let fold = Purchases::new(FoldOptions { count, refunds, zeros, until: moment.until, zone });
        Ok(Population { count, moment, fold, rows: 0, next: 0, summary: Summary::default() })
    }

    /// Starts the fold of a log that may be left out: with it a reference moment is required.
    pub(crate) fn start_if_given(
        at: Option<&str>,
        rules: PurchaseRules,
        log: Option<&Facts<'_>>,
    ) -> Result<Option<Self>> {
        let Some(log) = log else { return Ok(None) };
        let Some(at) = at else {
            let hint = "with a log the reference moment is required";
            return Err(Error::new(Code::MissingField, hint).at_path("at"));
        };
        Self::start(at, rules, log).map(Some).map_err(|error| error.at_path("at"))
    }

    /// What counts as a purchase, with the default filled in.
    pub(crate) fn count(&self) -> Count {
        self.count
    }

    /// The reference moment.
    pub(crate) fn moment(&self) -> Moment {
        self.moment
    }

    /// Customers known so far, with a purchase or not.
    pub(crate) fn known(&self) -> usize {
        self.fold.states().len()
    }

    /// Of them, those whose turn in [`settle`](Self::settle) is over.
    pub(crate) fn settled(&self) -> usize {
        self.next
    }

    /// Adds one block.
    pub(crate) fn update(&mut self, rows: Allowed<'_>) -> Result<()> {
        let (amounts, scale) = rows.money().ok_or_else(|| Allowed::refused(Role::Amount))?;
        let orders = match self.count {
            Count::Order => rows.codes(Role::Order),
            Count::Row | Count::Day => None,
        };
        self.rows += rows.rows() as u64;
        let customers = rows.codes(Role::Customer);
        self.fold.update(Rows {
            customers: customers.ok_or_else(|| Allowed::refused(Role::Customer))?,
            times: rows.times().ok_or_else(|| Allowed::refused(Role::Time))?,
            amounts,
            scale,
            orders,
            keep: rows.keep(),
            known: rows.known(),
        })
    }

    /// Finishes about `budget` customers; true once all are.
    pub(crate) fn settle(&mut self, budget: usize) -> Result<bool> {
        let customers = self.known();
        if self.next == 0 {
            self.summary.reserve(customers)?;
        }
        let until = self.next.saturating_add(budget.max(1)).min(customers);
        self.summary.append(&self.fold, self.next, until, self.moment.day);
        self.next = until;
        if until < customers {
            return Ok(false);
        }
        if self.summary.is_empty() {
            let hint = match self.rows {
                0 => "the log has no usable row",
                _ => "no customer has a purchase up to this date: is it right?",
            };
            return Err(Error::new(Code::NotEnoughData, hint).at_path("at"));
        }
        Ok(true)
    }

    /// The customers' money.
    pub(crate) fn money(&self) -> Result<Vec<f64>> {
        let scale = self.summary.scale;
        let values = self.summary.monetary.iter();
        collected(values.map(|minor| money::to_f64(i128::from(*minor), scale)), self.summary.len())
    }

    /// Rows and customers that did not enter, with reasons.
    pub(crate) fn left_out(&self) -> Vec<LeftOut> {
        let skipped = self.fold.skipped();
        LeftOut::parts(&[
            ("after-at", skipped.after, 0),
            ("denied", skipped.denied, 0),
            ("refund-dropped", skipped.refunds, 0),
            ("zero-dropped", skipped.zeros, 0),
            ("refund-only", self.summary.refund_only_rows, self.summary.refund_only),
        ])
    }

    /// The ids of some customers, by their codes.
    pub(crate) fn ids(codes: &[u32], names: &[AllowedNames<'_>]) -> Result<Values> {
        ids(codes, names)
    }

    pub(crate) fn heap_size(&self) -> usize {
        self.fold.heap_size() + Summary::estimate(self.summary.codes.capacity() as u64) as usize
    }
}

/// What counts as a purchase, where the request leaves it to the mapping.
fn resolved(count: Option<Count>, log: &Facts<'_>) -> Count {
    count.unwrap_or(match log.schema.position(Role::Order) {
        Some(_) => Count::Order,
        None => Count::Row,
    })
}
