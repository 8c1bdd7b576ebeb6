//! The laws of mergeable statistics, checked for every accumulator by one harness.
//!
//! States are compared by their encoded bytes, so "equal" means equal to the last bit.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

mod harness;

use harness::{Case, Laws};
use proptest::prelude::*;
use siyu::customers::days::{ActiveDays, DayRows};
use siyu::customers::purchases::{Count, Options, Purchases, Refunds, Rows, Zeros};
use siyu::experiment::unit_stats::UnitStats;
use siyu::learn::cluster::kmeans::{Pass, PassRows};
use siyu::stats::accumulator::Accumulator;
use siyu::stats::moments::Moments;
use siyu::stats::quantile::ExactQuantiles;
use siyu::table::zone::Zone;

/// One row of a log: customer, time, amount, order.
type Row = (u32, i64, i64, u32);

const CUSTOMERS: u32 = 12;

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0..CUSTOMERS, 0i64..20 * 86_400_000, -500i64..2000, 0u32..30);
    proptest::collection::vec(row, 0..300)
}

/// `spread` puts the customers' codes far apart, so that states fill more than one buffer of
/// rows on their way.
struct PurchaseCase {
    options: Options,
    spread: u32,
}

impl Case for PurchaseCase {
    type Row = Row;
    type State = Purchases;

    fn empty(&self) -> Purchases {
        Purchases::new(self.options.clone())
    }

    fn update(&self, state: &mut Purchases, rows: &[Row]) {
        let customers: Vec<u32> = rows.iter().map(|row| row.0 * self.spread).collect();
        let times: Vec<i64> = rows.iter().map(|row| row.1).collect();
        let amounts: Vec<i64> = rows.iter().map(|row| row.2).collect();
        let orders: Vec<u32> = rows.iter().map(|row| row.3).collect();
        state
            .update(Rows {
                customers: &customers,
                times: &times,
                amounts: &amounts,
                scale: 2,
                orders: Some(&orders),
                keep: None,
                known: (CUSTOMERS * self.spread) as usize,
            })
            .unwrap();
    }
}

fn options() -> impl Strategy<Value = Options> {
    let count = prop_oneof![Just(Count::Row), Just(Count::Order), Just(Count::Day)];
    let refunds = prop_oneof![Just(Refunds::Net), Just(Refunds::Drop), Just(Refunds::Keep)];
    let zeros = prop_oneof![Just(Zeros::Keep), Just(Zeros::Drop)];
    let until = prop_oneof![Just(i64::MAX), Just(10 * 86_400_000)];
    (count, refunds, zeros, until).prop_map(|(count, refunds, zeros, until)| Options {
        count,
        refunds,
        zeros,
        until,
        zone: Zone::fixed("+08:00", 8 * 3600).unwrap(),
    })
}

struct MomentCase;

impl Case for MomentCase {
    type Row = f64;
    type State = Moments;

    fn empty(&self) -> Moments {
        Moments::default()
    }

    fn update(&self, state: &mut Moments, rows: &[f64]) {
        state.update(rows).unwrap();
    }
}

struct UnitCase;

impl Case for UnitCase {
    type Row = [f64; 2];
    type State = UnitStats;

    fn empty(&self) -> UnitStats {
        UnitStats::new()
    }

    fn update(&self, state: &mut UnitStats, rows: &[[f64; 2]]) {
        let column = |at: usize| rows.iter().map(|row| row[at]).collect::<Vec<f64>>();
        state.update(&[&column(0), &column(1)]).unwrap();
    }
}

struct QuantileCase;

impl Case for QuantileCase {
    type Row = f64;
    type State = ExactQuantiles;

    fn empty(&self) -> ExactQuantiles {
        ExactQuantiles::new()
    }

    fn update(&self, state: &mut ExactQuantiles, rows: &[f64]) {
        state.update(rows).unwrap();
    }
}

struct DaysCase;

impl Case for DaysCase {
    type Row = (u32, i32);
    type State = ActiveDays;

    fn empty(&self) -> ActiveDays {
        ActiveDays::new()
    }

    fn update(&self, state: &mut ActiveDays, rows: &[(u32, i32)]) {
        let customers: Vec<u32> = rows.iter().map(|row| row.0).collect();
        let days: Vec<i32> = rows.iter().map(|row| row.1).collect();
        state.update(DayRows { customers: &customers, days: &days }).unwrap();
    }
}

