//! Ready rules for the groups that shops speak of: what each means, and what to do with it.
//!
//! They are rules like any other, in the text form: take one over and change its numbers. The
//! events are called `view`, `cart`, `share` and `follow`, or 浏览, 加购, 加入购物车, 分享, 转发 and 关注;
//! the purchase events are those of the request. Times and limits are starting points of practice
//! and no results of research.

use serde::{Deserialize, Serialize};

/// A text in Chinese and English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RuleWords"))]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A ready rule.
#[derive(Clone, Copy, Debug)]
pub struct Ready {
    /// Its name in a request.
    pub name: Preset,
    /// What people call it.
    pub called: [&'static str; 2],
    /// The rule.
    pub rule: &'static str,
    /// What it means.
    pub meaning: [&'static str; 2],
    /// What to do.
    pub action: [&'static str; 2],
}

macro_rules! presets {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal {
        called: [$zh:literal, $en:literal],
        rule: $rule:literal,
        meaning: [$meaning_zh:literal, $meaning_en:literal],
        action: [$action_zh:literal, $action_en:literal],
    })+) => {
        /// The names of the ready rules.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum Preset {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl Preset {
            /// The name in a request, and of the segment.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Preset::$variant => $name,)+ }
            }
        }

        /// All ready rules.
        pub const ALL: &[Ready] = &[$(Ready {
            name: Preset::$variant,
            called: [$zh, $en],
            rule: $rule,
            meaning: [$meaning_zh, $meaning_en],
            action: [$action_zh, $action_en],
        },)+];
    };
}

presets! {
    /// No row of any kind for 30 days.
    Sleeper = "sleeper" {
        called: ["沉睡者", "Sleeper"],
        rule: "events(last 30d) = 0",
        meaning: ["30天内没有任何行为", "did nothing for 30 days"],
        action: ["用一次性权益唤醒，无反应则降低触达频次", "wake with one offer; if nothing comes, write less often"],
    }
    /// Awake, and at least three shares in 90 days.
    Sharer = "sharer" {
        called: ["分享者", "Sharer"],
        rule: "not segment(\"sleeper\") and events(\"share\", \"分享\", \"转发\", last 90d) >= 3",
        meaning: ["近90天分享不少于3次", "shared at least three times in 90 days"],
        action: ["提供可分享的内容与裂变奖励", "give something worth sharing, and reward invitations"],
    }
    /// Awake, no sharer, and bought within 90 days.
    Decider = "decider" {
        called: ["决策者", "Decider"],
        rule: "not segment(\"sleeper\") and not segment(\"sharer\") and orders(last 90d) >= 1",
        meaning: ["近90天自己购买，很少分享", "bought within 90 days and seldom shares"],
        action: ["给产品细节与对比，缩短下单路径", "give facts and comparisons, and a short way to the order"],
    }
    /// Followed within 30 days.
    NewlyFollowed = "newly-followed" {
        called: ["新关注", "Newly followed"],
        rule: "events(\"follow\", \"关注\", last 30d) >= 1",
        meaning: ["近30天关注", "followed within the last 30 days"],
        action: ["用新人礼引导首次互动", "welcome, and lead to a first step"],
    }
    /// More active than half of the customers, and spends no more than half of them.
    ActiveLowSpend = "high-activity-low-spend" {
        called: ["高活跃低消费", "High activity, low spend"],
        rule: "not segment(\"newly-followed\") and events(last 30d) > percentile(50) and amount(last 365d) <= percentile(50)",
        meaning: ["近30天活跃高于半数顾客，近一年消费不高于半数顾客", "more active than half of all, spends no more than half of them"],
        action: ["用低门槛组合和限时券促成下单", "small bundles and offers with an end"],
    }
    /// No more active than half of the customers, and spends more than half of them.
    QuietHighSpend = "low-activity-high-spend" {
        called: ["低活跃高消费", "Low activity, high spend"],
        rule: "not segment(\"newly-followed\") and events(last 30d) <= percentile(50) and amount(last 365d) > percentile(50)",
        meaning: ["近30天活跃不高于半数顾客，近一年消费高于半数顾客", "no more active than half of all, spends more than half of them"],
        action: ["少打扰，专属服务和新品优先", "disturb seldom; personal service, new things first"],
    }
    /// At least three purchases in a month.
    Loyal = "loyal" {
        called: ["忠诚高价值", "Loyal"],
        rule: "orders(last 1mo) >= 3",
        meaning: ["近1个月购买不少于3次", "at least three purchases in a month"],
        action: ["会员专属权益，邀请推荐", "benefits of membership; ask for recommendations"],
    }
    /// Viewed within 30 days and did not buy in that time.
    ViewedNotBought = "viewed-not-bought" {
        called: ["浏览未购", "Viewed, not bought"],
        rule: "events(\"view\", \"浏览\", last 30d) >= 1 and orders(last 30d) = 0",
        meaning: ["近30天浏览过但没有购买", "looked within 30 days and bought nothing"],
        action: ["推送浏览过的商品与答疑", "show again what was looked at, and answer questions"],
    }
    /// Put something into the cart and did not buy within 48 hours.
    CartLeft = "cart-left" {
        called: ["加购未付", "Left the cart"],
        rule: "\"cart\"(last 30d) then not order within 48h or \"加购\"(last 30d) then not order within 48h or \"加入购物车\"(last 30d) then not order within 48h",
        meaning: ["近30天加购后48小时内没有下单", "put something into the cart and bought nothing for 48 hours"],
        action: ["48小时内补救：提醒、运费或小额优惠", "remind within two days, with a small advantage"],
    }
    /// At least two purchases in a year, of which at least 60 % with a discount.
    PriceSensitive = "price-sensitive" {
        called: ["价格敏感", "Price-sensitive"],
        rule: "orders(last 365d) >= 2 and orders(last 365d, discount > 0) / orders(last 365d) >= 0.6",
        meaning: ["近一年至少2单，其中六成以上使用优惠", "at least two purchases in a year, six of ten with a discount"],
        action: ["集中到大促触达，避免日常降价", "write at sales, and keep prices on other days"],
    }
    /// Spends more than nine of ten customers.
    TopSpender = "top-spender" {
        called: ["高消费", "Top spender"],
        rule: "amount(last 365d) > percentile(90)",
        meaning: ["近一年消费超过九成顾客", "spent more in a year than nine of ten customers"],
        action: ["一对一服务，守住体验", "personal service; protect the experience"],
    }
}

impl Words {
    /// Two texts as one.
    #[must_use]
    pub fn of([zh, en]: [&str; 2]) -> Self {
        Words { zh: zh.to_owned(), en: en.to_owned() }
    }
}

/// The ready rule of this name.
#[must_use]
pub fn ready(name: &str) -> Option<&'static Ready> {
    ALL.iter().find(|ready| ready.name.name() == name)
}
