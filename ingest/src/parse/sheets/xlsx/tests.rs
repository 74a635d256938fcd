//! What goes into an XLSX and what comes out of it, malformed ones included.

use footnote_core::ErrorKind;

use super::super::tests::package;
use super::*;

const WORKBOOK: &str = "<workbook xmlns:r=\"r\"><sheets><sheet name=\"Pay\" sheetId=\"1\" r:id=\"rId1\"/>\
    <sheet name=\"Old\" sheetId=\"2\" state=\"hidden\" r:id=\"rId2\"/></sheets></workbook>";
const RELATIONS: &str = "<Relationships><Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
    <Relationship Id=\"rId2\" Type=\"x/worksheet\" Target=\"/xl/worksheets/sheet2.xml\"/></Relationships>";
const STYLES: &str = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"[$€-407]#,##0.00\"/>\
    <numFmt numFmtId=\"165\" formatCode=\";;;\"/></numFmts>\
    <cellStyleXfs><xf numFmtId=\"9\"/></cellStyleXfs>\
    <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"10\"/>\
    <xf numFmtId=\"165\"/></cellXfs></styleSheet>";
const STRINGS: &str = "<sst><si><t>Name</t></si><si><r><t>Ann</t></r><r><t xml:space=\"preserve\"> B_x000D_</t></r>\
    <rPh><t>reading</t></rPh></si></sst>";

fn read(sheet: &str, more: &[(&str, &str)]) -> Result<ParsedDocument> {
    let sheet = format!("<worksheet><sheetData>{sheet}</sheetData></worksheet>");
    let mut parts = vec![
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/styles.xml", STYLES),
        ("xl/sharedStrings.xml", STRINGS),
        ("xl/worksheets/sheet1.xml", sheet.as_str()),
    ];
    parts.extend(more);
    parse(package(&parts).path(), &ParseLimits::default())
}

#[test]
fn values_are_shown_as_their_format_says() {
    let document = read(
        "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"B2\" t=\"inlineStr\"><is><t>Since</t></is></c>\
         <c><v>7</v></c><c t=\"b\"><v>1</v></c></row>\
         <row r=\"3\" hidden=\"1\"><c r=\"A3\" t=\"s\"><v>1</v></c><c r=\"B3\" s=\"1\"><v>45292</v></c>\
         <c r=\"C3\" s=\"2\"><f>SUM(1)</f><v>1234.5</v></c><c r=\"D3\" s=\"3\"><v>0.256</v></c></row>\
         <row r=\"4\"><c r=\"A4\" t=\"str\"><f>A1</f><v>x &amp; y</v></c><c r=\"B4\" t=\"e\"><v>#DIV/0!</v></c>\
         <c r=\"C4\"><v>0.1</v></c><c r=\"D4\" s=\"99\"/></row>",
        &[("xl/worksheets/sheet2.xml", "<worksheet/>")],
    )
    .unwrap();
    assert_eq!(
        document.text,
        "Pay\n\n| Name | Since | 7 | TRUE |\n| --- | --- | --- | --- |\n\
         | Ann B | 2024-01-01 | €1,234.50 | 25.60% |\n| x & y | #DIV/0! | 0.1 |  |"
    );
    assert_eq!(document.pages[1].first_row, Some(2));
    assert!(document.warnings[0].message.contains("hidden sheets are read, too: Old"));
}

#[test]
fn a_number_that_its_format_hides_is_no_cell() {
    let row = "<row r=\"1\"><c r=\"A1\"><v>12</v></c><c r=\"B1\" s=\"4\"><v>99</v></c></row>";
    assert_eq!(read(row, &[]).unwrap().text, "Pay\n\n12");
}

