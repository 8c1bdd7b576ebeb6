//! What this room does as plain data: a task has a name, options and an answer, the same natively
//! and in the page. To add a task, write its function and its line of the list.

use serde::{Deserialize, Serialize};

use super::anonymity::{Anonymity, AnonymityOptions, anonymity};
use super::consent::is_retention_over;
use super::detect::{Detector, Entity, Evidence, Kind, KindFound, Tally};
use super::dp::accountant::{
    Answers, Cost, Mechanism, PureComposition, compose_pure, cost, gaussian_delta, gaussian_sigma,
    gaussian_sigma_classic, rho_of_gaussian, zcdp_simple, zcdp_tight,
};
use super::dp::experiment::{self, NoisyExperiment, NoisyExperimentOptions};
use super::dp::groups::{self, NoisyCounts, NoisyCountsOptions};
use super::dp::law;
use super::dp::local::{self, LocalPlan};
use super::dp::noise::Platform;
use super::dp::quantile::{self, NoisyQuantile, NoisyQuantileOptions};
use super::dp::sensitivity::{Neighbours, of_count, of_histogram, of_sum};
use super::dp::sums::{self, NoisySums, NoisySumsOptions};
use super::dp::{budget::Decimal, demand, positive, probability};
use super::gate::Request;
use super::identifier::{folded, is_card, is_credit_code, is_mail, is_mobile, resident_id};
use super::ledger::{Ledger, LedgerCheck};
use super::mask::{masked, masked_text};
use super::policy::{PolicyDocument, instant};
use super::pseudonym::{Pseudonyms, new_key};
use super::suppression::{SuppressOptions, Suppressed, suppress};
use crate::error::{Code, Error, Result};
use crate::plain::{Value, nearest};
use crate::report::Refused;
use crate::table::calendar::Date;

