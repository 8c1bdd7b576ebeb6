//! Maximum likelihood: the parameters under which what was seen is likeliest.
//!
//! Parameters are searched as logarithms, times and money relative to their means, so that units do
//! not matter, with gradients in closed form ([`crate::stats::optimum`]). A fit that does not
//! converge says why. What cannot be fitted at all is an error.

use super::beta_bernoulli::{BetaBernoulli, Occasions};
use super::gamma_gamma::GammaGamma;
use super::geometric::Counting;
use super::histories::Counted;
use super::shifted::ShiftedGeometric;
use super::{Family, History, Model, digamma_step, gamma};
use crate::error::{Code, Error, Result};
use crate::stats::optimum::{Function, Maximum, maximum};

/// A fit: the parameters, and how the search ended. The maximum's variables are the logarithms of the
/// parameters (over a scale, which changes no derivative).
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The parameters, in the model's order.
    pub parameters: Vec<f64>,
    /// Where the search ended.
    pub maximum: Maximum,
}

/// Searches logarithms of parameters over `scales`. `function` is told parameters and writes the
/// gradient by them.
fn search(
    starts: &[&[f64]],
    scales: &[f64],
    weight: f64,
    function: &mut Function<'_>,
) -> Result<Fit> {
    let mut parameters = vec![0.0; scales.len()];
    let apply = |point: &[f64], parameters: &mut [f64]| {
        for ((parameter, x), scale) in parameters.iter_mut().zip(point).zip(scales) {
            *parameter = libm::exp(*x) * scale;
        }
    };
    let logs: Vec<Vec<f64>> =
        starts.iter().map(|start| start.iter().map(|x| libm::log(*x)).collect()).collect();
    let logs: Vec<&[f64]> = logs.iter().map(Vec::as_slice).collect();
    let found = maximum(&logs, weight, &mut |point, gradient| {
        apply(point, &mut parameters);
        gradient.fill(0.0);
        let value = function(&parameters, gradient);
        gradient.iter_mut().zip(&parameters).for_each(|(g, parameter)| *g *= parameter);
        value
    });
    let maximum = found.ok_or_else(|| {
        Error::new(Code::NotIdentifiable, "the likelihood is not finite anywhere near the usual")
    })?;
    apply(&maximum.point, &mut parameters);
    Ok(Fit { parameters, maximum })
}

fn add(gradient: &mut [f64], weight: f64, of: &[f64]) {
    gradient.iter_mut().zip(of).for_each(|(sum, one)| *sum += weight * one);
}

/// Fits a model of purchases; the times of BG/BB are occasions.
///
/// # Errors
/// `not-enough-data` without customers, or where nobody bought again or was seen for any time.
pub fn purchases(family: Family, rows: &[Counted]) -> Result<(Model, Fit)> {
    let sum = |of: &dyn Fn(&Counted) -> f64| -> f64 {
        rows.iter().map(|row| row.customers * of(row)).sum()
    };
    let (customers, repeats) = (sum(&|_| 1.0), sum(&|row| row.history.purchases));
    let age = sum(&|row| row.history.age) / customers;
    if repeats == 0.0 || age.is_nan() || age <= 0.0 {
        return Err(Error::new(
            Code::NotEnoughData,
            "nobody bought again: without repeat purchases there is no rhythm to learn",
        ));
    }
    // Rates have the mean r/alpha.
    let rate = repeats / customers;
    let from = |r: f64, third: f64, fourth: f64| [r, r / rate, third, fourth];
    let starts = match family {
        Family::BgNbd | Family::MbgNbd => {
            [from(0.5, 0.8, 2.5), from(1.0, 0.3, 4.0), from(0.2, 2.0, 2.0)]
        }
        Family::ParetoNbd => [from(0.6, 0.6, 0.5), from(1.5, 1.0, 3.0), from(0.2, 0.3, 0.1)],
        Family::BgBb => {
            let rows = rows.iter().map(|row| (Occasions::of(row.history), row.customers));
            let (model, fit) = occasions(&rows.collect::<Vec<_>>())?;
            return Ok((Model::Occasions(model), fit));
        }
    };
    let starts: Vec<&[f64]> = starts.iter().map(|start| start.as_slice()).collect();
    let fourth = if family == Family::ParetoNbd { age } else { 1.0 };
    let model = |parameters: &[f64]| {
        let [first, second, third, fourth] = parameters else {
            return Err(Error::new(Code::NotIdentifiable, "four parameters"));
        };
        Model::new(family, [*first, *second, *third, *fourth])
    };
    let fit = search(&starts, &[1.0, age, 1.0, fourth], customers, &mut |parameters, gradient| {
        let Ok(model) = model(parameters) else { return f64::NAN };
        let (mut value, mut counting) = (0.0, None::<Counting>);
        for Counted { history, customers } in rows {
            let (one, slope) = match &model {
                Model::Geometric(model) => {
                    let x = history.purchases;
                    let counting = match &mut counting {
                        Some(known) if known.purchases == x => known,
                        slot => slot.insert(model.counting(x)),
                    };
                    model.likelihood(*history, counting)
                }
                Model::Pareto(model) => model.likelihood(*history),
                Model::Occasions(model) => model.likelihood(Occasions::of(*history)),
            };
            value += customers * one;
            add(gradient, *customers, &slope);
        }
        value
    })?;
    Ok((model(&fit.parameters)?, fit))
}

