//! Methods of the cases about customers who leave; their names and shapes are those of the file's
//! README.

use super::malformed;
use super::methods::field;
use crate::churn::btyd::beta_bernoulli::{BetaBernoulli, Occasions};
use crate::churn::btyd::check::Holdout;
use crate::churn::btyd::fit::{self, Fit};
use crate::churn::btyd::gamma_gamma::GammaGamma;
use crate::churn::btyd::geometric::{Dropout, Geometric};
use crate::churn::btyd::histories::{Counts, PaidDay, counted};
use crate::churn::btyd::shifted::ShiftedGeometric;
use crate::churn::btyd::{Family, History, Model};
use crate::churn::replenishment::gaps::median_gap;
use crate::churn::survival::aft::{Distribution, aft};
use crate::churn::survival::competing::{Incidence, incidences};
use crate::churn::survival::concordance::concordance;
use crate::churn::survival::cox::{Cox, Likelihood, Ties};
use crate::churn::survival::curve::{Life, Point, kaplan_meier, median};
use crate::churn::survival::logrank::logrank;
use crate::churn::survival::sample::Sample;
use crate::customers::daily::DailyMoney;
use crate::error::Result;
use crate::table::moment::Moment;
use crate::table::money;
use crate::table::period::{Periods, Unit, WeekStart};
use crate::table::zone::Zone;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

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

/// A column of a file by its name; `None` if the header has no such.
fn column(case: &Value, name: &str) -> Result<Option<Vec<f64>>> {
    let text: String = field(case, "data")?;
    let header = text.lines().next().unwrap_or_default();
    let Some(at) = header.split(',').position(|cell| cell.trim() == name) else { return Ok(None) };
    let number = |line: &str| {
        let cell = line.split(',').nth(at).and_then(|cell| cell.trim().parse().ok());
        cell.ok_or_else(|| malformed("a cell is no number"))
    };
    text.lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(number)
        .collect::<Result<_>>()
        .map(Some)
}

fn needed(case: &Value, name: &str) -> Result<Vec<f64>> {
    column(case, name)?.ok_or_else(|| malformed("the file lacks a column"))
}

/// The histories of a case: given, or the columns `x`, `t_x` and `T` of its file.
fn histories(case: &Value) -> Result<Vec<History>> {
    if case.get("data").is_none() {
        return field::<Histories>(case, "input")?.histories();
    }
    #[allow(non_snake_case)] // The column's own name.
    let T = needed(case, "T")?;
    Histories { x: needed(case, "x")?, t_x: needed(case, "t_x")?, T }.histories()
}

/// Purchases and mean spend of a file's customers.
fn spend(case: &Value) -> Result<Vec<(u32, f64)>> {
    let purchases = needed(case, "x")?;
    Ok(purchases.iter().map(|x| *x as u32).zip(needed(case, "m_x")?).collect())
}

fn model_of(family: Family, params: &Value) -> Result<Model> {
    let [a, b, c, d] = family.parameters().map(|name| field::<f64>(params, name));
    Model::new(family, [a?, b?, c?, d?])
}

fn model(case: &Value, family: Family) -> Result<Model> {
    model_of(family, case.pointer("/input/params").unwrap_or(&Value::Null))
}

#[derive(Deserialize)]
struct Horizon {
    t: f64,
}

fn log_likelihood(case: &Value, family: Family) -> Result<Value> {
    let model = model(case, family)?;
    let each: Vec<f64> =
        histories(case)?.iter().map(|history| model.log_likelihood(*history)).collect();
    let is_sum = case.pointer("/options/sum").and_then(Value::as_bool);
    if is_sum.unwrap_or_else(|| case.get("data").is_some()) {
        return Ok(json!({ "loglik": each.iter().sum::<f64>() }));
    }
    Ok(json!({ "loglik": each }))
}

fn alive(case: &Value, family: Family) -> Result<Value> {
    let model = model(case, family)?;
    let each: Vec<f64> = histories(case)?.iter().map(|history| model.alive(*history)).collect();
    Ok(json!({ "p_alive": each }))
}

