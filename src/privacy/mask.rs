//! Masks for display: enough is seen to recognise one's own number, too little to use it.
//!
//! Each hidden character becomes one `*`, so that the length stays; characters are Unicode scalar
//! values. A mask is for people who may see the rest: it is no pseudonym and anonymises nothing.

use super::detect::{Detector, Kind};
use crate::table::calendar::Date;

/// A text of this kind with its inner part hidden: of a mobile number the first 3 and last 4
/// characters stay, of a resident number 4 and 4, of a card 6 and 4, of a plate 2 and 2, of a name
/// the first, of an e-mail address the first and the domain. Of the other kinds stays less.
#[must_use]
pub fn masked(text: &str, kind: Kind) -> String {
    let length = text.chars().count();
    let (first, last) = match kind {
        Kind::CnMobile => (3, 4),
        Kind::CnResidentId => (4, 4),
        Kind::BankCard => (6, 4),
        Kind::CnPlate => (2, 2),
        Kind::Name => (1, 0),
        Kind::Email => (1, text.chars().rev().take_while(|c| !matches!(c, '@' | '＠')).count() + 1),
        Kind::CnAddress => (6, 0),
        Kind::CnLandline => (0, 4),
        Kind::CnUscc => (2, 4),
        Kind::Imei
        | Kind::CnPassport
        | Kind::HkMacauPermit
        | Kind::WechatOpenid
        | Kind::WechatUnionid
        | Kind::WechatId
        | Kind::WechatWxid
        | Kind::Qq => (1, 2),
        Kind::Ip | Kind::Geo => (0, 0),
    };
    // A text too short for its kind shows nothing; a name or a mailbox of one character is itself.
    let (first, last) = match kind {
        Kind::Name | Kind::Email => (first, last.min(length.saturating_sub(1))),
        _ if first + last >= length => (0, 0),
        _ => (first, last),
    };
    let hidden = first..length.saturating_sub(last).max(first);
    let one = |(at, c): (usize, char)| if hidden.contains(&at) { '*' } else { c };
    text.chars().enumerate().map(one).collect()
}

/// A free text with all that [`Detector::find`] finds in it masked by its kind.
#[must_use]
pub fn masked_text(text: &str, detector: &mut Detector, today: Option<Date>) -> String {
    let found = detector.find(text, today);
    if found.is_empty() {
        return text.to_owned();
    }
    let mut found = found.iter().peekable();
    let (mut out, mut inside) = (String::with_capacity(text.len()), String::new());
    for (at, c) in text.chars().enumerate() {
        match found.peek() {
            Some(entity) if at >= entity.start => {
                inside.push(c);
                if at + 1 == entity.end {
                    out.push_str(&masked(&inside, entity.kind));
                    inside.clear();
                    found.next();
                }
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_stays_and_the_middle_goes() {
        for (text, kind, want) in [
            ("13800138000", Kind::CnMobile, "138****8000"),
            ("138", Kind::CnMobile, "***"),
            ("zhangsan@example.com", Kind::Email, "z*******@example.com"),
            ("欧阳锋", Kind::Name, "欧**"),
            ("", Kind::Name, ""),
            ("10.0.0.1", Kind::Ip, "********"),
        ] {
            assert_eq!(masked(text, kind), want);
        }
    }

    #[test]
    fn a_text_keeps_what_is_not_personal() {
        let mut detector = Detector::default();
        let text = "手机:13800138000，邮箱 a.b@example.com 谢谢";
        let want = "手机:138****8000，邮箱 a**@example.com 谢谢";
        assert_eq!(masked_text(text, &mut detector, None), want);
        assert_eq!(masked_text("订单 20250101", &mut detector, None), "订单 20250101");
    }
}
