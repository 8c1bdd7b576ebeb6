//! Times buy-till-you-die models on one thread for `benches/btyd.mjs`, which compares the fit with the
//! Python package `lifetimes` on the same customers, and the same code as WebAssembly with native code.
//!
//! `btyd_speed data <file> <customers> <seed>` writes columns of doubles, little-endian: repeat
//! purchases, days to the last of them, days of age, and the money of the repeats in cents, of customers
//! that behave as BG/NBD and Gamma-Gamma say. `btyd_speed run <file>` prints as JSON the CPU time of the
//! fit (equal histories are looked for in it) and of predictions with intervals, the parameters, and the
//! sum of the values. For wasm32 it gives the same to JavaScript as functions: `room` for the bytes of
//! the file, `prepare`, `fit`, `predict`, `parameter` and `value`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A tool ends with a message.
#![allow(unsafe_code)] // JavaScript finds the functions of a library by their names.

use std::cell::RefCell;
use std::time::Instant;

use siyu::churn::btyd::fit::{Fit, purchases, spend};
use siyu::churn::btyd::histories::{Counts, counted};
use siyu::churn::btyd::predict::{Outlook, Prediction, Predictor, Spend};
use siyu::churn::btyd::{Family, Model};
use siyu::stats::random::Random;

/// Days in a unit of time.
const WEEK: f64 = 7.0;

/// The work, stage by stage.
#[derive(Default)]
struct Work {
    bytes: Vec<u8>,
    customers: Vec<Counts>,
    fitted: Option<(Model, Fit)>,
    told: Vec<Prediction>,
}

impl Work {
    /// Customers out of the bytes of a file.
    fn prepare(&mut self) {
        let numbers: Vec<f64> =
            self.bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
        let rows = numbers.len() / 4;
        let counts = |row: usize| Counts {
            repeats: numbers[row] as u32,
            last: numbers[rows + row] as u32,
            age: numbers[2 * rows + row] as u32,
            money: numbers[3 * rows + row] as i128,
        };
        self.customers = (0..rows).map(counts).collect();
    }

    fn fit(&mut self) {
        let histories = self.customers.iter().map(|counts| counts.history(WEEK).unwrap());
        self.fitted = Some(purchases(Family::BgNbd, &counted(histories.collect())).unwrap());
    }

    /// P(alive), purchases and value over a year in months, with intervals of 95 %, customer by customer;
    /// ordering them and the model of money count.
    fn predict(&mut self) {
        let mut customers = self.customers.clone();
        customers.sort_unstable();
        let mean = |counts: &Counts| counts.money as f64 / 100.0 / f64::from(counts.repeats.max(1));
        let money: Vec<(u32, f64)> =
            customers.iter().map(|counts| (counts.repeats, mean(counts))).collect();
        let (model, fit) = spend(&money).unwrap();
        let outlook = Outlook {
            steps: 12,
            length: 365.25 / 12.0 / WEEK,
            rate: 0.008,
            margin: 1.0,
            width: 1.96,
        };
        let fitted = self.fitted.clone().unwrap();
        let spend = Spend::Model(model, fit);
        let mut predictor = Predictor::new(Family::BgNbd, fitted, spend, outlook, WEEK).unwrap();
        let one = |counts: &Counts| predictor.customer(counts, mean(counts)).unwrap();
        self.told = customers.iter().map(one).collect();
    }

    fn parameter(&self, which: usize) -> f64 {
        self.fitted.as_ref().unwrap().1.parameters[which]
    }

    fn value(&self) -> f64 {
        self.told.iter().map(|told| told.value.value).sum()
    }
}

thread_local! {
    static WORK: RefCell<Work> = RefCell::default();
}

/// Room for the bytes of a file.
#[unsafe(no_mangle)]
pub extern "C" fn room(bytes: usize) -> *mut u8 {
    WORK.with_borrow_mut(|work| {
        work.bytes = vec![0; bytes];
        work.bytes.as_mut_ptr()
    })
}

/// Reads the bytes.
#[unsafe(no_mangle)]
pub extern "C" fn prepare() {
    WORK.with_borrow_mut(Work::prepare);
}

