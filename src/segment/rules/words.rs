//! A rule as a sentence, in Chinese and in English, for people who do not read rules.

use super::tree::{
    Comparison, Filter, Measure, Of, Op, Operand, Quantity, Rule, Span, Step, Test, Unit, Window,
};

/// The language of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tongue {
    Zh,
    En,
}

use Tongue::{En, Zh};

impl Tongue {
    fn of(self, zh: &str, en: &str) -> String {
        if self == Zh { zh.to_owned() } else { en.to_owned() }
    }

    /// The sentence of a rule.
    pub(super) fn sentence(self, rule: &Rule) -> String {
        match rule {
            Rule::All(rules) if rules.is_empty() => self.of("所有顾客", "every customer"),
            Rule::Any(rules) if rules.is_empty() => self.of("没有顾客", "no customer"),
            Rule::All(rules) => self.joined(rules, &self.of("，且", ", and ")),
            Rule::Any(rules) => self.joined(rules, &self.of("，或", ", or ")),
            Rule::Not(rule) => match rule.as_ref() {
                Rule::Missing(quantity) => self.is(quantity, "有值", "is known"),
                Rule::Segment(name) => self.named(name, "不属于分群", "is not in the segment"),
                Rule::Tag(name) => self.named(name, "没有标签", "does not have the tag"),
                rule => {
                    let inner = self.sentence(rule);
                    if self == Zh {
                        format!("不满足（{inner}）")
                    } else {
                        format!("it is not so that ({inner})")
                    }
                }
            },
            Rule::Segment(name) => self.named(name, "属于分群", "is in the segment"),
            Rule::Tag(name) => self.named(name, "有标签", "has the tag"),
            Rule::Missing(quantity) => self.is(quantity, "缺失", "is not known"),
            Rule::Compare(Comparison { left, op, right }) => {
                let right = match right {
                    Operand::Number(number) => number.to_string(),
                    Operand::Percentile(share) if self == Zh => format!("全体的第{share}百分位"),
                    Operand::Percentile(share) => {
                        format!("the {share}th percentile of all customers")
                    }
                    Operand::Quantity(quantity) => self.quantity(quantity),
                };
                let left = self.quantity(left);
                if self == Zh {
                    format!("{left}{}{right}", self.op(*op))
                } else {
                    format!("{left} is {} {right}", self.op(*op))
                }
            }
            Rule::Text(test) => self.test(&test.attribute, &test.test),
            Rule::Sequence(steps) => {
                let steps: Vec<String> = steps.iter().map(|step| self.step(step)).collect();
                steps.join(&self.of("，之后", ", then "))
            }
        }
    }

    fn joined(self, rules: &[Rule], between: &str) -> String {
        let part = |rule: &Rule| match rule {
            Rule::All(inner) | Rule::Any(inner) if inner.len() > 1 => {
                let inner = self.sentence(rule);
                if self == Zh { format!("（{inner}）") } else { format!("({inner})") }
            }
            rule => self.sentence(rule),
        };
        rules.iter().map(part).collect::<Vec<String>>().join(between)
    }

    fn named(self, name: &str, zh: &str, en: &str) -> String {
        if self == Zh { format!("{zh}“{name}”") } else { format!("{en} “{name}”") }
    }

    fn is(self, quantity: &Quantity, zh: &str, en: &str) -> String {
        let quantity = self.quantity(quantity);
        if self == Zh { format!("{quantity}{zh}") } else { format!("{quantity} {en}") }
    }

    fn op(self, op: Op) -> String {
        match op {
            Op::Equal => self.of("等于", "exactly"),
            Op::Unequal => self.of("不等于", "other than"),
            Op::Less => self.of("少于", "below"),
            Op::AtMost => self.of("不超过", "at most"),
            Op::More => self.of("超过", "above"),
            Op::AtLeast => self.of("不少于", "at least"),
        }
    }

