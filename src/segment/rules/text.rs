//! The text form of a rule: characters to tokens to a tree, by hand.
//!
//! Linear in the length of the text; nesting is counted and bounded, so that no text can exhaust
//! the stack. An error says at which character it is, and what was probably meant.

use super::tree::{
    Comparison, Filter, Measure, NumberTest, Of, Op, Operand, Quantity, Rule, Span, Step, Test,
    TextTest, Window,
};
use crate::error::{Code, Error, Result};
use crate::plain::nearest;

/// The longest text of a rule, in bytes.
pub const MOST_BYTES: usize = 16_384;

/// The deepest nesting of brackets and `not`.
const MOST_DEPTH: u32 = 24;

/// The most conditions of one rule.
pub(super) const MOST_CONDITIONS: usize = 256;

/// Words that are no names.
const WORDS: &[&str] = &[
    "and",
    "or",
    "not",
    "minus",
    "in",
    "between",
    "contains",
    "starts",
    "with",
    "is",
    "missing",
    "last",
    "ago",
    "since",
    "before",
    "percentile",
    "segment",
    "tag",
    "then",
    "within",
    "everyone",
];

/// Whether a name can stand in a rule as it is.
pub(super) fn is_plain_name(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    let is_word = WORDS.contains(&name.to_ascii_lowercase().as_str())
        || matches!(name, "且" | "或" | "非")
        || Of::ALL.iter().any(|(of, _)| *of == name)
        || matches!(name, "order" | "sum");
    first && letters.all(|c| c.is_alphanumeric() || c == '_') && !is_word
}

/// Reads the text form.
///
/// # Errors
/// `parse`, with the byte of the text in the error and the character in the hint.
pub fn parse(text: &str) -> Result<Rule> {
    if text.len() > MOST_BYTES {
        let hint = format!("a rule has at most {MOST_BYTES} bytes");
        return Err(Error::new(Code::Limit, hint));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens, at: 0, depth: 0, conditions: 0 };
    let rule = parser.any()?;
    match parser.peek() {
        Token::End => Ok(rule),
        Token::Close => Err(parser.wrong("this bracket was never opened")),
        _ => Err(parser.wrong("the rule should end here, or go on with `and` or `or`")),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A word or a name.
    Word(String),
    /// A name in backticks.
    Name(String),
    Text(String),
    Number(f64),
    Span(Span),
    Date(String),
    Op(Op),
    Open,
    Close,
    Comma,
    Slash,
    End,
}

/// An error at a byte of the text.
fn wrong_at(text: &str, byte: usize, hint: &str) -> Error {
    let character = text.get(..byte).map_or(0, |before| before.chars().count()) + 1;
    Error::new(Code::Parse, format!("at character {character} of the rule: {hint}"))
        .at_byte(byte as u64)
}

/// The tokens, each with its first byte.
fn tokens(text: &str) -> Result<Vec<(Token, usize)>> {
    let mut found = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let follows = |c: char, rest: &mut std::iter::Peekable<std::str::CharIndices<'_>>| {
            rest.next_if(|(_, next)| *next == c).is_some()
        };
        let token = match c {
            c if c.is_whitespace() => continue,
            '(' | '（' => Token::Open,
            ')' | '）' => Token::Close,
            ',' | '，' | '、' => Token::Comma,
            '/' => Token::Slash,
            '=' => {
                follows('=', &mut rest);
                Token::Op(Op::Equal)
            }
            '!' if follows('=', &mut rest) => Token::Op(Op::Unequal),
            '≠' => Token::Op(Op::Unequal),
            '<' if follows('=', &mut rest) => Token::Op(Op::AtMost),
            '<' if follows('>', &mut rest) => Token::Op(Op::Unequal),
            '<' => Token::Op(Op::Less),
            '>' if follows('=', &mut rest) => Token::Op(Op::AtLeast),
            '>' => Token::Op(Op::More),
            '≤' => Token::Op(Op::AtMost),
            '≥' => Token::Op(Op::AtLeast),
            '"' | '“' | '`' => {
                let closing = if c == '“' { '”' } else { c };
                let mut content = String::new();
                let mut closed = false;
                while let Some((_, c)) = rest.next() {
                    match c {
                        c if c == closing => {
                            closed = true;
                            break;
                        }
                        '\\' => match rest.next() {
                            Some((_, c)) if c == '\\' || c == closing => content.push(c),
                            _ => {
                                return Err(wrong_at(
                                    text,
                                    at,
                                    "`\\` stands only before a quote or another `\\`",
                                ));
                            }
                        },
                        c => content.push(c),
                    }
                }
                match (closed, c) {
                    (false, _) => return Err(wrong_at(text, at, "this quote is not closed")),
                    (true, '`') => Token::Name(content),
                    (true, _) => Token::Text(content),
                }
            }
            '\'' => {
                return Err(wrong_at(text, at, "texts stand in double quotes: \"…\""));
            }
            c if c.is_ascii_digit() || c == '-' => {
                let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
                let mut end = at + c.len_utf8();
                while let Some((next, c)) = rest.next_if(|(_, c)| is_part(*c)) {
                    end = next + c.len_utf8();
                }
                number(text.get(at..end).unwrap_or_default())
                    .ok_or_else(|| wrong_at(text, at, "write a number such as 12.5, a time such as 30d, or a date such as 2025-06-01"))?
            }
            c if c.is_alphabetic() || c == '_' => {
                let mut end = at + c.len_utf8();
                let is_part = |c: char| c.is_alphanumeric() || c == '_';
                while let Some((next, c)) = rest.next_if(|(_, c)| is_part(*c)) {
                    end = next + c.len_utf8();
                }
                Token::Word(text.get(at..end).unwrap_or_default().to_owned())
            }
            _ => return Err(wrong_at(text, at, "this character has no meaning in a rule")),
        };
        found.push((token, at));
    }
    found.push((Token::End, text.len()));
    Ok(found)
}

