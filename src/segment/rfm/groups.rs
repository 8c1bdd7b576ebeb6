//! Groups: scores or measures of every customer → one named group each.
//!
//! Three schemes. *Eight*: each of R, F, M is high or low. *Eleven*: a grid over the scores of R
//! and F. *Map*: your own ordered list of rules. Every group carries a stable key, a name, a
//! plain meaning and a suggested action, in English and Chinese, so that a screen, a report and
//! an export say the same.

use crate::error::{Code, Error, Result};
pub use crate::report::Text;
use crate::segment::rfm::score::NOT_SCORED;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The group code of a customer who is in none, because a score is missing.
pub const NO_GROUP: u8 = u8::MAX;

/// A group of customers: what to call it, who is in it, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Group {
    /// Stable name for programs, such as `important-value`; in a map of your own, the name
    /// that you gave.
    pub key: Cow<'static, str>,
    /// Display name.
    pub name: Text,
    /// Who is in it, in one plain sentence. `None` in a map that does not say.
    pub meaning: Option<Text>,
    /// What to do about it, in one sentence. `None` in a map that does not say.
    pub action: Option<Text>,
}

/// Which kind of groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Scheme {
    /// The classic eight: recency, frequency and monetary value each high or low.
    #[default]
    Eight,
    /// Eleven groups over the recency and frequency scores; money does not decide.
    Eleven,
    /// Your own rules, in `map`.
    Map,
}

/// What is high and what is low in the scheme `eight`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Split {
    /// Against the mean of all customers, compared exactly: more orders or more money than the
    /// mean, fewer days than the mean; equal to the mean is low. The textbook rule. A few very
    /// large customers pull the mean up, so that most count as low.
    #[default]
    Mean,
    /// By score: above the middle of the bins is high (4 and 5 of five).
    Score,
}

/// One rule of your own map: a customer fits if each given range holds its score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MapRule {
    /// The group's name. Two rules may have the same name and then fill the same group.
    pub name: String,
    /// Lowest and highest recency score, both included. Left out: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r: Option<[u8; 2]>,
    /// Lowest and highest frequency score, both included. Left out: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f: Option<[u8; 2]>,
    /// Lowest and highest monetary score, both included. Left out: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub m: Option<[u8; 2]>,
    /// Who is in the group, for the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// What to do about it, for the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// How customers are grouped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupOptions {
    /// Which kind of groups.
    pub scheme: Scheme,
    /// With `eight`: what is high and what is low.
    pub split: Split,
    /// With `map`: the rules, in order. The first that fits decides.
    pub map: Vec<MapRule>,
    /// With `map`: the group of those whom no rule fits.
    pub otherwise: String,
}

impl Default for GroupOptions {
    fn default() -> Self {
        GroupOptions {
            scheme: Scheme::default(),
            split: Split::default(),
            map: Vec::new(),
            otherwise: "other".to_owned(),
        }
    }
}

impl GroupOptions {
    /// Checks the map against the number of bins.
    ///
    /// # Errors
    /// `missing-field` for a map without rules, `invalid-option` for rules without the scheme
    /// `map`, an empty name, or a range that does not lie within 1 to `bins`, and `limit` for
    /// more than 254 rules, each with the path inside these options.
    pub fn check(&self, bins: u8) -> Result<()> {
        if self.scheme != Scheme::Map {
            if self.map.is_empty() {
                return Ok(());
            }
            return Err(Error::new(Code::InvalidOption, "`map` is used by the scheme `map` only")
                .at_path("map"));
        }
        if self.map.is_empty() {
            return Err(
                Error::new(Code::MissingField, "the scheme `map` needs rules").at_path("map")
            );
        }
        // One group per rule, `otherwise`, and the code for nobody's group: 256.
        if self.map.len() >= usize::from(NO_GROUP) {
            return Err(Error::new(Code::Limit, "at most 254 rules").at_path("map"));
        }
        if self.otherwise.trim().is_empty() {
            return Err(
                Error::new(Code::InvalidOption, "a group needs a name").at_path("otherwise")
            );
        }
        for (at, rule) in self.map.iter().enumerate() {
            rule.check(bins).map_err(|error| error.inside(&format!("map[{at}]")))?;
        }
        Ok(())
    }
}

