//! Attributes of the customers as columns to cluster on: numbers with what is missing filled, texts
//! as categories whose order does not depend on the order of rows.

use crate::customers::attributes::{AttributeOf, Latest};
use crate::error::{Code, Error, Result};
use crate::privacy::gate::AllowedNames;
use crate::stats::order::sort_by;
use crate::table::block::MISSING;

/// More different texts are no categories.
const MOST_TEXTS: usize = 1_000;

/// The attributes of all customers, by the customers' codes.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub(super) numbers: Vec<Numbers>,
    pub(super) texts: Vec<Texts>,
}

/// An attribute of numbers.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) name: String,
    values: AttributeOf,
    /// What stands for a number that is missing.
    pub(super) fill: f64,
}

/// An attribute of texts.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) name: String,
    values: AttributeOf,
    /// The rank of each code among the texts, by their bytes.
    ranks: Vec<u32>,
    /// The texts by rank.
    pub(super) words: Vec<String>,
}

impl Attributes {
    /// Takes the customers' values; `names` has the texts behind the codes.
    pub(super) fn new(latest: Latest, names: &AllowedNames<'_>) -> Result<Self> {
        let mut found = Attributes::default();
        for (at, (name, values)) in latest.finish(names).into_iter().enumerate() {
            if matches!(values, AttributeOf::Number(..)) {
                found.numbers.push(Numbers { name, values, fill: 0.0 });
                continue;
            }
            let texts = names.attribute(&name);
            let count = texts.map_or(0, |texts| texts.len());
            if count > MOST_TEXTS {
                let hint = "an attribute of more than 1,000 different texts makes no categories";
                return Err(Error::new(Code::Limit, hint).at_path(format!("attributes[{at}]")));
            }
            let text = |code: u32| texts.and_then(|texts| texts.get(code)).unwrap_or_default();
            let mut codes: Vec<u32> = (0..count as u32).collect();
            sort_by(&mut codes, |a, b| text(*a).cmp(text(*b)));
            let mut ranks = vec![0; count];
            for (rank, code) in (0..).zip(&codes) {
                if let Some(slot) = ranks.get_mut(*code as usize) {
                    *slot = rank;
                }
            }
            let word = |code: &u32| String::from_utf8_lossy(text(*code)).into_owned();
            let words = codes.iter().map(word).collect();
            found.texts.push(Texts { name, values, ranks, words });
        }
        Ok(found)
    }
}

impl Numbers {
    /// A customer's number, if there is one.
    pub(super) fn known(&self, customer: u32) -> Option<f64> {
        self.values.number(customer)
    }

    /// A customer's number, or what stands for it.
    pub(super) fn of(&self, customer: u32) -> f64 {
        self.known(customer).unwrap_or(self.fill)
    }
}

impl Texts {
    /// The rank of a customer's text; a text that is missing is a category of its own.
    pub(super) fn of(&self, customer: u32) -> u32 {
        let code = self.values.text(customer);
        code.and_then(|code| self.ranks.get(code as usize).copied()).unwrap_or(MISSING)
    }

    /// The text of a rank; none for what is missing.
    pub(super) fn word(&self, rank: u32) -> Option<&str> {
        self.words.get(rank as usize).map(String::as_str)
    }

    /// The rank of a text; one that nobody has for a text that nobody has.
    pub(super) fn rank(&self, word: Option<&str>) -> u32 {
        let Some(word) = word else { return MISSING };
        let found = self.words.binary_search_by(|other| other.as_bytes().cmp(word.as_bytes()));
        found.map_or(MISSING - 1, |at| at as u32)
    }
}