/// Rows of two numbers with their index, against three centres; the last one gets none.
struct PassCase;

impl Case for PassCase {
    type Row = (u64, [f64; 2]);
    type State = Pass;

    fn empty(&self) -> Pass {
        Pass::new(&[-10.0, 3.0, 10.0, 0.5, 1e9, 1e9], 2)
    }

    fn update(&self, state: &mut Pass, rows: &[(u64, [f64; 2])]) {
        let values: Vec<f64> = rows.iter().flat_map(|row| row.1).collect();
        let mut labels = vec![0; rows.len()];
        let first = rows.first().map_or(0, |row| row.0);
        state.update(PassRows { values: &values, first, labels: &mut labels }).unwrap();
    }
}

proptest! {
    #[test]
    fn a_pass_of_k_means_obeys_the_laws_of_iterative_statistics(
        values in proptest::collection::vec([-50.0f64..50.0, -3.0f64..3.0], 0..300),
        cuts in proptest::collection::vec(0usize..300, 0..6),
        seed: u64,
    ) {
        let rows = (0..).zip(values).collect();
        Laws::new(PassCase, rows, &cuts, seed).check()?;
    }

    #[test]
    fn active_days_obey_the_laws_of_keyed_statistics(
        rows in proptest::collection::vec((0u32..20, -5i32..40), 0..300),
        cuts in proptest::collection::vec(0usize..300, 0..6),
        seed: u64,
    ) {
        Laws::new(DaysCase, rows, &cuts, seed).check()?;
    }

    #[test]
    fn moments_obey_the_laws_of_floating_statistics(
        rows in proptest::collection::vec(-1e6f64..1e6, 0..400),
        cuts in proptest::collection::vec(0usize..400, 0..6),
        seed: u64,
    ) {
        Laws::new(MomentCase, rows, &cuts, seed).check()?;
    }

    #[test]
    fn moments_of_units_obey_the_laws_of_floating_statistics(
        rows in proptest::collection::vec([-1e6f64..1e6, -1.0f64..1.0], 0..400),
        cuts in proptest::collection::vec(0usize..400, 0..6),
        seed: u64,
    ) {
        Laws::new(UnitCase, rows, &cuts, seed).check()?;
    }

    #[test]
    fn quantiles_obey_the_laws_of_exact_statistics(
        rows in proptest::collection::vec(-1e6f64..1e6, 0..400),
        cuts in proptest::collection::vec(0usize..400, 0..6),
        seed: u64,
    ) {
        Laws::new(QuantileCase, rows, &cuts, seed).check()?;
    }

    #[test]
    fn purchases_obey_the_laws_of_keyed_statistics(
        rows in rows(),
        options in options(),
        cuts in proptest::collection::vec(0usize..300, 0..6),
        seed: u64,
    ) {
        Laws::new(PurchaseCase { options, spread: 1 }, rows, &cuts, seed).check()?;
    }

}

proptest! {
    // States of 18,000 customers are large to compare; a few cases will do.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn purchases_of_many_customers_obey_the_same_laws(
        rows in proptest::collection::vec((0u32..3, 0i64..20 * 86_400_000, -500i64..2000, 0u32..30), 0..8000),
        options in options(),
        cuts in proptest::collection::vec(0usize..8000, 0..4),
        seed: u64,
    ) {
        Laws::new(PurchaseCase { options, spread: 1500 }, rows, &cuts, seed).check()?;
    }
}

proptest! {
    #[test]
    fn damaged_states_are_refused_and_never_crash(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Purchases::decode(&bytes);
        let _ = Pass::decode(&bytes);
        let _ = ActiveDays::decode(&bytes);
        let _ = UnitStats::decode(&bytes);
    }
}

#[test]
fn a_finer_scale_raises_the_sum_without_changing_the_money() {
    let options = Options {
        count: Count::Row,
        refunds: Refunds::Net,
        zeros: Zeros::Keep,
        until: i64::MAX,
        zone: Zone::utc(),
    };
    let mut fold = Purchases::new(options);
    let rows = |amounts, scale| Rows {
        customers: &[0],
        times: &[0],
        amounts,
        scale,
        orders: None,
        keep: None,
        known: 1,
    };
    fold.update(rows(&[12], 0)).unwrap();
    fold.update(rows(&[345], 2)).unwrap();
    fold.update(rows(&[1], 1)).unwrap();
    assert_eq!((fold.states()[0].sum, fold.scale()), (1555, 2));
}