fn expected(case: &Value, family: Family) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        t: Vec<f64>,
    }
    let model = model(case, family)?;
    let horizons = field::<Input>(case, "input")?.t;
    let each: Result<Vec<f64>> =
        horizons.iter().map(|t| model.expected(History::none(), *t)).collect();
    Ok(json!({ "expected": each? }))
}

fn conditional(case: &Value, family: Family) -> Result<Value> {
    let model = model(case, family)?;
    let Horizon { t } = field(case, "options")?;
    let histories = histories(case)?;
    let each: Result<Vec<f64>> =
        histories.iter().map(|history| model.expected(*history, t)).collect();
    if case.get("data").is_none() {
        return Ok(json!({ "expected": each? }));
    }
    let alive: f64 = histories.iter().map(|history| model.alive(*history)).sum();
    Ok(json!({ "sum_expected": each?.iter().sum::<f64>(), "sum_p_alive": alive }))
}

fn points(case: &Value, family: Family) -> Result<Value> {
    let mut all = log_likelihood(case, family)?;
    for part in [alive(case, family)?, conditional(case, family)?] {
        if let (Some(all), Value::Object(part)) = (all.as_object_mut(), part) {
            all.extend(part);
        }
    }
    Ok(all)
}

/// Parameters by their names, and the log-likelihood.
fn answer_of(names: &[&str], fit: &Fit) -> Value {
    let params: Map<String, Value> = names
        .iter()
        .zip(&fit.parameters)
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    json!({ "params": params, "loglik": fit.maximum.value })
}

/// A fit, and where a horizon is asked for the sum of what it expects.
fn fitted(case: &Value, family: Family) -> Result<Value> {
    let histories = histories(case)?;
    let (model, fit) = fit::purchases(family, &counted(histories.clone()))?;
    let mut answer = answer_of(&family.parameters(), &fit);
    if let (Some(horizon), Some(answer)) =
        (case.pointer("/options/t").and_then(Value::as_f64), answer.as_object_mut())
    {
        let each: Result<Vec<f64>> =
            histories.iter().map(|history| model.expected(*history, horizon)).collect();
        answer.insert(format!("sum_expected_{horizon}"), json!(each?.iter().sum::<f64>()));
        if let Some(actual) = column(case, "x_star")? {
            answer.insert("actual_holdout".to_owned(), json!(actual.iter().sum::<f64>()));
        }
    }
    Ok(answer)
}

/// The methods of one family, each by a function of its own as the list wants them.
macro_rules! family {
    ($family:expr, $($name:ident => $of:ident,)+) => {
        $(pub(super) fn $name(case: &Value) -> Result<Value> {
            $of(case, $family)
        })+
    };
}

family! { Family::BgNbd,
    bgnbd_loglik => log_likelihood,
    bgnbd_alive => alive,
    bgnbd_expected => expected,
    bgnbd_conditional => conditional,
    bgnbd_points => points,
    bgnbd_fit => fitted,
}
family! { Family::MbgNbd,
    mbgnbd_loglik => log_likelihood,
    mbgnbd_alive => alive,
    mbgnbd_expected => expected,
    mbgnbd_conditional => conditional,
    mbgnbd_points => points,
    mbgnbd_fit => fitted,
}
family! { Family::ParetoNbd,
    paretonbd_loglik => log_likelihood,
    paretonbd_alive => alive,
    paretonbd_expected => expected,
    paretonbd_conditional => conditional,
    paretonbd_points => points,
    paretonbd_fit => fitted,
}

pub(super) fn paretonbd_dert(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        continuous_discount_rate: f64,
    }
    let Model::Pareto(model) = model(case, Family::ParetoNbd)? else {
        return Err(malformed("not a Pareto/NBD"));
    };
    let rate = field::<Options>(case, "options")?.continuous_discount_rate;
    let each: Result<Vec<f64>> =
        histories(case)?.iter().map(|history| model.discounted(*history, rate)).collect();
    Ok(json!({ "dert": each? }))
}