/// The list.
macro_rules! tasks {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal: $options:ty => $answer:ty, $run:expr;)+) => {
        /// The names of all tasks.
        pub const NAMES: &[&str] = &[$($name,)+];

        /// The answer of any task.
        #[derive(Debug, Serialize)]
        #[serde(untagged)]
        pub enum Answer {
            $($(#[doc = $doc])+ $variant(Box<$answer>),)+
        }

        /// Runs a task.
        ///
        /// # Errors
        /// `unknown-field` for a name that is none, a mistake in the options with its path, and
        /// what the task says.
        #[inline(never)] // so that the build can tell it and what it needs from what the page has from the start
        pub fn run(task: &str, options: Value) -> Result<Answer> {
            $(
                if task == $name {
                    let run: fn($options) -> Result<$answer> = $run;
                    return run(options.read()?).map(|answer| Answer::$variant(Box::new(answer)));
                }
            )+
            let hint = match nearest(task, NAMES) {
                Some(near) => format!("there is no such task; did you mean `{near}`?"),
                None => format!("there is no such task; there are {}", NAMES.join(", ")),
            };
            Err(Error::new(Code::UnknownField, hint).at_path("task"))
        }

        /// Each task's name, what it does, and its types, registered in the two generators.
        #[cfg(feature = "schema")]
        #[must_use]
        pub fn schemas(
            read: &mut schemars::SchemaGenerator,
            written: &mut schemars::SchemaGenerator,
        ) -> Vec<TaskSchema> {
            vec![$(TaskSchema {
                name: $name,
                about: concat!($($doc),+).trim(),
                options: read.subschema_for::<$options>(),
                result: written.subschema_for::<$answer>(),
            },)+]
        }
    };
}

tasks! {
    /// Finds personal information in texts.
    Detect = "detect": DetectOptions => Detected, detect;
    /// Hides the inner part of personal information in texts, for display.
    Mask = "mask": MaskOptions => Masked, mask;
    /// What a number says of itself by its own rules.
    Identify = "identify": IdentifyOptions => Identified, identify;
    /// Which customers a policy lets through for a purpose, and why not the others.
    Coverage = "coverage": ConsentCoverageOptions => ConsentCoverage, coverage;
    /// What has been kept for its time.
    Retention = "retention": RetentionOptions => Retained, retention;
    /// A new secret key for pseudonyms.
    NewKey = "newKey": NoOptions => NewKey, |_| Ok(NewKey { key: new_key()? });
    /// Keyed pseudonyms of ids, for one purpose.
    Pseudonyms = "pseudonyms": PseudonymOptions => PseudonymList, pseudonyms;
    /// A two-way table of counts in which small ones are hidden so that totals do not give them away.
    Suppress = "suppress": SuppressOptions => Suppressed, |options| suppress(&options);
    /// How well people hide in a table: k, l, t and the risk of being found.
    Anonymity = "anonymity": AnonymityOptions => Anonymity, |options| anonymity(&options);
    /// Counts of groups with noise that hides each customer, paid from a budget.
    NoisyCounts = "noisyCounts": NoisyCountsOptions => NoisyCounts, |options| groups::publish(options, &mut Platform);
    /// Sums and means by group with noise that hides each customer, paid from a budget.
    NoisySums = "noisySums": NoisySumsOptions => NoisySums, |options| sums::publish(options, &mut Platform);
    /// A quantile with noise that hides each customer, paid from a budget.
    NoisyQuantile = "noisyQuantile": NoisyQuantileOptions => NoisyQuantile, |options| quantile::publish(options, &mut Platform);
    /// The summary of an experiment with noise that hides each customer, paid from a budget.
    NoisyExperiment = "noisyExperiment": NoisyExperimentOptions => NoisyExperiment, |options| experiment::publish(options, &mut Platform);
    /// What several noisy answers cost together.
    PrivacyCost = "privacyCost": CostOptions => Cost, |options| cost(&options.answers, options.delta);
    /// What equal answers of a pure ε cost together, by each bound.
    Composition = "composition": CompositionOptions => PureComposition, composition;
    /// How much Gaussian noise an ε and δ need.
    Calibrate = "calibrate": CalibrateOptions => NoiseCalibration, calibrate;
    /// How noise of a scale is distributed, and how far an answer may be off.
    Noise = "noise": NoiseOptions => NoiseLaw, noise;
    /// How much one customer can change an answer.
    Sensitivity = "sensitivity": SensitivityOptions => Sensitivity, sensitivity;
    /// What answers are like that each customer changes by chance.
    LocalNoise = "localNoise": LocalOptions => LocalAnswer, local_noise;
    /// Adds an entry to a log that shows whether it was changed.
    LedgerAppend = "ledgerAppend": LedgerAppendOptions => Ledger, ledger_append;
    /// Whether a log was changed.
    LedgerCheck = "ledgerCheck": LedgerCheckOptions => LedgerCheck, |options| Ok(options.ledger.check(options.head.as_deref()));
}

/// One task as the package's types see it.
#[cfg(feature = "schema")]
#[derive(Debug, Serialize)]
pub struct TaskSchema {
    /// The name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Reference to the option type.
    pub options: schemars::Schema,
    /// Reference to the answer type.
    pub result: schemars::Schema,
}

macro_rules! plain {
    (read $(#[doc = $doc:literal])+ $name:ident { $($(#[$meta:meta])+ $field:ident: $type:ty,)* }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name { $($(#[$meta])+ pub $field: $type,)* }
    };
    (written $(#[doc = $doc:literal])+ $name:ident { $($(#[$meta:meta])+ $field:ident: $type:ty,)* }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(rename_all = "camelCase")]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name { $($(#[$meta])+ pub $field: $type,)* }
    };
}

plain! { read
    /// Nothing to choose.
    NoOptions {}
}

plain! { read
    /// Texts to look through: the cells of a column, or free text.
    DetectOptions {
        /// The texts.
        texts: Vec<String>,
        /// Today's date. A resident number with a later date of birth is none.
        #[serde(default)]
        today: Option<String>,
    }
}

plain! { written
    /// One find.
    Find {
        /// Which text, from 0.
        text: u32,
        /// What it is.
        kind: Kind,
        /// Where it begins, in Unicode scalar values.
        start: u32,
        /// Where it ends, exclusive.
        end: u32,
        /// What it rests on.
        evidence: Evidence,
    }
}

plain! { written
    /// What was found.
    Detected {
        /// Every find, in order.
        finds: Vec<Find>,
        /// By kind.
        kinds: Vec<KindFound>,
    }
}

fn date(text: Option<&String>, field: &'static str) -> Result<Option<Date>> {
    text.map(|text| instant(text).map(|of| of.1).map_err(|e| e.at_path(field))).transpose()
}

fn detect(options: DetectOptions) -> Result<Detected> {
    let today = date(options.today.as_ref(), "today")?;
    let mut tally = Tally::default();
    let mut finds = Vec::new();
    for (text, content) in (0u32..).zip(&options.texts) {
        for Entity { kind, start, end, evidence } in tally.see(content, today) {
            let (start, end) = (*start as u32, *end as u32);
            finds.push(Find { text, kind: *kind, start, end, evidence: *evidence });
        }
    }
    Ok(Detected { finds, kinds: tally.kinds() })
}

plain! { read
    /// Texts to be shown.
    MaskOptions {
        /// The texts.
        texts: Vec<String>,
        /// What each text is as a whole. Without it, what is found in the texts is masked.
        #[serde(default)]
        kind: Option<Kind>,
    }
}

plain! { written
    /// Texts as they may be shown.
    Masked {
        /// The texts, as long as before.
        texts: Vec<String>,
    }
}

fn mask(options: MaskOptions) -> Result<Masked> {
    let mut detector = Detector::default();
    let one = |text: &String| match options.kind {
        Some(kind) => masked(text, kind),
        None => masked_text(text, &mut detector, None),
    };
    Ok(Masked { texts: options.texts.iter().map(one).collect() })
}

plain! { read
    /// A number, as a person typed it.
    IdentifyOptions {
        /// The number.
        text: String,
        /// Whether full-width and other forms of digits count as digits.
        #[serde(default)]
        normalise: bool,
        /// Whether blanks inside are left out first.
        #[serde(default)]
        lenient: bool,
        /// Today's date. A resident number with a later date of birth is none.
        #[serde(default)]
        today: Option<String>,
    }
}

plain! { written
    /// What a number is. Several may be true of one.
    Identified {
        /// A resident identity number.
        resident: Option<ResidentFacts>,
        /// A unified social credit code.
        credit_code: bool,
        /// A payment card by its check digit; blanks and hyphens are left out.
        card: bool,
        /// A mobile number of mainland China.
        mobile: bool,
        /// An e-mail address.
        email: bool,
    }
}

plain! { written
    /// What a resident number says.
    ResidentFacts {
        /// The date of birth.
        birth: String,
        /// Whether the person is recorded as male; not told of 15 digits.
        male: Option<bool>,
        /// Whether it has the older form of 15 digits, which has no check digit.
        legacy: bool,
    }
}

/// What a number is; see [`IdentifyOptions`].
///
/// # Errors
/// `date`.
pub(crate) fn identify(options: IdentifyOptions) -> Result<Identified> {
    let today = date(options.today.as_ref(), "today")?;
    let form = |c: char| if options.normalise { folded(c) } else { c };
    let text: String =
        options.text.chars().map(form).filter(|c| !(options.lenient && *c == ' ')).collect();
    let bytes = text.as_bytes();
    let digits: Vec<u8> =
        bytes.iter().copied().filter(|byte| !matches!(byte, b' ' | b'-')).collect();
    let resident = resident_id(bytes, today).map(|found| ResidentFacts {
        birth: found.birth.to_string(),
        male: found.is_male,
        legacy: found.is_male.is_none(),
    });
    Ok(Identified {
        resident,
        credit_code: is_credit_code(bytes),
        card: is_card(&digits),
        mobile: is_mobile(bytes),
        email: is_mail(bytes),
    })
}

plain! { read
    /// Customers and a purpose, to be held against a policy before anything is computed.
    ConsentCoverageOptions {
        /// The policy.
        policy: PolicyDocument,
        /// The purpose.
        purpose: String,
        /// The instant at which consent must hold.
        at: String,
        /// The columns that would be read: roles, and attributes with an `@` before their names.
        columns: Vec<String>,
        /// The customers.
        customers: Vec<String>,
    }
}

plain! { written
    /// What a policy says of customers.
    ConsentCoverage {
        /// How many may be used.
        allowed: u32,
        /// How many may not, by reason.
        refused: Vec<Refused>,
        /// Of each customer the reason, for or against.
        reasons: Vec<&'static str>,
    }
}

fn coverage(options: ConsentCoverageOptions) -> Result<ConsentCoverage> {
    use super::gate::Policy as _;
    let policy = options.policy.checked().map_err(|error| error.inside("policy"))?;
    let at = Some(instant(&options.at).map_err(|error| error.at_path("at"))?);
    let request = Request { analysis: "coverage", purpose: Some(&options.purpose), at };
    policy.check(request)?;
    let granted = |column: &String| policy.grants(request, column);
    if let Some(at) = options.columns.iter().position(|column| !granted(column)) {
        return Err(Error::new(
            Code::Denied,
            "the policy does not let this purpose read this column",
        )
        .at_path(format!("columns[{at}]")));
    }
    let mut judge = super::policy::CheckedPolicy::judge(&policy, request, options.columns.clone());
    let mut found = ConsentCoverage { allowed: 0, refused: Vec::new(), reasons: Vec::new() };
    for customer in &options.customers {
        let reason = judge(customer.as_bytes());
        found.reasons.push(reason.name());
        if reason.allows() {
            found.allowed += 1;
            continue;
        }
        Refused::count(&mut found.refused, reason.name());
    }
    Ok(found)
}

plain! { read
    /// Days on which something was last used, and how long it may be kept.
    RetentionOptions {
        /// The days of last activity.
        last_activity: Vec<String>,
        /// For how many days it may be kept.
        retention_days: u32,
        /// The day from which is counted.
        today: String,
    }
}

plain! { written
    /// What is over.
    Retained {
        /// Of each whether its time is over.
        expired: Vec<bool>,
        /// How many are.
        count: u32,
    }
}

fn retention(options: RetentionOptions) -> Result<Retained> {
    let (_, today) = instant(&options.today).map_err(|error| error.at_path("today"))?;
    let mut expired = Vec::new();
    for (at, day) in options.last_activity.iter().enumerate() {
        let (_, last) = instant(day).map_err(|e| e.at_path(format!("lastActivity[{at}]")))?;
        expired.push(is_retention_over(last, options.retention_days, today));
    }
    let count = expired.iter().filter(|is| **is).count() as u32;
    Ok(Retained { expired, count })
}

plain! { written
    /// A new key.
    NewKey {
        /// 32 random bytes of the platform as 64 hexadecimal digits. Who has it can tell whose a
        /// pseudonym is: keep it apart from the data.
        key: String,
    }
}

plain! { read
    /// Ids to be replaced.
    PseudonymOptions {
        /// The secret key: 64 hexadecimal digits, as `newKey` makes them.
        key: String,
        /// The version of the key: a new one gives new pseudonyms.
        #[serde(default = "first")]
        version: u32,
        /// What they are for: each purpose has pseudonyms of its own.
        purpose: String,
        /// The ids, taken as they are.
        ids: Vec<String>,
    }
}

fn first() -> u32 {
    1
}

plain! { written
    /// Pseudonyms.
    PseudonymList {
        /// Of each id its pseudonym, 64 hexadecimal digits.
        pseudonyms: Vec<String>,
        /// What they are: `de-identified, still personal information`.
        label: &'static str,
    }
}

fn pseudonyms(options: PseudonymOptions) -> Result<PseudonymList> {
    let of = Pseudonyms::new(&options.key, options.version, &options.purpose)?;
    let pseudonyms = options.ids.iter().map(|id| of.of(id.as_bytes())).collect();
    Ok(PseudonymList { pseudonyms, label: "de-identified, still personal information" })
}

plain! { read
    /// Answers to be accounted.
    CostOptions {
        /// The answers.
        answers: Vec<Answers>,
        /// The probability with which ε need not hold.
        delta: f64,
    }
}

plain! { read
    /// Equal answers.
    CompositionOptions {
        /// ε of each.
        epsilon: f64,
        /// How many.
        count: u32,
        /// The probability with which the sum need not hold.
        delta: f64,
    }
}

fn composition(options: CompositionOptions) -> Result<PureComposition> {
    positive(options.epsilon, "epsilon")?;
    probability(options.delta, "delta")?;
    demand(options.count > 0, "count", "there is at least one answer")?;
    Ok(compose_pure(options.epsilon, f64::from(options.count), options.delta))
}

plain! { read
    /// What Gaussian noise must reach.
    CalibrateOptions {
        /// ε.
        epsilon: f64,
        /// δ.
        delta: f64,
        /// How much one customer changes the answer, in the root of squares.
        #[serde(default = "unit")]
        sensitivity: f64,
    }
}

fn unit() -> f64 {
    1.0
}

plain! { written
    /// Gaussian noise for ε and δ.
    NoiseCalibration {
        /// The smallest σ (Balle and Wang 2018).
        sigma: f64,
        /// The exact δ of it.
        delta: f64,
        /// √(2 ln(1.25/δ))Δ/ε, as textbooks have it.
        sigma_classic: f64,
        /// Whether that holds: for ε below 1 only.
        classic_holds: bool,
        /// ρ of zero-concentrated privacy.
        rho: f64,
        /// ε that follows from ρ by ρ + 2√(ρ ln(1/δ)).
        epsilon_simple: f64,
        /// ε that follows from ρ by the tight conversion.
        epsilon_tight: f64,
        /// The order at which it is reached.
        order: f64,
    }
}

fn calibrate(options: CalibrateOptions) -> Result<NoiseCalibration> {
    let CalibrateOptions { epsilon, delta, sensitivity } = options;
    let sigma = gaussian_sigma(epsilon, delta, sensitivity)?;
    let rho = rho_of_gaussian(sigma, sensitivity);
    let (epsilon_tight, order) = zcdp_tight(rho, delta);
    Ok(NoiseCalibration {
        sigma,
        delta: gaussian_delta(sigma, sensitivity, epsilon),
        sigma_classic: gaussian_sigma_classic(epsilon, delta, sensitivity),
        classic_holds: epsilon < 1.0,
        rho,
        epsilon_simple: zcdp_simple(rho, delta),
        epsilon_tight,
        order,
    })
}

plain! { read
    /// Noise.
    NoiseOptions {
        /// The kind.
        mechanism: Mechanism,
        /// Its scale: σ, or the sensitivity over ε.
        scale: f64,
        /// An answer is off by the accuracy or more in this share of cases.
        #[serde(default = "a_twentieth")]
        alpha: f64,
    }
}

fn a_twentieth() -> f64 {
    0.05
}

plain! { written
    /// How noise is distributed.
    NoiseLaw {
        /// P(X = k) for k from 0 to 10; the law is symmetric.
        mass: Vec<f64>,
        /// The variance.
        variance: f64,
        /// P(|X| ≥ 10), of Laplace noise.
        beyond_ten: Option<f64>,
        /// The accuracy of discrete noise.
        accuracy: f64,
        /// The accuracy of continuous noise of the same scale.
        accuracy_continuous: f64,
    }
}

fn noise(options: NoiseOptions) -> Result<NoiseLaw> {
    let NoiseOptions { mechanism, scale, alpha } = options;
    let is_laplace = mechanism == Mechanism::Laplace;
    let (accuracy_continuous, accuracy) = match is_laplace {
        true => law::laplace_accuracy(scale, alpha)?,
        false => law::gaussian_accuracy(scale, alpha)?,
    };
    let mass =
        |k| if is_laplace { law::laplace_mass(scale, k) } else { law::gaussian_mass(scale, k) };
    let variance =
        if is_laplace { law::laplace_variance(scale) } else { law::gaussian_variance(scale) };
    Ok(NoiseLaw {
        mass: (0..=10).map(mass).collect(),
        variance,
        beyond_ten: is_laplace.then(|| law::laplace_tail(scale, 10)),
        accuracy,
        accuracy_continuous,
    })
}

plain! { read
    /// An answer and its bounds.
    SensitivityOptions {
        /// What is asked.
        query: Query,
        /// Which data sets count as neighbours.
        #[serde(default)]
        neighbours: Neighbours,
        /// The least value of a row, of a sum.
        #[serde(default)]
        lower: f64,
        /// The largest value of a row, of a sum.
        #[serde(default)]
        upper: f64,
        /// How many rows of a customer count at most.
        #[serde(default = "first")]
        rows_per_customer: u32,
        /// How many of them in one group.
        #[serde(default)]
        rows_per_group: Option<u32>,
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SensitivityQuery"))]
pub enum Query {
    /// How many rows.
    Count,
    /// The sum of a value.
    Sum,
    /// How many rows in each group.
    Histogram,
}

plain! { written
    /// How much one customer can change an answer.
    Sensitivity {
        /// In the sum of differences: for Laplace noise.
        l1: f64,
        /// In the root of squares: for Gaussian noise.
        l2: f64,
    }
}

/// How much one customer can change an answer; see [`SensitivityOptions`].
///
/// # Errors
/// `invalid-option` if the bounds are no interval.
pub(crate) fn sensitivity(options: SensitivityOptions) -> Result<Sensitivity> {
    let rows = options.rows_per_customer;
    demand(rows > 0, "rowsPerCustomer", "a customer has a row at least")?;
    let both = |one: f64| Sensitivity { l1: one, l2: one };
    Ok(match options.query {
        Query::Count => both(of_count(rows)),
        Query::Sum => both(of_sum(options.neighbours, options.lower, options.upper, rows)?),
        Query::Histogram => {
            let in_group = options.rows_per_group.unwrap_or(rows);
            let (l1, l2) = of_histogram(options.neighbours, rows, in_group);
            Sensitivity { l1, l2 }
        }
    })
}

plain! { read
    /// Answers that each customer changes by chance.
    LocalOptions {
        /// How many choices there are.
        choices: u32,
        /// ε, as exact decimal digits.
        epsilon: String,
        /// True answers to be changed, each a choice from 0.
        #[serde(default)]
        answers: Vec<u32>,
        /// Changed answers that were collected, from which the whole is estimated.
        #[serde(default)]
        collected: Vec<u32>,
    }
}

plain! { written
    /// What came of it.
    LocalAnswer {
        /// The probabilities.
        plan: LocalPlan,
        /// The answers, changed.
        changed: Vec<u32>,
        /// How many customers have each choice, without bias: it may be below 0. Empty if nothing
        /// was collected.
        estimates: Vec<f64>,
    }
}

fn local_noise(options: LocalOptions) -> Result<LocalAnswer> {
    let LocalOptions { choices, epsilon, answers, collected } = options;
    let amount = Decimal::parse(&epsilon, true).unwrap_or_default();
    let plan = local::plan(choices, amount.to_f64())?;
    let is_choice = |list: &[u32]| list.iter().all(|choice| *choice < choices);
    demand(is_choice(&answers), "answers", "an answer is a choice, from 0")?;
    demand(is_choice(&collected), "collected", "an answer is a choice, from 0")?;
    demand(choices <= 100_000, "choices", "there are at most 100,000 choices")?;
    let ratio = amount.ratio()?;
    let change = |answer: &u32| local::randomised(*answer, choices, ratio, &mut Platform);
    let changed = answers.iter().map(change).collect::<Result<Vec<u32>>>()?;
    let mut counts = vec![0.0; if collected.is_empty() { 0 } else { choices as usize }];
    for choice in &collected {
        if let Some(count) = counts.get_mut(*choice as usize) {
            *count += 1.0;
        }
    }
    let n = collected.len() as f64;
    let one = |observed: f64| local::estimate(choices, amount.to_f64(), n, observed);
    let estimates = counts.into_iter().map(one).collect::<Result<Vec<f64>>>()?;
    Ok(LocalAnswer { plan, changed, estimates })
}

/// A log and what is to be added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LedgerAppendOptions {
    /// The log; empty at first.
    #[serde(default)]
    pub ledger: Ledger,
    /// What happened, as an object. What names a person does not belong into it: an entry in
    /// which personal information is found is refused.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")
    )]
    pub entry: Value,
}

fn ledger_append(options: LedgerAppendOptions) -> Result<Ledger> {
    let LedgerAppendOptions { mut ledger, entry } = options;
    let is_personal = !Detector::default().find(&super::ledger::canonical(&entry), None).is_empty();
    demand(!is_personal, "entry", "personal information was found in it: leave that out")?;
    let Value::Object(fields) = entry else {
        return Err(Error::new(Code::InvalidOption, "an entry is an object").at_path("entry"));
    };
    ledger.append(fields)?;
    Ok(ledger)
}

plain! { read
    /// A log to be checked.
    LedgerCheckOptions {
        /// The log.
        ledger: Ledger,
        /// The last hash as it was kept elsewhere: without it a cut tail does not show.
        #[serde(default)]
        head: Option<String>,
    }
}
