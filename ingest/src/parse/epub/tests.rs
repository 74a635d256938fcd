//! What goes into an EPUB and what comes out of it, malformed ones included.

use std::io::Write;

use zip::write::SimpleFileOptions;

use super::*;

const CONTAINER: (&str, &str) = (
    "META-INF/container.xml",
    "<container><rootfiles><rootfile full-path=\"OEBPS/b.opf\"/></rootfiles></container>",
);
const OPF: &str = "<package><metadata><dc:title>A Book</dc:title></metadata><manifest>\
    <item id=\"one\" href=\"text/one%20a.xhtml\"/><item id=\"two\" href=\"text/two.xhtml\"/>\
    <item id=\"ncx\" href=\"toc.ncx\"/></manifest>\
    <spine toc=\"ncx\"><itemref idref=\"two\"/><itemref idref=\"one\"/><itemref idref=\"two\"/><itemref idref=\"no\"/></spine></package>";
const NCX: &str = "<?xml version=\"1.0\"?><!DOCTYPE ncx PUBLIC \"-//NISO//DTD ncx 2005-1//EN\" \"http://x\"><ncx><navMap>\
    <navPoint><navLabel><text>Second</text></navLabel><content src=\"text/two.xhtml#a\"/></navPoint>\
    <navPoint><navLabel><text>First</text></navLabel><content src=\"text/one%20a.xhtml\"/></navPoint></navMap></ncx>";

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

fn book(more: &[(&str, &str)]) -> Result<ParsedDocument> {
    let mut parts = vec![
        CONTAINER,
        ("OEBPS/b.opf", OPF),
        ("OEBPS/toc.ncx", NCX),
        (
            "OEBPS/text/one a.xhtml",
            "<html><head><title/></head><body><a id=\"x\"/><h1>One</h1><aside>note</aside></body></html>",
        ),
        ("OEBPS/text/two.xhtml", "<html><body><script src=\"x\"/><p>Two &amp; <i>more</i></p></body></html>"),
    ];
    parts.extend(more);
    read(&parts)
}

#[test]
fn chapters_are_in_the_order_of_the_spine() {
    let document = book(&[]).unwrap();
    assert_eq!(document.title.as_deref(), Some("A Book"));
    assert_eq!(document.text, "Two & more\n\nOne\n\nnote");
    let pages: Vec<_> = document.pages.iter().map(|p| (p.number, p.kind, p.label.as_deref())).collect();
    assert_eq!(pages, [(1, PageKind::Chapter, Some("Second")), (2, PageKind::Chapter, Some("First"))]);
}

#[test]
fn the_navigation_document_is_preferred() {
    let nav =
        "<html><body><nav><ol><li><a href=\"c.xhtml#s\">The <b>start</b></a></li></ol></nav></body></html>";
    let found = entries("OEBPS/nav.xhtml", nav);
    assert_eq!(found.get("OEBPS/c.xhtml").map(|entry| entry.title.as_str()), Some("The start"));
}

#[test]
fn entries_know_what_lies_above_them_and_lists_of_pages_are_none() {
    let nav = "<html><body><nav epub:type=\"page-list\"><ol><li><a href=\"a.xhtml\">45</a></li></ol></nav>\
        <nav epub:type=\"toc\"><ol><li><a href=\"a.xhtml\">Preface</a></li>\
        <li><span>Part 1</span><ol><li><a href=\"b.xhtml\">One</a></li></ol></li>\
        <li><a href=\"p.xhtml\">Part 2</a><ol><li><a href=\"c.xhtml\">第二章</a></li>\
        <li><a href=\"d.xhtml#x\">Three</a></li></ol></li></ol></nav></body></html>";
    let found = entries("nav.xhtml", nav);
    let path = |file: &str| found[file].path.join("/");
    assert_eq!(
        ["a.xhtml", "b.xhtml", "c.xhtml", "d.xhtml"].map(path),
        ["Preface", "One", "Part 2/第二章", ""]
    );
    let ncx = "<ncx><pageList><pageTarget><navLabel><text>9</text></navLabel><content src=\"a\"></content></pageTarget>\
        </pageList><navMap><navPoint><navLabel><text>Part</text></navLabel><content src=\"p\"></content><navPoint>\
        <navLabel><text>One</text></navLabel><content src=\"a\"></content></navPoint></navPoint></navMap></ncx>";
    assert_eq!(entries("toc.ncx", ncx)["a"].path, ["Part", "One"]);
    let deep = format!("{}<a href=\"a\">x</a>", "<navPoint>".repeat(1_000));
    assert_eq!(entries("nav.xhtml", &deep)["a"].path, ["x"]);
}

#[test]
fn a_chapter_without_a_heading_is_not_under_that_of_the_chapter_before() {
    let opf = "<package><manifest><item id=\"a\" href=\"a\"/><item id=\"b\" href=\"b\"/><item id=\"c\" href=\"c\"/>\
        <item id=\"d\" href=\"d\"/><item id=\"ncx\" href=\"ncx\"/></manifest><spine toc=\"ncx\"><itemref idref=\"a\"/>\
        <itemref idref=\"b\"/><itemref idref=\"c\"/><itemref idref=\"d\"/></spine></package>";
    let point = |title: &str, file: &str| {
        format!("<navPoint><navLabel><text>{title}</text></navLabel><content src=\"{file}\"/></navPoint>")
    };
    let ncx = [point("One", "a"), point("Two", "c"), point("Three", "d")].concat();
    let document = read(&[
        CONTAINER,
        ("OEBPS/b.opf", opf),
        ("OEBPS/ncx", &format!("<ncx><navMap>{ncx}</navMap></ncx>")),
        ("OEBPS/a", "<body><h1>One</h1><p>begins</p></body>"),
        ("OEBPS/b", "<body><p>goes on</p></body>"),
        ("OEBPS/c", "<body><p>untitled</p></body>"),
        ("OEBPS/d", "<body><h2>Three</h2><p>ends</p></body>"),
    ])
    .unwrap();
    let paths: Vec<_> = document.blocks.iter().map(|block| block.heading_path.join("/")).collect();
    assert_eq!(paths, ["", "One", "One", "Two", "", "Three"]);
}

#[test]
fn protection_is_told_and_fonts_are_no_matter() {
    let encryption = |uri: &str| {
        format!(
            "<encryption><EncryptedData><CipherData><CipherReference URI=\"{uri}\"/></CipherData></EncryptedData></encryption>"
        )
    };
    let font = encryption("OEBPS/font.otf");
    assert!(book(&[("META-INF/encryption.xml", &font)]).is_ok());
    let chapter = encryption("OEBPS/text/one%20a.xhtml");
    let error = book(&[("META-INF/encryption.xml", &chapter)]).unwrap_err().to_string();
    assert!(error.contains("DRM"), "{error}");
}

#[test]
fn damaged_books_are_clear_errors() {
    assert!(read(&[]).unwrap_err().to_string().contains("package document"));
    assert!(read(&[CONTAINER]).unwrap_err().to_string().contains("package document"));
    let document = read(&[CONTAINER, ("OEBPS/b.opf", OPF)]).unwrap();
    assert!(document.warnings[0].message.contains("missing"));
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "(<|/>|[a-z%é]|\"| ){0,60}") {
        let _ = entries("a/b", &close_empty_elements(&text));
        let _ = path_of("a", &text);
    }
}
