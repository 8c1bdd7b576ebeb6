//! The walk from a log to the paid days of each customer, which the analyses of this room share.

use crate::customers::daily::DailyMoney;
use crate::customers::purchases::{Refunds, Row, Skipped, Zeros, admitted};
use crate::error::Result;
use crate::job::Facts;
use crate::privacy::gate::{Allowed, Needs};
use crate::report::LeftOut;
use crate::table::calendar::{Date, LocalDays};
use crate::table::moment::Moment;
use crate::table::money;
use crate::table::period::Periods;
use crate::table::role::Role;
use crate::table::zone::Zone;

/// Customers' paid days up to a reference moment.
#[derive(Debug)]
pub(super) struct PaidLog {
    refunds: Refunds,
    zeros: Zeros,
    zone: Zone,
    /// The reference moment.
    pub(super) moment: Moment,
    /// The days.
    pub(super) days: DailyMoney,
    skipped: Skipped,
    /// Rows up to this instant, but after the reference moment, lie in a period that has not ended.
    asked: i64,
    unfinished: u64,
    /// Decimals of the money.
    pub(super) scale: u8,
    /// Rows that entered.
    pub(super) rows: u64,
    first_day: Option<i32>,
    /// Customers with refunds and no purchase.
    pub(super) refund_only: u64,
}

impl PaidLog {
    /// The columns that are read.
    pub(super) fn needs() -> Needs {
        Needs::roles(&[Role::Customer, Role::Time, Role::Amount])
    }

    /// Starts. `at` is the text of the reference moment.
    pub(super) fn start(
        at: &str,
        refunds: Refunds,
        zeros: Zeros,
        log: &Facts<'_>,
    ) -> Result<PaidLog> {
        let zone = log.schema.zone.clone();
        let moment = Moment::parse(at, &zone).map_err(|error| error.at_path("at"))?;
        Ok(PaidLog {
            refunds,
            zeros,
            zone,
            moment,
            days: DailyMoney::default(),
            skipped: Skipped::default(),
            asked: moment.until,
            unfinished: 0,
            scale: 0,
            rows: 0,
            first_day: None,
            refund_only: 0,
        })
    }

    /// Takes the reference moment back to the end of the last period that was over by then.
    pub(super) fn until_last_whole(&mut self, periods: Periods) {
        let midnight =
            |day: i32| self.zone.instant_of(Date::of_day_number(day).local_ms()).instant();
        let Moment { day, until } = self.moment;
        let unseen =
            if until >= midnight(day.saturating_add(1)) { day.saturating_add(1) } else { day };
        let first = periods.first_day(periods.of_day(unseen));
        self.moment = Moment { day: first.saturating_sub(1), until: midnight(first) };
    }

    /// Adds one block.
    pub(super) fn update(&mut self, rows: Allowed<'_>) -> Result<()> {
        let customers = rows.codes(Role::Customer);
        let customers = customers.ok_or_else(|| Allowed::refused(Role::Customer))?;
        let times = rows.times().ok_or_else(|| Allowed::refused(Role::Time))?;
        let (amounts, scale) = rows.money().ok_or_else(|| Allowed::refused(Role::Amount))?;
        if scale > self.scale {
            self.days.scale_up(money::power(scale - self.scale))?;
            self.scale = scale;
        }
        let mut local = LocalDays::new(&self.zone);
        for ((customer, time), amount) in customers.iter().zip(times).zip(amounts) {
            let until = self.moment.until;
            let is_purchase = match admitted(*time, *amount, until, self.refunds, self.zeros) {
                Row::Skipped(_) if *time >= until && *time < self.asked => {
                    self.unfinished += 1;
                    continue;
                }
                Row::Skipped(reason) => {
                    *self.skipped.counter(reason) += 1;
                    continue;
                }
                row => matches!(row, Row::Purchase),
            };
            if rows.keep().is_some_and(|keep| !keep.get(*customer)) {
                self.skipped.denied += 1;
                continue;
            }
            let day = local.day_of(*time);
            let amount = money::rescaled(*amount, scale, self.scale)?;
            self.days.insert(*customer, day, amount, is_purchase)?;
            self.rows += 1;
            if is_purchase {
                self.first_day = Some(self.first_day.map_or(day, |first| first.min(day)));
            }
        }
        Ok(())
    }

    /// Counts rows of another table that the gate refused.
    pub(super) fn count_denied(&mut self, rows: Allowed<'_>) {
        if let (Some(keep), Some(customers)) = (rows.keep(), rows.codes(Role::Customer)) {
            let denied = customers.iter().filter(|code| !keep.get(**code)).count();
            self.skipped.denied += denied as u64;
        }
    }

    /// Days since the first purchase of all.
    pub(super) fn span(&self) -> u32 {
        let span = |first: i32| u32::try_from(i64::from(self.moment.day) - i64::from(first));
        self.first_day.and_then(|first| span(first).ok()).unwrap_or(0)
    }

    /// What did not enter, with reasons.
    pub(super) fn left_out(&self) -> Vec<LeftOut> {
        LeftOut::parts(&[
            ("after-at", self.skipped.after, 0),
            ("unfinished-period", self.unfinished, 0),
            ("denied", self.skipped.denied, 0),
            ("refund-dropped", self.skipped.refunds, 0),
            ("zero-dropped", self.skipped.zeros, 0),
            ("refund-only", 0, self.refund_only),
        ])
    }
}
