//! Golden cases: reference results of other packages and of the papers, run against this crate.
//!
//! Built with the feature `golden` only, for tests: no published file contains it. The same
//! code runs in `tests/golden.rs` and, compiled to WebAssembly, in Node, so that both prove the
//! same thing. [`methods`](mod@methods) maps a case to calls of the crate, [`compare`] judges
//! the answer by the rules of the file's README, and [`run_file`] puts both together.
//!
//! A method is named `file/method`, where `file` is the name of the JSON file without its
//! ending: `behaviour/rfm_score`. These names belong to the cases and are no part of the API.

mod churn;
mod classification;
pub mod compare;
mod experiment;
pub mod methods;
mod privacy;
mod segmentation;
mod zones;

use crate::error::{Code, Error, Result};
use compare::Verdict;
use serde::Serialize;
use serde_json::{Map, Value};

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// `file/method`.
    pub method: String,
    /// The case's own name.
    pub id: String,
    /// Passed, failed, or of a method that is not here yet.
    pub status: Status,
    /// Why it failed: one line per leaf, the first of them only.
    pub reasons: Vec<String>,
}

/// See [`Outcome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Every leaf of the expectation was compared and holds.
    Passed,
    /// At least one leaf differs, or the method returned an error.
    Failed,
    /// The method is not in [`methods::METHODS`].
    Unknown,
}

/// Answers one case: `method` is `file/method`, `case` its JSON without the expectation. The
/// answer is JSON in the shape of the expectation. `None` if the method is not here yet.
///
/// # Errors
/// Inside the option: what the method says, or `invalid-option` if the case has not the shape
/// that the README beside it describes.
#[must_use]
pub fn run(method: &str, case: &str) -> Option<Result<String>> {
    let (_, answer) = methods::METHODS.iter().find(|(name, _)| *name == method)?;
    let case = serde_json::from_str(case).map_err(|error| malformed(&error.to_string()));
    Some(case.and_then(|case| answer(&case)).map(|answer: Value| answer.to_string()))
}

/// Runs every case of one file. `file` is its name without the ending; `data` returns the text
/// of a data file, given the path as the JSON file has it. A data file that cannot be read fails
/// the cases of implemented methods that need it.
///
/// # Errors
/// `parse` if the file has neither of the two layouts.
pub fn run_file(
    file: &str,
    text: &str,
    data: &mut dyn FnMut(&str) -> std::result::Result<String, String>,
) -> Result<Vec<Outcome>> {
    run_file_by(file, text, data, &run)
}

/// What answers a case: [`run`], or a stand-in where the runner itself is tested.
type Answer<'a> = dyn Fn(&str, &str) -> Option<Result<String>> + 'a;

fn run_file_by(
    file: &str,
    text: &str,
    data: &mut dyn FnMut(&str) -> std::result::Result<String, String>,
    answer: &Answer<'_>,
) -> Result<Vec<Outcome>> {
    let root: Value = serde_json::from_str(text)
        .map_err(|error| Error::new(Code::Parse, format!("{file} is not JSON: {error}")))?;
    let cases = if let Some(cases) = root.get("cases").and_then(Value::as_array) {
        cases.iter().map(|case| Case::of_cases(file, case, &root, data)).collect::<Vec<_>>()
    } else if let Some(groups) = root.get("groups").and_then(Value::as_object) {
        let in_group = |(name, group): (&String, &Value)| {
            let cases = group.get("cases").and_then(Value::as_array).cloned().unwrap_or_default();
            let of = |case: &Value| Case::of_groups(file, name, case, group.get("tolerance"));
            cases.iter().map(of).collect::<Vec<_>>()
        };
        groups.iter().flat_map(in_group).collect()
    } else {
        return Err(Error::new(Code::Parse, format!("{file} has neither `cases` nor `groups`")));
    };
    Ok(cases.into_iter().map(|case| case.judge(file, answer)).collect())
}

/// One case of either layout.
struct Case {
    method: String,
    id: String,
    /// What the method is told, or why it cannot be.
    told: std::result::Result<Value, String>,
    expected: Value,
    tolerance: Value,
}

