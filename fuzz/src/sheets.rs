//! Workbooks: any bytes as an archive, and any text as the parts of a sound one.

use siyu::error::Result;
use siyu::read::guess::guess;
use siyu::read::{Format, Options};
use siyu::sheet::{Limits, Workbook};
use siyu::table::role::Role;
use siyu::table::zone::Zone;

use super::facts::{check, check_error};
use super::files::read;
use super::input::Input;

/// What a workbook may take here. No text may be longer, whatever the file says.
const LIMITS: Limits =
    Limits { bytes: 4 << 20, ratio: 200, record_bytes: 1 << 16, memory: 16 << 20 };
/// A conversion that takes more steps than this does not come to an end.
const MOST_STEPS: u32 = 2_000_000;

const RELATIONS: &str = r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const PARTS: &str = r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="/xl/sharedStrings.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<workbook xmlns:r="r"><workbookPr date1904="0"/><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#;

/// An archive of stored parts (PKWARE's application note, without compression), so that the
/// fuzzer meets the readers of XML and not only checksums.
fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let offset = file.len() as u32;
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend(crc32(content).to_le_bytes());
        common.extend((content.len() as u32).to_le_bytes());
        common.extend((content.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        file.extend(b"PK\x03\x04");
        file.extend(&common);
        file.extend(name.as_bytes());
        file.extend(*content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (count, size, start) = (parts.len() as u16, directory.len() as u32, file.len() as u32);
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend(count.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend(size.to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0, 0]);
    file
}

/// CRC-32 as zip has it (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

fn converted(file: Vec<u8>, work: u32) -> Result<(Option<String>, Vec<u8>)> {
    let mut workbook = Workbook::open(file, None, LIMITS)?;
    let mut text = Vec::new();
    let mut steps = 0;
    while !workbook.step(work)? {
        text.extend(workbook.take());
        steps += 1;
        assert!(steps < MOST_STEPS, "no end");
        assert!(text.len() as u64 <= LIMITS.bytes + u64::from(LIMITS.record_bytes) * 64);
    }
    text.extend(workbook.take());
    Ok((workbook.sheet().map(str::to_owned), text))
}

/// Any bytes as a workbook, or as its sheet, strings, styles and list of sheets (parted by the
/// character U+001E). The text is the same in steps of any size, and can be guessed at and read.
pub fn sheets(data: &[u8]) {
    let mut input = Input::new(data);
    let (way, work) = (input.byte(), u32::from(input.byte()));
    let bytes = input.rest();
    let file = match way % 4 {
        0 => bytes.to_vec(),
        _ => {
            let mut parts = bytes.split(|byte| *byte == 0x1E);
            let mut next = |otherwise: &'static [u8]| match parts.next() {
                Some([]) | None => otherwise,
                Some(part) => part,
            };
            let sheet = next(b"<worksheet/>");
            let strings = next(b"<sst/>");
            let styles =
                next(b"<styleSheet><cellXfs><xf/><xf numFmtId=\"14\"/></cellXfs></styleSheet>");
            let workbook = next(WORKBOOK.as_bytes());
            zipped(&[
                ("[Content_Types].xml", b"<Types/>"),
                ("_rels/.rels", RELATIONS.as_bytes()),
                ("xl/workbook.xml", workbook),
                ("xl/_rels/workbook.xml.rels", PARTS.as_bytes()),
                ("xl/worksheets/sheet1.xml", sheet),
                ("xl/sharedStrings.xml", strings),
                ("xl/styles.xml", styles),
            ])
        }
    };
    let whole = converted(file.clone(), u32::MAX);
    let steps = converted(file, work.max(1));
    assert_eq!(steps, whole, "steps are visible");
    let (sheet, text) = match whole {
        Ok(found) => found,
        Err(error) => return check_error(&error),
    };
    assert!(std::str::from_utf8(&text).is_ok(), "the text is UTF-8");
    let mut options = Options { format: Format::Xlsx, sheet, ..Options::default() };
    if let Ok(found) = guess(&text, &options) {
        options.header = found.header;
        for role in Role::ALL {
            if let Some(proposed) = found.roles.get(*role) {
                options.roles.set(*role, proposed.column.as_str());
            }
        }
    }
    check(&read(&[&text], &options, &Zone::utc(), 1), &options);
}
