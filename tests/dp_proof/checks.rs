//! What is asked of anything that publishes answers with noise. Each check is a function over a
//! [`Mechanism`], so that it can be shown to find mistakes: `Err` says what it found.
//!
//! A check that finds nothing proves nothing (black-box verification cannot, Gilbert and McMillan
//! 2018); what each finds is said by the mistakes that are planted for it.

use std::collections::BTreeMap;

use siyu::error::Result;
use siyu::privacy::dp::noise::Entropy;
use siyu::stats::distribution::{beta_quantile, chi_squared};
use siyu::stats::random::Random;

/// What a check found wrong.
pub(crate) type Verdict = std::result::Result<(), String>;

/// A sound mechanism fails a check less often than this, over all possible seeds.
const ALPHA: f64 = 1e-6;

/// A seeded source, which counts what is taken of it.
#[derive(Debug)]
pub(crate) struct Seeded {
    random: Random,
    pub(crate) taken: u64,
}

impl Seeded {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Seeded { random: Random::new(seed, stream), taken: 0 }
    }
}

impl Entropy for Seeded {
    fn next(&mut self) -> Result<u64> {
        self.taken += 1;
        Ok(self.random.next_u64())
    }
}

/// One row of a customer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) customer: u32,
    pub(crate) group: u32,
    pub(crate) amount: f64,
}

/// Data in, an answer of some numbers out.
pub(crate) trait Mechanism {
    fn publish(&self, data: &[Row], from: &mut dyn Entropy) -> Vec<f64>;
}

impl<F: Fn(&[Row], &mut dyn Entropy) -> Vec<f64>> Mechanism for F {
    fn publish(&self, data: &[Row], from: &mut dyn Entropy) -> Vec<f64> {
        self(data, from)
    }
}

/// The law: p of the chi-squared statistic of whole draws against exact probabilities, in cells
/// that hold 20 or more, and the rest.
pub(crate) fn fit(draws: &[i128], mass: &dyn Fn(i64) -> f64) -> Verdict {
    let n = draws.len() as f64;
    let mut counts: BTreeMap<i128, f64> = BTreeMap::new();
    draws.iter().for_each(|draw| *counts.entry(*draw).or_default() += 1.0);
    let (mut statistic, mut cells, mut rest, mut counted) = (0.0, 0, 1.0, 0.0);
    for k in -500i64..=500 {
        let expected = mass(k) * n;
        if expected < 20.0 {
            continue;
        }
        let count = counts.get(&i128::from(k)).copied().unwrap_or(0.0);
        statistic += (count - expected).powi(2) / expected;
        (cells, rest, counted) = (cells + 1, rest - mass(k), counted + count);
    }
    if rest * n > 20.0 {
        statistic += (n - counted - rest * n).powi(2) / (rest * n);
        cells += 1;
    }
    let p = chi_squared(f64::from(cells - 1), statistic).unwrap().upper;
    if p > ALPHA { Ok(()) } else { Err(format!("the draws have another law: p = {p:e}")) }
}

/// Something that can be seen in an answer.
#[derive(Clone, Debug)]
enum Event {
    /// Each of some numbers is at least so much.
    AtLeast(Vec<(usize, f64)>),
    /// Each is at most so much.
    AtMost(Vec<(usize, f64)>),
    /// One is exactly this.
    Is(usize, f64),
}

impl Event {
    fn holds(&self, seen: &[f64]) -> bool {
        match self {
            Event::AtLeast(all) => all.iter().all(|(at, least)| seen[*at] >= *least),
            Event::AtMost(all) => all.iter().all(|(at, most)| seen[*at] <= *most),
            Event::Is(at, value) => seen[*at] == *value,
        }
    }
}

/// The numbers of an answer and the differences of each two.
fn seen(answer: &[f64]) -> Vec<f64> {
    let mut all = answer.to_vec();
    for (at, one) in answer.iter().enumerate() {
        all.extend(answer[at + 1..].iter().map(|other| one - other));
    }
    all
}

