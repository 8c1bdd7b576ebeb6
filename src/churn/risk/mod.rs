//! Who is leaving: probabilities learned from those who left.
//!
//! * [`analysis`] – the analysis `churn-risk`; [`options`] – what it is asked, and what it answers
//! * `answer` – scores with their reasons, targets, the report and its columns
//! * [`label`] – what is known at a cut-off, and what is asked of the days after it
//! * [`model`] – the model as plain data, its score and what each feature adds to it
//! * [`effects`] – how much the model needs each feature, and how the probability goes with it
//! * [`judge`] – how good the models are on rows held out, and what acting on them earns

pub mod analysis;
mod answer;
pub mod effects;
pub mod judge;
pub mod label;
mod learn;
pub mod model;
pub mod options;
mod reasons;
mod rhythm;
mod table;