impl MapRule {
    fn check(&self, bins: u8) -> Result<()> {
        if self.name.trim().is_empty() {
            return Err(Error::new(Code::InvalidOption, "a group needs a name").at_path("name"));
        }
        for (name, range) in [("r", self.r), ("f", self.f), ("m", self.m)] {
            if range.is_some_and(|[low, high]| low < 1 || low > high || high > bins) {
                return Err(Error::new(
                    Code::InvalidOption,
                    format!("a range is [lowest, highest], both from 1 to {bins}"),
                )
                .at_path(name));
            }
        }
        Ok(())
    }

    fn fits(&self, scores: [u8; 3]) -> bool {
        [self.r, self.f, self.m]
            .into_iter()
            .zip(scores)
            .all(|(range, score)| range.is_none_or(|[low, high]| (low..=high).contains(&score)))
    }
}

/// The columns that decide about groups: one entry per customer in each, in one row order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Customers<'a> {
    /// Days since the last purchase.
    pub recency_days: &'a [i64],
    /// Number of purchases.
    pub frequency: &'a [i64],
    /// Sum of money in integer minor units.
    pub monetary: &'a [i64],
    /// Recency scores.
    pub r: &'a [u8],
    /// Frequency scores.
    pub f: &'a [u8],
    /// Monetary scores.
    pub m: &'a [u8],
}

/// The mean of each measure, where the scheme `eight` split at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Means {
    /// Days.
    pub recency_days: f64,
    /// Purchases.
    pub frequency: f64,
    /// Money, in the minor units of the input.
    pub monetary: f64,
}

/// Every customer's group.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouped {
    /// The groups in display order; those without a customer are listed too.
    pub groups: Vec<Group>,
    /// For each customer the index into `groups`, or [`NO_GROUP`].
    pub codes: Vec<u8>,
    /// Where `eight` was split at the mean and there was a customer, that mean.
    pub means: Option<Means>,
}

/// Puts every customer into a group. `bins` is the number of scores of the scoring.
///
/// `eight` by mean reads the measures, all else the scores; columns that are not read may be
/// empty. A customer with a missing score is in no group, except that a map's rules and its
/// `otherwise` still apply (a range never holds a missing score).
///
/// # Errors
/// As [`GroupOptions::check`]; `limit-memory` if there is no room for the codes.
pub fn assign(options: &GroupOptions, bins: u8, customers: &Customers<'_>) -> Result<Grouped> {
    options.check(bins)?;
    match (options.scheme, options.split) {
        (Scheme::Eight, Split::Mean) => {
            let (codes, means) = eight_by_mean(customers)?;
            Ok(Grouped { groups: eight(), codes, means })
        }
        (Scheme::Eight, Split::Score) => {
            // Above the middle (1 + bins) / 2.
            let high = |score: u8| u16::from(score) * 2 > u16::from(bins) + 1;
            by_scores(eight(), customers, |scores| {
                if scores.contains(&NOT_SCORED) { NO_GROUP } else { eight_code(scores.map(high)) }
            })
        }
        (Scheme::Eleven, _) => by_scores(eleven(), customers, |[r, f, _]| eleven_code(r, f, bins)),
        (Scheme::Map, _) => {
            let (groups, group_of_rule, otherwise) = groups_of_map(options);
            by_scores(groups, customers, |scores| {
                let first = options.map.iter().position(|rule| rule.fits(scores));
                first.and_then(|rule| group_of_rule.get(rule)).copied().unwrap_or(otherwise)
            })
        }
    }
}

