//! Rows to a text with separators and to bytes in an encoding, with all that stands around them.

use super::orders::{self, Charset, Dirt, Order};
use super::{Dice, Export, Names, Plan, Row, Truth};

/// The text so far, and where its lines are.
struct Sheet {
    text: String,
    delimiter: char,
    ends: &'static [&'static str],
    /// 0: quoted where it must be, 1: always, 2: as it comes.
    quoting: u64,
    /// How much of the text has been counted, its line ends, and whether the last was a CR.
    counted: (usize, u64, bool),
}

impl Sheet {
    /// The number of the line that begins here: one more than there are line ends before, where
    /// CRLF is one.
    fn line(&mut self) -> u64 {
        let (from, mut ends, mut after_cr) = self.counted;
        for byte in self.text.bytes().skip(from) {
            ends += u64::from(byte == b'\r' || (byte == b'\n' && !after_cr));
            after_cr = byte == b'\r';
        }
        self.counted = (self.text.len(), ends, after_cr);
        ends + 1
    }

    fn cell(&mut self, dice: &mut Dice, text: &str) {
        let must = text.starts_with('"') || text.contains([self.delimiter, '\r', '\n']);
        if must || self.quoting == 1 || (self.quoting == 2 && dice.once_in(3)) {
            self.text += &format!("\"{}\"", text.replace('"', "\"\""));
        } else {
            self.text += text;
        }
    }

    fn record(&mut self, dice: &mut Dice, cells: &[String]) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.text.push(self.delimiter);
            }
            self.cell(dice, cell);
        }
    }

    fn end(&mut self, dice: &mut Dice) {
        self.text += dice.pick(self.ends);
    }

    /// Lines with nothing but blanks, which are no records.
    fn blank_lines(&mut self, dice: &mut Dice) {
        while dice.once_in(3) {
            self.text += dice.pick(&["", "", " ", "\t", "  \t "]);
            self.end(dice);
        }
    }
}

/// Which column is which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Customer,
    Time,
    Amount,
    Order,
    Direction,
    /// Something that no role wants.
    Other(usize),
}

/// Outer blanks, which are not part of a cell. Tabs are what bills put behind long numbers.
fn padded(dice: &mut Dice, text: String) -> String {
    match dice.below(24) {
        0 => format!(" {text}"),
        1 => format!("{text}  "),
        2 => format!("{text}\t"),
        3 => format!("\u{3000}{text}"),
        _ => text,
    }
}

const HEADERS: [[&str; 4]; 4] = [
    ["customer_id", "order_date", "amount", "order_id"],
    ["Buyer", "Paid at", "Paid", "No."],
    ["客户编号", "下单时间", "订单金额", "订单编号"],
    ["买家会员名", "付款时间", "实付金额(元)", "订单号"],
];

