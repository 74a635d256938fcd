//! What goes into an OpenDocument file and what comes out of it, malformed ones included.

use std::io::Write;

use footnote_core::parsed::{BlockKind, PageKind};
use zip::write::SimpleFileOptions;

use super::*;
use crate::parse::cost::assert_cheap;

fn read_parts(content_type: ContentType, parts: &[(&str, &str)]) -> Result<ParsedDocument> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    parse(file.path(), content_type, &ParseLimits::default())
}

fn read(content_type: ContentType, body: &str) -> ParsedDocument {
    let styles = "<text:list-style style:name=\"L1\"><text:list-level-style-number style:num-format=\"1\"/>\
                  <text:list-level-style-bullet/></text:list-style>";
    let xml = format!(
        "<office:document-content><office:automatic-styles>{styles}</office:automatic-styles><office:body>{body}</office:body></office:document-content>"
    );
    read_parts(content_type, &[("content.xml", &xml)]).unwrap()
}

#[test]
fn structure_is_kept() {
    let document = read(
        ContentType::Odt,
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>\
         <text:h text:outline-level=\"1\">Leave</text:h>\
         <text:p>one<text:s text:c=\"2\"/>two<text:tab/>x<text:line-break/>y<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>the note</text:p></text:note-body></text:note> <office:annotation><dc:creator>Ann</dc:creator><dc:date>2026-06-18T17:15:52.31</dc:date><text:p>why?</text:p></office:annotation>end</text:p>\
         <text:list text:style-name=\"L1\"><text:list-item><text:p>first</text:p><text:list><text:list-item><text:p>dot</text:p></text:list-item></text:list></text:list-item><text:list-item><text:p>second</text:p></text:list-item></text:list>\
         <table:table><table:table-row><table:table-cell table:number-columns-spanned=\"2\"><text:p>Both</text:p></table:table-cell><table:covered-table-cell/></table:table-row>\
         <table:table-row><table:table-cell><text:p>1</text:p></table:table-cell><table:table-cell><text:p>2</text:p></table:table-cell><table:table-cell table:number-columns-repeated=\"16000000\"/></table:table-row></table:table>",
    );
    assert_eq!(
        document.text,
        "Leave\n\none  two\tx\ny end\n\nthe note\n\nComment by Ann, 2026-06-18 17:15: why?\n\n1. first\n\n- dot\n\n2. second\n\n| Both | Both |\n| --- | --- |\n| 1 | 2 |"
    );
    assert_eq!(document.blocks[2].kind, BlockKind::Footnote);
    assert_eq!(document.blocks[5].level, 2);
    assert_eq!(document.blocks[5].heading_path, ["Leave"]);
}

#[test]
fn repeated_rows_are_written_unless_they_are_blank() {
    let cell = |text: &str| format!("<table:table-cell><text:p>{text}</text:p></table:table-cell>");
    let row = |repeats: u32, cells: &str| {
        format!("<table:table-row table:number-rows-repeated=\"{repeats}\">{cells}</table:table-row>")
    };
    let (head, same) =
        (format!("{}{}", cell("Day"), cell("Shift")), format!("{}{}", cell("any"), cell("late")));
    let blank = row(1_000_000, "<table:table-cell/>");
    let document = read(
        ContentType::Odt,
        &format!("<table:table>{}{}{blank}{}</table:table>", row(1, &head), row(3, &same), row(1, &head)),
    );
    assert_eq!(document.text.matches("| any | late |").count(), 3);
    assert!(document.text.ends_with("| any | late |\n| Day | Shift |"), "{}", document.text);
}