/// Applies `code_of` to the scores of every customer, through a table of all combinations:
/// there are at most 11³ of them, and any number of customers.
fn by_scores(
    groups: Vec<Group>,
    customers: &Customers<'_>,
    code_of: impl Fn([u8; 3]) -> u8,
) -> Result<Grouped> {
    // 0 (no score) to 10.
    const LEVELS: u8 = 11;
    let axis = 0..LEVELS;
    let table: Vec<u8> = axis
        .clone()
        .flat_map(|r| {
            let axis = axis.clone();
            axis.clone().flat_map(move |f| axis.clone().map(move |m| [r, f, m]))
        })
        .map(code_of)
        .collect();
    let mut codes = room(customers.r.len())?;
    let rows = customers.r.iter().zip(customers.f).zip(customers.m);
    codes.extend(rows.map(|((r, f), m)| {
        let levels = usize::from(LEVELS);
        let cell = (usize::from(*r) * levels + usize::from(*f)) * levels + usize::from(*m);
        table.get(cell).copied().unwrap_or(NO_GROUP)
    }));
    Ok(Grouped { groups, codes, means: None })
}

/// The textbook rule. `value > mean` is decided in integers: with the exact sum `s` of `n`
/// values it is `value · n > s`, that is `value > floor(s / n)`; `value < mean` is
/// `value < ceil(s / n)`.
fn eight_by_mean(customers: &Customers<'_>) -> Result<(Vec<u8>, Option<Means>)> {
    let sum = |values: &[i64]| values.iter().map(|value| i128::from(*value)).sum::<i128>();
    let columns = [customers.recency_days, customers.frequency, customers.monetary];
    let [days, orders, money] = columns.map(|values| (sum(values), values.len().max(1) as i128));
    let below_mean = |(sum, n): (i128, i128)| -(-sum).div_euclid(n);
    let above_mean = |(sum, n): (i128, i128)| sum.div_euclid(n);
    let (days_below, orders_above, money_above) =
        (below_mean(days), above_mean(orders), above_mean(money));
    let mut codes = room(customers.recency_days.len())?;
    let rows = customers.recency_days.iter().zip(customers.frequency).zip(customers.monetary);
    codes.extend(rows.map(|((days, orders), money)| {
        eight_code([
            i128::from(*days) < days_below,
            i128::from(*orders) > orders_above,
            i128::from(*money) > money_above,
        ])
    }));
    let mean = |(sum, n): (i128, i128)| sum as f64 / n as f64;
    let means = (!codes.is_empty()).then(|| Means {
        recency_days: mean(days),
        frequency: mean(orders),
        monetary: mean(money),
    });
    Ok((codes, means))
}

/// The index into [`eight`] of high or low R, F, M.
fn eight_code([r, f, m]: [bool; 3]) -> u8 {
    let general = u8::from(!m) * 4;
    general
        + match (r, f) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        }
}

/// The index into [`eleven`]. Scores are first mapped to five levels, `ceil(5 · score / bins)`.
fn eleven_code(r: u8, f: u8, bins: u8) -> u8 {
    if r == NOT_SCORED || f == NOT_SCORED {
        return NO_GROUP;
    }
    let level = |score: u8| (u16::from(score) * 5).div_ceil(u16::from(bins.max(1)));
    match (level(r), level(f)) {
        (5, 4..) => 0,
        (3 | 4, 4..) => 1,
        (4.., 2 | 3) => 2,
        (5, _) => 3,
        (4, _) => 4,
        (3, 3) => 5,
        (3, _) => 6,
        (1 | 2, 3 | 4) => 7,
        (1 | 2, 5) => 8,
        (2, _) | (1, 2) => 9,
        (1, _) => 10,
        _ => NO_GROUP,
    }
}