/// Fits the model of purchases.
#[unsafe(no_mangle)]
pub extern "C" fn fit() {
    WORK.with_borrow_mut(Work::fit);
}

/// Predicts for each customer.
#[unsafe(no_mangle)]
pub extern "C" fn predict() {
    WORK.with_borrow_mut(Work::predict);
}

/// A fitted parameter: `r`, `alpha` (in weeks), `a`, `b`.
#[unsafe(no_mangle)]
pub extern "C" fn parameter(which: usize) -> f64 {
    WORK.with_borrow(|work| work.parameter(which))
}

/// The sum of the values.
#[unsafe(no_mangle)]
pub extern "C" fn value() -> f64 {
    WORK.with_borrow(Work::value)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments[at].parse::<u64>().unwrap();
    match arguments.first().map(String::as_str) {
        Some("data") => data(&arguments[1], number(2) as usize, number(3)),
        Some("run") => run(&arguments[1]),
        _ => panic!("btyd_speed data|run …"),
    }
}

/// Customers of 27 to 39 weeks with the parameters of the paper's example, and money likewise.
fn data(file: &str, customers: usize, seed: u64) {
    let mut random = Random::new(seed, 0);
    let mut table = vec![vec![0.0; customers]; 4];
    for row in 0..customers {
        let age = f64::from(27 * 7 + random.below(12 * 7 + 1));
        let rate = gamma(&mut random, 0.243) / 4.414;
        let (goes, stays) = (gamma(&mut random, 0.793), gamma(&mut random, 2.426));
        let chance = goes / (goes + stays);
        let worth = gamma(&mut random, 3.74) / 15.44;
        let (mut time, mut last, mut repeats, mut money) = (0.0, 0.0, 0.0, 0.0);
        loop {
            time += -(1.0 - random.unit()).ln() / rate * WEEK;
            if time.is_nan() || time > age {
                break;
            }
            // Purchases of one day are one.
            if time.ceil() > last {
                last = time.ceil();
                repeats += 1.0;
                money += f64::ceil(100.0 * gamma(&mut random, 6.25) / worth);
            }
            if random.unit() < chance {
                break;
            }
        }
        let known = [repeats, f64::min(last, age), age, money];
        table.iter_mut().zip(known).for_each(|(column, value)| column[row] = value);
    }
    let bytes: Vec<u8> = table.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(file, bytes).unwrap();
}

/// A gamma variate of scale 1: G. Marsaglia, W. W. Tsang, "A simple method for generating gamma
/// variables", ACM TOMS 26 (2000).
fn gamma(random: &mut Random, shape: f64) -> f64 {
    let boost = if shape < 1.0 { (1.0 - random.unit()).powf(1.0 / shape) } else { 1.0 };
    let d = if shape < 1.0 { shape + 1.0 } else { shape } - 1.0 / 3.0;
    loop {
        let normal = random.normal();
        let v = (1.0 + normal / (9.0 * d).sqrt()).powi(3);
        let accept = (1.0 - random.unit()).ln();
        if v > 0.0 && accept < 0.5 * normal * normal + d - d * v + d * v.ln() {
            return d * v * boost;
        }
    }
}

fn run(file: &str) {
    let mut work = Work { bytes: std::fs::read(file).unwrap(), ..Work::default() };
    work.prepare();
    let fit = timed(|| work.fit());
    let predict = timed(|| work.predict());
    let parameters: Vec<f64> = (0..4).map(|which| work.parameter(which)).collect();
    let value = work.value();
    println!(
        "{{\"fit\":{fit},\"predict\":{predict},\"parameters\":{parameters:?},\"value\":{value}}}"
    );
}

/// Milliseconds of CPU time where the system tells it, so that other work beside does not count.
fn timed(work: impl FnOnce()) -> f64 {
    let started = (Instant::now(), on_cpu());
    work();
    match (started.1, on_cpu()) {
        (Some(before), Some(after)) => (after - before) as f64 / 1e6,
        _ => started.0.elapsed().as_secs_f64() * 1000.0,
    }
}

/// Nanoseconds that this process ran, on Linux.
fn on_cpu() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok()
}
