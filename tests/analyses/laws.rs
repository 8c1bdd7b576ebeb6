//! Laws that hold for every analysis of segments: a table that streams by in pieces of any size
//! gives the answer of a loaded one to the bit, in steps of any size; neither the order of rows
//! nor the names of customers change it; a new unit of money changes money by that factor and
//! nothing else, where thresholds change with it.
//!
//! Not asked: the conventions that the order of rows decides (`ntile`, `rank-first`), which say so.
//! And the unit of money of `look-alike`, which takes the logarithm of one more than an amount: a
//! new unit is nearly, not quite, a shift of it; and of `churn-risk`, whose models are told means and
//! standard deviations, which a factor moves by their last digits.

use std::fmt::Write as _;
use std::rc::Rc;

use serde_json::Value as Json;
use siyu::analysis::{Job, Source, Streamed};
use siyu::privacy::gate::Gate;
use siyu::read::{Parts, Reader};
use siyu::report::Values;
use siyu::stats::random::Random;
use siyu::table::role::Role;

use crate::tables::{Answer, options, plain, run_with, shanghai};

/// What is asked, money in the request times `unit`.
struct Law {
    analysis: &'static str,
    inputs: &'static [(&'static str, &'static str)],
    options: fn(i64) -> String,
    /// Whether the unit of money matters to nothing but money.
    scales: bool,
}

const LOG: (&str, &str) = ("log", "orders");
const CUSTOMERS: (&str, &str) = ("customers", "customers");
const EVENTS: (&str, &str) = ("events", "events");
const REFERRALS: (&str, &str) = ("referrals", "referrals");

const LAWS: &[Law] = &[
    Law {
        analysis: "rfm",
        inputs: &[LOG],
        options: |_| r#""groups":{"scheme":"eleven"}"#.to_owned(),
        scales: true,
    },
    Law {
        analysis: "rfm",
        inputs: &[LOG],
        options: |unit| {
            let (low, high) = (100 * unit, 800 * unit);
            format!(
                r#""scoring":{{"convention":"fixed","bins":3,"thresholds":
                {{"recency":[10,60],"frequency":[2,5],"monetary":[{low},{high}]}}}}"#
            )
        },
        scales: true,
    },
    Law {
        analysis: "rfm-periods",
        inputs: &[LOG],
        options: |_| r#""periods":4"#.to_owned(),
        scales: true,
    },
    Law {
        analysis: "lrfm",
        inputs: &[LOG, CUSTOMERS],
        options: |_| r#""within":"city""#.to_owned(),
        scales: true,
    },
    Law {
        analysis: "rfms",
        inputs: &[LOG, EVENTS, REFERRALS],
        options: |_| r#""social":{"days":90}"#.to_owned(),
        scales: true,
    },
    Law {
        analysis: "value-score",
        inputs: &[LOG, EVENTS, REFERRALS, ("ratings", "ratings")],
        options: |_| r#""weighting":"entropy""#.to_owned(),
        scales: true,
    },
    Law {
        analysis: "lifecycle",
        inputs: &[LOG],
        options: |_| r#""unit":"week","history":4"#.to_owned(),
        scales: true,
    },
    Law {
        analysis: "migration",
        inputs: &[LOG],
        options: |_| r#""from":"2025-03-01","to":"2025-05-31""#.to_owned(),
        scales: true,
    },
    Law { analysis: "concentration", inputs: &[LOG], options: |_| String::new(), scales: true },
    Law {
        analysis: "clusters",
        inputs: &[LOG],
        options: |_| r#""clusters":3,"seed":1"#.to_owned(),
        scales: true,
    },
    Law {
        analysis: "segments",
        inputs: &[LOG, CUSTOMERS],
        options: |unit| {
            let most = 300 * unit;
            format!(
                r#""segments":[{{"name":"big","rule":"amount > {most} and city in (\"A\",\"B\")"}},
                {{"name":"top","rule":"amount > percentile(80) or orders(last 30d) >= 3"}},
                {{"name":"both","rule":"segment(\"big\") and not segment(\"top\")"}}]"#
            )
        },
        scales: true,
    },
    Law {
        analysis: "tiers",
        inputs: &[LOG],
        options: |unit| {
            let (silver, gold) = (200 * unit, 600 * unit);
            format!(
                r#""tiers":[{{"name":"silver","from":{silver}}},{{"name":"gold","from":{gold}}}]"#
            )
        },
        scales: true,
    },
    Law {
        analysis: "tags",
        inputs: &[("tags", "tags"), LOG],
        options: |unit| {
            let most = 400 * unit;
            format!(
                r#""exclusive":[["new","vip"]],"computed":[{{"tag":"big","rule":"amount > {most}"}}]"#
            )
        },
        scales: true,
    },
    Law {
        analysis: "inactivity",
        inputs: &[("followers", "tags"), EVENTS, LOG],
        options: |_| r#""interactions":["share","view"]"#.to_owned(),
        scales: true,
    },
    Law {
        analysis: "coverage",
        inputs: &[("contacts", "contacts"), ("book", "customers")],
        options: |_| r#""homeProvinces":["SC"]"#.to_owned(),
        scales: true,
    },
    Law {
        analysis: "compare-segments",
        inputs: &[("segments", "tags"), CUSTOMERS, LOG, ("before", "before")],
        options: |_| r#""segment":"tag","attributes":["city","age"]"#.to_owned(),
        scales: true,
    },
    Law {
        analysis: "look-alike",
        inputs: &[("members", "before"), CUSTOMERS, LOG],
        options: |_| r#""attributes":["city","age"],"seed":3"#.to_owned(),
        scales: false,
    },
    Law {
        analysis: "churn-risk",
        inputs: &[LOG],
        options: |_| r#""horizonDays":15,"choice":"trees""#.to_owned(),
        scales: false,
    },
];

