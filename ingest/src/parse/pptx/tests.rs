//! What goes into a PPTX and what comes out of it, malformed ones included.

use std::io::Write;

use zip::write::SimpleFileOptions;

use super::*;
use crate::parse::ooxml::comments::DAMAGED;

fn read(parts: &[(&str, &str)]) -> Result<ParsedDocument> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    parse(file.path(), &ParseLimits::default())
}

fn relations(list: &[(&str, &str, &str)]) -> String {
    let of = |(id, kind, target): &(&str, &str, &str)| {
        format!("<Relationship Id=\"{id}\" Type=\"http://x/{kind}\" Target=\"{target}\"/>")
    };
    format!("<Relationships>{}</Relationships>", list.iter().map(of).collect::<String>())
}

fn shape(placeholder: &str, at: Option<(u32, u32)>, paragraphs: &str) -> String {
    let at = at.map_or(String::new(), |(x, y)| format!("<a:xfrm><a:off x=\"{x}\" y=\"{y}\"/></a:xfrm>"));
    format!(
        "<p:sp><p:nvSpPr><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr><p:spPr>{at}</p:spPr><p:txBody>{paragraphs}</p:txBody></p:sp>"
    )
}

fn p(text: &str) -> String {
    format!("<a:p><a:r><a:t>{text}</a:t></a:r></a:p>")
}

const PRESENTATION: &str = "<p:presentation><p:sldIdLst><p:sldId id=\"256\" r:id=\"rId9\"/><p:sldId id=\"257\" r:id=\"rId1\"/></p:sldIdLst></p:presentation>";

#[test]
fn slides_are_in_the_order_of_the_presentation() {
    let title = "<p:ph type=\"title\"/>";
    let body = "<a:p><a:r><a:t>top</a:t></a:r></a:p><a:p><a:pPr lvl=\"1\"><a:buAutoNum type=\"x\"/></a:pPr><a:r><a:t>below</a:t></a:r></a:p>";
    let table = "<p:graphicFrame><p:xfrm><a:off x=\"0\" y=\"9000000\"/></p:xfrm><a:graphic><a:graphicData><a:tbl>\
        <a:tr><a:tc gridSpan=\"2\"><a:txBody><a:p><a:r><a:t>Both</a:t></a:r></a:p></a:txBody></a:tc><a:tc hMerge=\"1\"><a:txBody><a:p/></a:txBody></a:tc></a:tr>\
        <a:tr><a:tc><a:txBody><a:p><a:r><a:t>1</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>2</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>";
    let first = format!(
        "<p:sld show=\"0\"><p:cSld><p:spTree>{}{}{table}<p:grpSp><p:grpSpPr><a:xfrm><a:off x=\"5000000\" y=\"3100000\"/></a:xfrm></p:grpSpPr>{}</p:grpSp>{}{}{}</p:spTree></p:cSld></p:sld>",
        shape("", Some((9, 6_000_000)), &p("bottom")),
        shape("", Some((9, 3_000_000)), &p("left")),
        shape("", Some((1, 1)), &p("right")),
        shape("<p:ph idx=\"1\"/>", None, body),
        shape("<p:ph type=\"sldNum\"/>", None, &p("7")),
        shape(title, Some((0, 8_000_000)), &p("Leave"))
    );
    let second =
        format!("<p:sld><p:cSld><p:spTree>{}</p:spTree></p:cSld></p:sld>", shape(title, None, &p("Pay")));
    let notes = format!("<p:notes>{}</p:notes>", shape("<p:ph type=\"body\"/>", None, &p("say it")));
    let layout = format!(
        "<p:sldLayout>{}</p:sldLayout>",
        shape("<p:ph type=\"body\" idx=\"1\"/>", Some((1, 1_000_000)), "")
    );
    let document = read(&[
        ("_rels/.rels", &relations(&[("a", "officeDocument", "ppt/presentation.xml")])),
        ("ppt/presentation.xml", PRESENTATION),
        (
            "ppt/_rels/presentation.xml.rels",
            &relations(&[
                ("rId1", "slide", "slides/slide1.xml"),
                ("rId9", "slide", "/ppt/slides/slide2.xml"),
            ]),
        ),
        ("ppt/slides/slide2.xml", &first),
        (
            "ppt/slides/_rels/slide2.xml.rels",
            &relations(&[
                ("n", "notesSlide", "../notesSlides/n.xml"),
                ("l", "slideLayout", "../slideLayouts/l.xml"),
            ]),
        ),
        ("ppt/notesSlides/n.xml", &notes),
        ("ppt/slideLayouts/l.xml", &layout),
        ("ppt/slides/slide1.xml", &second),
    ])
    .unwrap();
    assert_eq!(
        document.text,
        "Leave\n\n- top\n\n1. below\n\nleft\n\nright\n\nbottom\n\n| Both | Both |\n| --- | --- |\n| 1 | 2 |\n\nsay it\n\nPay"
    );
    let pages: Vec<_> = document.pages.iter().map(|page| (page.number, page.kind)).collect();
    assert_eq!(pages, [(1, PageKind::Slide), (2, PageKind::Slide)]);
    assert_eq!(document.blocks[2].level, 2);
    assert_eq!(document.blocks[7].kind, BlockKind::Quote);
    assert!(document.warnings[0].message.contains("hidden"));
}

