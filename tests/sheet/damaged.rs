//! Damaged workbooks: whatever the bytes, an error with a code or a text, and never a panic.

use proptest::prelude::*;

use super::*;

fn whole() -> Vec<u8> {
    let strings = "<sst><si><t>buyer</t></si><si><t>paid_at</t></si><si><t>A&amp;1</t></si></sst>";
    let sheet = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>\
        <row r=\"2\"><c r=\"A2\" t=\"s\"><v>2</v></c><c r=\"B2\" s=\"1\"><v>45805.5</v></c></row></sheetData>\
        <mergeCells><mergeCell ref=\"A1:B1\"/></mergeCells></worksheet>";
    by_hand::workbook(sheet, strings)
}

/// The codes that a damaged file may have.
const CODES: [&str; 5] = ["parse", "unsupported", "limit", "limit-memory", "missing-sheet"];

fn answered(file: Vec<u8>) -> bool {
    match csv(file, None, Limits { memory: 8 << 20, ..Limits::default() }) {
        Ok((_, text)) => std::str::from_utf8(&text).is_ok(),
        Err(error) => CODES.contains(&error.code().as_str()) && !error.hint().is_empty(),
    }
}

#[test]
fn a_file_cut_anywhere_is_answered() {
    let whole = whole();
    for length in 0..whole.len() {
        assert!(csv(whole[..length].to_vec(), None, Limits::default()).is_err(), "{length}");
    }
}

#[test]
fn a_flipped_byte_in_a_part_is_noticed() {
    // The checksums of the archive hold for every part that is read to its end.
    let whole = whole();
    let text = text(whole.clone());
    for at in 0..whole.len() {
        let mut file = whole.clone();
        file[at] ^= 0x20;
        if let Ok((_, other)) = csv(file, None, Limits::default()) {
            assert_eq!(String::from_utf8(other).unwrap(), text, "byte {at}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn changed_bytes_are_answered(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut file = whole();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        prop_assert!(answered(file));
    }

    #[test]
    fn damaged_markup_is_answered(
        changes in prop::collection::vec((any::<prop::sample::Index>(), "[<>/=\"&;!a-z0-9 \\[\\]-]{0,4}"), 1..6),
        work in 1u32..60,
    ) {
        let damage = |xml: &str| {
            let mut xml = xml.to_owned();
            for (at, piece) in &changes {
                let at = at.index(xml.len().max(1)).min(xml.len());
                xml.replace_range(at..(at + piece.len()).min(xml.len()), piece);
            }
            xml
        };
        for part in ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"] {
            let file = by_hand::changed(&whole(), part, damage);
            prop_assert!(answered(file.clone()), "{}", part);
            let (steps, once) = (in_steps(file.clone(), work), csv(file, None, Limits::default()));
            prop_assert_eq!(steps, once);
        }
    }
}
