//! Who paid what and when, and the many ways in which exports write it.

use super::{Dice, OFFSET, Row};

/// What the characters of a file may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// Everything.
    Unicode,
    /// What GBK has.
    Gbk,
}

/// The ids of a shop: one or two styles, as when two systems were joined.
pub(super) fn customers(dice: &mut Dice, many: u64, charset: Charset) -> Vec<String> {
    let styles: &[u64] = match charset {
        Charset::Unicode => &[0, 0, 1, 2, 3, 4, 5, 6, 7, 8],
        Charset::Gbk => &[0, 0, 1, 2, 3, 4, 5, 6, 7],
    };
    let styles = [dice.pick(styles), dice.pick(styles)];
    (0..many.max(1)).map(|number| id(dice.pick(&styles), number)).collect()
}

fn id(style: u64, number: u64) -> String {
    match style {
        0 => format!("C{number:05}"),
        // Leading zeros matter.
        1 => format!("{number:06}"),
        // Beyond 2^53: neighbours differ in the last digit only.
        2 => format!("{:020}", 90_071_992_547_409_920_000u128 + u128::from(number)),
        3 => format!("客户{}号", number + 1),
        4 => format!("oX{number:026}"),
        // Characters that CSV has to quote.
        5 => format!("Li, \"Wei\" {number}"),
        // What a spreadsheet would run.
        6 => format!("=A{number}+1"),
        // Words that programs take for nothing.
        7 => {
            format!("{}{}", ["null", "NaN", "undefined", "N/A"][(number % 4) as usize], number / 4)
        }
        // Four bytes of UTF-8, and two code units of UTF-16.
        _ => format!("𠮷野{number}👩\u{200d}🚀"),
    }
}

/// An order as it happened: the second on the wall clock, the amount in millionths.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) customer: String,
    /// Seconds since 1970-01-01T00:00 on the local clock.
    pub(super) clock: i64,
    pub(super) micros: i128,
}

pub(super) fn order(dice: &mut Dice, customers: &[String]) -> Order {
    let customer = customers[dice.below(customers.len() as u64) as usize].clone();
    // 2019-01-01 to 2025-06-30.
    let clock = 1_546_300_800 + dice.below(2373 * 86_400) as i64;
    let cents = match dice.below(20) {
        0 => 0,
        1 => -(dice.below(50_000) as i128),
        2 => dice.below(900_000_000) as i128,
        _ => dice.below(100_000) as i128,
    };
    Order { customer, clock, micros: cents * 10_000 }
}

impl Order {
    pub(super) fn row(&self) -> Row {
        let (year, month, day) = date(self.clock.div_euclid(86_400));
        Row {
            customer: self.customer.clone(),
            instant: (self.clock - OFFSET) * 1000,
            day: format!("{year:04}-{month:02}-{day:02}"),
            micros: self.micros,
        }
    }
}

/// Year, month and day of a day number, by counting.
fn date(mut days: i64) -> (i64, i64, i64) {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + i64::from(leap(year)) {
        days -= 365 + i64::from(leap(year));
        year += 1;
    }
    let february = 28 + i64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

/// How the times of an export are written. A style that shows less than seconds changes what
/// happened: an export can only say what it shows.
pub(super) const TIME_STYLES: u64 = 22;

/// The text of an order's time; the order is cut to what the text says.
pub(super) fn time(order: &mut Order, style: u64) -> String {
    let shown = match style {
        0..=5 => 86_400,
        6 | 9 | 11 | 12 | 20 | 21 => 60,
        _ => 1,
    };
    order.clock -= order.clock.rem_euclid(shown);
    let (year, month, day) = date(order.clock.div_euclid(86_400));
    let of_day = order.clock.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let (half, twelve) = (if hour < 12 { "上午" } else { "下午" }, (hour + 11) % 12 + 1);
    let iso = format!("{year}-{month:02}-{day:02}");
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    match style {
        0 => iso,
        1 => format!("{year}/{month}/{day}"),
        2 => format!("{year}.{month}.{day}"),
        3 => format!("{year}{month:02}{day:02}"),
        4 => format!("{year}年{month}月{day}日"),
        5 => wide(&iso),
        6 => format!("{year}/{month}/{day} {hour}:{minute:02}"),
        7 => format!("{iso} {clock}"),
        8 => format!("{iso}T{clock}"),
        9 => format!("{year}-{month}-{day} {half}{twelve}:{minute:02}"),
        10 => format!("{year}年{month:02}月{day:02}日 {hour}时{minute:02}分{second:02}秒"),
        11 => format!("{year}年{month}月{day}日{hour:02}时{minute:02}分"),
        12 => format!("{year}年{month}月{day}日 {half}{twelve}点{minute:02}分"),
        13 => format!("{iso} {clock}.000"),
        14 => format!("{iso}T{clock}+08:00"),
        15 => format!("{iso} {clock} +0800"),
        16 => wide(&format!("{iso} {clock}")),
        17 | 18 => {
            // The same instant, told in another zone.
            let (east, mark) = if style == 17 { (0, "Z") } else { (-5 * 3600, "-05:00") };
            let there = order.clock - OFFSET + east;
            let (year, month, day) = date(there.div_euclid(86_400));
            let of_day = there.rem_euclid(86_400);
            let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
            format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{mark}")
        }
        19 => format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}"),
        20 => format!("{iso} {twelve}:{minute:02} {}", if hour < 12 { "AM" } else { "PM" }),
        _ => {
            let weekday = ["四", "五", "六", "日", "一", "二", "三"];
            let weekday = weekday[order.clock.div_euclid(86_400).rem_euclid(7) as usize];
            format!("{year}年{month}月{day}日（周{weekday}） {hour:02}:{minute:02}")
        }
    }
}