#[test]
fn lists_within_cells_keep_their_marks() {
    let item = |text: &str| format!("<text:list-item><text:p>{text}</text:p></text:list-item>");
    let cell = |inner: &str| format!("<table:table-cell>{inner}</table:table-cell>");
    let list = format!(
        "<text:p>Do:</text:p><text:list text:style-name=\"L1\">{}{}</text:list>",
        item("one"),
        item("two")
    );
    let dots = format!("<text:list>{}</text:list>", item("dot"));
    let row = format!("<table:table-row>{}{}</table:table-row>", cell(&list), cell(&dots));
    assert_eq!(
        read(ContentType::Odt, &format!("<table:table>{row}{row}</table:table>")).text,
        "| Do: 1. one 2. two | - dot |\n| --- | --- |\n| Do: 1. one 2. two | - dot |"
    );
    // The item around a table has its mark in front of what follows; the lists within are of its second level.
    let around = format!(
        "<text:list><text:list-item><table:table>{row}</table:table><text:p>after</text:p></text:list-item></text:list>"
    );
    let document = read(ContentType::Odt, &around);
    assert_eq!(document.text, "| Do: - one - two | - dot |\n| --- | --- |\n\n- after");
}

#[test]
fn pictures_say_what_they_show() {
    let frame = |what: &str| {
        format!(
            "<draw:frame><draw:{what}/><svg:title>duck.png</svg:title><svg:desc>A duck</svg:desc></draw:frame>"
        )
    };
    let body = format!("<text:p>See {}here.</text:p><text:p>{}x</text:p>", frame("image"), frame("object"));
    assert_eq!(read(ContentType::Odt, &body).text, "See here.\n\nPicture: A duck\n\nx");
    let slide = format!("<draw:page>{}</draw:page>", frame("image"));
    assert_eq!(read(ContentType::Odp, &slide).text, "Picture: A duck");
}

#[test]
fn charts_are_tables() {
    let chart = "<office:document-content><office:body><office:chart><chart:chart chart:class=\"chart:line\"><table:table>\
                 <table:table-row><table:table-cell/><table:table-cell><text:p>EUR</text:p></table:table-cell></table:table-row>\
                 <table:table-row><table:table-cell><text:p>Q1</text:p></table:table-cell><table:table-cell office:value=\"2.5\"/></table:table-row>\
                 </table:table></chart:chart></office:chart></office:body></office:document-content>";
    // As OpenOffice wrote formulas.
    let formula = "<!DOCTYPE math:math PUBLIC \"-//OpenOffice.org//DTD Modified W3C MathML 1.01//EN\" \"math.dtd\"><math:math/>";
    let frame = |object: &str| {
        format!(
            "<draw:frame svg:y=\"2cm\"><draw:object xlink:href=\"./{object}\"/><draw:image xlink:href=\"./ObjectReplacements/{object}\"/>\
             <svg:desc>Pay by quarter</svg:desc></draw:frame>"
        )
    };
    let body =
        format!("<text:p>See {}{}here.</text:p><text:p>x</text:p>", frame("Object 1"), frame("Object 2"));
    let read = |content_type, body: &str, chart: &str| {
        let content =
            format!("<office:document-content><office:body>{body}</office:body></office:document-content>");
        let parts = [
            ("content.xml", content.as_str()),
            ("Object 1/content.xml", chart),
            ("Object 2/content.xml", formula),
        ];
        read_parts(content_type, &parts).unwrap()
    };
    let table = "Line chart\n\n|  | EUR |\n| --- | --- |\n| Q1 | 2.5 |";
    let document = read(ContentType::Odt, &body, chart);
    assert_eq!(
        document.text,
        format!("See here.\n\nPicture: Pay by quarter\n\nPicture: Pay by quarter\n\n{table}\n\nx")
    );
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
    let title = "<draw:frame><draw:text-box><text:p>Pay</text:p></draw:text-box></draw:frame>";
    let slide = format!("<draw:page>{}{title}</draw:page>", frame("Object 1"));
    assert_eq!(
        read(ContentType::Odp, &slide, chart).text,
        format!("Pay\n\nPicture: Pay by quarter\n\n{table}")
    );
    let damaged = read(ContentType::Odt, &body, &chart.replace("</table:table>", ""));
    assert!(damaged.text.starts_with("See here."));
    assert_eq!(damaged.warnings[0].message, "the drawing Object 1/content.xml is damaged and was left out");
}

