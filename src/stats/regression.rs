//! Least squares, with variances that do not take the errors for equal or independent.
//!
//! # Method
//! The normal equations of columns scaled to unit length, by Cholesky. Centre a covariate before
//! it enters as a product, so that little is lost in the squares.
//!
//! # References
//! H. White, "A heteroskedasticity-consistent covariance matrix estimator", Econometrica 48 (1980).
//! J. G. MacKinnon, H. White, Journal of Econometrics 29 (1985), HC1 to HC3. K.-Y. Liang, S. L.
//! Zeger, Biometrika 73 (1986), clusters. W. K. Newey, K. D. West, Econometrica 55 (1987).
#![allow(clippy::indexing_slicing)] // Square of `size`, rows of `rows`: every index is below its bound.

use super::cholesky::Cholesky;

/// How the variance of a coefficient is estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Covariance<'a> {
    /// Equal variances.
    Classic,
    /// White's, times `n/(n − k)`.
    Hc1,
    /// Squared residuals over `1 − leverage`: without bias where variances are equal.
    Hc2,
    /// Squared residuals over `(1 − leverage)²`: careful in small samples.
    Hc3,
    /// Sums within clusters, times `G/(G − 1)·(n − 1)/(n − k)` (CR1); a number for each row.
    Clusters(&'a [u32]),
    /// Newey and West's, of rows that follow each other in time: products of rows up to so many apart
    /// with weights that fall to 0 (Bartlett), times `n/(n − k)`.
    NeweyWest(usize),
}

/// A fit by least squares.
#[derive(Clone, Debug, PartialEq)]
pub struct LeastSquares {
    /// The coefficient of each column.
    pub coefficients: Vec<f64>,
    /// The variance of each.
    pub variances: Vec<f64>,
    /// How many clusters there are; 0 without.
    pub clusters: usize,
}