/// The events to try: thresholds at quantiles of both sides, of each number alone, of pairs of the
/// answer's own, and of all of these at once.
fn events(one: &[Vec<f64>], other: &[Vec<f64>], own: usize) -> Vec<Event> {
    let mut events = Vec::new();
    let mut cuts: Vec<Vec<f64>> = Vec::new();
    for at in 0..one[0].len() {
        let mut values: Vec<f64> = one.iter().chain(other).map(|seen| seen[at]).collect();
        values.sort_unstable_by(f64::total_cmp);
        let mut of: Vec<f64> =
            (1..12).map(|share| values[share * (values.len() - 1) / 12]).collect();
        of.dedup();
        for cut in &of {
            events.push(Event::AtLeast(vec![(at, *cut)]));
            events.push(Event::AtMost(vec![(at, *cut)]));
            events.push(Event::Is(at, *cut));
        }
        cuts.push(of);
    }
    // Of pairs every second threshold, which is half as fine and four times as fast.
    let coarse = |at: usize| cuts[at].iter().skip(1).step_by(2);
    for a in 0..own {
        for b in a + 1..own {
            for (x, y) in coarse(a).flat_map(|x| coarse(b).map(move |y| (*x, *y))) {
                events.push(Event::AtLeast(vec![(a, x), (b, y)]));
                events.push(Event::AtMost(vec![(a, x), (b, y)]));
            }
        }
    }
    for level in 0..11 {
        let all: Option<Vec<(usize, f64)>> =
            (0..own).map(|at| Some((at, *cuts[at].get(level)?))).collect();
        if let Some(all) = all {
            events.push(Event::AtLeast(all.clone()));
            events.push(Event::AtMost(all));
        }
    }
    events
}

/// A bound below a probability that holds but for a share of α (Clopper and Pearson 1934).
fn at_least(hits: usize, of: usize) -> f64 {
    let (hits, of) = (hits as f64, of as f64);
    if hits == 0.0 { 0.0 } else { beta_quantile(hits, of - hits + 1.0, ALPHA / 2.0).unwrap() }
}

/// The same above it.
fn at_most(hits: usize, of: usize) -> f64 {
    1.0 - at_least(of - hits, of)
}

/// ε that the answers of two neighbouring data sets show, from below; up to `delta` is not counted.
/// The event is chosen by one half of the answers and judged by the other, so that the bound holds
/// whatever was chosen.
fn shown_epsilon(
    of: &dyn Mechanism,
    neighbours: [&[Row]; 2],
    delta: f64,
    count: usize,
    from: &mut dyn Entropy,
) -> f64 {
    let own = of.publish(neighbours[0], from).len();
    let mut draw = |data: &[Row]| -> Vec<Vec<f64>> {
        (0..count).map(|_| seen(&of.publish(data, from))).collect()
    };
    let all = [draw(neighbours[0]), draw(neighbours[1])];
    let (first, second) =
        (all.each_ref().map(|of| &of[..count / 2]), all.each_ref().map(|of| &of[count / 2..]));
    let hits = |event: &Event, of: &[Vec<f64>]| of.iter().filter(|seen| event.holds(seen)).count();
    let epsilon = |event: &Event, with: &[Vec<f64>], without: &[Vec<f64>]| {
        let least = at_least(hits(event, with), with.len()) - delta;
        (least / at_most(hits(event, without), without.len())).max(1e-9).ln()
    };
    // What is chosen need not be a bound, which would take long.
    let guess =
        |hits: f64, others: f64| (hits - 5.0 * hits.sqrt()) / (others + 5.0 * others.sqrt() + 12.0);
    let mut best = (0.0, 0, Event::Is(0, 0.0));
    for event in events(first[0], first[1], own) {
        let of_sides = first.map(|side| hits(&event, side) as f64);
        for side in [0, 1] {
            let shown = guess(of_sides[side], of_sides[1 - side]);
            if shown > best.0 {
                best = (shown, side, event.clone());
            }
        }
    }
    epsilon(&best.2, second[best.1], second[1 - best.1])
}