#[test]
fn an_object_that_cannot_be_inflated_leaves_the_text() {
    let body = "<text:p>See <draw:frame><draw:object xlink:href=\"./Object 1\"/></draw:frame>here.</text:p>";
    let content =
        format!("<office:document-content><office:body>{body}</office:body></office:document-content>");
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in [("content.xml", content.as_str()), ("Object 1/content.xml", "<math:math/>")] {
        zip.start_file(name, stored).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let mut bytes = fs_err::read(file.path()).unwrap();
    let at = bytes.windows(12).position(|window| window == b"<math:math/>").unwrap();
    bytes[at + 1] = b'M';
    fs_err::write(file.path(), bytes).unwrap();
    let document = parse(file.path(), ContentType::Odt, &ParseLimits::default()).unwrap();
    assert_eq!(document.text, "See here.");
    assert_eq!(document.warnings[0].message, "the drawing Object 1/content.xml is damaged and was left out");
}

#[test]
fn slides_are_read_from_top_to_bottom() {
    let frame = |class: &str, x: &str, y: &str, text: &str| {
        format!(
            "<draw:frame presentation:class=\"{class}\" svg:x=\"{x}\" svg:y=\"{y}\"><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>"
        )
    };
    let slide = [
        frame("", "1cm", "80mm", "last"),
        "<presentation:notes><draw:frame><draw:text-box><text:p>say it</text:p></draw:text-box></draw:frame></presentation:notes>".to_owned(),
        frame("outline", "10cm", "2.1cm", "right"),
        frame("outline", "1cm", "2cm", "left"),
        frame("title", "1cm", "9cm", "Leave"),
    ]
    .concat();
    let untitled = frame("outline", "1cm", "2cm", "Pay");
    let slides = format!("<draw:page>{slide}</draw:page><draw:page>{untitled}</draw:page>");
    let document = read(ContentType::Odp, &slides);
    assert_eq!(document.text, "Leave\n\nleft\n\nright\n\nlast\n\nsay it\n\nPay");
    assert_eq!(document.blocks[3].heading_path, ["Leave"]);
    assert!(document.blocks[5].heading_path.is_empty(), "a slide is not under the title of the one before");
    assert_eq!(document.blocks[0].kind, BlockKind::Heading);
    assert_eq!(document.blocks[4].kind, BlockKind::Quote);
    let pages: Vec<_> = document.pages.iter().map(|p| (p.number, p.kind)).collect();
    assert_eq!(pages, [(1, PageKind::Slide), (2, PageKind::Slide)]);
}

/// A text and the master pages of its `styles.xml`, with styles that begin pages.
fn read_pages(masters: &str, body: &str) -> ParsedDocument {
    let style = |name: &str, family: &str, more: &str| {
        format!("<style:style style:name=\"{name}\" style:family=\"{family}\" {more}/>")
    };
    let own = [
        style("cover", "paragraph", "style:master-page-name=\"Cover\""),
        style("annex", "paragraph", "style:parent-style-name=\"Annex_20_Title\""),
        style("flows", "paragraph", "style:parent-style-name=\"annex\" style:master-page-name=\"\""),
        style("T1", "table", "style:master-page-name=\"Wide\""),
    ];
    let common = style("Annex_20_Title", "paragraph", "style:master-page-name=\"Annex\"");
    let content = format!(
        "<office:document-content><office:automatic-styles>{}</office:automatic-styles><office:body><office:text>{body}</office:text></office:body></office:document-content>",
        own.concat()
    );
    let styles = format!(
        "<office:document-styles><office:styles>{common}</office:styles><office:master-styles>{masters}</office:master-styles></office:document-styles>"
    );
    read_parts(ContentType::Odt, &[("content.xml", &content), ("styles.xml", &styles)]).unwrap()
}

fn master(name: &str, more: &str, texts: &str) -> String {
    format!("<style:master-page style:name=\"{name}\" {more}>{texts}</style:master-page>")
}

fn paragraph(style: &str, text: &str) -> String {
    format!("<text:p text:style-name=\"{style}\">{text}</text:p>")
}

/// What a text says whose pages have a footer of this content.
fn footer(inner: &str) -> String {
    let masters = master("Standard", "", &format!("<style:footer>{inner}</style:footer>"));
    let document = read_pages(&masters, "<text:p>Text.</text:p>");
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
    document.text.strip_prefix("Text.").unwrap().trim_start().to_owned()
}

#[test]
fn headers_and_footers_are_kept_once() {
    let masters = [
        master("Unused", "", "<style:header><text:p>Old</text:p></style:header>"),
        master(
            "Standard",
            "",
            "<style:header><text:h>QM-4711</text:h></style:header>\
             <style:header-left style:display=\"false\"><text:p>Off</text:p></style:header-left>\
             <style:footer><text:p>Confidential</text:p></style:footer>",
        ),
        master(
            "Cover",
            "style:next-style-name=\"Standard\"",
            "<style:header><text:p>Draft</text:p></style:header>",
        ),
        master(
            "Annex",
            "",
            "<style:header><text:p>QM-4711</text:p><text:p>Risks</text:p></style:header>\
             <style:footer><text:p>Annex</text:p></style:footer>",
        ),
        master("Wide", "", "<style:footer><text:p>Annex</text:p></style:footer>"),
    ];
    let frame =
        format!("<draw:frame><draw:text-box>{}</draw:text-box></draw:frame>", paragraph("annex", "box"));
    let cell = |text: &str| format!("<table:table-cell>{}</table:table-cell>", paragraph("cover", text));
    let table = format!(
        "<table:table table:style-name=\"T1\"><table:table-row>{}{}</table:table-row></table:table>",
        cell("a"),
        cell("b")
    );
    let body = [
        "<text:h text:style-name=\"cover\">Leave</text:h>".to_owned(),
        paragraph("", &format!("one{frame}")),
        format!("<text:section>{}</text:section>", paragraph("annex", "two")),
        paragraph("flows", "three"),
        table,
    ];
    let document = read_pages(&masters.concat(), &body.concat());
    assert_eq!(
        document.text,
        "Draft\n\nQM-4711\n\nLeave\n\none\n\nbox\n\nConfidential\n\nRisks\n\ntwo\n\nthree\n\n| a | b |\n| --- | --- |\n\nAnnex"
    );
    assert!(document.blocks[..2].iter().all(|block| block.kind == BlockKind::Paragraph));
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
}

#[test]
fn pages_have_their_own_headers() {
    let texts = "<style:header><text:p>QM</text:p></style:header><style:header-left><text:p>Left</text:p></style:header-left>\
                 <style:header-first><text:p>Draft</text:p></style:header-first><style:footer-first><text:p>Page 1</text:p></style:footer-first>";
    // Without a master page of that name the first one is the default.
    for name in ["Standard", "Default"] {
        let document = read_pages(&master(name, "", texts), "<text:p>Text.</text:p>");
        assert_eq!(document.text, "Draft\n\nQM\n\nLeft\n\nText.");
    }
    let empty = read_pages(&master("Standard", "", texts), "");
    assert_eq!(empty.text, "Draft\n\nQM\n\nLeft", "as in a DOCX");
    assert_eq!(read_pages(&master("Standard", "", ""), "").text, "");
}

#[test]
fn numbers_of_pages_are_no_text() {
    let p = |inner: &str| paragraph("Footer", inner);
    let number = "<text:page-number text:select-page=\"current\">1</text:page-number>";
    let count = "<text:page-count>9</text:page-count>";
    for nothing in [
        p(number),
        p(&format!("Page {number} of {count}")),
        p(&format!("第 {number} 页 共 {count} 页")),
        p("第 1 页 共 9 页"),
        p("<text:page-number/>"),
        p("<text:date style:data-style-name=\"N37\">March 2024</text:date>"),
        p("<text:chapter text:display=\"name\">Leave</text:chapter>"),
        p("<office:annotation><dc:creator>Ann</dc:creator><text:p>why?</text:p></office:annotation>"),
        p("<draw:frame><draw:image/><svg:desc>A logo</svg:desc></draw:frame>"),
        format!("<text:tracked-changes>{}</text:tracked-changes>", p("deleted")),
    ] {
        assert_eq!(footer(&nothing), "", "{nothing}");
    }
    assert_eq!(footer(&p("<text:date text:fixed=\"true\">4 March 2024</text:date>")), "4 March 2024");
    let line = p(&format!("<text:title>Leave</text:title><text:tab/>{number}"));
    assert_eq!(footer(&format!("{line}{line}")), "Leave");
    let cell = |text: &str| format!("<table:table-cell>{}</table:table-cell>", p(text));
    let row =
        format!("<table:table-row>{}{}{}</table:table-row>", cell("QM"), cell("47<text:s/>11"), cell(number));
    assert_eq!(footer(&format!("<table:table>{row}</table:table>")), "QM\t47 11");
}

#[test]
fn damaged_styles_leave_the_text() {
    let content = "<office:document-content><office:body><text:p>Text.</text:p></office:body></office:document-content>";
    let header = "<style:master-page style:name=\"Standard\"><style:header><text:p>QM</text:p><text:p>4711";
    for (styles, text) in
        [("<a></b>".to_owned(), "Text."), (format!("<a>{header}</b>"), "QM\n\n4711\n\nText.")]
    {
        for content_type in [ContentType::Odt, ContentType::Odp] {
            let parts = [("content.xml", content), ("styles.xml", styles.as_str())];
            let document = read_parts(content_type, &parts).unwrap();
            assert_eq!(document.text, if content_type == ContentType::Odt { text } else { "" });
            assert!(document.warnings[0].message.starts_with("styles.xml is damaged"), "{document:?}");
        }
    }
}

#[test]
fn many_sections_cost_no_more_than_their_text() {
    let header = |text: &str| format!("<style:header><text:p>{text}</text:p></style:header>");
    let follow = |next: usize| format!("style:next-style-name=\"M{next}\"");
    let masters: String =
        (0..2_000).map(|at| master(&format!("M{at}"), &follow(at + 1), &header(&format!("h{at}")))).collect();
    let masters = master("Cover", &follow(0), "") + &masters;
    let body = paragraph("cover", "x").repeat(20_000);
    let text = assert_cheap(|| read_pages(&masters, &body).text);
    assert!(text.starts_with("h0\n\nh1\n\n") && text.ends_with("\n\nx"), "{} bytes", text.len());
}

#[test]
fn what_cannot_be_read_says_so() {
    let error = |parts| read_parts(ContentType::Odt, parts).unwrap_err().to_string();
    assert!(error(&[]).contains("content.xml"));
    assert!(error(&[("content.xml", "<a></b>")]).contains("not well-formed"));
    let manifest = "<manifest:manifest><manifest:encryption-data/></manifest:manifest>";
    assert!(error(&[("META-INF/manifest.xml", manifest), ("content.xml", "")]).contains("password"));
}

proptest::proptest! {
    #[test]
    fn no_xml_panics(
        tags in proptest::collection::vec(proptest::sample::select(vec![
            "<draw:page>", "</draw:page>", "<draw:frame svg:y=\"1e999cm\">", "</draw:frame>", "<text:p>", "</text:p>",
            "<text:list>", "</text:list>", "<text:list-item>", "</text:list-item>", "<table:table>", "</table:table>",
            "<table:table-cell table:number-columns-repeated=\"99\">", "</table:table-cell>", "<text:note>",
            "</text:note>", "<text:s text:c=\"999999999999\"/>", "x", "<text:ruby-text>", "</text:ruby-text>",
            "<style:master-page>", "</style:master-page>", "<style:header>", "</style:header>", "<text:date/>",
        ]), 0..60),
    ) {
        for content_type in [ContentType::Odt, ContentType::Odp] {
            let _ = read_parts(content_type, &[("content.xml", &tags.concat()), ("styles.xml", &tags.concat())]);
        }
    }
}