pub(super) fn gammagamma_fit(case: &Value) -> Result<Value> {
    let mut rows = spend(case)?;
    rows.sort_by_key(|row| row.0);
    Ok(answer_of(&["p", "q", "v"], &fit::spend(&rows)?.1))
}

pub(super) fn bgbb_fit(case: &Value) -> Result<Value> {
    let columns = [needed(case, "x")?, needed(case, "t_x")?, needed(case, "n")?];
    let [x, last, all] = columns;
    let counts = column(case, "count")?.unwrap_or_else(|| vec![1.0; x.len()]);
    let rows: Result<Vec<(Occasions, f64)>> = x
        .iter()
        .zip(last.iter().zip(&all))
        .zip(counts)
        .map(|((x, (last, all)), count)| {
            Ok((Occasions::new(*x as u32, *last as u32, *all as u32)?, count))
        })
        .collect();
    Ok(answer_of(&["alpha", "beta", "gamma", "delta"], &fit::occasions(&rows?)?.1))
}

pub(super) fn sbg_fit(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        survivors: Vec<u64>,
    }
    let (_, fit) = fit::renewals(&field::<Input>(case, "input")?.survivors)?;
    Ok(answer_of(&["alpha", "beta"], &fit))
}

pub(super) fn clv(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        model: String,
        gammagamma: SpendParams,
        m_x: Vec<f64>,
    }
    #[derive(Deserialize)]
    struct Options {
        steps: u32,
        step_length: f64,
        discount_rate_per_step: f64,
    }
    let input: Input = field(case, "input")?;
    let family = match input.model.as_str() {
        "bgnbd" => Family::BgNbd,
        "mbgnbd" => Family::MbgNbd,
        "paretonbd" => Family::ParetoNbd,
        _ => return Err(malformed("no such model")),
    };
    let model = model(case, family)?;
    let SpendParams { p, q, v } = input.gammagamma;
    let money = GammaGamma::new(p, q, v)?;
    let Options { steps, step_length, discount_rate_per_step } = field(case, "options")?;
    let each: Result<Vec<f64>> = histories(case)?
        .iter()
        .zip(&input.m_x)
        .map(|(history, spend)| {
            let spend = money.expected(history.purchases() as u64, *spend)?;
            let purchases =
                model.discounted(*history, steps, step_length, discount_rate_per_step)?;
            Ok(spend * purchases)
        })
        .collect();
    Ok(json!({ "clv": each? }))
}

/// The customers of a case's transactions, by id, each with ascending days and their money.
fn paid_days(case: &Value) -> Result<BTreeMap<String, Vec<PaidDay>>> {
    let rows: Vec<(String, String, f64)> = match case.get("data").and_then(Value::as_str) {
        Some(text) => {
            let header: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
            let at = |name: &str| header.iter().position(|cell| cell.trim() == name);
            let (Some(id), Some(date), amount) = (at("id"), at("date"), at("amount")) else {
                return Err(malformed("the log lacks a column"));
            };
            text.lines()
                .skip(1)
                .filter(|line| !line.is_empty())
                .map(|line| {
                    let cells: Vec<&str> = line.split(',').collect();
                    let of = |at: usize| cells.get(at).map_or("", |cell| cell.trim()).to_owned();
                    let amount = amount.map_or(Ok(0.0), |at| of(at).parse());
                    Ok((of(id), of(date), amount.map_err(|_| malformed("no amount"))?))
                })
                .collect::<Result<_>>()?
        }
        None => {
            #[derive(Deserialize)]
            struct Input {
                transactions: Vec<(String, String, f64)>,
            }
            field::<Input>(case, "input")?.transactions
        }
    };
    let mut days = DailyMoney::default();
    let codes: BTreeMap<&str, u32> = rows
        .iter()
        .map(|row| row.0.as_str())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .zip(0..)
        .collect();
    for (id, date, amount) in &rows {
        let (minor, scale, _) = money::from_f64(*amount)?;
        let minor = money::rescaled(minor, scale, money::MOST_DECIMALS)?;
        days.insert(codes.get(id.as_str()).copied().unwrap_or(0), day(date)?, minor, true)?;
    }
    while !days.settle(usize::MAX)? {}
    let of = |(id, code): (&&str, &u32)| {
        let mut own = Vec::new();
        days.of(*code, &mut own)?;
        Ok(((*id).to_owned(), own))
    };
    codes.iter().map(of).collect()
}