impl Law {
    fn request(&self, unit: i64) -> String {
        let inputs: Vec<String> =
            self.inputs.iter().map(|(input, table)| format!("\"{input}\":\"{table}\"")).collect();
        let more = (self.options)(unit);
        let at = if more.contains("\"to\"") { "" } else { "\"at\":\"2025-05-31\"" };
        let comma = if at.is_empty() || more.is_empty() { "" } else { "," };
        format!(
            r#"{{"analysis":"{}","inputs":{{{}}},"options":{{{at}{comma}{more}}}}}"#,
            self.analysis,
            inputs.join(",")
        )
    }

    /// The tables of the inputs, once each.
    fn tables<'a>(&self, shop: &'a Shop) -> Vec<(&'a str, &'a str)> {
        let is_used = |name: &str| self.inputs.iter().any(|(_, table)| *table == name);
        let tables = shop.0.iter().filter(|(name, _)| is_used(name));
        tables.map(|(name, csv)| (*name, csv.as_str())).collect()
    }

    fn answer(&self, shop: &Shop, unit: i64) -> Answer {
        run_with(&self.tables(shop), &self.request(unit))
            .unwrap_or_else(|error| panic!("{}: {error:?}", self.analysis))
    }
}

/// Tables of a small shop as CSV; the customer stands first in each row.
struct Shop(Vec<(&'static str, String)>);

const CUSTOMERS_OF_SHOP: u32 = 80;

fn shop() -> Shop {
    let mut random = Random::new(11, 0);
    let day = |random: &mut Random| {
        format!(
            "2025-{:02}-{:02} {:02}:30",
            1 + random.below(5),
            1 + random.below(28),
            random.below(24)
        )
    };
    let mut orders = "customer,time,amount\n".to_owned();
    let mut events = "customer,time,event\n".to_owned();
    let mut referrals = "customer,time,order\n".to_owned();
    let mut ratings = "customer,time,quantity\n".to_owned();
    let mut contacts = "customer,time,manager,province\n".to_owned();
    let mut tags = "customer,time,tag\n".to_owned();
    let mut customers = "customer,city,age#,manager,segment,verified,account\n".to_owned();
    let mut before = "customer,tag\n".to_owned();
    for row in 0..600_u32 {
        // A few customers buy much of it.
        let most = 1 + random.below(CUSTOMERS_OF_SHOP);
        let customer = random.below(most);
        let refund = if row % 29 == 3 { "-" } else { "" };
        let cents = 5_000 + random.below(30_000);
        let time = day(&mut random);
        writeln!(orders, "c{customer},{time},{refund}{}.{:02}", cents / 100, cents % 100).unwrap();
        let who = random.below(CUSTOMERS_OF_SHOP);
        let kind = ["view", "share", "comment", "view"][random.below(4) as usize];
        writeln!(events, "c{who},{},{kind}", day(&mut random)).unwrap();
        if row % 4 == 0 {
            let friend = random.below(CUSTOMERS_OF_SHOP);
            writeln!(referrals, "c{who},{},c{friend}", day(&mut random)).unwrap();
            writeln!(ratings, "c{who},{},{}", day(&mut random), random.below(11)).unwrap();
        }
    }
    for who in 0..CUSTOMERS_OF_SHOP {
        let manager = ["M", "N"][random.below(2) as usize];
        let city = ["A", "B", "C"][random.below(3) as usize];
        let age = 20 + random.below(50);
        let yes = ["是", "否"][usize::from(random.below(5) == 0)];
        let segment = ["top", "mass"][random.below(2) as usize];
        writeln!(customers, "c{who},{city},{age},{manager},{segment},{yes},是").unwrap();
        let other = ["M", "N"][random.below(2) as usize];
        let province = ["SC", "SC", "GD"][random.below(3) as usize];
        writeln!(contacts, "c{who},{},{other},{province}", day(&mut random)).unwrap();
        let tag = ["vip", "new", "quiet"][random.below(3) as usize];
        writeln!(tags, "c{who},{},{tag}", day(&mut random)).unwrap();
        if age > 45 || random.below(4) == 0 {
            writeln!(before, "c{who},{tag}").unwrap();
        }
    }
    Shop(vec![
        ("orders", orders),
        ("events", events),
        ("referrals", referrals),
        ("ratings", ratings),
        ("contacts", contacts),
        ("tags", tags),
        ("customers", customers),
        ("before", before),
    ])
}

impl Shop {
    /// Each table with its rows changed.
    fn with(&self, change: impl Fn(&str, Vec<Vec<String>>) -> Vec<Vec<String>>) -> Shop {
        let table = |(name, csv): &(&'static str, String)| {
            let mut lines = csv.lines();
            let header = lines.next().unwrap();
            let rows = lines.map(|line| line.split(',').map(str::to_owned).collect()).collect();
            let rows = change(name, rows);
            let rows: String = rows.iter().map(|row| row.join(",") + "\n").collect();
            (*name, format!("{header}\n{rows}"))
        };
        Shop(self.0.iter().map(table).collect())
    }

    fn turned(&self) -> Shop {
        self.with(|_, mut rows| {
            let third = rows.len() / 3;
            rows.rotate_left(third);
            rows.reverse();
            rows
        })
    }

    /// Names of another length and in another order; who was invited is a customer too.
    fn renamed(&self) -> Shop {
        self.with(|table, mut rows| {
            for row in &mut rows {
                row[0] = renamed(&row[0]);
                if table == "referrals" {
                    row[2] = renamed(&row[2]);
                }
            }
            rows
        })
    }

    fn in_units(&self, unit: i64) -> Shop {
        self.with(|table, mut rows| {
            for row in rows.iter_mut().filter(|_| table == "orders") {
                let cents: i64 = row[2].replace('.', "").parse::<i64>().unwrap() * unit;
                let (sign, cents) = (if cents < 0 { "-" } else { "" }, cents.abs());
                row[2] = format!("{sign}{}.{:02}", cents / 100, cents % 100);
            }
            rows
        })
    }
}

fn renamed(customer: &str) -> String {
    let number: u32 = customer[1..].parse().unwrap();
    format!("会员·{:05}", 70_000 - 31 * number)
}

/// Every row of every column set, each value to the bit, in an order that the rows' order does not
/// matter to; the first cell is the customer's.
fn rows(answer: &Answer, name: impl Fn(&str) -> String) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for set in &answer.sets {
        let columns: Vec<Vec<String>> = set.columns.iter().map(|one| texts(&one.values)).collect();
        for row in 0..set.length {
            let cells = columns.iter().enumerate();
            let text = |(at, column): (usize, &Vec<String>)| match at {
                0 => name(&column[row]),
                _ => column[row].clone(),
            };
            all.push(cells.map(text).collect());
        }
    }
    all.sort();
    all
}

fn texts(values: &Values) -> Vec<String> {
    match values {
        Values::Text { bytes, ends } => {
            let starts = std::iter::once(&0).chain(ends);
            let text = |(from, to): (&u32, &u32)| &bytes[*from as usize..*to as usize];
            starts
                .zip(ends)
                .map(text)
                .map(|text| String::from_utf8(text.to_vec()).unwrap())
                .collect()
        }
        Values::F64(values) => values.iter().map(|value| format!("{value:?}")).collect(),
        Values::U8(values) => values.iter().map(u8::to_string).collect(),
        Values::U16(values) => values.iter().map(u16::to_string).collect(),
    }
}

/// Whether two numbers are one, or one amount of money in two units.
fn is_same_money(before: f64, after: f64, unit: f64) -> bool {
    let is_close = |wanted: f64| (after - wanted).abs() <= 1e-9 * wanted.abs().max(1e-9);
    is_close(before) || is_close(before * unit)
}

/// Asserts that two results differ in the unit of money alone. Sentences have money in them: those
/// with figures are not compared.
fn assert_same_money(before: &Json, after: &Json, unit: f64, path: &str) {
    match (before, after) {
        (Json::Number(one), Json::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            assert!(is_same_money(one, other, unit), "{path}: {one} and {other}");
        }
        (Json::Array(one), Json::Array(other)) => {
            assert_eq!(one.len(), other.len(), "{path}");
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                assert_same_money(one, other, unit, &format!("{path}/{at}"));
            }
        }
        (Json::Object(one), Json::Object(other)) => {
            assert!(one.keys().eq(other.keys()), "{path}");
            for (key, one) in one {
                assert_same_money(one, &other[key], unit, &format!("{path}/{key}"));
            }
        }
        (Json::String(one), Json::String(other)) => {
            let has_figures = one.contains(|c: char| c.is_ascii_digit());
            assert!(has_figures || one == other, "{path}: {one} and {other}");
        }
        _ => assert_eq!(before, after, "{path}"),
    }
}