impl Case {
    /// Layout `cases`: `input`, `options`, `expected` and `tolerance` stand apart. A case that
    /// names a `dataset` gets the text of that file as `data`.
    fn of_cases(
        file: &str,
        case: &Value,
        root: &Value,
        data: &mut dyn FnMut(&str) -> std::result::Result<String, String>,
    ) -> Case {
        let mut told = Map::new();
        for field in ["id", "input", "options"] {
            told.insert(field.to_owned(), case.get(field).cloned().unwrap_or_default());
        }
        let mut trouble = None;
        if let Some(name) = case.pointer("/input/dataset").and_then(Value::as_str) {
            let path = root.get("datasets").and_then(|paths| paths.get(name));
            let path = path.and_then(Value::as_str).unwrap_or(name);
            match data(path) {
                Ok(text) => _ = told.insert("data".to_owned(), Value::String(text)),
                Err(reason) => trouble = Some(format!("data file {path}: {reason}")),
            }
        }
        Case {
            method: format!("{file}/{}", text_of(case, "method")),
            id: text_of(case, "id"),
            told: trouble.map_or(Ok(Value::Object(told)), Err),
            expected: case.get("expected").cloned().unwrap_or_default(),
            tolerance: case.get("tolerance").cloned().unwrap_or_default(),
        }
    }

    /// Layout `groups`: inputs and expectations stand side by side. What is neither an input
    /// ([`compare::inputs_of`]) nor a comment is an expectation.
    fn of_groups(file: &str, group: &str, case: &Value, tolerance: Option<&Value>) -> Case {
        const COMMENTS: [&str; 5] = ["id", "note", "why", "name", "source"];
        let method = format!("{file}/{group}");
        let inputs = compare::inputs_of(&method);
        let (mut told, mut expected) = (Map::new(), Map::new());
        told.insert("id".to_owned(), case.get("id").cloned().unwrap_or_default());
        for (field, value) in case.as_object().into_iter().flatten() {
            let dotted = format!("{field}.");
            let inside: Vec<&str> =
                inputs.iter().filter_map(|input| input.strip_prefix(&dotted)).collect();
            if inputs.contains(&field.as_str()) {
                told.insert(field.clone(), value.clone());
            } else if let (false, Some(fields)) = (inside.is_empty(), value.as_object()) {
                let (given, wanted): (Map<_, _>, Map<_, _>) = fields
                    .clone()
                    .into_iter()
                    .partition(|(name, _)| inside.contains(&name.as_str()));
                told.insert(field.clone(), Value::Object(given));
                expected.insert(field.clone(), Value::Object(wanted));
            } else if !COMMENTS.contains(&field.as_str()) {
                expected.insert(field.clone(), value.clone());
            }
        }
        Case {
            method,
            id: text_of(case, "id"),
            told: Ok(Value::Object(told)),
            expected: Value::Object(expected),
            tolerance: tolerance.cloned().unwrap_or_default(),
        }
    }

    fn judge(self, file: &str, answer: &Answer<'_>) -> Outcome {
        let told = self.told.as_ref().map_or(String::new(), Value::to_string);
        let answered = answer(&self.method, &told);
        let (status, reasons) = match (answered, self.told) {
            (None, _) => (Status::Unknown, Vec::new()),
            (Some(_), Err(trouble)) => (Status::Failed, vec![trouble]),
            (Some(Err(error)), _) => (Status::Failed, vec![format!("returned an error: {error}")]),
            (Some(Ok(got)), _) => {
                let verdict = match serde_json::from_str(&got) {
                    Ok(got) => {
                        compare::compare(file, &self.method, &got, &self.expected, &self.tolerance)
                    }
                    Err(error) => Verdict { compared: 0, reasons: vec![error.to_string()] },
                };
                if verdict.passed() {
                    (Status::Passed, Vec::new())
                } else if verdict.reasons.is_empty() {
                    (Status::Failed, vec!["nothing was compared".to_owned()])
                } else {
                    (Status::Failed, verdict.reasons)
                }
            }
        };
        Outcome { method: self.method, id: self.id, status, reasons }
    }
}