fn day(text: &str) -> Result<i32> {
    Ok(Moment::parse(text.get(..10).unwrap_or(text), &Zone::utc())?.day)
}

#[derive(Deserialize)]
struct SummaryOptions {
    observation_period_end: String,
    calibration_period_end: Option<String>,
    #[serde(default)]
    freq: Option<String>,
    #[serde(default)]
    freq_multiplier: Option<f64>,
    #[serde(default)]
    include_first_transaction: bool,
}

impl SummaryOptions {
    fn periods(&self) -> Periods {
        let unit = if self.freq.as_deref() == Some("W") { Unit::Week } else { Unit::Day };
        Periods { unit, ..Periods::default() }
    }
}

fn in_money(minor: i128) -> f64 {
    money::to_f64(minor, money::MOST_DECIMALS)
}

pub(super) fn summary(case: &Value) -> Result<Value> {
    let options: SummaryOptions = field(case, "options")?;
    let (periods, length) = (options.periods(), options.freq_multiplier.unwrap_or(1.0));
    let until = day(&options.observation_period_end)?;
    let (mut ids, mut columns) = (Vec::new(), [const { Vec::new() }; 4]);
    for (id, days) in paid_days(case)? {
        let Some(counts) = Counts::of(&days, until, periods) else { continue };
        let (mut x, mut money) = (f64::from(counts.repeats), in_money(counts.money));
        if options.include_first_transaction {
            x += 1.0;
            let all = days.iter().take_while(|day| day.0 <= until).map(|day| i128::from(day.1));
            money = in_money(all.sum());
        }
        let mean = if x > 0.0 { money / x } else { 0.0 };
        let row = [x, f64::from(counts.last) / length, f64::from(counts.age) / length, mean];
        columns
            .iter_mut()
            .zip(row)
            .for_each(|(column, value): (&mut Vec<f64>, f64)| column.push(value));
        ids.push(id);
    }
    let [x, t_x, age, m_x] = &columns;
    if case.get("data").is_none() {
        return Ok(json!({ "id": ids, "x": x, "t_x": t_x, "T": age, "m_x": m_x }));
    }
    let repeaters = x.iter().filter(|x| **x > 0.0).count();
    Ok(json!({
        "customers": ids.len(),
        "sum_x": x.iter().sum::<f64>(),
        "sum_t_x": t_x.iter().sum::<f64>(),
        "sum_T": age.iter().sum::<f64>(),
        "customers_x0": x.len() - repeaters,
        "mean_m_x_of_repeaters": m_x.iter().sum::<f64>() / repeaters as f64,
    }))
}

pub(super) fn calibration_holdout(case: &Value) -> Result<Value> {
    let options: SummaryOptions = field(case, "options")?;
    let periods = options.periods();
    let length = options.freq_multiplier.unwrap_or(1.0);
    let until = day(&options.observation_period_end)?;
    let split = day(options.calibration_period_end.as_deref().unwrap_or_default())?;
    let (mut ids, mut columns) = (Vec::new(), [const { Vec::new() }; 7]);
    for (id, days) in paid_days(case)? {
        let Some(before) = Counts::of(&days, split, periods) else { continue };
        let held: Vec<PaidDay> =
            days.into_iter().filter(|day| day.0 > split && day.0 <= until).collect();
        let bought: BTreeSet<i32> = held.iter().map(|day| periods.of_day(day.0)).collect();
        let money: i128 = held.iter().map(|day| i128::from(day.1)).sum();
        let mean =
            |money: i128, count: f64| if count > 0.0 { in_money(money) / count } else { 0.0 };
        let (x, later) = (f64::from(before.repeats), bought.len() as f64);
        let row = [
            x,
            f64::from(before.last) / length,
            f64::from(before.age) / length,
            mean(before.money, x),
            later,
            mean(money, later),
            f64::from(periods.of_day(until) - periods.of_day(split)) / length,
        ];
        columns
            .iter_mut()
            .zip(row)
            .for_each(|(column, value): (&mut Vec<f64>, f64)| column.push(value));
        ids.push(id);
    }
    let [x, last, age, spend, later, later_spend, length] = columns;
    Ok(json!({
        "id": ids,
        "frequency_cal": x,
        "recency_cal": last,
        "T_cal": age,
        "monetary_value_cal": spend,
        "frequency_holdout": later,
        "monetary_value_holdout": later_spend,
        "duration_holdout": length,
    }))
}