/// Fits purchases by people who never drop out: at a customer's own rate, gamma(r, alpha) among them
/// (NBD), or on occasions with a chance of their own, beta(alpha, beta) among them (beta-binomial). It
/// is what a model with drop-out has to beat.
///
/// # Errors
/// As [`purchases`].
pub fn without_dropout(family: Family, rows: &[Counted]) -> Result<Fit> {
    let sum = |of: &dyn Fn(&Counted) -> f64| -> f64 {
        rows.iter().map(|row| row.customers * of(row)).sum()
    };
    let (customers, repeats) = (sum(&|_| 1.0), sum(&|row| row.history.purchases));
    let age = sum(&|row| row.history.age);
    if !(repeats > 0.0 && age > 0.0) {
        return Err(Error::new(Code::NotEnoughData, "nobody bought again"));
    }
    if family == Family::BgBb {
        let starts: [&[f64]; 2] = [&[1.0, 1.0], &[0.5, 1.5]];
        return search(&starts, &[1.0; 2], customers, &mut |parameters, gradient| {
            let [alpha, beta] = parameters else { return f64::NAN };
            let mut value = 0.0;
            for Counted { history, customers } in rows {
                let History { purchases: x, age: n, .. } = *history;
                value +=
                    customers * (super::beta(alpha + x, beta + n - x) - super::beta(*alpha, *beta));
                let tried = digamma_step(alpha + beta, n);
                let slope = [digamma_step(*alpha, x) - tried, digamma_step(*beta, n - x) - tried];
                add(gradient, *customers, &slope);
            }
            value
        });
    }
    let start = [0.5, 0.5 * customers / repeats];
    search(&[&start], &[1.0, age / customers], customers, &mut |parameters, gradient| {
        let [r, alpha] = parameters else { return f64::NAN };
        let (mut value, mut counting) = (0.0, (f64::NAN, 0.0, 0.0));
        for Counted { history, customers } in rows {
            let History { purchases: x, age, .. } = *history;
            if counting.0 != x {
                counting = (x, gamma(r + x) - gamma(*r), digamma_step(*r, x));
            }
            let longer = libm::log1p(age / alpha);
            value += customers * (counting.1 - r * longer - x * libm::log(alpha + age));
            let slope = [counting.2 - longer, r / alpha - (r + x) / (alpha + age)];
            add(gradient, *customers, &slope);
        }
        value
    })
}

