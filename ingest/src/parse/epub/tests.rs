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
    let found = titles("OEBPS/nav.xhtml", nav);
    assert_eq!(found.get("OEBPS/c.xhtml").map(String::as_str), Some("The start"));
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
        let _ = titles("a/b", &close_empty_elements(&text));
        let _ = path_of("a", &text);
    }
}