#[test]
fn comments_and_texts_of_drawings_are_read() {
    let document = read(
        "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>",
        &[
            (
                "xl/worksheets/_rels/sheet1.xml.rels",
                "<Relationships><Relationship Id=\"a\" Type=\"x/comments\" Target=\"../comments1.xml\"/>\
                 <Relationship Id=\"b\" Type=\"x/drawing\" Target=\"../drawings/drawing1.xml\"/>\
                 <Relationship Id=\"c\" Type=\"x/hyperlink\" Target=\"http://a.example\" TargetMode=\"External\"/></Relationships>",
            ),
            (
                "xl/comments1.xml",
                "<comments><authors><author>Ann</author></authors><commentList><comment ref=\"A1\" authorId=\"0\">\
                 <text><r><t>why one?</t></r></text></comment></commentList></comments>",
            ),
            (
                "xl/drawings/drawing1.xml",
                "<wsDr><sp><txBody><a:p><a:r><a:t>Box </a:t></a:r><a:r><a:t>text</a:t></a:r></a:p></txBody></sp></wsDr>",
            ),
        ],
    )
    .unwrap();
    assert_eq!(document.text, "Pay\n\n1\n\nBox text\n\nComment on A1 by Ann: why one?");
    assert!(document.warnings.iter().any(|w| w.message.contains("\"Old\" is missing")));
}

#[test]
fn charts_are_tables_and_answers_have_names_and_times() {
    let chart = |points: usize| {
        let values: String =
            (0..points).map(|n| format!("<c:pt idx=\"{n}\"><c:v>{n}.5</c:v></c:pt>")).collect();
        format!(
            "<c:chartSpace><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Pay</a:t></a:r></a:p></c:rich></c:tx></c:title>\
             <c:plotArea><c:lineChart><c:ser><c:tx><c:strRef><c:strCache><c:pt idx=\"0\"><c:v>EUR</c:v></c:pt></c:strCache></c:strRef></c:tx>\
             <c:val><c:numRef><c:numCache><c:formatCode>0.00</c:formatCode>{values}</c:numCache></c:numRef></c:val></c:ser></c:lineChart>\
             </c:plotArea></c:chart></c:chartSpace>"
        )
    };
    let (small, large) = (chart(2), chart(41));
    let relationships = |list: &[(&str, &str)]| {
        let of = |(kind, target): &(&str, &str)| {
            format!("<Relationship Id=\"{target}\" Type=\"x/{kind}\" Target=\"{target}\"/>")
        };
        format!("<Relationships>{}</Relationships>", list.iter().map(of).collect::<String>())
    };
    let sheet = relationships(&[("threadedComment", "/xl/t.xml"), ("drawing", "/xl/d.xml")]);
    let drawing = relationships(&[("chart", "/xl/c1.xml"), ("chart", "/xl/c2.xml")]);
    let book = RELATIONS.replace("</Rel", "<Relationship Id=\"p\" Type=\"x/person\" Target=\"p.xml\"/></Rel");
    let sheet_xml =
        "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row></sheetData></worksheet>";
    let file = package(&[
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", &book),
        ("xl/worksheets/sheet1.xml", sheet_xml),
        ("xl/worksheets/_rels/sheet1.xml.rels", &sheet),
        ("xl/_rels/d.xml.rels", &drawing),
        (
            "xl/d.xml",
            "<wsDr><pic><cNvPr descr=\"A duck\"/></pic><graphicFrame><cNvPr descr=\"no\"/></graphicFrame></wsDr>",
        ),
        ("xl/c1.xml", &small),
        ("xl/c2.xml", &large),
        ("xl/p.xml", "<personList><person id=\"{1}\" displayName=\"Ann\"/></personList>"),
        (
            "xl/t.xml",
            "<ThreadedComments><threadedComment ref=\"A1\" dT=\"2026-06-18T17:12:37.41\" personId=\"{1}\"><text>why?</text></threadedComment></ThreadedComments>",
        ),
    ]);
    let document = parse(file.path(), &ParseLimits::default()).unwrap();
    assert_eq!(
        document.text,
        "Pay\n\n1\n\nPicture: A duck\n\nLine chart: Pay\n\n|  | EUR |\n| --- | --- |\n| 1 | 0.50 |\n| 2 | 1.50 |\n\n\
         Line chart: Pay\n\nEUR\n\nComment on A1 by Ann, 2026-06-18 17:12: why?"
    );
}