/// Fits Gamma-Gamma to customers' repeat purchases and the mean money of one, by ascending purchases.
/// Customers without purchases, or whose mean is not above 0, say nothing and are passed over.
///
/// # Errors
/// `not-enough-data` with fewer than three customers, `not-identifiable` where all spend the same.
pub fn spend(rows: &[(u32, f64)]) -> Result<(GammaGamma, Fit)> {
    let usable = || rows.iter().filter(|(x, spend)| *x > 0 && *spend > 0.0 && spend.is_finite());
    let customers = usable().count() as f64;
    if customers < 3.0 {
        return Err(Error::new(
            Code::NotEnoughData,
            "fewer than three customers have a repeat purchase with money",
        ));
    }
    let first = usable().next().map_or(0.0, |row| row.1);
    if usable().all(|(_, spend)| *spend == first) {
        return Err(Error::new(Code::NotIdentifiable, "all customers spend the same"));
    }
    let mean = usable().map(|row| row.1).sum::<f64>() / customers;
    let starts: [&[f64]; 3] = [&[3.0, 4.0, 1.0], &[1.0, 1.5, 0.5], &[20.0, 10.0, 0.5]];
    let model = |parameters: &[f64]| {
        let [p, q, v] = parameters else {
            return Err(Error::new(Code::NotIdentifiable, "three parameters"));
        };
        GammaGamma::new(*p, *q, *v)
    };
    let fit = search(&starts, &[1.0, 1.0, mean], customers, &mut |parameters, gradient| {
        let Ok(model) = model(parameters) else { return f64::NAN };
        let (mut value, mut counting) = (0.0, None);
        for (x, spend) in usable() {
            let counting = match &mut counting {
                Some((known, counting)) if *known == *x => counting,
                slot => &mut slot.insert((*x, model.counting(f64::from(*x)))).1,
            };
            let (one, slope) = model.likelihood(f64::from(*x), *spend, counting);
            value += one;
            add(gradient, 1.0, &slope);
        }
        value
    })?;
    Ok((model(&fit.parameters)?, fit))
}

/// Fits BG/BB to histories and how many customers have each.
///
/// # Errors
/// `not-enough-data` where nobody bought, or nobody had an occasion.
pub fn occasions(rows: &[(Occasions, f64)]) -> Result<(BetaBernoulli, Fit)> {
    let customers: f64 = rows.iter().map(|row| row.1).sum();
    if !rows.iter().any(|(history, count)| history.purchases() > 0 && *count > 0.0) {
        return Err(Error::new(Code::NotEnoughData, "nobody bought on any occasion"));
    }
    let starts: [&[f64]; 3] = [&[1.0, 1.0, 0.5, 2.5], &[0.5, 1.5, 1.0, 8.0], &[2.0, 1.0, 0.2, 1.0]];
    let model = |parameters: &[f64]| {
        let [alpha, beta, gamma, delta] = parameters else {
            return Err(Error::new(Code::NotIdentifiable, "four parameters"));
        };
        BetaBernoulli::new(*alpha, *beta, *gamma, *delta)
    };
    let fit = search(&starts, &[1.0; 4], customers, &mut |parameters, gradient| {
        let Ok(model) = model(parameters) else { return f64::NAN };
        let mut value = 0.0;
        for (history, count) in rows {
            let (one, slope) = model.likelihood(*history);
            value += count * one;
            add(gradient, *count, &slope);
        }
        value
    })?;
    Ok((model(&fit.parameters)?, fit))
}

/// Fits sBG to a cohort: how many were there at the start and after each renewal.
///
/// # Errors
/// As [`ShiftedGeometric::log_likelihood`]; `not-enough-data` with one renewal, or where nobody left or
/// all did at once.
pub fn renewals(survivors: &[u64]) -> Result<(ShiftedGeometric, Fit)> {
    let customers = survivors.first().copied().unwrap_or(0);
    let last = survivors.last().copied().unwrap_or(0);
    if survivors.len() < 3 || last == customers || survivors.get(1) == Some(&0) {
        return Err(Error::new(
            Code::NotEnoughData,
            "a cohort needs two renewals, with some who left and some who stayed",
        ));
    }
    ShiftedGeometric::new(1.0, 1.0)?.log_likelihood(survivors)?;
    let starts: [&[f64]; 3] = [&[1.0, 2.0], &[0.5, 4.0], &[3.0, 3.0]];
    let model = |parameters: &[f64]| {
        let [alpha, beta] = parameters else {
            return Err(Error::new(Code::NotIdentifiable, "two parameters"));
        };
        ShiftedGeometric::new(*alpha, *beta)
    };
    let fit = search(&starts, &[1.0; 2], customers as f64, &mut |parameters, gradient| {
        let Ok(model) = model(parameters) else { return f64::NAN };
        model.likelihood(survivors, gradient)
    })?;
    Ok((model(&fit.parameters)?, fit))
}

#[cfg(test)]
mod tests {
    use super::super::histories::counted;
    use super::super::{Family, History};
    use super::*;
    use crate::stats::optimum::Ending;
    use crate::stats::random::Random;
    use crate::stats::special::Tails;
    use crate::stats::special::beta::inverse_incomplete_beta;
    use crate::stats::special::gamma::inverse_incomplete_gamma;

