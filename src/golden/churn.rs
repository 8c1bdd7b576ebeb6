//! Methods of the cases about customers who leave; their names and shapes are those of the file's
//! README.

use super::malformed;
use super::methods::field;
use crate::churn::btyd::History;
use crate::churn::btyd::beta_bernoulli::{BetaBernoulli, Occasions};
use crate::churn::btyd::gamma_gamma::GammaGamma;
use crate::churn::btyd::geometric::{Dropout, Geometric};
use crate::churn::btyd::shifted::ShiftedGeometric;
use crate::error::Result;
use serde::Deserialize;
use serde_json::{Value, json};

/// Histories as the cases write them, or a file of them.
#[derive(Deserialize)]
#[allow(non_snake_case)] // The cases' own name.
struct Histories {
    x: Vec<f64>,
    t_x: Vec<f64>,
    T: Vec<f64>,
}

impl Histories {
    fn histories(&self) -> Result<Vec<History>> {
        let times = self.t_x.iter().zip(&self.T);
        self.x
            .iter()
            .zip(times)
            .map(|(x, (last, age))| History::new(*x as u64, *last, *age))
            .collect()
    }
}

#[derive(Deserialize)]
struct GeometricParams {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
}

impl GeometricParams {
    fn model(&self, dropout: Dropout) -> Result<Geometric> {
        Geometric::new(dropout, self.r, self.alpha, self.a, self.b)
    }
}

/// The numbers of a file's columns, row after row, without its header.
fn table(case: &Value) -> Result<Vec<Vec<f64>>> {
    let text: String = field(case, "data")?;
    let number = |cell: &str| cell.trim().parse().map_err(|_| malformed("a cell is no number"));
    text.lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(|line| line.split(',').map(number).collect())
        .collect()
}

fn cell(row: &[f64], at: usize) -> Result<f64> {
    row.get(at).copied().ok_or_else(|| malformed("a row is short"))
}

/// Columns `id,x,t_x,T,m_x`: histories with their mean spend.
fn summary(case: &Value) -> Result<Vec<(History, f64)>> {
    let of = |row: &Vec<f64>| {
        let history = History::new(cell(row, 1)? as u64, cell(row, 2)?, cell(row, 3)?)?;
        Ok((history, cell(row, 4)?))
    };
    table(case)?.iter().map(of).collect()
}

fn geometric(case: &Value, dropout: Dropout) -> Result<Geometric> {
    #[derive(Deserialize)]
    struct Input {
        params: GeometricParams,
    }
    field::<Input>(case, "input")?.params.model(dropout)
}

#[derive(Deserialize)]
struct Horizon {
    t: f64,
}

fn log_likelihood(case: &Value, dropout: Dropout) -> Result<Value> {
    let model = geometric(case, dropout)?;
    if case.get("data").is_some() {
        let sum: f64 =
            summary(case)?.iter().map(|(history, _)| model.log_likelihood(*history)).sum();
        return Ok(json!({ "loglik": sum }));
    }
    let histories = field::<Histories>(case, "input")?.histories()?;
    let each: Vec<f64> = histories.iter().map(|history| model.log_likelihood(*history)).collect();
    Ok(json!({ "loglik": each }))
}

fn alive(case: &Value, dropout: Dropout) -> Result<Value> {
    let model = geometric(case, dropout)?;
    let histories = field::<Histories>(case, "input")?.histories()?;
    let each: Vec<f64> = histories.iter().map(|history| model.alive(*history)).collect();
    Ok(json!({ "p_alive": each }))
}

fn expected(case: &Value, dropout: Dropout) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        t: Vec<f64>,
    }
    let model = geometric(case, dropout)?;
    let horizons = field::<Input>(case, "input")?.t;
    let each: Result<Vec<f64>> =
        horizons.iter().map(|t| model.expected(History::none(), *t)).collect();
    Ok(json!({ "expected": each? }))
}

fn conditional(case: &Value, dropout: Dropout) -> Result<Value> {
    let model = geometric(case, dropout)?;
    let Horizon { t } = field(case, "options")?;
    if case.get("data").is_some() {
        let (mut expected, mut alive) = (0.0, 0.0);
        for (history, _) in summary(case)? {
            expected += model.expected(history, t)?;
            alive += model.alive(history);
        }
        return Ok(json!({ "sum_expected": expected, "sum_p_alive": alive }));
    }
    let histories = field::<Histories>(case, "input")?.histories()?;
    let each: Result<Vec<f64>> =
        histories.iter().map(|history| model.expected(*history, t)).collect();
    Ok(json!({ "expected": each? }))
}