pub(super) fn calibration_against_holdout(case: &Value) -> Result<Value> {
    let options: SummaryOptions = field(case, "options")?;
    let Horizon { t } = field(case, "options")?;
    let model = model(case, Family::BgNbd)?;
    let (split, until) = (
        day(options.calibration_period_end.as_deref().unwrap_or_default())?,
        day(&options.observation_period_end)?,
    );
    let days = Periods { unit: Unit::Day, week_start: WeekStart::Monday };
    let mut held = Holdout::new(days);
    for days in paid_days(case)?.into_values() {
        held.add(&days, split, until);
    }
    let bins = held.compare(&model, 7.0, t)?.bins;
    let actual: Vec<f64> = bins.iter().map(|bin| bin.actual).collect();
    let predicted: Vec<f64> = bins.iter().map(|bin| bin.expected).collect();
    Ok(json!({ "actual_mean": actual, "predicted_mean": predicted }))
}

pub(super) fn bgnbd_pmf(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        n: Vec<u32>,
        t: f64,
    }
    let Model::Geometric(model) = model(case, Family::BgNbd)? else {
        return Err(malformed("not a BG/NBD"));
    };
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
    let customers = spend(case)?;
    let each =
        customers.iter().filter_map(|(x, spend)| model.log_likelihood(u64::from(*x), *spend));
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