/// A number, a length of time or a date.
fn number(text: &str) -> Option<Token> {
    let bytes = text.as_bytes();
    if bytes.len() == 10 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-') {
        return Some(Token::Date(text.to_owned()));
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let is_number = unsigned.starts_with(|c: char| c.is_ascii_digit())
        && unsigned.ends_with(|c: char| c.is_ascii_digit())
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_'));
    if is_number {
        let value: f64 = text.replace('_', "").parse().ok()?;
        return value.is_finite().then_some(Token::Number(value));
    }
    text.parse().ok().map(Token::Span)
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: u32,
    conditions: usize,
}

/// What stands in brackets behind a name.
#[derive(Default)]
struct Brackets {
    window: Option<Window>,
    filters: Vec<Filter>,
    /// Whether `amount` stands alone, as in `sum(amount)`.
    amount: bool,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn after(&self) -> &Token {
        self.tokens.get(self.at + 1).map_or(&Token::End, |(token, _)| token)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn wrong(&self, hint: &str) -> Error {
        self.wrong_before(0, hint)
    }

    /// An error at a token that was read already.
    fn wrong_before(&self, back: usize, hint: &str) -> Error {
        let at = self.at.saturating_sub(back);
        let byte = self.tokens.get(at).map_or(self.text.len(), |(_, byte)| *byte);
        wrong_at(self.text, byte, hint)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.take_word(word) {
            return Ok(());
        }
        let hint = match self.peek() {
            Token::Word(found) if nearest(found, &[word]).is_some() => {
                format!("did you mean `{word}`?")
            }
            _ => format!("`{word}` is missing here"),
        };
        Err(self.wrong(&hint))
    }

    fn expect(&mut self, token: &Token, hint: &str) -> Result<()> {
        if self.peek() == token {
            self.at += 1;
            return Ok(());
        }
        Err(self.wrong(hint))
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        match self.depth > MOST_DEPTH {
            true => {
                Err(self.wrong("this is nested too deeply; name a part as a segment of its own"))
            }
            false => Ok(()),
        }
    }

    fn any(&mut self) -> Result<Rule> {
        let mut rules = vec![self.all()?];
        while self.take_word("or") || self.take_word("或") {
            rules.push(self.all()?);
        }
        Ok(match (rules.pop(), rules.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                rules.extend(last);
                Rule::Any(rules)
            }
        })
    }

