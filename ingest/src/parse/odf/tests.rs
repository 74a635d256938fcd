//! What goes into an OpenDocument file and what comes out of it, malformed ones included.

use std::io::Write;

use footnote_core::parsed::{BlockKind, PageKind};
use zip::write::SimpleFileOptions;

use super::*;

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
    let document = read(ContentType::Odp, &format!("<draw:page>{slide}</draw:page><draw:page/>"));
    assert_eq!(document.text, "Leave\n\nleft\n\nright\n\nlast\n\nsay it");
    assert_eq!(document.blocks[0].kind, BlockKind::Heading);
    assert_eq!(document.blocks[4].kind, BlockKind::Quote);
    let pages: Vec<_> = document.pages.iter().map(|p| (p.number, p.kind)).collect();
    assert_eq!(pages, [(1, PageKind::Slide), (2, PageKind::Slide)]);
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
        ]), 0..60),
    ) {
        for content_type in [ContentType::Odt, ContentType::Odp] {
            let _ = read_parts(content_type, &[("content.xml", &tags.concat())]);
        }
    }
}