/// A list of numbers of a case's input, or the column of its file that the input names (by default its
/// own name).
fn numbers(case: &Value, field_name: &str, names: &[&str]) -> Result<Option<Vec<f64>>> {
    let given = case.pointer(&format!("/input/{field_name}"));
    if case.get("data").is_none() {
        return match given {
            Some(list) => serde_json::from_value(list.clone())
                .map(Some)
                .map_err(|error| malformed(&format!("{field_name}: {error}"))),
            None => Ok(None),
        };
    }
    for name in given.and_then(Value::as_str).iter().chain(names) {
        if let Some(found) = column(case, name)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Lives of a case: `T`, `E` and perhaps `entry`, or columns of its file.
fn lives(case: &Value) -> Result<Vec<Life>> {
    let short = || malformed("the case has no lives");
    let times = numbers(case, "duration", &[])?.or(numbers(case, "T", &["T", "week"])?);
    let ended = numbers(case, "event", &[])?.or(numbers(case, "E", &["E", "arrest"])?);
    let (times, ended) = (times.ok_or_else(short)?, ended.ok_or_else(short)?);
    let entries = numbers(case, "entry", &[])?;
    let entry = |at: usize| match &entries {
        Some(entries) => entries.get(at).copied().unwrap_or(0.0),
        None => f64::NEG_INFINITY,
    };
    let pairs = times.into_iter().zip(ended).enumerate();
    Ok(pairs
        .map(|(at, (time, ended))| Life { entry: entry(at), time, has_ended: ended != 0.0 })
        .collect())
}

pub(super) fn km_na(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        #[serde(default)]
        alpha: Option<f64>,
    }
    let alpha = field::<Options>(case, "options")?.alpha.unwrap_or(0.05);
    let points = kaplan_meier(&lives(case)?, 1.0 - alpha)?;
    let each = |of: &dyn Fn(&Point) -> f64| -> Vec<f64> { points.iter().map(of).collect() };
    Ok(json!({
        "time": each(&|point| point.time),
        "at_risk": each(&|point| point.at_risk as f64),
        "observed": each(&|point| point.ended as f64),
        "censored": each(&|point| point.censored as f64),
        "survival": each(&|point| point.survival),
        "ci_lower": each(&|point| point.low),
        "ci_upper": each(&|point| point.high),
        "median": median(&points).map_or_else(|| json!("Infinity"), |median| json!(median)),
        "nelson_aalen": each(&|point| point.hazard),
        "fleming_harrington_ties": each(&|point| point.hazard_of_ties),
    }))
}

pub(super) fn logrank_of(case: &Value) -> Result<Value> {
    let groups = numbers(case, "group", &["group"])?;
    let groups = groups.ok_or_else(|| malformed("the case has no groups"))?;
    let mut rows: Vec<(u32, f64, bool)> = lives(case)?
        .iter()
        .zip(groups)
        .map(|(life, group)| (group as u32, life.time, life.has_ended))
        .collect();
    let found = logrank(&mut rows)?;
    Ok(json!({ "chisq": found.statistic, "p": found.p }))
}

/// The rows `X` of a case, or the columns of its file that `covariates` names.
fn covariates(case: &Value) -> Result<(Vec<String>, Vec<f64>)> {
    if case.get("data").is_none() {
        let rows: Vec<Vec<f64>> = field(case.pointer("/input").unwrap_or(&Value::Null), "X")?;
        let size = rows.first().map_or(0, Vec::len);
        return Ok(((0..size).map(|at| format!("X{at}")).collect(), rows.concat()));
    }
    #[derive(Deserialize)]
    struct Input {
        covariates: Vec<String>,
    }
    let names = field::<Input>(case, "input")?.covariates;
    let columns: Result<Vec<Vec<f64>>> = names.iter().map(|name| needed(case, name)).collect();
    let columns = columns?;
    let rows = columns.first().map_or(0, Vec::len);
    let values = (0..rows).flat_map(|row| columns.iter().filter_map(move |x| x.get(row).copied()));
    Ok((names, values.collect()))
}

fn sample(case: &Value) -> Result<Sample> {
    let (names, values) = covariates(case)?;
    let strata = numbers(case, "strata", &[])?.unwrap_or_default();
    Sample::new(lives(case)?, strata.iter().map(|x| *x as u32).collect(), names, values)
}

fn ties(case: &Value) -> Result<Ties> {
    #[derive(Deserialize)]
    struct Options {
        #[serde(default)]
        ties: Ties,
    }
    Ok(field::<Options>(case, "options")?.ties)
}

fn errors_of(covariance: &[f64], size: usize) -> Vec<f64> {
    covariance.iter().step_by(size + 1).map(|variance| variance.sqrt()).collect()
}

pub(super) fn cox_log_likelihood(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        beta: Vec<f64>,
    }
    let sample = sample(case)?;
    let likelihood = Likelihood::new(&sample, ties(case)?, 0.0)?;
    Ok(json!({ "loglik": likelihood.at(&field::<Input>(case, "input")?.beta) }))
}

pub(super) fn cox(case: &Value) -> Result<Value> {
    let sample = sample(case)?;
    let size = sample.size();
    let cox: Cox = Likelihood::new(&sample, ties(case)?, 0.0)?.fit(None)?;
    let errors = errors_of(&cox.covariance, size);
    let mut answer = json!({
        "coef": cox.coefficients, "se": errors, "loglik": cox.log_likelihood,
    });
    if let (Some(answer), true) = (answer.as_object_mut(), case.get("data").is_some()) {
        let mut times: Vec<f64> = lives(case)?.iter().map(|life| life.time).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        let hazards: Vec<f64> = times.iter().map(|time| cox.baseline(0, *time)).collect();
        let every: Vec<usize> = (0..size).collect();
        let tested = every.iter().map(std::slice::from_ref).chain([&every[..]]);
        let statistics: Vec<Option<f64>> =
            tested.map(|columns| cox.proportional(columns).map(|test| test.statistic)).collect();
        answer.insert("loglik_null".to_owned(), json!(cox.null_log_likelihood));
        answer.insert("concordance".to_owned(), json!(cox.concordance));
        answer
            .insert("baseline_cumhaz_at_zero".to_owned(), json!({ "time": times, "H0": hazards }));
        answer.insert("zph_identity_chisq".to_owned(), json!(statistics));
    }
    Ok(answer)
}

