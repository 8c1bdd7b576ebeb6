//! Who is still there, how much they will buy, and what that is worth.
//!
//! * [`analysis`] – the analysis `lifetime-value`; [`options`] – what it is asked, and what it answers
//! * [`fitted`] – the models as they are told
//! * `fit` – from histories to models, and whether these foresaw what came
//! * `answer` – customers' predictions, sums over them, the report and its columns

pub mod analysis;
mod answer;
mod fit;
pub mod fitted;
pub mod options;