#[test]
fn formulas_without_a_result_are_told_once() {
    let warnings = |first: &str, second: &str| {
        let second = format!("<worksheet><sheetData>{second}</sheetData></worksheet>");
        let document = read(first, &[("xl/worksheets/sheet2.xml", &second)]).unwrap();
        let of = |w: &footnote_core::parsed::ParseWarning| w.message.clone();
        document.warnings.iter().map(of).filter(|message| message.contains("formula")).collect::<Vec<_>>()
    };
    let computed = "<row><c><f>1+2</f><v>3</v></c><c t=\"str\"><f>\"\"</f><v></v></c><c><v>7</v></c></row>";
    assert!(warnings(computed, computed).is_empty());
    let remedy = "; open the file in Excel or LibreOffice and save it again";
    let one = format!("<row><c><v>7</v></c><c><f>1+2</f></c></row>{computed}");
    assert_eq!(warnings(&one, computed), [format!("1 formula has no stored result and is blank{remedy}")]);
    let two = "<row><c><v>7</v></c><c><f>1+2</f><v/></c><c t=\"str\"><f>\"a\"</f></c></row>";
    assert_eq!(warnings(&one, two), [format!("3 formulas have no stored result and are blank{remedy}")]);
}

#[test]
fn a_header_of_two_rows_is_folded() {
    let cell = |text: &str| match text {
        "" => "<c/>".to_owned(),
        text => format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>"),
    };
    let row = |texts: &[&str]| format!("<row>{}</row>", texts.iter().map(|t| cell(t)).collect::<String>());
    let rows = [
        row(&["Region", "2024 (USD million)", "", "2025", ""]),
        row(&["", "Revenue", "Profit", "Revenue", "Profit"]),
        row(&["North", "30", "31", "32", "33"]),
    ];
    let merges = "<mergeCell ref=\"A1:A2\"/><mergeCell ref=\"B1:C1\"/><mergeCell ref=\"D1:E1\"/>";
    let document = read(&format!("{}{merges}", rows.concat()), &[]).unwrap();
    assert_eq!(
        document.text,
        "Pay\n\n| Region | 2024 (USD million) Revenue | 2024 (USD million) Profit | 2025 Revenue | 2025 Profit |\n\
         | --- | --- | --- | --- | --- |\n| North | 30 | 31 | 32 | 33 |"
    );
    // The line below the rule is row 3.
    assert_eq!(document.pages[1].first_row, Some(2));
}

#[test]
fn malformed_workbooks_are_refused_or_read_in_part() {
    assert!(read("<row><c r=\"ZZZZ9\" t=\"s\"><v>77</v></c><c r=\"A0\"><v>x</v></c></row>", &[]).is_ok());
    let far = read("<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>", &[]).unwrap();
    assert_eq!(far.text, "Pay\n\n1");
    assert_eq!(read("<row><c></row>", &[]).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(parse(package(&[("a", "b")]).path(), &ParseLimits::default()).is_err());
    let file = package(&[("xl/workbook.xml", "<!DOCTYPE x [<!ENTITY a \"b\">]><workbook/>")]);
    assert!(parse(file.path(), &ParseLimits::default()).unwrap_err().message().contains("DTD"));
}

#[test]
fn a_text_shared_by_many_cells_is_counted_for_each() {
    let long = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(1000));
    let cells = "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>0</v></c></row>".repeat(100);
    let sheet = format!("<worksheet>{cells}</worksheet>");
    let parts = [
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/sharedStrings.xml", &long),
        ("xl/worksheets/sheet1.xml", &sheet),
    ];
    let limits = ParseLimits { max_text_chars: 10_000, ..ParseLimits::default() };
    assert_eq!(parse(package(&parts).path(), &limits).unwrap_err().kind(), ErrorKind::TooLarge);
}

proptest::proptest! {
    #[test]
    fn no_sheet_panics(xml in "(<row>|</row>|<c r=\"A1\" t=\"s\">|<c>|</c>|<v>|</v>|1|99999999999|<mergeCell ref=\"A1:B9\"/>|x){0,20}") {
        let _ = read(&xml, &[]);
    }
}