/// The answer over tables whose bytes stream by in pieces, in steps of `budget` rows.
fn streamed(law: &Law, shop: &Shop, piece: usize, budget: usize) -> Answer {
    let tables = law.tables(shop);
    let source = |(name, csv): &(&str, &str)| {
        let options = options(csv);
        let mut first = Reader::new(&options, shanghai(), 1).unwrap();
        first.push(csv.as_bytes(), &mut |_| Ok(())).unwrap();
        let quality = first.finish(&mut |_| Ok(())).unwrap();
        let Parts { dictionaries, fingerprint, .. } = first.into_parts();
        let customers = dictionaries.get(Role::Customer).map_or(0, |ids| ids.len() as u64);
        let reader = Box::new(Reader::new(&options, shanghai(), 2).unwrap());
        let rows = quality.rows.used;
        let source = Streamed { reader, files: Vec::new(), rows, customers, fingerprint };
        ((*name).to_owned(), Source::Streamed(source))
    };
    let sources = tables.iter().map(source).collect();
    let request = plain(&law.request(1));
    let mut job = Job::start(request, sources, Rc::new(Gate::open()), 1 << 30).unwrap();
    loop {
        let step = job.step(budget).unwrap();
        if step.finished {
            return Answer::new(job.finish().unwrap());
        }
        if let Some(wanted) = step.wants {
            let (_, csv) = tables.iter().find(|(name, _)| *name == wanted).unwrap();
            csv.as_bytes().chunks(piece).for_each(|piece| job.push(piece).unwrap());
            job.push_end().unwrap();
        }
    }
}

