//! Times the boosted trees on one thread for `benches/boost.mjs`, which compares them with LightGBM on
//! the same rows, and the same code as WebAssembly with native code.
//!
//! `boost_speed data <file> <rows> <columns> <seed>` writes columns of doubles, little-endian, and last
//! the labels as 0 and 1: bell-shaped and skewed numbers, counts with few values, and columns of which a
//! tenth is missing; ten of them and two of their products decide. `boost_speed run <file> <columns>
//! <trees> <depth>` prints as JSON the CPU time of cutting the columns into bins and of growing the
//! trees, and the log-loss that they come to. For wasm32 it gives the same to JavaScript as
//! functions: `room` for the bytes of the file, `prepare`, `bin`, `grow` and `loss`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A tool ends with a message.
#![allow(unsafe_code)] // JavaScript finds the functions of a library by their names.

use std::cell::RefCell;
use std::time::Instant;

use siyu::learn::boost::{Binned, Booster, Growth, Kind};
use siyu::learn::logistic::sigmoid;
use siyu::learn::ranking::losses;
use siyu::stats::random::Random;

/// The work, stage by stage.
#[derive(Default)]
struct Work {
    bytes: Vec<u8>,
    columns: Vec<(Kind, Vec<f64>)>,
    labels: Vec<bool>,
    binned: Option<Binned>,
    booster: Option<Booster>,
}

impl Work {
    /// Columns and labels out of the bytes of a file.
    fn prepare(&mut self, columns: usize) {
        let numbers: Vec<f64> =
            self.bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
        let rows = numbers.len() / (columns + 1);
        let mut parts = numbers.chunks(rows);
        self.columns =
            parts.by_ref().take(columns).map(|part| (Kind::Number(0), part.to_vec())).collect();
        self.labels = parts.next().unwrap().iter().map(|label| *label > 0.5).collect();
    }

    fn bin(&mut self) {
        self.binned = Some(Binned::new(&self.columns).unwrap());
    }

    fn grow(&mut self, trees: u32, depth: u32) {
        let table = self.binned.as_ref().unwrap();
        let rows = (0..self.labels.len() as u32).collect();
        let growth = Growth { depth, ..Growth::default() };
        let mut booster = Booster::new(table, rows, &self.labels, None, growth).unwrap();
        (0..trees).for_each(|_| booster.advance(table, &self.labels, None));
        self.booster = Some(booster);
    }

    fn loss(&self) -> f64 {
        let margins = self.booster.as_ref().unwrap().margins();
        let p: Vec<f64> = margins.iter().map(|margin| sigmoid(*margin)).collect();
        losses(&p, &self.labels, None).unwrap().0
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
pub extern "C" fn prepare(columns: usize) {
    WORK.with_borrow_mut(|work| work.prepare(columns));
}

/// Cuts the columns into bins.
#[unsafe(no_mangle)]
pub extern "C" fn bin() {
    WORK.with_borrow_mut(Work::bin);
}

/// Grows the trees.
#[unsafe(no_mangle)]
pub extern "C" fn grow(trees: u32, depth: u32) {
    WORK.with_borrow_mut(|work| work.grow(trees, depth));
}

/// The log-loss that they come to.
#[unsafe(no_mangle)]
pub extern "C" fn loss() -> f64 {
    WORK.with_borrow(Work::loss)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments[at].parse::<usize>().unwrap();
    match arguments.first().map(String::as_str) {
        Some("data") => data(&arguments[1], number(2), number(3), number(4) as u64),
        Some("run") => run(&arguments[1], number(2), number(3) as u32, number(4) as u32),
        _ => panic!("boost_speed data|run …"),
    }
}

fn data(file: &str, rows: usize, columns: usize, seed: u64) {
    let mut random = Random::new(seed, 0);
    let mut table: Vec<Vec<f64>> = Vec::new();
    for column in 0..columns {
        let value = |random: &mut Random| match column % 5 {
            0 | 1 => random.normal(),
            2 => random.normal().exp(),
            3 => f64::from(random.below(3 + column as u32)),
            _ if random.unit() < 0.1 => f64::NAN,
            _ => random.normal(),
        };
        table.push((0..rows).map(|_| value(&mut random)).collect());
    }
    let known = |value: f64| if value.is_nan() { 0.5 } else { value };
    let labels: Vec<f64> = (0..rows)
        .map(|row| {
            let x = |column: usize| known(table[column % columns][row]).clamp(-3.0, 3.0);
            let sum: f64 = (0..10).map(|c| if c % 2 == 0 { 0.4 } else { -0.3 } * x(c)).sum();
            let z = sum + 0.5 * x(0) * x(1) - 0.4 * x(5) * x(6) - 1.0;
            f64::from(u8::from(random.unit() < sigmoid(z)))
        })
        .collect();
    table.push(labels);
    let bytes: Vec<u8> = table.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(file, bytes).unwrap();
}

fn run(file: &str, columns: usize, trees: u32, depth: u32) {
    let mut work = Work { bytes: std::fs::read(file).unwrap(), ..Work::default() };
    work.prepare(columns);
    // Once to fault the memory in.
    work.bin();
    work.grow(2, depth);
    let bin = timed(|| work.bin());
    let grow = timed(|| work.grow(trees, depth));
    println!("{{\"bin\":{bin},\"grow\":{grow},\"loss\":{}}}", work.loss());
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