    fn all(&mut self) -> Result<Rule> {
        let mut rules = vec![self.one()?];
        loop {
            if self.take_word("and") || self.take_word("且") {
                rules.push(self.one()?);
            } else if self.take_word("minus") {
                rules.push(Rule::Not(Box::new(self.one()?)));
            } else {
                break;
            }
        }
        Ok(match (rules.pop(), rules.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                rules.extend(last);
                Rule::All(rules)
            }
        })
    }

    fn one(&mut self) -> Result<Rule> {
        let mut nots = 0;
        while self.take_word("not") || self.take_word("非") {
            nots += 1;
            self.deeper()?;
        }
        let mut rule = self.primary()?;
        for _ in 0..nots {
            rule = Rule::Not(Box::new(rule));
        }
        self.depth -= nots;
        Ok(rule)
    }

    fn primary(&mut self) -> Result<Rule> {
        if *self.peek() == Token::Open {
            self.at += 1;
            self.deeper()?;
            let rule = self.any()?;
            self.expect(&Token::Close, "a closing bracket is missing here")?;
            self.depth -= 1;
            return Ok(rule);
        }
        self.conditions += 1;
        if self.conditions > MOST_CONDITIONS {
            let hint = format!("a rule has at most {MOST_CONDITIONS} conditions");
            return Err(self.wrong(&hint));
        }
        if self.take_word("everyone") {
            return Ok(Rule::All(Vec::new()));
        }
        for (word, make) in [("segment", Rule::Segment as fn(String) -> Rule), ("tag", Rule::Tag)] {
            if self.is_word(word) && *self.after() == Token::Open {
                self.at += 2;
                let Token::Text(name) = self.next() else {
                    let hint = format!("`{word}` takes a name in double quotes");
                    return Err(self.wrong_before(1, &hint));
                };
                self.expect(&Token::Close, "a closing bracket is missing here")?;
                return Ok(make(name));
            }
        }
        self.condition()
    }

    /// A sequence, or a quantity or attribute with what it must be.
    fn condition(&mut self) -> Result<Rule> {
        let start = self.at;
        match self.peek().clone() {
            Token::Text(event) => {
                self.at += 1;
                let brackets = self.brackets()?;
                if !self.is_word("then") {
                    return Err(self.wrong("after an event a sequence goes on with `then`; to count events write events(\"…\")"));
                }
                self.sequence(step_of(Some(event), brackets))
            }
            Token::Word(word) => {
                let is_word = WORDS.iter().any(|known| known.eq_ignore_ascii_case(&word));
                if is_word {
                    let hint = format!(
                        "`{word}` cannot stand here; an attribute of this name stands in backticks"
                    );
                    return Err(self.wrong(&hint));
                }
                self.at += 1;
                let has_brackets = *self.peek() == Token::Open;
                let brackets = self.brackets()?;
                if self.is_word("then") {
                    let is_order = matches!(word.as_str(), "order" | "orders");
                    return self.sequence(step_of((!is_order).then_some(word), brackets));
                }
                let left = self.named(word, has_brackets, brackets, start)?;
                self.with(left)
            }
            Token::Name(name) => {
                self.at += 1;
                self.with(Quantity::Attribute(name))
            }
            Token::End => {
                Err(self.wrong("a condition is missing here, such as orders(last 30d) >= 3"))
            }
            _ => Err(self.wrong("a condition begins with a name, such as orders(last 30d) >= 3")),
        }
    }

    /// What a word with its brackets is.
    fn named(
        &self,
        word: String,
        has_brackets: bool,
        brackets: Brackets,
        start: usize,
    ) -> Result<Quantity> {
        let Brackets { window, filters, amount } = brackets;
        let of = match word.as_str() {
            "order" => Some(Of::Orders),
            "sum" => Some(Of::Amount),
            word => Of::ALL.iter().find(|(name, _)| *name == word).map(|(_, of)| *of),
        };
        match of {
            Some(of) => {
                let takes = matches!(of, Of::Amount | Of::Avg | Of::Min | Of::Max);
                if amount && !takes {
                    let hint = "`amount` alone stands only in sum, avg, min and max";
                    return Err(self.wrong_before(self.at - start, hint));
                }
                Ok(Quantity::Measure(Measure { of, window, filters }))
            }
            None if !has_brackets => Ok(Quantity::Attribute(word)),
            None => {
                let names: Vec<&str> = Of::ALL
                    .iter()
                    .map(|(name, _)| *name)
                    .chain(["sum", "segment", "tag"])
                    .collect();
                let hint = match nearest(&word, &names) {
                    Some(near) => format!("there is no `{word}(…)`; did you mean `{near}`?"),
                    None => format!("there is no `{word}(…)`; there are {}", names.join(", ")),
                };
                Err(self.wrong_before(self.at - start, &hint))
            }
        }
    }

    /// A quantity on the right side or below a ratio.
    fn quantity(&mut self) -> Result<Quantity> {
        let start = self.at;
        match self.next() {
            Token::Name(name) => Ok(Quantity::Attribute(name)),
            Token::Word(word) if !WORDS.iter().any(|known| known.eq_ignore_ascii_case(&word)) => {
                let has_brackets = *self.peek() == Token::Open;
                let brackets = self.brackets()?;
                self.named(word, has_brackets, brackets, start)
            }
            _ => Err(self.wrong_before(1, "a quantity is missing here, such as orders(last 30d)")),
        }
    }

    /// The rest of a condition on a quantity.
    fn with(&mut self, mut left: Quantity) -> Result<Rule> {
        if *self.peek() == Token::Slash {
            self.at += 1;
            left = Quantity::Ratio(Box::new([left, self.quantity()?]));
        }
        let texts = |parser: &Self, left: Quantity, test: Test| match left {
            Quantity::Attribute(attribute) => Ok(Rule::Text(TextTest { attribute, test })),
            _ => Err(parser.wrong_before(1, "only an attribute can be compared with a text")),
        };
        match self.peek().clone() {
            Token::Op(op) => {
                self.at += 1;
                match self.peek().clone() {
                    Token::Text(value) => {
                        self.at += 1;
                        let test = match op {
                            Op::Equal => Test::In(vec![value]),
                            Op::Unequal => Test::NotIn(vec![value]),
                            _ => {
                                return Err(
                                    self.wrong_before(2, "texts are compared with = and != only")
                                );
                            }
                        };
                        texts(self, left, test)
                    }
                    Token::Number(number) => {
                        self.at += 1;
                        Ok(Rule::Compare(Comparison { left, op, right: Operand::Number(number) }))
                    }
                    Token::Word(word) if word.eq_ignore_ascii_case("percentile") => {
                        self.at += 1;
                        self.expect(&Token::Open, "percentile takes a number: percentile(90)")?;
                        let Token::Number(share) = self.next() else {
                            return Err(
                                self.wrong_before(1, "percentile takes a number: percentile(90)")
                            );
                        };
                        self.expect(&Token::Close, "a closing bracket is missing here")?;
                        Ok(Rule::Compare(Comparison {
                            left,
                            op,
                            right: Operand::Percentile(share),
                        }))
                    }
                    Token::Span(_) => Err(self.wrong(
                        "write the number alone; days are what sinceFirst and sinceLast count",
                    )),
                    _ => {
                        let mut right = self.quantity()?;
                        if *self.peek() == Token::Slash {
                            self.at += 1;
                            right = Quantity::Ratio(Box::new([right, self.quantity()?]));
                        }
                        Ok(Rule::Compare(Comparison { left, op, right: Operand::Quantity(right) }))
                    }
                }
            }
            Token::Word(word) => self.worded(&word.to_ascii_lowercase(), left),
            _ => Err(self
                .wrong("what must it be? Go on with >=, =, in, contains, between or `is missing`")),
        }
    }

    /// The rest of a condition that goes on with a word.
    fn worded(&mut self, word: &str, left: Quantity) -> Result<Rule> {
        let attribute = |parser: &Self, left: Quantity| match left {
            Quantity::Attribute(attribute) => Ok(attribute),
            _ => Err(parser.wrong("only an attribute can be compared with texts")),
        };
        match word {
            "in" => {
                let attribute = attribute(self, left)?;
                self.at += 1;
                Ok(Rule::Text(TextTest { attribute, test: Test::In(self.texts()?) }))
            }
            "not" => {
                let attribute = attribute(self, left)?;
                self.at += 1;
                self.expect_word("in")?;
                Ok(Rule::Text(TextTest { attribute, test: Test::NotIn(self.texts()?) }))
            }
            "contains" => {
                let attribute = attribute(self, left)?;
                self.at += 1;
                Ok(Rule::Text(TextTest { attribute, test: Test::Contains(self.text()?) }))
            }
            "starts" => {
                let attribute = attribute(self, left)?;
                self.at += 1;
                self.expect_word("with")?;
                Ok(Rule::Text(TextTest { attribute, test: Test::StartsWith(self.text()?) }))
            }
            "is" => {
                self.at += 1;
                let not = self.take_word("not");
                self.expect_word("missing")?;
                let missing = Rule::Missing(left);
                Ok(if not { Rule::Not(Box::new(missing)) } else { missing })
            }
            "between" => {
                self.at += 1;
                let (Token::Number(low), true, Token::Number(high)) =
                    (self.next(), self.take_word("and"), self.next())
                else {
                    return Err(self.wrong_before(1, "write between 10 and 20; both ends count"));
                };
                let compare = |left, op, number| {
                    Rule::Compare(Comparison { left, op, right: Operand::Number(number) })
                };
                Ok(Rule::All(vec![
                    compare(left.clone(), Op::AtLeast, low),
                    compare(left, Op::AtMost, high),
                ]))
            }
            word => {
                let words = ["in", "not in", "contains", "starts with", "is missing", "between"];
                let hint = match nearest(word, &words) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => {
                        "what must it be? Go on with >=, =, in, contains, between or `is missing`"
                            .to_owned()
                    }
                };
                Err(self.wrong(&hint))
            }
        }
    }

    fn text(&mut self) -> Result<String> {
        match self.next() {
            Token::Text(text) => Ok(text),
            _ => Err(self.wrong_before(1, "a text in double quotes is missing here")),
        }
    }

    /// Texts in brackets.
    fn texts(&mut self) -> Result<Vec<String>> {
        self.expect(&Token::Open, "texts stand in brackets: (\"a\", \"b\")")?;
        let mut texts = vec![self.text()?];
        while *self.peek() == Token::Comma {
            self.at += 1;
            texts.push(self.text()?);
        }
        self.expect(&Token::Close, "a comma or a closing bracket is missing here")?;
        Ok(texts)
    }

    /// The brackets behind a name, if they are there.
    fn brackets(&mut self) -> Result<Brackets> {
        let mut found = Brackets::default();
        if *self.peek() != Token::Open {
            return Ok(found);
        }
        self.at += 1;
        if *self.peek() == Token::Close {
            self.at += 1;
            return Ok(found);
        }
        let mut events = Vec::new();
        loop {
            match self.peek().clone() {
                Token::Text(event) => {
                    self.at += 1;
                    events.push(event);
                }
                Token::Word(word) if word == "amount" && matches!(self.after(), Token::Comma | Token::Close) => {
                    self.at += 1;
                    found.amount = true;
                }
                Token::Word(word) => match self.window(&word.to_ascii_lowercase())? {
                    Some(_) if found.window.is_some() => {
                        return Err(self.wrong_before(1, "one time is enough"));
                    }
                    Some(window) => found.window = Some(window),
                    None => {
                        self.at += 1;
                        found.filters.push(self.filter(word)?);
                    }
                },
                Token::Name(name) => {
                    self.at += 1;
                    found.filters.push(self.filter(name)?);
                }
                _ => return Err(self.wrong("here stands a time (last 30d), an event (\"view\") or a condition on rows (channel = \"app\")")),
            }
            match self.next() {
                Token::Comma => {}
                Token::Close => break,
                _ => {
                    return Err(
                        self.wrong_before(1, "a comma or a closing bracket is missing here")
                    );
                }
            }
        }
        if !events.is_empty() {
            let of = Filter { field: "event".to_owned(), test: Test::In(events) };
            found.filters.insert(0, of);
        }
        Ok(found)
    }

    /// A time that begins with this word, if one does.
    fn window(&mut self, word: &str) -> Result<Option<Window>> {
        let window = match word {
            "last" => {
                self.at += 1;
                Window::Last(self.span()?)
            }
            "since" | "before" => {
                self.at += 1;
                let Token::Date(day) = self.next() else {
                    return Err(self.wrong_before(1, "a date such as 2025-06-01 is missing here"));
                };
                if word == "since" { Window::Since(day) } else { Window::Before(day) }
            }
            "between" => {
                self.at += 1;
                if let Token::Date(from) = self.peek().clone() {
                    self.at += 1;
                    self.expect_word("and")?;
                    let Token::Date(to) = self.next() else {
                        return Err(
                            self.wrong_before(1, "a date such as 2025-06-01 is missing here")
                        );
                    };
                    Window::Dates([from, to])
                } else {
                    let from = self.span()?;
                    self.expect_word("and")?;
                    let to = self.span()?;
                    self.expect_word("ago")?;
                    Window::Ago([from, to])
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(window))
    }

    /// A length of time: `30d`, or `30 days`.
    fn span(&mut self) -> Result<Span> {
        let hint = "a time such as 30d, 48h, 2w, 6mo or 1y is missing here";
        match self.next() {
            Token::Span(span) => Ok(span),
            Token::Number(count) => match self.next() {
                Token::Word(unit) => {
                    format!("{count}{unit}").parse().map_err(|_| self.wrong_before(1, hint))
                }
                _ => Err(self.wrong_before(1, "days, hours, weeks, months or years?")),
            },
            _ => Err(self.wrong_before(1, hint)),
        }
    }

    /// A condition on a row, behind its field.
    fn filter(&mut self, field: String) -> Result<Filter> {
        let test = match self.next() {
            Token::Op(op) => match (self.next(), op) {
                (Token::Text(value), Op::Equal) => Test::In(vec![value]),
                (Token::Text(value), Op::Unequal) => Test::NotIn(vec![value]),
                (Token::Text(_), _) => {
                    return Err(self.wrong_before(2, "texts are compared with = and != only"));
                }
                (Token::Number(value), op) => Test::Number(NumberTest { op, value }),
                _ => {
                    return Err(
                        self.wrong_before(1, "a number or a text in double quotes is missing here")
                    );
                }
            },
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "in" => Test::In(self.texts()?),
                "not" => {
                    self.expect_word("in")?;
                    Test::NotIn(self.texts()?)
                }
                "contains" => Test::Contains(self.text()?),
                "starts" => {
                    self.expect_word("with")?;
                    Test::StartsWith(self.text()?)
                }
                _ => {
                    return Err(
                        self.wrong_before(1, "go on with =, >=, in, contains or `starts with`")
                    );
                }
            },
            _ => {
                let hint = match nearest(&field, &["last", "since", "before", "between"]) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "what must it be? Go on with =, >=, in, contains or `starts with`"
                        .to_owned(),
                };
                return Err(self.wrong_before(2, &hint));
            }
        };
        Ok(Filter { field, test })
    }

    /// The steps after the first.
    fn sequence(&mut self, first: Step) -> Result<Rule> {
        let mut steps = vec![first];
        while self.take_word("then") {
            self.conditions += 1;
            if self.conditions > MOST_CONDITIONS {
                return Err(self.wrong("the sequence has too many steps"));
            }
            let not = self.take_word("not");
            let event = match self.next() {
                Token::Text(event) | Token::Name(event) => Some(event),
                Token::Word(word) if matches!(word.as_str(), "order" | "orders") => None,
                Token::Word(word)
                    if !WORDS.iter().any(|known| known.eq_ignore_ascii_case(&word)) =>
                {
                    Some(word)
                }
                _ => {
                    return Err(self.wrong_before(
                        1,
                        "an event is missing here: \"view\", or order for a purchase",
                    ));
                }
            };
            let mut step = step_of(event, self.brackets()?);
            step.not = not;
            if self.take_word("within") {
                step.within = Some(self.span()?);
            }
            steps.push(step);
        }
        Ok(Rule::Sequence(steps))
    }
}