pub(super) fn write(dice: &mut Dice, plan: Plan) -> Export {
    let mut about = Vec::new();
    let encoding =
        dice.pick(&["utf-8", "utf-8", "utf-8 mark", "utf-16le", "utf-16be", "gbk", "gb18030"]);
    about.push(encoding);
    let charset = if encoding == "gbk" { Charset::Gbk } else { Charset::Unicode };
    let (delimiter, format) = dice.pick(&[
        (',', "csv"),
        (',', "csv"),
        (';', "csv"),
        ('|', "csv"),
        ('\t', "csv"),
        ('\t', "tsv"),
    ]);
    let ends: &[&str] =
        dice.pick(&[&["\n"][..], &["\r\n"], &["\r"], &["\n", "\r\n"], &["\n", "\r\n", "\r"]]);
    if ends.len() > 1 {
        about.push("mixed line ends");
    }
    let quoting = dice.below(3);
    let mut sheet = Sheet { text: String::new(), delimiter, ends, quoting, counted: (0, 0, false) };
    let mut truth = Truth::default();
    let mut header = None;

    let told = dice.once_in(10);
    if told {
        about.push("sep line");
        sheet.text += &format!("sep={delimiter}");
        sheet.end(dice);
    }
    let above = !told && dice.once_in(4);
    let told_line = plan.told && dice.once_in(2);
    if above {
        about.push(if told_line { "preamble, told" } else { "preamble" });
        for _ in 0..1 + dice.below(4) {
            let line = sheet.line();
            let texts = [
                "微信支付账单明细",
                "导出时间：[2025-06-30 10:00:00]",
                "共 12 笔,合计 100 元",
                "----- \"open",
            ];
            sheet.text += dice.pick(&texts);
            sheet.end(dice);
            // Where nobody said so, somebody should look whether the right line was found.
            truth.note("preamble", if told_line { "note" } else { "doubtful" }, line);
            sheet.blank_lines(dice);
        }
        header = told_line.then(|| sheet.line());
    } else {
        sheet.blank_lines(dice);
    }

    // The columns, in any order, with others between them.
    let mut columns = vec![Column::Customer, Column::Time, Column::Amount];
    let has_orders = dice.once_in(3);
    if has_orders {
        columns.push(Column::Order);
    }
    let has_directions = plan.told && dice.once_in(5);
    if has_directions {
        about.push("in and out");
        columns.push(Column::Direction);
    }
    for other in 0..dice.below(4) as usize {
        columns.push(Column::Other(other));
    }
    for last in (1..columns.len()).rev() {
        columns.swap(last, dice.below(last as u64 + 1) as usize);
    }
    let wanted = dice.pick(&HEADERS);
    let names = Names {
        customer: wanted[0].to_owned(),
        time: wanted[1].to_owned(),
        amount: wanted[2].to_owned(),
        order: has_orders.then(|| wanted[3].to_owned()),
        direction: has_directions.then(|| "收/支".to_owned()),
    };
    let shouted = wanted[0].is_ascii() && dice.once_in(6);
    let header_line = sheet.line();
    let titles: Vec<String> = columns
        .iter()
        .map(|column| {
            let name = match column {
                Column::Customer => wanted[0],
                Column::Time => wanted[1],
                Column::Amount => wanted[2],
                Column::Order => wanted[3],
                Column::Direction => "收/支",
                Column::Other(other) => ["备注", "status", "商品标题"][*other],
            };
            let name = if shouted { name.to_uppercase() } else { name.to_owned() };
            if dice.once_in(8) { format!(" {name} ") } else { name }
        })
        .collect();
    if shouted {
        about.push("names in capitals");
        for _ in 0..3 + u64::from(has_orders) {
            truth.note("missing-column", "doubtful", header_line);
        }
    }
    let from = sheet.text.len();
    sheet.record(dice, &titles);
    let raw_header = sheet.text[from..].to_owned();
    sheet.end(dice);

    let many = 1 + dice.below(plan.rows as u64);
    let customers = orders::customers(dice, many.div_ceil(3), charset);
    let (time_style, amount_style) =
        (dice.below(orders::TIME_STYLES), dice.below(orders::AMOUNT_STYLES));
    let untidy = dice.once_in(2);
    let good_row = dice.below(many);
    let mut lines = Vec::new();
    // The first record of the order before: its number and what it says.
    let mut before: Option<(String, Row)> = None;
    for row in 0..many {
        sheet.blank_lines(dice);
        let mut order = orders::order(dice, &customers);
        let dirt = (row != good_row && dice.once_in(5)).then(|| orders::dirt(dice));
        let dirt = dirt.filter(|dirt| match dirt {
            Dirt::SameOrder => before.is_some(),
            Dirt::Out | Dirt::Neither => has_directions,
            _ => true,
        });
        let number = match (&before, dirt) {
            (Some((number, _)), Some(Dirt::SameOrder)) => number.clone(),
            _ => format!("N{:06}", row + 1),
        };
        let direction = match dirt {
            Some(Dirt::Out) => dice.pick(&["支出", "退款", "out"]),
            Some(Dirt::Neither) => dice.pick(&["/", "不计收支", ""]),
            _ => dice.pick(&["收入", "in"]),
        };
        let styles = match untidy {
            true => [dice.below(orders::TIME_STYLES), dice.below(orders::AMOUNT_STYLES)],
            false => [time_style, amount_style],
        };
        let line = sheet.line();
        if dirt == Some(Dirt::Header) {
            truth.read += 1;
            truth.note("repeated-header", "rejected", line);
            // Once as it stands above, once from another file of the same kind.
            match dice.once_in(2) {
                true => sheet.text += &raw_header,
                false => sheet.record(dice, &titles),
            }
            sheet.end(dice);
            continue;
        }
        let mut row = Cells::of(dice, &mut order, styles, dirt, charset);
        let cells: Vec<String> = columns
            .iter()
            .map(|column| match column {
                Column::Customer => padded(dice, std::mem::take(&mut row.customer)),
                Column::Time => padded(dice, std::mem::take(&mut row.time)),
                Column::Amount => padded(dice, std::mem::take(&mut row.amount)),
                Column::Order => padded(dice, number.clone()),
                Column::Direction => direction.to_owned(),
                Column::Other(_) => dice
                    .pick(&["", "已完成", "a,b;c|d", "two\nlines", "say \"hi\"", "\"", "10.00"])
                    .to_owned(),
            })
            .collect();
        let from = sheet.text.len();
        row.write(&mut sheet, dice, cells);
        let raw = sheet.text[from..].to_owned();
        sheet.end(dice);
        if let (Some(Dirt::SameOrder), Some((_, first))) = (dirt, &before)
            && (first.customer != row.is.customer || first.instant != row.is.instant)
        {
            row.noted.push(("duplicate-order", "doubtful"));
        }
        if has_orders && dirt.is_none() && row.is.micros >= 0 {
            before = Some((number, row.is.clone()));
        }
        truth.add(&row, line, &mut lines);
        if dirt == Some(Dirt::Twice) {
            let line = sheet.line();
            sheet.text += &raw;
            sheet.end(dice);
            if has_orders {
                row.left_out = Some("duplicate-order");
            }
            truth.add(&row, line, &mut lines);
        }
    }
    if dice.once_in(6) {
        about.push("footer");
        for text in ["------------------------", "共 12 笔记录", "导出时间：2025-06-30"] {
            truth.read += 1;
            let line = sheet.line();
            truth.note("preamble", "rejected", line);
            sheet.text += text;
            sheet.end(dice);
        }
    }
    truth.note_lookalikes(&lines, orders::looks);
    if dice.once_in(3) {
        // The last line does not end.
        while sheet.text.ends_with(['\n', '\r']) {
            sheet.text.pop();
        }
    }
    let (bytes, encoding) = encoded(&sheet.text, encoding);
    Export { bytes, format, encoding, names, header, about, truth }
}