/// Regresses `y` on `columns` (an intercept is a column of ones). `None` where columns say the
/// same, lengths differ, there are no more rows than columns, or fewer than two clusters.
#[must_use]
pub fn least_squares(
    y: &[f64],
    columns: &[Vec<f64>],
    covariance: Covariance<'_>,
) -> Option<LeastSquares> {
    let (rows, size) = (y.len(), columns.len());
    if rows <= size || size == 0 || columns.iter().any(|column| column.len() != rows) {
        return None;
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let scale: Vec<f64> = columns.iter().map(|column| dot(column, column).sqrt()).collect();
    if scale.iter().any(|length| !(*length > 0.0 && length.is_finite())) {
        return None;
    }
    let mut squares = vec![0.0; size * size];
    let mut right = vec![0.0; size];
    for i in 0..size {
        right[i] = dot(&columns[i], y) / scale[i];
        for j in 0..=i {
            let value = dot(&columns[i], &columns[j]) / (scale[i] * scale[j]);
            squares[i * size + j] = value;
        }
    }
    let inverse = Cholesky::of(squares, size, 1e-11)?.inverse();
    let times = |vector: &[f64]| -> Vec<f64> {
        (0..size).map(|i| dot(&inverse[i * size..(i + 1) * size], vector)).collect()
    };
    let scaled = times(&right);
    let row_of = |row: usize| -> Vec<f64> {
        columns.iter().zip(&scale).map(|(column, scale)| column[row] / scale).collect()
    };
    let residuals: Vec<f64> = (0..rows).map(|row| y[row] - dot(&row_of(row), &scaled)).collect();
    let (n, k) = (rows as f64, size as f64);
    let (mut count, mut factor) = (0, 1.0);
    // Each variance is the sum of squares of (X'X)⁻¹ times the score of a row or of a cluster.
    let mut variances = vec![0.0; size];
    let mut add = |score: &[f64], weight: f64| {
        for (variance, part) in variances.iter_mut().zip(times(score)) {
            *variance += weight * part * part;
        }
    };
    match covariance {
        Covariance::Classic => {
            let variance = dot(&residuals, &residuals) / (n - k);
            variances
                .iter_mut()
                .enumerate()
                .for_each(|(i, v)| *v = variance * inverse[i * size + i]);
        }
        Covariance::Clusters(clusters) => {
            if clusters.len() != rows {
                return None;
            }
            let mut order: Vec<u32> = clusters.to_vec();
            order.sort_unstable();
            order.dedup();
            count = order.len();
            if count < 2 {
                return None;
            }
            let mut scores = vec![0.0; count * size];
            for (row, residual) in residuals.iter().enumerate() {
                let at = order.partition_point(|cluster| *cluster < clusters[row]) * size;
                for (score, x) in scores[at..at + size].iter_mut().zip(row_of(row)) {
                    *score += x * residual;
                }
            }
            let groups = count as f64;
            factor = groups / (groups - 1.0) * (n - 1.0) / (n - k);
            scores.chunks_exact(size).for_each(|score| add(score, 1.0));
        }
        Covariance::NeweyWest(lags) => {
            factor = n / (n - k);
            let all = residuals.iter().enumerate();
            let parts: Vec<Vec<f64>> = all
                .map(|(row, residual)| {
                    times(&row_of(row)).iter().map(|part| part * residual).collect()
                })
                .collect();
            for lag in 0..=lags.min(rows - 1) {
                let weight = 1.0 - lag as f64 / (lags as f64 + 1.0);
                let weight = if lag == 0 { 1.0 } else { 2.0 * weight };
                for (now, before) in parts[lag..].iter().zip(&parts) {
                    for (variance, (a, b)) in variances.iter_mut().zip(now.iter().zip(before)) {
                        *variance += weight * a * b;
                    }
                }
            }
        }
        _ => {
            for (row, residual) in residuals.iter().enumerate() {
                let x = row_of(row);
                let left = 1.0 - dot(&x, &times(&x)).min(1.0);
                // A row that decides its own fit has no residual and adds none.
                let weight = match covariance {
                    _ if *residual == 0.0 => 0.0,
                    Covariance::Hc2 => 1.0 / left.max(1e-12),
                    Covariance::Hc3 => 1.0 / (left * left).max(1e-12),
                    _ => n / (n - k),
                };
                add(&x, weight * residual * residual);
            }
        }
    }
    let unscaled = |values: Vec<f64>, power: i32| -> Vec<f64> {
        values.iter().zip(&scale).map(|(value, scale)| value / scale.powi(power)).collect()
    };
    variances.iter_mut().for_each(|variance| *variance *= factor);
    Some(LeastSquares {
        coefficients: unscaled(scaled, 1),
        variances: unscaled(variances, 2),
        clusters: count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: y = 1, 2, 4 on x = 0, 1, 2 has slope 3/2, residuals 1/6, −1/3, 1/6.
    #[test]
    fn a_small_regression_by_hand() {
        let columns = [vec![1.0; 3], vec![0.0, 1.0, 2.0]];
        let y = [1.0, 2.0, 4.0];
        let found = least_squares(&y, &columns, Covariance::Classic).unwrap();
        assert!((found.coefficients[1] - 1.5).abs() < 1e-14);
        assert!((found.variances[1] - 1.0 / 12.0).abs() < 1e-14);
        // White: Σ (x − 1)²e²/(Σ (x − 1)²)², times 3.
        let white = least_squares(&y, &columns, Covariance::Hc1).unwrap();
        assert!((white.variances[1] - 3.0 * (2.0 / 36.0) / 4.0).abs() < 1e-14);
        let clusters = [7, 7, 9];
        let clustered = least_squares(&y, &columns, Covariance::Clusters(&clusters)).unwrap();
        assert_eq!(clustered.clusters, 2);
        assert!((clustered.variances[1] - 4.0 * (2.0 / 36.0) / 4.0).abs() < 1e-14);
        // Without lags White's; a lag adds products of neighbours, (x − 1)e: −1/6, 0, 1/6, none here.
        for lags in [0, 1] {
            let found = least_squares(&y, &columns, Covariance::NeweyWest(lags)).unwrap();
            assert!((found.variances[1] - white.variances[1]).abs() < 1e-14);
        }
    }

    #[test]
    fn columns_that_say_the_same_have_no_fit() {
        let columns = [vec![1.0; 4], vec![2.0; 4]];
        assert_eq!(least_squares(&[1.0, 2.0, 3.0, 4.0], &columns, Covariance::Hc2), None);
        assert_eq!(least_squares(&[1.0], &[vec![1.0]], Covariance::Hc2), None);
    }
}