#[test]
fn a_slide_without_a_title_is_not_under_that_of_the_slide_before() {
    let slide = |shapes: &str| format!("<p:sld><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>");
    let titled =
        slide(&(shape("<p:ph type=\"title\"/>", None, &p("Leave")) + &shape("", None, &p("Ten days."))));
    let document = read(&[
        ("ppt/presentation.xml", PRESENTATION),
        (
            "ppt/_rels/presentation.xml.rels",
            &relations(&[("rId9", "slide", "slides/a.xml"), ("rId1", "slide", "slides/b.xml")]),
        ),
        ("ppt/slides/a.xml", &titled),
        ("ppt/slides/b.xml", &slide(&shape("", None, &p("Pay is due.")))),
    ])
    .unwrap();
    assert_eq!(document.text, "Leave\n\nTen days.\n\nPay is due.");
    let paths: Vec<_> = document.blocks.iter().map(|block| block.heading_path.join("/")).collect();
    assert_eq!(paths, ["", "Leave", ""]);
}

#[test]
fn charts_and_diagrams_are_text() {
    let slide = "<p:sld><p:graphicFrame><a:graphic><a:graphicData><c:chart r:id=\"c\"/></a:graphicData></a:graphic></p:graphicFrame>\
        <p:graphicFrame><a:graphic><a:graphicData><dgm:relIds r:dm=\"d\" r:lo=\"x\"/></a:graphicData></a:graphic></p:graphicFrame></p:sld>";
    let chart = "<c:chartSpace><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea><c:ser>\
        <c:tx><c:strRef><c:strCache><c:pt idx=\"0\"><c:v>North</c:v></c:pt></c:strCache></c:strRef></c:tx>\
        <c:cat><c:strCache><c:pt idx=\"0\"><c:v>2023</c:v></c:pt><c:pt idx=\"1\"><c:v>2024</c:v></c:pt></c:strCache></c:cat>\
        <c:val><c:numCache><c:pt idx=\"0\"><c:v>4.5</c:v></c:pt><c:pt idx=\"1\"><c:v>6</c:v></c:pt><c:pt idx=\"99999999999\"><c:v>7</c:v></c:pt></c:numCache></c:val></c:ser></c:plotArea></c:chart></c:chartSpace>";
    let diagram = "<dgm:dataModel><dgm:ptLst><dgm:pt><dgm:t><a:p><a:r><a:t>Plan</a:t></a:r></a:p></dgm:t></dgm:pt><dgm:pt type=\"pres\"/></dgm:ptLst></dgm:dataModel>";
    let document = read(&[
        ("ppt/presentation.xml", "<p:presentation><p:sldId id=\"256\" r:id=\"s\"/></p:presentation>"),
        ("ppt/_rels/presentation.xml.rels", &relations(&[("s", "slide", "slides/s.xml")])),
        ("ppt/slides/s.xml", slide),
        (
            "ppt/slides/_rels/s.xml.rels",
            &relations(&[("c", "chart", "../c.xml"), ("d", "diagramData", "../d.xml")]),
        ),
        ("ppt/c.xml", chart),
        ("ppt/d.xml", diagram),
    ])
    .unwrap();
    assert!(
        document.text.starts_with("Chart: Sales\n\n|  | North |\n| --- | --- |\n| 2023 | 4.5"),
        "{}",
        document.text
    );
    assert!(document.text.ends_with("| 2024 | 6 |\n\n- Plan"), "{}", document.text);
}