/// One row on its way into the file: its cells, and what it is.
struct Cells {
    customer: String,
    time: String,
    amount: String,
    dirt: Option<Dirt>,
    is: Row,
    /// The code under which it is left out.
    left_out: Option<&'static str>,
    /// Doubts and changes.
    noted: Vec<(&'static str, &'static str)>,
}

impl Cells {
    fn of(
        dice: &mut Dice,
        order: &mut Order,
        styles: [u64; 2],
        dirt: Option<Dirt>,
        charset: Charset,
    ) -> Cells {
        let mut noted = Vec::new();
        let mut left_out = None;
        match dirt {
            Some(Dirt::Mangled) => {
                order.customer = dice.pick(&["6.2E+18", "4.30E+15", "1e+05"]).to_owned();
                noted.push(("mangled-id", "doubtful"));
            }
            Some(Dirt::Hidden) => {
                let hidden = match charset {
                    Charset::Unicode => dice.pick(&['\u{7}', '\u{202e}', '\u{1b}']),
                    Charset::Gbk => '\u{7}',
                };
                order.customer = format!("K{hidden}{}", dice.below(3));
                noted.push(("control-char", "doubtful"));
            }
            Some(Dirt::Alike) => {
                let joined = charset == Charset::Unicode && dice.once_in(2);
                if let Some(other) = orders::alike(&order.customer, joined) {
                    order.customer = other;
                }
            }
            Some(Dirt::Personal) => {
                let somebody = [
                    "13800138000",
                    "+8613912345678",
                    "li.wei@example.com",
                    "11010519491231002X",
                    "6222021234567890128",
                ];
                order.customer = dice.pick(&somebody).to_owned();
                noted.push(("pii", "doubtful"));
            }
            Some(Dirt::SameOrder) => order.micros = order.micros.abs(),
            _ => {}
        }
        let mut time = orders::time(order, styles[0]);
        let mut amount = orders::amount(order.micros, styles[1], charset);
        match dirt {
            Some(Dirt::NoTime(text, code)) => (time, left_out) = (text.to_owned(), Some(code)),
            Some(Dirt::NoAmount(text)) => {
                (amount, left_out) = (text.to_owned(), Some("amount"));
            }
            Some(Dirt::TooMuch) => {
                amount =
                    dice.pick(&["99999999999999999999", "-9,999,999,999,999,999,999"]).to_owned();
                left_out = Some("overflow");
            }
            Some(Dirt::Digits) => {
                // Two digits beyond the sixth decimal: halves go to the even neighbour.
                let beyond = dice.pick(&[1, 49, 50, 51, 99]) as i128;
                let kept = dice.below(10_000_000_000) as i128;
                amount = format!("{}.{:06}{beyond:02}", kept / 1_000_000, kept % 1_000_000);
                let up = beyond > 50 || (beyond == 50 && kept % 2 == 1);
                order.micros = kept + i128::from(up);
                noted.push(("precision", "changed"));
            }
            Some(Dirt::Ragged) => left_out = Some("ragged"),
            Some(Dirt::Parse) => left_out = Some("parse"),
            Some(Dirt::NoId) => left_out = Some("missing-id"),
            Some(Dirt::Neither) => left_out = Some("amount"),
            Some(Dirt::Out) => {
                // Whatever its sign in the file.
                amount = orders::amount(dice.pick(&[1, -1]) * order.micros, styles[1], charset);
                order.micros = -order.micros.abs();
            }
            Some(Dirt::Sum) if dice.once_in(2) => left_out = Some("missing-id"),
            Some(Dirt::Sum) => (time, left_out) = (String::new(), Some("date")),
            _ => {}
        }
        if order.micros < 0 {
            noted.push(("refund", "doubtful"));
        }
        let customer = match dirt {
            Some(Dirt::NoId) => dice.pick(&["", " ", "\u{3000}", "  \u{3000}"]).to_owned(),
            Some(Dirt::Sum) => dice.pick(&["合计", "总计：", "Total", "Subtotal"]).to_owned(),
            _ => order.customer.clone(),
        };
        Cells { customer, time, amount, dirt, is: order.row(), left_out, noted }
    }