/// How amounts are written.
pub(super) const AMOUNT_STYLES: u64 = 14;

/// The text of an amount, exactly.
pub(super) fn amount(micros: i128, style: u64, charset: Charset) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (whole, fraction) = (micros.abs() / 1_000_000, micros.abs() % 1_000_000);
    let cents = format!("{whole}.{:02}", fraction / 10_000);
    let thin = match charset {
        Charset::Unicode => "¥",
        // GBK has only the wide one.
        Charset::Gbk => "￥",
    };
    match style {
        0 | 1 => format!("{sign}{cents}"),
        2 => format!("{sign}{}.{:02}", grouped(whole), fraction / 10_000),
        3 => format!("{sign}{thin}{cents}"),
        4 => format!("￥{sign}{}.{:02}", grouped(whole), fraction / 10_000),
        5 => format!("{sign}{cents}元"),
        6 => format!("{sign}{cents} 元"),
        7 => format!("CNY {sign}{cents}"),
        8 => wide(&format!("{sign}{cents}")),
        9 => wide(&format!("{sign}{}.{:02}", grouped(whole), fraction / 10_000)),
        10 if micros >= 0 => format!("+{cents}"),
        11 => format!("{sign}000{cents}"),
        12 => format!("{sign}{whole}.{:02}0000", fraction / 10_000),
        13 => format!("{sign}{cents}RMB"),
        _ => format!("{sign}{cents}0000000"),
    }
}

fn grouped(whole: i128) -> String {
    let digits = whole.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Another id that looks like this one, if there is one of its kind.
pub(super) fn alike(id: &str, joined: bool) -> Option<String> {
    let plain = id.len() > 1 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| if joined { format!("{id}\u{200b}") } else { wide(id) })
}

/// What an id of [`alike`] looks like.
pub(super) fn looks(id: &str) -> Option<String> {
    let narrow = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0),
        '\u{200b}' => None,
        other => Some(other),
    };
    let usual: String = id.chars().filter_map(narrow).collect();
    (usual != id).then_some(usual)
}

/// A text in full-width characters.
fn wide(text: &str) -> String {
    let wide = |c: char| match c {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
        other => other,
    };
    text.chars().map(wide).collect()
}

/// What is wrong with a row, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dirt {
    /// No id.
    NoId,
    /// A time that is none, or could be several.
    NoTime(&'static str, &'static str),
    /// An amount that is none.
    NoAmount(&'static str),
    /// An amount beyond 64 bits.
    TooMuch,
    /// One cell less or more.
    Ragged,
    /// Text after a closing quote.
    Parse,
    /// The header once more.
    Header,
    /// The row twice.
    Twice,
    /// More than six decimals.
    Digits,
    /// An id that a spreadsheet rounded.
    Mangled,
    /// An id with something in it that cannot be seen.
    Hidden,
    /// An id in full-width characters, or with a mark that joins nothing.
    Alike,
    /// An id that is somebody's telephone number, mail address or card.
    Personal,
    /// The number of the order before, but not the rest of it.
    SameOrder,
    /// Money that went out, or neither in nor out.
    Out,
    Neither,
    /// A row that sums up others.
    Sum,
}

pub(super) fn dirt(dice: &mut Dice) -> Dirt {
    match dice.below(24) {
        0 | 1 => Dirt::NoId,
        2 | 3 => dice.pick(&[
            Dirt::NoTime("", "date"),
            Dirt::NoTime("昨天", "date"),
            Dirt::NoTime("2025-02-29", "date"),
            Dirt::NoTime("2024-13-01", "date"),
            Dirt::NoTime("2024-05-28 25:00", "date"),
            Dirt::NoTime("45805", "date"),
            Dirt::NoTime("1748361600", "date"),
            Dirt::NoTime("民国114年5月28日", "date"),
            Dirt::NoTime("1899-12-31", "date"),
            Dirt::NoTime("03/04/2025", "date-ambiguous"),
            Dirt::NoTime("5-6-2025 10:00", "date-ambiguous"),
        ]),
        4 | 5 => dice.pick(&[
            Dirt::NoAmount(""),
            Dirt::NoAmount("N/A"),
            Dirt::NoAmount("12,34"),
            Dirt::NoAmount("1.234,56"),
            Dirt::NoAmount("$7"),
            Dirt::NoAmount("7%"),
            Dirt::NoAmount("1e3"),
            Dirt::NoAmount("十元"),
            Dirt::NoAmount("--5"),
            Dirt::NoAmount("NaN"),
            Dirt::NoAmount("1.2万"),
            Dirt::NoAmount("(5.00)"),
            Dirt::NoAmount("=1+1"),
        ]),
        6 => Dirt::TooMuch,
        7 => Dirt::Ragged,
        8 => Dirt::Parse,
        9 => Dirt::Header,
        10 | 11 => Dirt::Twice,
        12 | 13 => Dirt::Digits,
        14 => Dirt::Mangled,
        15 => Dirt::Hidden,
        16 | 17 => Dirt::Alike,
        18 => Dirt::Personal,
        19 | 20 => Dirt::SameOrder,
        21 => Dirt::Out,
        22 => Dirt::Neither,
        _ => Dirt::Sum,
    }
}