/// In the package a report has its fields and its sets side by side.
#[test]
fn no_field_of_a_result_has_the_name_of_a_set() {
    let shop = shop();
    for law in LAWS {
        let answer = law.answer(&shop, 1);
        let fields = answer.at("/result");
        for set in &answer.sets {
            assert!(fields.get(set.name).is_none(), "{}: {}", law.analysis, set.name);
        }
    }
}

#[test]
fn a_table_that_streams_by_gives_the_answer_of_a_loaded_one() {
    let shop = shop();
    for law in LAWS {
        let loaded = law.answer(&shop, 1);
        for (piece, budget) in [(61, 17), (4096, 1 << 20)] {
            let streamed = streamed(law, &shop, piece, budget);
            assert_eq!(loaded.json, streamed.json, "{} in pieces of {piece}", law.analysis);
            assert_eq!(loaded.sets, streamed.sets, "{} in pieces of {piece}", law.analysis);
        }
    }
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let shop = shop();
    let turned = shop.turned();
    for law in LAWS {
        let (before, after) = (law.answer(&shop, 1), law.answer(&turned, 1));
        let (one, other) = (before.at("/result"), after.at("/result"));
        // Means of clusters are sums over customers in the order of their first rows.
        match law.analysis {
            "clusters" => assert_same_money(one, other, 1.0, law.analysis),
            _ => assert_eq!(one, other, "{}", law.analysis),
        }
        assert_eq!(rows(&before, str::to_owned), rows(&after, str::to_owned), "{}", law.analysis);
    }
}

#[test]
fn the_names_of_customers_change_nothing() {
    let shop = shop();
    let other = shop.renamed();
    for law in LAWS {
        let (before, after) = (law.answer(&shop, 1), law.answer(&other, 1));
        assert_eq!(before.at("/result"), after.at("/result"), "{}", law.analysis);
        assert_eq!(rows(&before, renamed), rows(&after, str::to_owned), "{}", law.analysis);
    }
}

#[test]
fn the_unit_of_money_changes_money_alone() {
    let (shop, unit) = (shop(), 100);
    let other = shop.in_units(unit);
    for law in LAWS.iter().filter(|law| law.scales) {
        let (before, after) = (law.answer(&shop, 1), law.answer(&other, unit));
        let (one, two) = (before.at("/result"), after.at("/result"));
        assert_same_money(one, two, unit as f64, law.analysis);
        let (one, two) = (rows(&before, str::to_owned), rows(&after, str::to_owned));
        assert_eq!(one.len(), two.len(), "{}", law.analysis);
        for cells in one.iter().zip(&two).flat_map(|(one, two)| one.iter().zip(two)) {
            let is_same = match (cells.0.parse(), cells.1.parse()) {
                (Ok(one), Ok(two)) => is_same_money(one, two, unit as f64),
                _ => cells.0 == cells.1,
            };
            assert!(is_same, "{}: {cells:?}", law.analysis);
        }
    }
}