/// The groups of a map in the order in which they first occur, the group of each rule, and that
/// of everyone else.
fn groups_of_map(options: &GroupOptions) -> (Vec<Group>, Vec<u8>, u8) {
    let mut groups: Vec<Group> = Vec::new();
    let mut place = |name: &str, meaning: Option<&String>, action: Option<&String>| {
        let same = |text: &str| Text { en: text.to_owned().into(), zh: text.to_owned().into() };
        let at = groups.iter().position(|group| group.key == name).unwrap_or_else(|| {
            groups.push(Group {
                key: name.to_owned().into(),
                name: same(name),
                meaning: None,
                action: None,
            });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            // Of rules with one name, the first that says something speaks for the group.
            group.meaning = group.meaning.take().or(meaning.map(|text| same(text)));
            group.action = group.action.take().or(action.map(|text| same(text)));
        }
        // At most 254 rules and `otherwise`: checked before.
        at as u8
    };
    let of_rule = options
        .map
        .iter()
        .map(|rule| place(&rule.name, rule.meaning.as_ref(), rule.action.as_ref()))
        .collect();
    let otherwise = place(&options.otherwise, None, None);
    (groups, of_rule, otherwise)
}

/// The eight groups in display order: important (much money) before general, and within each
/// value, develop, keep, retain.
#[must_use]
pub fn eight() -> Vec<Group> {
    EIGHT.iter().map(group).collect()
}

/// The eleven groups in display order, from the best to the lost.
#[must_use]
pub fn eleven() -> Vec<Group> {
    ELEVEN.iter().map(group).collect()
}

fn group(entry: &Entry) -> Group {
    let text = |(en, zh): (&'static str, &'static str)| Text { en: en.into(), zh: zh.into() };
    Group {
        key: entry.key.into(),
        name: text(entry.name),
        meaning: Some(text(entry.meaning)),
        action: Some(text(entry.action)),
    }
}

/// One line of a catalogue; texts are (English, Chinese).
struct Entry {
    key: &'static str,
    name: (&'static str, &'static str),
    meaning: (&'static str, &'static str),
    action: (&'static str, &'static str),
}

static EIGHT: [Entry; 8] = [
    Entry {
        key: "important-value",
        name: ("Important value", "重要价值"),
        meaning: (
            "Bought recently, buys often and spends a lot: the customers you depend on most.",
            "最近刚买过，买得勤，花得也多，是店里最值得珍惜的客户。",
        ),
        action: (
            "Give them personal service and a first look at new products; no discount is needed.",
            "提供专属服务，新品先请他们体验；维系他们靠的是用心，不必靠打折。",
        ),
    },
    Entry {
        key: "important-develop",
        name: ("Important to develop", "重要发展"),
        meaning: (
            "Bought recently and spent a lot, but in few orders so far.",
            "最近买过，花费也高，只是购买次数还不多。",
        ),
        action: (
            "Suggest products that go with what they bought, and give a good reason to come back.",
            "推荐与已购商品搭配的产品，用会员权益或回购礼遇促成下一次购买。",
        ),
    },
    Entry {
        key: "important-keep",
        name: ("Important to keep", "重要保持"),
        meaning: (
            "Has bought often and spent a lot, but has not been back for a while.",
            "一直买得勤、花得多，但已有一段时间没来了。",
        ),
        action: (
            "Get in touch personally, ask what they need now, and offer something for regulars only.",
            "主动联系，了解近期需求，告知新品，并送上老客专享权益。",
        ),
    },
    Entry {
        key: "important-retain",
        name: ("Important to win back", "重要挽留"),
        meaning: (
            "Spent a lot in few orders and has been away for a while: easily lost.",
            "花费高，但购买次数少，又有一段时间没来，很可能就此流失。",
        ),
        action: (
            "Contact them first, find out why they stopped, and make a generous personal offer.",
            "优先安排一对一回访，弄清没有再来的原因，用有诚意的专属优惠请他们回来。",
        ),
    },
    Entry {
        key: "general-value",
        name: ("General value", "一般价值"),
        meaning: (
            "Bought recently and buys often, but in small amounts.",
            "最近来过，买得也勤，但总花费不高。",
        ),
        action: (
            "Offer bundles, spend-and-save deals or a better version of what they already like.",
            "用组合装、满额优惠或同类升级款，帮助他们提高每次的消费。",
        ),
    },
    Entry {
        key: "general-develop",
        name: ("General to develop", "一般发展"),
        meaning: (
            "Came recently, with few orders and little money so far; many are new.",
            "最近来过，次数和花费都还不多，其中不少是新客户。",
        ),
        action: (
            "Make them welcome, help with what they bought, and make a second order easy.",
            "做好购后关怀和使用指导，用新客礼遇引导第二次购买。",
        ),
    },
    Entry {
        key: "general-keep",
        name: ("General to keep", "一般保持"),
        meaning: (
            "Has bought often in small amounts, but has not been back for a while.",
            "以前常来，总花费不高，最近有一段时间没来了。",
        ),
        action: (
            "Send a reminder when they usually run out, with points or a small coupon.",
            "按他们的复购周期适时提醒，用积分或小额优惠券请他们回来。",
        ),
    },
    Entry {
        key: "general-retain",
        name: ("General to win back", "一般挽留"),
        meaning: (
            "Few orders, little money, and away for a while.",
            "购买次数少，花费不高，也有一段时间没来了。",
        ),
        action: (
            "An occasional low-cost message is enough; if there is no answer, write less often.",
            "偶尔用低成本的方式问候即可；没有回应就减少打扰，预算用在别处。",
        ),
    },
];

static ELEVEN: [Entry; 11] = [
    Entry {
        key: "champions",
        name: ("Champions", "明星客户"),
        meaning: (
            "Bought very recently and buys more often than almost anyone.",
            "最近刚来过，而且是买得最勤的一批客户。",
        ),
        action: (
            "Thank them with real privileges, show them new products first, and invite reviews.",
            "给予实在的专属权益，新品优先体验，并邀请他们评价或推荐给朋友。",
        ),
    },
    Entry {
        key: "loyal",
        name: ("Loyal customers", "忠诚客户"),
        meaning: ("Buys often and was here not long ago.", "经常购买，不久前还来过。"),
        action: (
            "Keep the habit going with membership benefits and products that suit them.",
            "用会员权益和合适的商品推荐，延续他们的购买习惯。",
        ),
    },
    Entry {
        key: "potential-loyalists",
        name: ("Potential loyalists", "潜在忠诚客户"),
        meaning: (
            "Bought recently and more than once or twice: could become a regular.",
            "最近来过，也买过几次，有望成为常客。",
        ),
        action: (
            "Invite them to the membership and suggest what goes with earlier orders.",
            "邀请加入会员，推荐与已购商品搭配的产品，鼓励他们常来。",
        ),
    },
    Entry {
        key: "new",
        name: ("New customers", "新客户"),
        meaning: (
            "Bought very recently and is among those with the fewest orders; mostly first orders.",
            "最近刚来，购买次数最少，多数是第一次购买。",
        ),
        action: (
            "Make them welcome, make the first order a good experience, and ease the second.",
            "做好欢迎和首单服务，让他们认识店铺，引导第二次购买。",
        ),
    },
    Entry {
        key: "promising",
        name: ("Promising", "潜力客户"),
        meaning: (
            "Bought fairly recently, with few orders so far.",
            "前不久来过，购买次数还很少。",
        ),
        action: (
            "While they remember you, suggest something useful or make a small offer.",
            "趁印象还在，用实用的推荐或小额优惠促成下一单。",
        ),
    },
    Entry {
        key: "need-attention",
        name: ("Need attention", "需关注客户"),
        meaning: (
            "In the middle in both: buys now and then, and has not been here lately.",
            "购买次数居中，近来没有再来。",
        ),
        action: (
            "Bring them back with a timely offer based on what they bought before.",
            "结合以往所购，适时发送限时优惠或新品提醒，请他们回来看看。",
        ),
    },
    Entry {
        key: "about-to-sleep",
        name: ("About to sleep", "即将沉睡"),
        meaning: (
            "Few orders, and not here lately: may soon drift away.",
            "购买次数不多，近来也没有再来，可能渐渐淡忘。",
        ),
        action: (
            "Remind them with bestsellers or a small coupon before they are gone.",
            "在他们沉睡之前，用热销推荐或小额优惠券提醒一次。",
        ),
    },
    Entry {
        key: "at-risk",
        name: ("At risk", "有流失风险"),
        meaning: (
            "Used to buy regularly, but has been away for long.",
            "过去经常购买，但已经很久没来。",
        ),
        action: (
            "Write to them personally: what is new, what has improved, and an offer of their own.",
            "发送有针对性的邀请，告诉他们新品和改进，并附上专属优惠。",
        ),
    },
    Entry {
        key: "cannot-lose",
        name: ("Cannot lose them", "不容流失"),
        meaning: (
            "Was among the most frequent buyers, and has been away for long.",
            "曾是买得最勤的一批客户，现在却很久没来。",
        ),
        action: (
            "Call or write in person, find out what went wrong, and put it right.",
            "请专人主动联系，了解原因，解决问题，尽力挽回。",
        ),
    },
    Entry {
        key: "hibernating",
        name: ("Hibernating", "休眠客户"),
        meaning: ("Away for long, and never bought often.", "很久没来，以前买得也不多。"),
        action: (
            "Reach out now and then at low cost, with products close to what they bought.",
            "偶尔用低成本的方式联系，推荐与以往所购相近的商品。",
        ),
    },
    Entry {
        key: "lost",
        name: ("Lost", "已流失"),
        meaning: ("Away the longest, with the fewest orders.", "离开最久，购买次数也最少。"),
        action: (
            "Try once at low cost; if there is no answer, leave them in peace.",
            "可以尝试一次低成本召回；没有回应就不再打扰。",
        ),
    },
];

fn room(count: usize) -> Result<Vec<u8>> {
    let mut room = Vec::new();
    room.try_reserve_exact(count).map_err(|_| {
        Error::new(Code::LimitMemory, "not enough memory to group so many customers")
    })?;
    Ok(room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn options(text: &str) -> GroupOptions {
        serde_json::from_str(text).unwrap()
    }

    fn keys_by_score(options: &GroupOptions, bins: u8, scores: &[[u8; 3]]) -> Vec<String> {
        let column = |at: usize| scores.iter().map(|s| s[at]).collect::<Vec<u8>>();
        let (r, f, m) = (column(0), column(1), column(2));
        let customers = Customers { r: &r, f: &f, m: &m, ..Default::default() };
        let grouped = assign(options, bins, &customers).unwrap();
        let key = |code: &u8| match *code {
            NO_GROUP => "none".to_owned(),
            code => grouped.groups[usize::from(code)].key.to_string(),
        };
        grouped.codes.iter().map(key).collect()
    }

    #[test]
    fn the_eight_digits_have_their_classic_names() {
        let by_score = options(r#"{"split":"score"}"#);
        let cases = [
            ([5, 5, 5], "important-value"),
            ([5, 1, 5], "important-develop"),
            ([1, 5, 5], "important-keep"),
            ([1, 1, 5], "important-retain"),
            ([5, 5, 1], "general-value"),
            ([5, 1, 1], "general-develop"),
            ([1, 5, 1], "general-keep"),
            ([1, 1, 1], "general-retain"),
        ];
        let got = keys_by_score(&by_score, 5, &cases.map(|(scores, _)| scores));
        assert_eq!(got, cases.map(|(_, key)| key));
        let names: Vec<_> = eight().into_iter().map(|group| group.name.zh).collect();
        assert_eq!(
            names,
            [
                "重要价值",
                "重要发展",
                "重要保持",
                "重要挽留",
                "一般价值",
                "一般发展",
                "一般保持",
                "一般挽留"
            ]
        );
    }

    #[test]
    fn the_middle_score_is_low() {
        let by_score = options(r#"{"split":"score"}"#);
        assert_eq!(keys_by_score(&by_score, 5, &[[3, 3, 3]]), ["general-retain"]);
        assert_eq!(keys_by_score(&by_score, 4, &[[3, 3, 3]]), ["important-value"]);
        assert_eq!(
            keys_by_score(&by_score, 2, &[[2, 2, 2], [1, 1, 1]]),
            ["important-value", "general-retain"]
        );
    }

    #[test]
    fn equal_to_the_mean_is_low_and_the_comparison_is_exact() {
        // Means: 2 days, 2 orders; money 2^53 + 1/3, which no float can hold.
        let big = 1_i64 << 53;
        let customers = Customers {
            recency_days: &[1, 2, 3],
            frequency: &[3, 2, 1],
            monetary: &[big, big, big + 1],
            ..Default::default()
        };
        let grouped = assign(&GroupOptions::default(), 5, &customers).unwrap();
        let keys: Vec<_> =
            grouped.codes.iter().map(|c| grouped.groups[usize::from(*c)].key.as_ref()).collect();
        assert_eq!(keys, ["general-value", "general-retain", "important-retain"]);
        assert_eq!(grouped.means.unwrap().frequency, 2.0);
    }

    #[test]
    fn the_grid_is_an_exact_partition_of_all_25_cells() {
        let rows = [
            "new potential-loyalists potential-loyalists champions champions",
            "promising potential-loyalists potential-loyalists loyal loyal",
            "about-to-sleep about-to-sleep need-attention loyal loyal",
            "hibernating hibernating at-risk at-risk cannot-lose",
            "lost hibernating at-risk at-risk cannot-lose",
        ];
        let mut used = std::collections::BTreeSet::new();
        for (row, r) in rows.into_iter().zip([5, 4, 3, 2, 1]) {
            let scores: Vec<[u8; 3]> = (1..=5).map(|f| [r, f, 1]).collect();
            let got = keys_by_score(&options(r#"{"scheme":"eleven"}"#), 5, &scores);
            assert_eq!(got, row.split(' ').collect::<Vec<_>>(), "R{r}");
            used.extend(got);
        }
        let all: std::collections::BTreeSet<_> =
            eleven().into_iter().map(|group| group.key.into_owned()).collect();
        assert_eq!(used, all);
    }

    #[test]
    fn every_number_of_bins_fills_the_grid() {
        let eleven = options(r#"{"scheme":"eleven"}"#);
        for bins in 2..=10 {
            let scores: Vec<[u8; 3]> =
                (1..=bins).flat_map(|r| (1..=bins).map(move |f| [r, f, 1])).collect();
            let got = keys_by_score(&eleven, bins, &scores);
            assert!(got.iter().all(|key| key != "none"), "{bins} bins");
            assert_eq!(got.last().unwrap(), "champions");
        }
    }

    #[test]
    fn a_missing_score_is_in_no_group() {
        assert_eq!(keys_by_score(&options(r#"{"split":"score"}"#), 5, &[[0, 5, 5]]), ["none"]);
        assert_eq!(
            keys_by_score(&options(r#"{"scheme":"eleven"}"#), 5, &[[5, 0, 5], [5, 5, 0]]),
            ["none", "champions"]
        );
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let map = options(
            r#"{"scheme":"map","otherwise":"rest","map":[
                {"name":"gold","r":[4,5],"m":[5,5]},
                {"name":"fresh","r":[4,5],"meaning":"came back"},
                {"name":"gold","f":[5,5],"action":"call"}]}"#,
        );
        let scores = [[5, 1, 5], [4, 5, 4], [1, 5, 1], [1, 1, 1], [0, 5, 1], [0, 0, 0]];
        assert_eq!(
            keys_by_score(&map, 5, &scores),
            ["gold", "fresh", "gold", "rest", "gold", "rest"]
        );
        let groups = assign(&map, 5, &Customers::default()).unwrap().groups;
        assert_eq!(groups.len(), 3);
        assert_eq!(groups[0].action.as_ref().unwrap().zh, "call");
        assert_eq!(groups[1].meaning.as_ref().unwrap().en, "came back");
    }

    #[test]
    fn a_wrong_map_is_refused_at_its_path() {
        let fails = |text: &str| {
            let error = options(text).check(5).unwrap_err();
            (error.code(), error.path().unwrap_or("").to_owned())
        };
        let invalid = |path: &str| (Code::InvalidOption, path.to_owned());
        assert_eq!(fails(r#"{"scheme":"map"}"#), (Code::MissingField, "map".to_owned()));
        assert_eq!(fails(r#"{"map":[{"name":"a"}]}"#), invalid("map"));
        assert_eq!(fails(r#"{"scheme":"map","map":[{"name":" "}]}"#), invalid("map[0].name"));
        for range in ["[0,3]", "[3,2]", "[1,6]"] {
            let text =
                format!(r#"{{"scheme":"map","map":[{{"name":"a"}},{{"name":"b","r":{range}}}]}}"#);
            assert_eq!(fails(&text), invalid("map[1].r"));
        }
        let text = r#"{"scheme":"map","map":[{"name":"a"}],"otherwise":""}"#;
        assert_eq!(fails(text), invalid("otherwise"));
        let many = GroupOptions {
            scheme: Scheme::Map,
            map: vec![options(r#"{"map":[{"name":"a"}]}"#).map[0].clone(); 255],
            ..Default::default()
        };
        assert_eq!(many.check(5).unwrap_err().code(), Code::Limit);
        assert!(serde_json::from_str::<GroupOptions>(r#"{"map":[{"r":[1,2]}]}"#).is_err());
        assert!(serde_json::from_str::<GroupOptions>(r#"{"map":[{"name":"a","x":1}]}"#).is_err());
    }

    #[test]
    fn every_group_speaks_both_languages_in_one_sentence() {
        let mut keys = std::collections::BTreeSet::new();
        for group in eight().into_iter().chain(eleven()) {
            assert!(keys.insert(group.key.clone()), "{} stands twice", group.key);
            assert!(group.key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            assert!(!group.name.zh.is_ascii() && group.name.en.is_ascii());
            for text in [group.meaning.unwrap(), group.action.unwrap()] {
                assert!(text.en.ends_with('.') && text.en.is_ascii(), "{}", text.en);
                assert!(
                    text.zh.ends_with('。') && text.zh.matches('。').count() == 1,
                    "{}",
                    text.zh
                );
            }
        }
    }

    proptest! {
        #[test]
        fn scaling_money_and_shuffling_customers_move_nobody(
            rows in prop::collection::vec((0_i64..400, 1_i64..20, -500_i64..100_000), 1..60),
            factor in 1_i64..1000,
        ) {
            let run = |rows: &[(i64, i64, i64)], factor: i64| {
                let days: Vec<i64> = rows.iter().map(|row| row.0).collect();
                let orders: Vec<i64> = rows.iter().map(|row| row.1).collect();
                let money: Vec<i64> = rows.iter().map(|row| row.2 * factor).collect();
                let customers = Customers { recency_days: &days, frequency: &orders, monetary: &money, ..Default::default() };
                assign(&GroupOptions::default(), 5, &customers).unwrap().codes
            };
            let codes = run(&rows, 1);
            prop_assert_eq!(&run(&rows, factor), &codes);
            let (mut turned, mut want) = (rows.clone(), codes.clone());
            turned.reverse();
            want.reverse();
            prop_assert_eq!(run(&turned, 1), want);
            // By definition, in integers.
            let n = rows.len() as i128;
            let sum = |of: fn(&(i64, i64, i64)) -> i64| rows.iter().map(|row| i128::from(of(row))).sum::<i128>();
            let (days, orders, money) = (sum(|r| r.0), sum(|r| r.1), sum(|r| r.2));
            for (row, code) in rows.iter().zip(codes) {
                let high = [
                    i128::from(row.0) * n < days,
                    i128::from(row.1) * n > orders,
                    i128::from(row.2) * n > money,
                ];
                prop_assert_eq!(code, eight_code(high));
            }
        }
    }
}
