//! Which option would read a cell that was left out.
//!
//! Nothing is read by guess, but what a guess would have been is worth knowing: for every amount
//! or date that was left out, the other options are tried, and the report says of each how many
//! it would read. Only cells that were left out pay for this.

use serde::Serialize;

use super::amount::{Amount, Writing};
use super::options::{DateOrder, Dates, Decimal, Epoch, Serial};
use super::time::{Time, Times};
use crate::stats::order::sort_by;
use crate::table::zone::Zone;

/// What two-digit years most likely stand for in logs of purchases: 1970 to 2069.
const PIVOT: u16 = 1970;

/// The value of a read option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OptionValue {
    /// For `units` and `accounting`.
    Flag(bool),
    /// For `dates.pivot`.
    Number(u64),
    /// For `decimal`.
    Decimal(Decimal),
    /// For `dates.order`.
    Order(DateOrder),
    /// For `dates.serial`.
    Serial(Serial),
    /// For `dates.epoch`.
    Epoch(Epoch),
    /// For `dates`: both fields are needed.
    Dates(OrderAndPivot),
}

/// The fields of `dates` that two-digit years need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderAndPivot {
    /// The order of year, month and day.
    pub order: DateOrder,
    /// The first of the hundred years that two-digit years stand for.
    pub pivot: u16,
}

/// An option that would read cells that were left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Remedy {
    /// The path of the option: `decimal`, `units`, `accounting`, `dates.order`, `dates.serial`,
    /// `dates.epoch`, `dates.pivot` or `dates`.
    pub option: &'static str,
    /// Its value.
    pub value: OptionValue,
    /// Of the rows that were left out, how many have a value here that it would read.
    pub rows: u64,
}

/// Names every option that would read an amount cell which `own` does not read.
pub(super) fn of_amount(
    text: &[u8],
    own: Writing,
    mut name: impl FnMut(&'static str, OptionValue),
) {
    for (option, value, other) in [
        ("decimal", OptionValue::Decimal(Decimal::Comma), Writing { comma: true, ..own }),
        ("decimal", OptionValue::Decimal(Decimal::Point), Writing { comma: false, ..own }),
        ("units", OptionValue::Flag(true), Writing { units: true, ..own }),
        ("accounting", OptionValue::Flag(true), Writing { accounting: true, ..own }),
    ] {
        if other != own && matches!(other.read(text), Amount::Money { .. }) {
            name(option, value);
        }
    }
}

/// Names every option that would read a time cell which `own` does not read.
pub(super) fn of_time(text: &[u8], own: Dates, mut name: impl FnMut(&'static str, OptionValue)) {
    let reads = |other: Dates| {
        let time = Times::new(other).read(text, &Zone::utc());
        other != own && !matches!(time, Time::Not | Time::Ambiguous)
    };
    let pivot = Some(PIVOT);
    for order in [DateOrder::Ymd, DateOrder::Dmy, DateOrder::Mdy] {
        let other = Dates { order: Some(order), ..own };
        if reads(other) {
            name("dates.order", OptionValue::Order(order));
        } else if own.pivot.is_none() && reads(Dates { pivot, ..other }) {
            if own.order.is_some_and(|own| own == order) {
                name("dates.pivot", OptionValue::Number(PIVOT.into()));
            } else if !reads(Dates { pivot, ..own }) {
                name("dates", OptionValue::Dates(OrderAndPivot { order, pivot: PIVOT }));
            }
        }
    }
    if own.order.is_none() && own.pivot.is_none() && reads(Dates { pivot, ..own }) {
        name("dates.pivot", OptionValue::Number(PIVOT.into()));
    }
    let serial = Serial::From1900;
    if own.serial.is_none() && reads(Dates { serial: Some(serial), ..own }) {
        name("dates.serial", OptionValue::Serial(serial));
    }
    for epoch in [Epoch::S, Epoch::Ms, Epoch::Us] {
        if reads(Dates { epoch: Some(epoch), ..own }) {
            name("dates.epoch", OptionValue::Epoch(epoch));
        }
    }
}

/// How often each option was named, most often first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally(Vec<Remedy>);

impl Tally {
    pub(super) fn count(&mut self, option: &'static str, value: OptionValue) {
        match self.0.iter_mut().find(|known| known.option == option && known.value == value) {
            Some(known) => known.rows += 1,
            None => self.0.push(Remedy { option, value, rows: 1 }),
        }
    }

    pub(super) fn finish(&self) -> Vec<Remedy> {
        let mut all = self.0.clone();
        // Of equals in a fixed order, whichever came first.
        sort_by(&mut all, |a, b| {
            let value = |known: &Remedy| format!("{:?}", known.value);
            b.rows
                .cmp(&a.rows)
                .then_with(|| a.option.cmp(b.option))
                .then_with(|| value(a).cmp(&value(b)))
        });
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str, dates: Dates) -> Vec<String> {
        let mut all = Vec::new();
        of_time(text.as_bytes(), dates, |option, value| {
            all.push(format!("{option}={}", serde_json::to_string(&value).unwrap()));
        });
        all
    }

    #[test]
    fn amounts_name_the_options_that_read_them() {
        let named = |text: &str| {
            let mut all = Vec::new();
            of_amount(text.as_bytes(), Writing::default(), |option, _| all.push(option));
            all
        };
        assert_eq!(named("20,25"), ["decimal"]);
        assert_eq!(named("1.2万"), ["units"]);
        assert_eq!(named("(5)"), ["accounting"]);
        for text in ["", "x", "$5", "1.2.3,4.5", "(1,2万)"] {
            assert!(named(text).is_empty(), "{text}");
        }
        let comma = Writing { comma: true, ..Writing::default() };
        let mut all = Vec::new();
        of_amount(b"1,234.5", comma, |option, value| all.push((option, value)));
        assert_eq!(all, [("decimal", OptionValue::Decimal(Decimal::Point))]);
    }

    #[test]
    fn dates_name_the_options_that_read_them() {
        let none = Dates::default();
        assert_eq!(named("13/04/2025", none), ["dates.order=\"dmy\""]);
        assert_eq!(named("3/4/2025", none), ["dates.order=\"dmy\"", "dates.order=\"mdy\""]);
        assert_eq!(named("45805", none), ["dates.serial=\"1900\""]);
        assert_eq!(named("1748445540", none), ["dates.epoch=\"s\""]);
        assert_eq!(named("1748445540000", none), ["dates.epoch=\"ms\""]);
        assert_eq!(named("1748445540000000", none), ["dates.epoch=\"us\""]);
        assert_eq!(named("25年5月28日", none), ["dates.pivot=1970"]);
        assert_eq!(
            named("25-5-28", none),
            ["ymd", "dmy"].map(|order| format!(r#"dates={{"order":"{order}","pivot":1970}}"#))
        );
        let ymd = Dates { order: Some(DateOrder::Ymd), ..none };
        assert_eq!(named("25-5-28", ymd), ["dates.pivot=1970"]);
        for text in ["", "昨天", "2025-02-30", "31/02/2025", "99999", "12345678901"] {
            assert_eq!(named(text, none), [""; 0], "{text}");
        }
    }
}