#[test]
fn comments_and_pictures_of_a_slide_are_read() {
    let slide = "<p:sld><p:sp><p:nvSpPr><p:cNvPr id=\"2\" descr=\"no picture\"/></p:nvSpPr><p:txBody><a:p><a:r><a:t>Ten</a:t></a:r></a:p></p:txBody></p:sp>\
                 <p:pic><p:nvPicPr><p:cNvPr id=\"3\" descr=\"A duck\"/></p:nvPicPr></p:pic></p:sld>";
    let authors = "<p:cmAuthorLst><p:cmAuthor id=\"0\" name=\"Ann\" initials=\"A\"/></p:cmAuthorLst>";
    let comments =
        "<p:cmLst><p:cm authorId=\"0\" dt=\"2026-01-01T00:00:00\"><p:text>Why?</p:text></p:cm></p:cmLst>";
    let parts = [
        ("ppt/presentation.xml", "<p:presentation><p:sldId id=\"256\" r:id=\"s\"/></p:presentation>"),
        (
            "ppt/_rels/presentation.xml.rels",
            &relations(&[("s", "slide", "slides/s.xml"), ("a", "commentAuthors", "authors.xml")]),
        ),
        ("ppt/authors.xml", authors),
        ("ppt/slides/s.xml", slide),
        ("ppt/slides/_rels/s.xml.rels", &relations(&[("c", "comments", "../c.xml")])),
        ("ppt/c.xml", comments),
    ];
    let document = read(&parts).unwrap();
    assert_eq!(document.text, "Ten\n\nPicture: A duck\n\nComment by Ann, 2026-01-01 00:00: Why?");
    let mut damaged = parts;
    damaged[5].1 = "<p:cmLst></p:cm>";
    let document = read(&damaged).unwrap();
    assert_eq!(document.text, "Ten\n\nPicture: A duck");
    assert_eq!(document.warnings[0].message, DAMAGED);
    assert_eq!(document.warnings[0].page, Some(1));
}

#[test]
fn damaged_presentations_are_clear_errors() {
    assert!(read(&[]).unwrap_err().to_string().contains("ppt/presentation.xml"));
    let dtd = "<!DOCTYPE x [<!ENTITY e \"e\">]><p:presentation/>";
    assert!(read(&[("ppt/presentation.xml", dtd)]).unwrap_err().to_string().contains("DTD"));
    assert!(read(&[("ppt/presentation.xml", "<p:a></p:b>")]).is_err());
    let many = format!("<p:sld>{}", "<p:grpSp><p:sp><a:p>".repeat(20_000));
    assert!(Slide::read("x", &many).is_ok());
}

proptest::proptest! {
    #[test]
    fn no_xml_panics(
        tags in proptest::collection::vec(proptest::sample::select(vec![
            "<p:sp>", "</p:sp>", "<a:p>", "</a:p>", "<a:tbl>", "</a:tbl>", "<a:tr>", "</a:tr>", "<a:t>x", "</a:t>",
            "<a:tc gridSpan=\"99999999999\" rowSpan=\"-1\">", "</a:tc>", "<p:grpSp>", "</p:grpSp>", "<mc:Fallback>",
            "</mc:Fallback>", "<a:off x=\"-9223372036854775808\" y=\"9223372036854775807\"/>", "<a:pPr lvl=\"-3\"/>",
        ]), 0..60),
    ) {
        if let Ok(slide) = Slide::read("x", &tags.concat()) {
            slide.in_reading_order(&Places::new()).for_each(drop);
        }
    }
}

#[test]
fn what_is_not_read_is_told() {
    let picture = |text: &str| format!("<p:pic><p:nvPicPr><p:cNvPr descr=\"{text}\"/></p:nvPicPr></p:pic>");
    let object = "<p:graphicFrame><a:graphic><a:graphicData><p:oleObj progId=\"Excel.Sheet.12\"/></a:graphicData></a:graphic></p:graphicFrame>";
    let slide =
        format!("<p:sld>{}{}{}{object}</p:sld>", picture(""), picture("The route to work"), picture("a.png"));
    let document = read(&[
        ("_rels/.rels", &relations(&[("a", "officeDocument", "ppt/presentation.xml")])),
        ("ppt/presentation.xml", PRESENTATION),
        ("ppt/_rels/presentation.xml.rels", &relations(&[("rId9", "slide", "slides/slide1.xml")])),
        ("ppt/slides/slide1.xml", &slide),
    ])
    .unwrap();
    assert_eq!(document.text, "Picture: The route to work");
    let warnings: Vec<_> = document.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("2 pictures without"), "{warnings:?}");
    assert!(warnings[1].contains("1 embedded file"), "{warnings:?}");
}