fn text_of(case: &Value, field: &str) -> String {
    case.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn malformed(why: &str) -> Error {
    Error::new(Code::InvalidOption, format!("the case has not the shape of its README: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_data(path: &str) -> std::result::Result<String, String> {
        Err(format!("{path} was asked for"))
    }

    fn statuses(file: &str, text: &str, answer: &Answer<'_>) -> Vec<(String, Status, Vec<String>)> {
        run_file_by(file, text, &mut no_data, answer)
            .unwrap()
            .into_iter()
            .map(|outcome| (outcome.method, outcome.status, outcome.reasons))
            .collect()
    }

    #[test]
    fn a_case_passes_only_with_every_leaf() {
        let text = r#"{"cases":[{"id":"a","method":"m","input":1,"options":{},
            "expected":{"x":[1,2],"y":null},"tolerance":{"abs":0,"rel":0}}]}"#;
        let judge = |got: &'static str| {
            let answer = move |_: &str, _: &str| Some(Ok(got.to_owned()));
            statuses("behaviour", text, &answer).remove(0).1
        };
        assert_eq!(judge(r#"{"x":[1,2.0],"y":null}"#), Status::Passed);
        for wrong in [
            r#"{"x":[1,2]}"#,
            r#"{"x":[1,2],"y":null,"z":1}"#,
            r#"{"x":[1],"y":null}"#,
            r#"{"x":[1,2,3],"y":null}"#,
            r#"{"x":[1,2],"y":0}"#,
            r#"{"x":[1,null],"y":null}"#,
            r#"{"x":[1,"2"],"y":null}"#,
            "{}",
        ] {
            assert_eq!(judge(wrong), Status::Failed, "{wrong}");
        }
    }

    #[test]
    fn the_method_never_sees_the_expectation() {
        let cases = r#"{"cases":[{"id":"a","method":"m","source":"s","input":{"q":1},
            "options":{"o":2},"expected":{"secret":7},"tolerance":{"abs":0}}]}"#;
        let groups = r#"{"groups":{"local_dp":{"cases":[{"id":"a","k":2,"epsilon":1.0,"note":"n",
            "p_truth":0.75,"unbiased_from_counts":{"n":10,"observed":3,"estimate":7.5}}]}}}"#;
        let told = std::cell::RefCell::new(Vec::new());
        let answer = |_: &str, case: &str| {
            told.borrow_mut().push(case.to_owned());
            Some(Ok(r#"{"p_truth":0.75,"unbiased_from_counts":{"estimate":7.5}}"#.to_owned()))
        };
        assert_eq!(statuses("behaviour", cases, &answer)[0].1, Status::Failed);
        assert_eq!(statuses("privacy", groups, &answer)[0].1, Status::Passed);
        let told: Vec<Value> =
            told.borrow().iter().map(|case| serde_json::from_str(case).unwrap()).collect();
        let want = [
            r#"{"id":"a","input":{"q":1},"options":{"o":2}}"#,
            r#"{"id":"a","k":2,"epsilon":1.0,"unbiased_from_counts":{"n":10,"observed":3}}"#,
        ];
        assert_eq!(told, want.map(|text| serde_json::from_str::<Value>(text).unwrap()));
    }

    #[test]
    fn a_dataset_arrives_as_text_and_a_missing_one_fails_its_case() {
        let text = r#"{"datasets":{"d":"../data/d.csv"},"cases":[
            {"id":"a","method":"m","input":{"dataset":"d"},"expected":{"x":1},"tolerance":{}}]}"#;
        let echo = |_: &str, case: &str| {
            let case: Value = serde_json::from_str(case).unwrap();
            Some(Ok(format!(r#"{{"x":{}}}"#, case["data"].as_str().unwrap())))
        };
        let mut data = |path: &str| {
            assert_eq!(path, "../data/d.csv");
            Ok("1".to_owned())
        };
        let found = run_file_by("churn", text, &mut data, &echo).unwrap();
        assert_eq!(found[0].status, Status::Passed, "{:?}", found[0].reasons);
        let never = |_: &str, _: &str| Some(Ok(r#"{"x":1}"#.to_owned()));
        let missing = statuses("churn", text, &never).remove(0);
        assert_eq!(missing.1, Status::Failed);
        assert!(missing.2[0].contains("d.csv was asked for"));
    }

    #[test]
    fn a_method_that_is_not_here_is_unknown() {
        let text = r#"{"cases":[{"id":"a","method":"no_such","input":{},"expected":{"x":1}}]}"#;
        let outcomes = run_file("behaviour", text, &mut no_data).unwrap();
        assert_eq!(outcomes[0].status, Status::Unknown);
        assert_eq!(outcomes[0].method, "behaviour/no_such");
    }

    #[test]
    fn a_file_of_another_layout_is_refused() {
        for text in ["", "[]", r#"{"case":[]}"#] {
            assert_eq!(run_file("x", text, &mut no_data).unwrap_err().code(), Code::Parse);
        }
    }
}
