//! Times k-means on one thread for `benches/kmeans.mjs`, which compares it with scikit-learn on
//! the same rows, centres and number of passes.
//!
//! `kmeans_speed data <file> <rows> <columns> <seed>` writes rows of doubles, little-endian: eight
//! overlapping clouds, so that k-means does not settle early. `kmeans_speed run <file> <columns>
//! <clusters> <passes>` starts at the first rows and prints the time as JSON: CPU time where the system
//! tells it, so that other work beside does not count.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A tool ends with a message.

use std::time::Instant;

use siyu::learn::cluster::kmeans::lloyd;
use siyu::learn::matrix::Matrix;
use siyu::stats::random::Random;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments[at].parse::<usize>().unwrap();
    match arguments.first().map(String::as_str) {
        Some("data") => data(&arguments[1], number(2), number(3), number(4) as u64),
        Some("run") => run(&arguments[1], number(2), number(3), number(4) as u32),
        _ => panic!("kmeans_speed data|run …"),
    }
}

fn data(file: &str, rows: usize, columns: usize, seed: u64) {
    let mut random = Random::new(seed, 0);
    let tops: Vec<f64> = (0..8 * columns).map(|_| random.normal() * 2.0).collect();
    let mut bytes = Vec::with_capacity(rows * columns * 8);
    for _ in 0..rows {
        let top = random.below(8) as usize;
        for column in 0..columns {
            let value = tops[top * columns + column] + random.normal();
            bytes.extend_from_slice(&value.to_le_bytes());
        }
    }
    std::fs::write(file, bytes).unwrap();
}

fn run(file: &str, columns: usize, clusters: usize, passes: u32) {
    let bytes = std::fs::read(file).unwrap();
    let values: Vec<f64> =
        bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
    let rows = Matrix::new(&values, columns).unwrap();
    let centres = values[..clusters * columns].to_vec();
    // Once to fault the memory in.
    lloyd(rows, centres.clone(), 1).unwrap();
    let started = (Instant::now(), on_cpu());
    let found = lloyd(rows, centres, passes).unwrap();
    let ms = match (started.1, on_cpu()) {
        (Some(before), Some(after)) => (after - before) as f64 / 1e6,
        _ => started.0.elapsed().as_secs_f64() * 1000.0,
    };
    println!("{{\"ms\":{ms},\"passes\":{},\"inertia\":{}}}", found.passes, found.inertia);
}

/// Nanoseconds that this process ran, on Linux.
fn on_cpu() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok()
}