    fn write(&self, sheet: &mut Sheet, dice: &mut Dice, mut cells: Vec<String>) {
        match self.dirt {
            Some(Dirt::Ragged) if dice.once_in(2) => {
                cells.pop();
            }
            Some(Dirt::Ragged) => cells.push(dice.pick(&["", "more"]).to_owned()),
            Some(Dirt::Parse) => {
                let first = cells.remove(0).replace(['"', '\n'], "");
                sheet.text += &format!("\"{first}\"x{}", sheet.delimiter);
            }
            _ => {}
        }
        sheet.record(dice, &cells);
    }
}

impl Truth {
    fn add(&mut self, row: &Cells, line: u64, lines: &mut Vec<u64>) {
        self.read += 1;
        match row.left_out {
            Some(code) => self.note(code, "rejected", line),
            None => {
                for (code, severity) in &row.noted {
                    self.note(code, severity, line);
                }
                self.rows.push(row.is.clone());
                lines.push(line);
            }
        }
    }
}

/// The bytes of a text, and the encoding if it has to be declared.
fn encoded(text: &str, encoding: &'static str) -> (Vec<u8>, Option<&'static str>) {
    let units = || std::iter::once(0xFEFF).chain(text.encode_utf16());
    match encoding {
        "utf-16le" => (units().flat_map(u16::to_le_bytes).collect(), None),
        "utf-16be" => (units().flat_map(u16::to_be_bytes).collect(), None),
        "utf-8 mark" => ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), None),
        "utf-8" => (text.as_bytes().to_vec(), None),
        declared => {
            let to = encoding_rs::Encoding::for_label(declared.as_bytes()).expect("an encoding");
            let (bytes, _, lost) = to.encode(text);
            assert!(!lost, "{declared} has no characters for this: {text}");
            (bytes.into_owned(), Some(declared))
        }
    }
}