/// The ratio: no event may be e^ε times as probable with a customer as without.
pub(crate) fn ratio(
    of: &dyn Mechanism,
    neighbours: [&[Row]; 2],
    (epsilon, delta): (f64, f64),
    count: usize,
    from: &mut dyn Entropy,
) -> Verdict {
    let shown = shown_epsilon(of, neighbours, delta, count, from);
    if shown <= epsilon { Ok(()) } else { Err(format!("it shows ε of {shown:.2}, not {epsilon}")) }
}

/// The support: answers stand on the grid of their last decimal, and what is seen often with a
/// customer is seen without.
pub(crate) fn support(
    of: &dyn Mechanism,
    neighbours: [&[Row]; 2],
    units: &[f64],
    count: usize,
    from: &mut dyn Entropy,
) -> Verdict {
    let mut draw =
        |data: &[Row]| -> Vec<Vec<f64>> { (0..count).map(|_| of.publish(data, from)).collect() };
    let sides = [draw(neighbours[0]), draw(neighbours[1])];
    for answer in sides.iter().flatten() {
        for (value, unit) in answer.iter().zip(units) {
            if (value * unit).round() / unit != *value {
                return Err(format!("{value} is not a multiple of 1/{unit}"));
            }
        }
    }
    for at in 0..seen(&sides[0][0]).len() {
        let counts = sides.each_ref().map(|side| {
            let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
            for answer in side {
                *counts.entry((seen(answer)[at] + 0.0).to_bits()).or_default() += 1;
            }
            counts
        });
        for (one, other) in [(0, 1), (1, 0)] {
            // At ε of 1 the other side has it 22 times in the mean: never is e^−22.
            let only = counts[one]
                .iter()
                .find(|(value, hits)| **hits >= 60 && !counts[other].contains_key(*value));
            if let Some((value, _)) = only {
                let value = f64::from_bits(*value);
                return Err(format!("number {at} is {value} for one of two neighbours only"));
            }
        }
    }
    Ok(())
}

/// Answers within a budget, as a session of questions has them.
pub(crate) trait Session {
    /// The answer, or `None` if it was refused.
    fn ask(&mut self, query: &str, epsilon: &str, from: &mut dyn Entropy) -> Option<Vec<f64>>;
}

/// The budget of 1: what does not fit is refused and nothing is drawn for it, be it one part in
/// 10^30; what is asked again has the same answer and costs nothing.
pub(crate) fn budget(new: &dyn Fn() -> Box<dyn Session>, from: &mut Seeded) -> Verdict {
    let mut session = new();
    for (query, epsilon, fits) in [
        ("a", "0.4", true),
        ("b", "0.4", true),
        ("c", "0.4", false),
        ("d", "0.2", true),
        ("e", "0.000000000000000000000000000001", false),
        ("f", "7", false),
    ] {
        let before = from.taken;
        let answer = session.ask(query, epsilon, from);
        if answer.is_some() != fits {
            let became = if fits { "refused" } else { "answered" };
            return Err(format!("question {query} was {became}"));
        }
        if !fits && from.taken != before {
            return Err(format!("noise was drawn for question {query}, which was refused"));
        }
    }
    let mut session = new();
    let first = session.ask("a", "0.4", from);
    let before = from.taken;
    if session.ask("a", "0.4", from) != first || from.taken != before {
        return Err("the same question got noise of its own again".to_owned());
    }
    for tenth in 0..6 {
        if session.ask(&format!("tenth {tenth}"), "0.1", from).is_none() {
            return Err("tenths do not add up to what is left".to_owned());
        }
    }
    match session.ask("one more", "0.1", from) {
        None => Ok(()),
        Some(_) => Err("a tenth too many was answered".to_owned()),
    }
}

/// The randomness: two processes that publish the same data give different answers.
pub(crate) fn fresh(run: &dyn Fn() -> String) -> Verdict {
    let (one, other) = (run(), run());
    if one.is_empty() || other.is_empty() {
        return Err("nothing was published".to_owned());
    }
    if one == other { Err("two processes drew the same noise".to_owned()) } else { Ok(()) }
}
