//! The eight groups of RFM-S: recent or not, valuable or not, social or not.
//!
//! | recent | valuable | social | key |
//! |---|---|---|---|
//! | yes | yes | yes | `social-star` |
//! | yes | yes | no | `quiet-value` |
//! | yes | no | yes | `sharer` |
//! | yes | no | no | `promising-newcomer` |
//! | no | yes | yes | `star-to-win-back` |
//! | no | yes | no | `value-to-win-back` |
//! | no | no | yes | `bystander` |
//! | no | no | no | `sleeping-member` |

use crate::segment::rfm::groups::{Group, Text};

/// How many groups there are.
pub const GROUPS: usize = 8;

/// The three answers that decide about a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// Bought lately; without a purchase, was active lately.
    pub is_recent: bool,
    /// Buys often and much.
    pub is_valuable: bool,
    /// Shares, invites, comments.
    pub is_social: bool,
}

impl Traits {
    /// The index into [`groups`].
    #[must_use]
    pub fn code(self) -> u8 {
        let Traits { is_recent, is_valuable, is_social } = self;
        u8::from(!is_recent) * 4 + u8::from(!is_valuable) * 2 + u8::from(!is_social)
    }

    /// The traits of the group with an index.
    #[must_use]
    pub fn of(code: u8) -> Traits {
        Traits { is_recent: code & 4 == 0, is_valuable: code & 2 == 0, is_social: code & 1 == 0 }
    }
}

/// The groups in display order.
#[must_use]
pub fn groups() -> Vec<Group> {
    let text = |(en, zh): (&'static str, &'static str)| Text { en: en.into(), zh: zh.into() };
    let group = |entry: &Entry| Group {
        key: entry.key.into(),
        name: text(entry.name),
        meaning: Some(text(entry.meaning)),
        action: Some(text(entry.action)),
    };
    ENTRIES.iter().map(group).collect()
}

/// One line of the catalogue; texts are (English, Chinese).
struct Entry {
    key: &'static str,
    name: (&'static str, &'static str),
    meaning: (&'static str, &'static str),
    action: (&'static str, &'static str),
}

static ENTRIES: [Entry; GROUPS] = [
    Entry {
        key: "social-star",
        name: ("High-value social star", "高价值社交达人"),
        meaning: (
            "Bought lately, buys well, and brings others: shares, invites, comments.",
            "最近买过，消费价值高，还乐于分享、邀请和评论，能带来新客户。",
        ),
        action: (
            "Make them partners: early access, a name of their own, rewards for friends who stay.",
            "发展为品牌合伙人：新品先试、专属身份，按留下来的好友给予回馈。",
        ),
    },
    Entry {
        key: "quiet-value",
        name: ("Quiet high-value customer", "高价值安静客"),
        meaning: (
            "Bought lately and buys well, but hardly speaks about it.",
            "最近买过，消费价值高，但很少分享和互动。",
        ),
        action: (
            "Serve them well and in private; ask for a word now and then, never press for shares.",
            "以一对一的优质服务为主，适时请他们评价，不强求转发。",
        ),
    },
    Entry {
        key: "sharer",
        name: ("Active sharer", "活跃分享客"),
        meaning: (
            "Here lately and very social, but spends little.",
            "最近来过，分享互动很活跃，但消费不多。",
        ),
        action: (
            "Reward what they pass on with goods to try, so that sharing turns into buying.",
            "用试用装和好友礼回馈分享，引导他们自己也下单。",
        ),
    },
    Entry {
        key: "promising-newcomer",
        name: ("Promising newcomer", "潜力新客"),
        meaning: (
            "Here lately, with little money and little talk so far.",
            "最近来过，消费和互动都还不多，有待培养。",
        ),
        action: (
            "Make them welcome, ease the next order, and show them one group that fits.",
            "做好欢迎和首购服务，促成下一单，邀请加入一个合适的社群。",
        ),
    },
    Entry {
        key: "star-to-win-back",
        name: ("Social star to win back", "待唤回社交达人"),
        meaning: (
            "Used to buy well and is very social, but has not been back for a while.",
            "曾经消费价值高，又很会分享，但有一段时间没来了。",
        ),
        action: (
            "Ask them in person what is missing: they are worth it, and others listen to them.",
            "由专人联系，了解原因，请他们回来：他们的口碑影响一群人。",
        ),
    },
    Entry {
        key: "value-to-win-back",
        name: ("High-value customer to win back", "高价值待挽回客"),
        meaning: (
            "Used to buy well, is not social, and has not been back for a while.",
            "曾经消费价值高，互动不多，最近有一段时间没来了。",
        ),
        action: (
            "Make one personal offer around what they used to buy.",
            "围绕他们常买的商品，给出一次有诚意的专属优惠。",
        ),
    },
    Entry {
        key: "bystander",
        name: ("Social bystander", "社交围观客"),
        meaning: (
            "Speaks and shares, but buys little or nothing and not of late.",
            "爱互动、爱分享，但买得很少或没买过，最近也没来。",
        ),
        action: (
            "Give them a small reason to buy; keep them in the groups, where they are at home.",
            "用小额体验价促成购买，把他们留在活跃的社群里。",
        ),
    },
    Entry {
        key: "sleeping-member",
        name: ("Sleeping member", "沉睡会员"),
        meaning: (
            "Little money, no talk, and not here for a while.",
            "消费少、互动少，又有一段时间没来了。",
        ),
        action: (
            "One wake-up message at low cost; without an answer write less often.",
            "用低成本的方式唤醒一次；没有回应就减少打扰。",
        ),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_corner_of_the_cube_is_one_group() {
        let mut keys: Vec<_> = groups().into_iter().map(|group| group.key).collect();
        for code in 0..GROUPS as u8 {
            assert_eq!(Traits::of(code).code(), code);
        }
        assert_eq!(keys.first().map(AsRef::as_ref), Some("social-star"));
        assert_eq!(keys.last().map(AsRef::as_ref), Some("sleeping-member"));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), GROUPS);
    }
}