pub(super) fn accelerated(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        distribution: String,
    }
    let distribution = match field::<Options>(case, "options")?.distribution.as_str() {
        "weibull" => Distribution::Weibull,
        "lognormal" => Distribution::LogNormal,
        "loglogistic" => Distribution::LogLogistic,
        _ => return Err(malformed("no such distribution")),
    };
    let (sample, rows) = (sample(case)?, covariates(case)?.1);
    let fit = aft(&sample, distribution)?;
    let size = sample.size();
    let medians: Vec<f64> =
        rows.chunks(size.max(1)).take(5).map(|row| fit.median(row, 0.95)[0]).collect();
    let (intercept, coefficients) = fit.coefficients.split_at(1);
    Ok(json!({
        "intercept": intercept.first(),
        "coef": coefficients,
        "scale": fit.scale,
        "loglik": fit.log_likelihood,
        "se_intercept_coef_logscale": errors_of(&fit.covariance, size + 2),
        "median_first5": medians,
    }))
}

pub(super) fn concordance_of(case: &Value) -> Result<Value> {
    let predicted = numbers(case, "predicted_time", &["predicted_time"])?;
    let risks: Vec<f64> = predicted.unwrap_or_default().iter().map(|time| -time).collect();
    Ok(json!({ "c_index": concordance(&lives(case)?, &[], &risks) }))
}

pub(super) fn competing_risks(case: &Value) -> Result<Value> {
    let short = || malformed("the case has no causes");
    let causes = numbers(case, "cause", &["cause"])?.ok_or_else(short)?;
    let times = numbers(case, "T", &["T"])?.ok_or_else(short)?;
    let entries = numbers(case, "entry", &[])?.unwrap_or_default();
    let lives: Vec<Life> = times
        .iter()
        .enumerate()
        .map(|(at, time)| Life {
            entry: entries.get(at).copied().unwrap_or(f64::NEG_INFINITY),
            time: *time,
            has_ended: causes.get(at).is_some_and(|cause| *cause > 0.0),
        })
        .collect();
    let causes: Vec<u32> = causes.iter().map(|cause| *cause as u32).collect();
    let points = incidences(&lives, &causes, 0.95)?;
    let mut answer = Map::new();
    let each =
        |of: &dyn Fn(&Incidence) -> Option<f64>| json!(points.iter().map(of).collect::<Vec<_>>());
    answer.insert("time".to_owned(), each(&|point| Some(point.time)));
    for cause in 0..points.first().map_or(0, |point| point.causes.len()) {
        let own = each(&|point| point.causes.get(cause).map(|of| of[0]));
        answer.insert(format!("cif_{}", cause + 1), own);
    }
    Ok(Value::Object(answer))
}

/// Rows of customer, product and day: for each pair the last day, the median gap and the day due.
pub(super) fn replenishment_due(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        purchases: Vec<(String, String, i32)>,
    }
    let Input { mut purchases } = field(case, "input")?;
    purchases.sort_unstable();
    purchases.dedup();
    let pairs = purchases.chunk_by(|a, b| (&a.0, &a.1) == (&b.0, &b.1));
    let rows = pairs.filter_map(|pair| {
        let (customer, product, last) = pair.last()?;
        let days: Vec<i32> = pair.iter().map(|(.., day)| *day).collect();
        let gap = median_gap(&days);
        Some(json!([customer, product, last, gap, gap.map(|gap| f64::from(*last) + gap)]))
    });
    Ok(json!({ "rows": rows.collect::<Vec<_>>() }))
}