fn step_of(event: Option<String>, brackets: Brackets) -> Step {
    let Brackets { window, filters, .. } = brackets;
    Step { event, not: false, within: None, window, filters }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> String {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
    }

    #[test]
    fn a_rule_is_written_in_one_way() {
        for (text, usual) in [
            (
                r#"orders(last 30d) >= 3 and not tag("staff") and city in ("成都","重庆")"#,
                r#"orders(last 30d) >= 3 and not tag("staff") and city in ("成都", "重庆")"#,
            ),
            ("a = 1 or b = 2 and c = 3", "a = 1 or (b = 2 and c = 3)"),
            ("(a = 1 or b = 2) and not (c = 3)", "(a = 1 or b = 2) and not c = 3"),
            ("sum(amount, last 12 months) > percentile(90)", "amount(last 12mo) > percentile(90)"),
            ("avg(amount) ≥ 100", "avg >= 100"),
            ("view then not order within 48h", r#""view" then not order within 48h"#),
            (
                r#""view"(last 7d, channel = "app") then order within 2 days then not "refund""#,
                r#""view"(channel = "app", last 7d) then order within 2d then not "refund""#,
            ),
            (
                "events(\"view\", last 7d) >= 1 and orders() = 0",
                "events(\"view\", last 7d) >= 1 and orders = 0",
            ),
            ("segment(\"a\") minus segment(\"b\")", "segment(\"a\") and not segment(\"b\")"),
            ("orders(discount > 0) / orders >= 0.6", "orders(discount > 0) / orders >= 0.6"),
            ("age between 20 and 30", "age >= 20 and age <= 30"),
            (
                "level is not missing 且 非 `order` = \"x\"",
                "not level is missing and not `order` = \"x\"",
            ),
            (
                "orders(between 60d and 30d ago) > orders(last 30d)",
                "orders(between 60d and 30d ago) > orders(last 30d)",
            ),
            (
                "amount(between 2025-01-01 and 2025-03-31) >= 1_000",
                "amount(between 2025-01-01 and 2025-03-31) >= 1000",
            ),
            ("城市 = “成都”", "城市 = \"成都\""),
            ("not everyone", "not everyone"),
            (r#"a = "x\"y\\z""#, r#"a = "x\"y\\z""#),
        ] {
            assert_eq!(again(text), usual);
            assert_eq!(again(usual), usual, "written again");
        }
    }

    #[test]
    fn a_slip_is_named_with_its_character_and_its_cure() {
        for (text, character, part) in [
            ("", 1, "a condition is missing"),
            ("ordrs(last 30d) >= 3", 1, "did you mean `orders`"),
            ("orders(last 30) >= 3", 15, "days, hours, weeks"),
            ("orders(lats 30d) >= 3", 8, "did you mean `last`"),
            ("orders >= ", 11, "a quantity is missing"),
            ("(orders >= 3", 13, "closing bracket"),
            ("orders >= 3)", 12, "never opened"),
            ("orders >= 3 amount > 5", 13, "`and` or `or`"),
            ("城市 = “成都", 6, "not closed"),
            ("city = '成都'", 8, "double quotes"),
            ("city > \"x\"", 6, "= and != only"),
            ("orders >= 30d", 11, "the number alone"),
            ("\"view\" >= 3", 8, "events("),
            ("view then within 3d", 11, "an event is missing"),
            ("city contans \"x\"", 6, "did you mean `contains`"),
            ("a = 1 & b = 2", 7, "no meaning"),
            ("tag(staff)", 5, "double quotes"),
            ("orders(last 30d, last 7d) > 1", 23, "one time"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code(), Code::Parse, "{text}");
            let at = format!("at character {character} ");
            assert!(error.hint().starts_with(&at), "{text}: {error}");
            assert!(error.hint().contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn deep_and_long_texts_are_errors_and_no_crash() {
        let deep = "(".repeat(8000) + "a = 1" + &")".repeat(8000);
        assert!(parse(&deep).unwrap_err().hint().contains("too deeply"));
        let nots = "not ".repeat(4000) + "a = 1";
        assert!(parse(&nots).unwrap_err().hint().contains("too deeply"));
        let many = vec!["a = 1"; 1000].join(" or ");
        assert!(parse(&many).unwrap_err().hint().contains("at most"));
        assert_eq!(parse(&" ".repeat(MOST_BYTES + 1)).unwrap_err().code(), Code::Limit);
    }
}