fn points(case: &Value, dropout: Dropout) -> Result<Value> {
    let mut all = log_likelihood(case, dropout)?;
    for part in [alive(case, dropout)?, conditional(case, dropout)?] {
        if let (Some(all), Value::Object(part)) = (all.as_object_mut(), part) {
            all.extend(part);
        }
    }
    Ok(all)
}

pub(super) fn bgnbd_loglik(case: &Value) -> Result<Value> {
    log_likelihood(case, Dropout::AfterRepeats)
}

pub(super) fn bgnbd_alive(case: &Value) -> Result<Value> {
    alive(case, Dropout::AfterRepeats)
}

pub(super) fn bgnbd_expected(case: &Value) -> Result<Value> {
    expected(case, Dropout::AfterRepeats)
}

pub(super) fn bgnbd_conditional(case: &Value) -> Result<Value> {
    conditional(case, Dropout::AfterRepeats)
}

pub(super) fn bgnbd_points(case: &Value) -> Result<Value> {
    points(case, Dropout::AfterRepeats)
}

pub(super) fn mbgnbd_loglik(case: &Value) -> Result<Value> {
    log_likelihood(case, Dropout::AfterAll)
}

pub(super) fn mbgnbd_alive(case: &Value) -> Result<Value> {
    alive(case, Dropout::AfterAll)
}

pub(super) fn mbgnbd_expected(case: &Value) -> Result<Value> {
    expected(case, Dropout::AfterAll)
}

pub(super) fn mbgnbd_conditional(case: &Value) -> Result<Value> {
    conditional(case, Dropout::AfterAll)
}

pub(super) fn mbgnbd_points(case: &Value) -> Result<Value> {
    points(case, Dropout::AfterAll)
}

pub(super) fn bgnbd_pmf(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        n: Vec<u32>,
        t: f64,
    }
    let model = geometric(case, Dropout::AfterRepeats)?;
    let Input { n, t } = field(case, "input")?;
    let each: Result<Vec<f64>> = n.iter().map(|count| model.probability(*count, t)).collect();
    Ok(json!({ "pmf": each? }))
}

pub(super) fn bgnbd_covariates(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Params {
        r: f64,
        alpha0: f64,
        a0: f64,
        b0: f64,
    }
    #[derive(Deserialize)]
    struct Input {
        purchase_covariates: Vec<Vec<f64>>,
        dropout_covariates: Vec<Vec<f64>>,
        params: Params,
        gamma1: Vec<f64>,
        gamma2: Vec<f64>,
        gamma3: Vec<f64>,
    }
    let input: Input = field(case, "input")?;
    let histories = field::<Histories>(case, "input")?.histories()?;
    let weighted = |weights: &[f64], values: &[f64]| -> f64 {
        weights.iter().zip(values).map(|(weight, value)| weight * value).sum()
    };
    let Params { r, alpha0, a0, b0 } = input.params;
    let covariates = input.purchase_covariates.iter().zip(&input.dropout_covariates);
    let each: Result<Vec<f64>> = histories
        .iter()
        .zip(covariates)
        .map(|(history, (purchases, dropouts))| {
            let alpha = alpha0 * libm::exp(-weighted(&input.gamma1, purchases));
            let a = a0 * libm::exp(weighted(&input.gamma2, dropouts));
            let b = b0 * libm::exp(weighted(&input.gamma3, dropouts));
            let model = Geometric::new(Dropout::AfterRepeats, r, alpha, a, b)?;
            Ok(model.log_likelihood(*history))
        })
        .collect();
    Ok(json!({ "loglik": each? }))
}

#[derive(Deserialize)]
struct SpendParams {
    p: f64,
    q: f64,
    v: f64,
}

fn spend_model(case: &Value) -> Result<GammaGamma> {
    #[derive(Deserialize)]
    struct Input {
        params: SpendParams,
    }
    let SpendParams { p, q, v } = field::<Input>(case, "input")?.params;
    GammaGamma::new(p, q, v)
}

pub(super) fn gammagamma_loglik(case: &Value) -> Result<Value> {
    let model = spend_model(case)?;
    let customers = summary(case)?;
    let each = customers
        .iter()
        .filter_map(|(history, spend)| model.log_likelihood(history.purchases() as u64, *spend));
    Ok(json!({ "loglik": each.sum::<f64>() }))
}

