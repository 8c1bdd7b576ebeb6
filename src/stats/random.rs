//! Random numbers that are the same everywhere: PCG32, passed explicitly, never global.
//!
//! Integers and uniform numbers come from integer arithmetic alone, so that a seed gives the same
//! bits natively and in WebAssembly. Not for keys or privacy noise.
//!
//! # Reference
//! M. E. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for
//! Random Number Generation", Harvey Mudd College HMC-CS-2014-0905 (2014), variant XSH RR 64/32.
//! D. Lemire, "Fast Random Integer Generation in an Interval", ACM TOMACS 29 (2019).

/// A stream of random numbers. A seed and a stream number name it; different streams of one seed
/// are independent, so that each part of a computation can have its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    state: u64,
    increment: u64,
}

impl Random {
    /// The stream `stream` of `seed`.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut random = Random { state: 0, increment: (stream << 1) | 1 };
        random.next_u32();
        random.state = random.state.wrapping_add(seed);
        random.next_u32();
        random
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        let old = self.state;
        self.state = old.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(self.increment);
        let mixed = (((old >> 18) ^ old) >> 27) as u32;
        mixed.rotate_right((old >> 59) as u32)
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32()) << 32 | u64::from(self.next_u32())
    }

    /// A number in `[0, 1)`: a multiple of 2⁻⁵³, each equally likely.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A whole number from 0 to `bound − 1`, each equally likely; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let mut product = u64::from(self.next_u32()) * u64::from(bound);
        if (product as u32) < bound {
            let threshold = bound.wrapping_neg() % bound.max(1);
            while (product as u32) < threshold {
                product = u64::from(self.next_u32()) * u64::from(bound);
            }
        }
        (product >> 32) as u32
    }

    /// Puts `items` into random order, each order equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let with = self.below(last.min(u32::MAX as usize - 1) as u32 + 1) as usize;
            items.swap(last, with);
        }
    }

    /// A standard normal number, by the inverse of the distribution function.
    pub fn normal(&mut self) -> f64 {
        // Half a step away from both ends, so that the quantile is finite.
        let p = self.unit() + 0.5 / (1_u64 << 53) as f64;
        super::special::error::normal_quantile(p).unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_that_of_the_papers_demonstration() {
        let mut random = Random::new(42, 54);
        let got: Vec<u32> = (0..6).map(|_| random.next_u32()).collect();
        let paper =
            [0xa15c_02b7, 0x7b47_f409, 0xba1d_3330, 0x83d2_f293, 0xbfa4_784b, 0xcbed_606e_u32];
        assert_eq!(got, paper);
    }

    #[test]
    fn whole_numbers_are_equally_likely() {
        let mut random = Random::new(7, 0);
        let mut counts = [0_i32; 6];
        for _ in 0..60_000 {
            counts[random.below(6) as usize] += 1;
        }
        // Five standard deviations of a binomial count.
        assert!(counts.iter().all(|count| (count - 10_000).abs() < 460), "{counts:?}");
        assert_eq!(random.below(1), 0);
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn every_order_of_a_shuffle_is_equally_likely() {
        let mut random = Random::new(1, 1);
        let mut counts = std::collections::HashMap::new();
        for _ in 0..60_000 {
            let mut items = [0, 1, 2];
            random.shuffle(&mut items);
            *counts.entry(items).or_insert(0_i32) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (count - 10_000).abs() < 460), "{counts:?}");
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut random = Random::new(3, 9);
        let values: Vec<f64> = (0..100_000).map(|_| random.normal()).collect();
        let mean = values.iter().sum::<f64>() / 1e5;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.016 && (variance - 1.0).abs() < 0.023, "{mean} {variance}");
    }
}
