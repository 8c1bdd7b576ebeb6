//! Workbooks written part by part: what rare programs write, and what nobody should.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::*;

const CONTENT_TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
const RELATIONS: &str = r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const WORKBOOK_RELATIONS: &str = r#"<Relationships>
    <Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>
    <Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="/xl/sharedStrings.xml"/>
    <Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>
</Relationships>"#;

/// Style 1 shows a day.
const STYLES: &str =
    r#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

/// An archive of these parts.
fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook with one sheet and a table of shared strings.
pub(super) fn workbook(sheet: &str, strings: &str) -> Vec<u8> {
    zipped(&[
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", RELATIONS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", strings),
        ("xl/styles.xml", STYLES),
    ])
}

/// A sheet of these rows.
fn sheet(rows: &str) -> Vec<u8> {
    workbook(&format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"), "<sst/>")
}

/// The same archive with one part changed.
pub(super) fn changed(file: &[u8], part: &str, change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut from = ZipArchive::new(Cursor::new(file)).unwrap();
    let mut parts = Vec::new();
    for at in 0..from.len() {
        let mut entry = from.by_index(at).unwrap();
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        let name = entry.name().unwrap().into_owned();
        let content = if name == part { change(&content) } else { content };
        parts.push((name, content));
    }
    let parts: Vec<(&str, &str)> = parts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    zipped(&parts)
}

#[test]
fn texts_are_told_however_they_are_stored() {
    let strings = "<sst><si><t>shared</t></si>\
        <si><r><rPr><b/></rPr><t>rich </t></r><r><t>text</t></r><rPh sb=\"0\"><t>reading</t></rPh></si>\
        <si/><si><t xml:space=\"preserve\"> a &amp; b &lt;c&gt; &#20803; </t></si>\
        <si><t>line_x000D_end</t></si></sst>";
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c>\
        <c r=\"C1\" t=\"s\"><v>2</v></c><c r=\"D1\" t=\"s\"><v>3</v></c>\
        <c r=\"E1\" t=\"inlineStr\"><is><t>in</t><t>line</t></is></c>\
        <c r=\"F1\" t=\"str\"><f>A1</f><v>of &quot;formula&quot;</v></c>\
        <c r=\"G1\"><v><![CDATA[7]]></v></c><c r=\"H1\" t=\"s\"><v>4</v></c></row>";
    let file = workbook(&format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"), strings);
    assert_eq!(
        text(file),
        "shared,rich text,, a & b <c> 元 ,inline,\"of \"\"formula\"\"\",7,\"line\rend\"\n"
    );
}

#[test]
fn what_is_no_value_never_becomes_one() {
    let cells = |row: u32, cells: &str| format!("<row r=\"{row}\">{cells}</row>");
    let texts = |row: u32, texts: &[&str]| {
        let inline =
            texts.iter().map(|text| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>"));
        cells(row, &inline.collect::<String>())
    };
    let error = "<c t=\"e\"><v>#DIV/0!</v></c>";
    let file = sheet(
        &[
            texts(1, &["buyer", "paid_at", "paid", "order"]),
            texts(2, &["A1", "2025-05-28", "1", "o1"]),
            cells(3, &format!("{error}<c t=\"d\"><v>2025-05-28T10:00:00</v></c><c><v>1</v></c>")),
            cells(4, &format!("<c t=\"b\"><v>1</v></c><c t=\"d\"><v>2025-05-28</v></c>{error}")),
            cells(
                5,
                &format!(
                    "<c t=\"b\"><v>0</v></c><c t=\"d\"><v>2025-05-28</v></c><c><v>1</v></c>{error}"
                ),
            ),
            // A formula that was never computed.
            cells(6, "<c><f>A2</f></c><c t=\"d\"><v>2025-05-28</v></c><c><v>1</v></c>"),
        ]
        .concat(),
    );
    assert!(text(file.clone()).contains("\nFALSE,2025-05-28,1,#DIV/0!\n#N/A,2025-05-28,1,\n"));
    let (table, quality) = table(file, |options| options.roles.set(Role::Order, "order")).unwrap();
    let issue = |code: &str| {
        quality.issues.iter().find(|issue| issue.code == code).map(|issue| issue.rows.clone())
    };
    assert_eq!(table.rows(), 2);
    assert_eq!(issue("missing-id"), Some(vec![3, 6]));
    assert_eq!(issue("amount"), Some(vec![4]));
    assert_eq!(issue("type"), Some(vec![5]));
}

#[test]
fn cells_without_places_follow_each_other() {
    let file =
        sheet("<row><c><v>1</v></c><c/><c><v>3</v></c></row><row/><row><c><v>4</v></c></row>");
    assert_eq!(text(file), "1,,3\n\n4,,\n");
}

#[test]
fn prefixes_and_the_strict_namespace_read_alike() {
    let plain = sheet("<row r=\"2\"><c r=\"B2\"><v>1</v></c></row>");
    let strict = zipped(&[
        (
            "_rels/.rels",
            &RELATIONS.replace(
                "schemas.openxmlformats.org/officeDocument/2006",
                "purl.oclc.org/ooxml/officeDocument",
            ),
        ),
        (
            "xl/workbook.xml",
            &WORKBOOK
                .replace("<sheet", "<x:sheet")
                .replace("</sheet", "</x:sheet")
                .replace("r:id", "q:id"),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            &WORKBOOK_RELATIONS.replace(
                "schemas.openxmlformats.org/officeDocument/2006",
                "purl.oclc.org/ooxml/officeDocument",
            ),
        ),
        ("xl/styles.xml", STYLES),
        ("xl/sharedStrings.xml", "<sst/>"),
        (
            "XL/Worksheets/Sheet1.xml",
            "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?><x:worksheet xmlns:x=\"http://purl.oclc.org/ooxml/spreadsheetml/main\"><x:sheetData><x:row r=\"2\"><x:c r=\"B2\"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>",
        ),
    ]);
    assert_eq!(text(strict), text(plain));
}

#[test]
fn what_a_sheet_says_about_its_size_is_not_believed() {
    let rows = "<dimension ref=\"A1:XFD1048576\"/><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row></sheetData>";
    assert_eq!(
        text(workbook(&format!("<worksheet>{rows}</worksheet>"), "<sst count=\"4294967295\"/>")),
        "1\n"
    );
}

#[test]
fn entities_and_document_types_are_refused() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>";
    let outside = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>";
    for head in [bomb, outside, "<!DOCTYPE x>"] {
        let file = workbook(&format!("{head}<worksheet><sheetData/></worksheet>"), "<sst/>");
        assert_eq!(error(file).code().as_str(), "unsupported");
    }
    let unknown = sheet("<row><c t=\"str\"><v>&b;</v></c></row>");
    assert_eq!(error(unknown).code().as_str(), "parse");
}

#[test]
fn other_files_are_named() {
    let encrypted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let old = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    for (file, word) in [
        (b"buyer,paid\n".to_vec(), "no .xlsx"),
        (old.to_vec(), "old .xls"),
        ([&old[..], &encrypted].concat(), "password"),
        (zipped(&[("orders.csv", "a,b\n")]), "no workbook"),
        (zipped(&[("xl/workbook.bin", "")]), ".xlsb"),
        (zipped(&[("mimetype", ""), ("content.xml", "")]), "OpenDocument"),
    ] {
        let error = error(file);
        assert_eq!(error.code().as_str(), "unsupported");
        assert!(error.hint().contains(word), "{error}");
    }
}

#[test]
fn disorder_is_an_error_with_its_row() {
    for (rows, row) in [
        ("<row r=\"2\"/><row r=\"2\"/>", Some(2)),
        ("<row r=\"3\"/><row r=\"1\"/>", Some(3)),
        ("<row r=\"1\"><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>", Some(1)),
        ("<row r=\"1048577\"/>", None),
        ("<row r=\"7\"><c r=\"XFE7\"/></row>", Some(7)),
        ("<row r=\"7\"><c t=\"s\"><v>9</v></c></row>", Some(7)),
        ("<row r=\"7\"><c t=\"s\"><v>-1</v></c></row>", Some(7)),
    ] {
        let error = error(sheet(rows));
        assert_eq!((error.code().as_str(), error.row()), ("parse", row), "{rows}");
    }
    let cut = workbook("<worksheet><sheetData><row r=\"1\">", "<sst/>");
    assert_eq!(error(cut).code().as_str(), "parse");
}

#[test]
fn limits_hold_before_memory_is_taken() {
    let limits = Limits { ratio: 100, bytes: 100 << 20, record_bytes: 1 << 20, memory: 64 << 20 };
    let refused = |file: Vec<u8>| csv(file, None, limits).unwrap_err().code().as_str();

    // A part that unpacks to 300 MB, of which 100 MB may come.
    let blank =
        format!("<worksheet><sheetData>{}</sheetData></worksheet>", "<row/>\n".repeat(1 << 20));
    let long = format!("<worksheet>{}</worksheet>", "<!-- nothing in it -->".repeat(7 << 20));
    assert_eq!(refused(workbook(&long, "<sst/>")), "limit");
    assert_eq!(csv(workbook(&blank, "<sst/>"), None, limits).unwrap(), (None, Vec::new()));

    // One text in every cell of a row, and one row after the other with a cell far out.
    let strings = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(32_767));
    let cells = "<c t=\"s\"><v>0</v></c>".repeat(100);
    let rows = format!("<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>");
    assert_eq!(refused(workbook(&rows, &strings)), "limit");
    let far: String = (1..40_000)
        .map(|row| format!("<row r=\"{row}\"><c r=\"XFD{row}\"><v>1</v></c></row>"))
        .collect();
    assert_eq!(refused(sheet(&far)), "limit");

    // Shared texts beyond the memory that may be used, and a token without end.
    let many =
        format!("<sst>{}</sst>", format!("<si><t>{}</t></si>", "x".repeat(30_000)).repeat(3000));
    let last =
        "<worksheet><sheetData><row><c t=\"s\"><v>2999</v></c></row></sheetData></worksheet>";
    assert_eq!(refused(workbook(last, &many)), "limit-memory");
    let attribute = format!("<row r=\"1\" x=\"{}\"/>", "y".repeat(2 << 20));
    assert_eq!(refused(sheet(&attribute)), "limit");
    let deep = "<x>".repeat(1000);
    assert_eq!(refused(workbook(&deep, "<sst/>")), "limit");
    let file = sheet("<row><c><v>1</v></c></row>");
    let none = Limits { memory: 100, ..limits };
    assert_eq!(csv(file, None, none).unwrap_err().code().as_str(), "limit-memory");
}