pub(super) fn gammagamma_expected(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        x: Vec<u64>,
        m_x: Vec<f64>,
    }
    let model = spend_model(case)?;
    let Input { x, m_x } = field(case, "input")?;
    let pairs = || x.iter().zip(&m_x);
    let expected: Result<Vec<f64>> =
        pairs().map(|(count, spend)| model.expected(*count, *spend)).collect();
    let each: Vec<Option<f64>> =
        pairs().map(|(count, spend)| model.log_likelihood(*count, *spend)).collect();
    Ok(json!({ "expected_spend": expected?, "loglik": each }))
}

fn occasions_model(case: &Value) -> Result<BetaBernoulli> {
    #[derive(Deserialize)]
    struct Params {
        alpha: f64,
        beta: f64,
        gamma: f64,
        delta: f64,
    }
    #[derive(Deserialize)]
    struct Input {
        params: Params,
    }
    let Params { alpha, beta, gamma, delta } = field::<Input>(case, "input")?.params;
    BetaBernoulli::new(alpha, beta, gamma, delta)
}

pub(super) fn bgbb_loglik(case: &Value) -> Result<Value> {
    let model = occasions_model(case)?;
    let mut sum = 0.0;
    // Columns x,t_x,n,count.
    for row in table(case)? {
        let history =
            Occasions::new(cell(&row, 0)? as u32, cell(&row, 1)? as u32, cell(&row, 2)? as u32)?;
        sum += cell(&row, 3)? * model.log_likelihood(history);
    }
    Ok(json!({ "loglik": sum }))
}

pub(super) fn bgbb_points(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        x: Vec<u32>,
        t_x: Vec<u32>,
        n: Vec<u32>,
    }
    #[derive(Deserialize)]
    struct Options {
        m: u32,
    }
    let model = occasions_model(case)?;
    let Input { x, t_x, n } = field(case, "input")?;
    let Options { m } = field(case, "options")?;
    let histories: Result<Vec<Occasions>> = x
        .iter()
        .zip(t_x.iter().zip(&n))
        .map(|(purchases, (last, all))| Occasions::new(*purchases, *last, *all))
        .collect();
    let histories = histories?;
    let each = |of: &dyn Fn(Occasions) -> f64| -> Vec<f64> {
        histories.iter().map(|history| of(*history)).collect()
    };
    Ok(json!({
        "loglik": each(&|history| model.log_likelihood(history)),
        "p_alive_next": each(&|history| model.alive(history)),
        "expected": each(&|history| model.expected(history, m)),
    }))
}

pub(super) fn bgbb_pmf(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        n: u32,
        x: Vec<u32>,
    }
    let model = occasions_model(case)?;
    let Input { n, x } = field(case, "input")?;
    let each: Vec<f64> = x.iter().map(|count| model.probability(*count, n)).collect();
    let new = Occasions::new(0, 0, 0)?;
    Ok(json!({ "pmf": each, "expected": model.expected(new, n) }))
}

fn contract_model(case: &Value) -> Result<ShiftedGeometric> {
    #[derive(Deserialize)]
    struct Params {
        alpha: f64,
        beta: f64,
    }
    #[derive(Deserialize)]
    struct Input {
        params: Params,
    }
    let Params { alpha, beta } = field::<Input>(case, "input")?.params;
    ShiftedGeometric::new(alpha, beta)
}

pub(super) fn sbg_project(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        survivors: Vec<u64>,
    }
    #[derive(Deserialize)]
    struct Options {
        periods: u32,
    }
    let model = contract_model(case)?;
    let Input { survivors } = field(case, "input")?;
    let Options { periods } = field(case, "options")?;
    let start = survivors.first().copied().unwrap_or(1).max(1) as f64;
    let survival: Vec<f64> = (0..=periods).map(|at| model.survival(at)).collect();
    let leaves: Vec<f64> = (1..=periods).map(|at| model.leaves(at)).collect();
    let retention: Vec<f64> = (1..=periods).map(|at| model.retention(at)).collect();
    let observed: Vec<f64> = survivors.iter().map(|count| *count as f64 / start).collect();
    Ok(json!({
        "loglik": model.log_likelihood(&survivors)?,
        "survival": survival,
        "churn_prob": leaves,
        "retention": retention,
        "observed_survival": observed,
    }))
}

pub(super) fn sbg_derl(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        renewals_n: Vec<u32>,
    }
    #[derive(Deserialize)]
    struct Options {
        discount_rate: f64,
    }
    let model = contract_model(case)?;
    let Input { renewals_n } = field(case, "input")?;
    let Options { discount_rate } = field(case, "options")?;
    let each: Result<Vec<f64>> =
        renewals_n.iter().map(|period| model.discounted_renewals(*period, discount_rate)).collect();
    Ok(json!({ "derl": each? }))
}