    fn tails(random: &mut Random) -> Tails {
        let lower = random.unit();
        Tails { lower, upper: 1.0 - lower }
    }

    fn gamma(random: &mut Random, shape: f64, rate: f64) -> f64 {
        inverse_incomplete_gamma(shape, tails(random)).unwrap() / rate
    }

    /// The life of a customer of a family, seen for `age`.
    fn life(
        random: &mut Random,
        family: Family,
        [r, alpha, third, fourth]: [f64; 4],
        age: f64,
    ) -> History {
        let rate = gamma(random, r, alpha);
        let (mut now, mut last, mut count) = (0.0, 0.0, 0);
        let (chance, death) = match family {
            Family::ParetoNbd => {
                let rate = gamma(random, third, fourth);
                (0.0, -libm::log(1.0 - random.unit()) / rate)
            }
            _ => (inverse_incomplete_beta(third, fourth, tails(random)).unwrap(), f64::INFINITY),
        };
        let mut is_gone = family == Family::MbgNbd && random.unit() < chance;
        while !is_gone {
            now -= libm::log(1.0 - random.unit()) / rate;
            if now > age.min(death) {
                break;
            }
            (last, count) = (now, count + 1);
            is_gone = random.unit() < chance;
        }
        History::new(count, last, age).unwrap()
    }

    #[test]
    fn parameters_are_found_again_within_their_errors() {
        let mut random = Random::new(20, 0);
        for (family, truth) in [
            (Family::BgNbd, [0.5, 6.0, 0.8, 2.5]),
            (Family::MbgNbd, [0.8, 5.0, 0.6, 2.0]),
            (Family::ParetoNbd, [0.6, 10.0, 0.7, 12.0]),
        ] {
            let lives = (0..3000)
                .map(|customer| life(&mut random, family, truth, 30.0 + f64::from(customer % 50)));
            let (_, fit) = purchases(family, &counted(lives.collect())).unwrap();
            assert_eq!(fit.maximum.ending, Ending::Converged, "{family:?}");
            assert!(fit.maximum.gradient < 1e-7 && fit.maximum.condition.unwrap() < 1e6);
            let covariance = fit.maximum.covariance.unwrap();
            for (at, (found, truth)) in fit.parameters.iter().zip(truth).enumerate() {
                let error = covariance[at * 5].sqrt();
                assert!(
                    (found / truth).ln().abs() < 3.5 * error,
                    "{family:?} {at}: {found} {error}"
                );
                assert!(error < 0.8, "{family:?} {at}: {error}");
            }
        }
    }

    #[test]
    fn what_cannot_be_fitted_is_refused_with_its_reason() {
        let code = |error: Error| error.code();
        let never: Vec<History> =
            (1..9).map(|age| History::new(0, 0.0, f64::from(age)).unwrap()).collect();
        for family in [Family::BgNbd, Family::MbgNbd, Family::ParetoNbd] {
            assert_eq!(
                code(purchases(family, &counted(never.clone())).unwrap_err()),
                Code::NotEnoughData
            );
            assert_eq!(code(purchases(family, &[]).unwrap_err()), Code::NotEnoughData);
        }
        assert_eq!(
            code(spend(&[(1, 5.0), (2, 5.0), (3, 5.0)]).unwrap_err()),
            Code::NotIdentifiable
        );
        assert_eq!(code(spend(&[(1, 5.0), (0, 9.0), (3, -5.0)]).unwrap_err()), Code::NotEnoughData);
        assert_eq!(code(occasions(&[]).unwrap_err()), Code::NotEnoughData);
        for cohort in [&[][..], &[9, 4], &[9, 9, 9], &[9, 0, 0]] {
            assert_eq!(code(renewals(cohort).unwrap_err()), Code::NotEnoughData);
        }
        assert_eq!(code(renewals(&[9, 3, 4]).unwrap_err()), Code::InvalidOption);
    }

    #[test]
    fn a_cohort_that_all_leave_at_one_rate_has_no_spread_to_find() {
        // Half of it at every renewal: a geometric life, which is beta with both parameters endless.
        let (_, fit) = renewals(&[4096, 2048, 1024, 512, 256]).unwrap();
        assert_ne!(fit.maximum.ending, Ending::Converged);
        assert!(fit.maximum.culprit.is_some() && fit.maximum.covariance.is_none());
    }
}