    fn quantity(self, quantity: &Quantity) -> String {
        match quantity {
            Quantity::Measure(Measure { of, window, filters }) => {
                let time = window.as_ref().map_or_else(String::new, |window| self.window(window));
                let rows = self.filters(filters);
                let (zh, en) = match of {
                    Of::Orders => ("购买次数", "the number of purchases"),
                    Of::Events => ("行为次数", "the number of events"),
                    Of::Amount => ("消费金额", "the money spent"),
                    Of::Avg => ("平均每单金额", "the money for each purchase"),
                    Of::Min => ("最小单笔金额", "the smallest amount"),
                    Of::Max => ("最大单笔金额", "the largest amount"),
                    Of::Products => ("不同商品数", "the number of different products"),
                    Of::Channels => ("不同渠道数", "the number of different channels"),
                    Of::Days => ("活跃天数", "the number of different days"),
                    Of::SinceFirst => ("距首次天数", "the number of days since the first time"),
                    Of::SinceLast => ("距最近一次天数", "the number of days since the last time"),
                };
                if self == Zh { format!("{time}{rows}{zh}") } else { format!("{en}{rows}{time}") }
            }
            Quantity::Attribute(name) => self.of(&format!("“{name}”"), &format!("“{name}”")),
            Quantity::Ratio(sides) => {
                let [above, below] = sides.as_ref();
                let (above, below) = (self.quantity(above), self.quantity(below));
                if self == Zh {
                    format!("{above}与{below}之比")
                } else {
                    format!("the ratio of {above} to {below}")
                }
            }
        }
    }

    fn window(self, window: &Window) -> String {
        let span = |span: &Span| self.span(*span);
        match (window, self) {
            (Window::Last(length), Zh) => format!("近{}", span(length)),
            (Window::Last(length), En) => format!(" in the last {}", span(length)),
            (Window::Ago([from, to]), Zh) => format!("{}前至{}前", span(from), span(to)),
            (Window::Ago([from, to]), En) => format!(" from {} to {} ago", span(from), span(to)),
            (Window::Dates([from, to]), Zh) => format!("{from}至{to}"),
            (Window::Dates([from, to]), En) => format!(" from {from} to {to}"),
            (Window::Since(day), Zh) => format!("自{day}起"),
            (Window::Since(day), En) => format!(" since {day}"),
            (Window::Before(day), Zh) => format!("{day}之前"),
            (Window::Before(day), En) => format!(" before {day}"),
        }
    }

    fn span(self, Span { count, unit }: Span) -> String {
        let (zh, en) = match unit {
            Unit::Minute => ("分钟", "minutes"),
            Unit::Hour => ("小时", "hours"),
            Unit::Day => ("天", "days"),
            Unit::Week => ("周", "weeks"),
            Unit::Month => ("个月", "months"),
            Unit::Year => ("年", "years"),
        };
        if self == Zh { format!("{count}{zh}") } else { format!("{count} {en}") }
    }

    fn filters(self, filters: &[Filter]) -> String {
        if filters.is_empty() {
            return String::new();
        }
        let all: Vec<String> =
            filters.iter().map(|filter| self.test(&filter.field, &filter.test)).collect();
        if self == Zh {
            format!("（{}）的", all.join("，"))
        } else {
            format!(" where {}", all.join(" and "))
        }
    }

    fn test(self, name: &str, test: &Test) -> String {
        let list = |values: &[String]| values.join(&self.of("、", ", "));
        match (test, self) {
            (Test::In(values), Zh) => format!("“{name}”为{}", list(values)),
            (Test::In(values), En) => format!("“{name}” is {}", list(values)),
            (Test::NotIn(values), Zh) => format!("“{name}”不为{}", list(values)),
            (Test::NotIn(values), En) => format!("“{name}” is not {}", list(values)),
            (Test::Contains(part), Zh) => format!("“{name}”包含{part}"),
            (Test::Contains(part), En) => format!("“{name}” contains {part}"),
            (Test::StartsWith(part), Zh) => format!("“{name}”以{part}开头"),
            (Test::StartsWith(part), En) => format!("“{name}” starts with {part}"),
            (Test::Number(number), Zh) => format!("“{name}”{}{}", self.op(number.op), number.value),
            (Test::Number(number), En) => {
                format!("“{name}” is {} {}", self.op(number.op), number.value)
            }
        }
    }

    fn step(self, step: &Step) -> String {
        let event = step.event.clone().unwrap_or_else(|| self.of("购买", "a purchase"));
        let rows = self.filters(&step.filters);
        let time = step.window.as_ref().map_or_else(String::new, |window| self.window(window));
        let within = step.within.map_or_else(String::new, |span| self.span(span));
        match (self, step.not, within.is_empty()) {
            (Zh, false, true) => format!("{time}{rows}{event}"),
            (Zh, true, true) => format!("没有{time}{rows}{event}"),
            (Zh, false, false) => format!("{within}内{rows}{event}"),
            (Zh, true, false) => format!("{within}内没有{rows}{event}"),
            (En, false, true) => format!("{event}{rows}{time}"),
            (En, true, true) => format!("no {event}{rows}{time}"),
            (En, false, false) => format!("{event}{rows} within {within}"),
            (En, true, false) => format!("no {event}{rows} within {within}"),
        }
    }
}
