//! What goes in as the bytes of a file and its name, and which type comes out.

use super::*;

#[track_caller]
fn check(bytes: &[u8], name: &str, expected: ContentType) {
    assert_eq!(sniff(bytes, None, Some(name)).unwrap(), expected, "{name}");
}

#[test]
fn content_comes_before_the_name() {
    check(b"\n\n%PDF-1.7\n...", "report.txt", ContentType::Pdf);
    check(b"<!-- c --><!DOCTYPE html><p>x", "page.md", ContentType::Html);
    check(b"<?xml version=\"1.0\"?><html xmlns=\"x\">", "page", ContentType::Html);
    check(b"\x89PNG\r\n\x1a\n....", "scan.pdf", ContentType::Image);
    check(b"RIFF\x10\0\0\0WEBPVP8 ", "photo", ContentType::Image);
    check(b"II*\0\x08\0\0\0", "fax", ContentType::Image);
    check(b"just words", "words.pdf", ContentType::Text);
    check(b"just words", "words.docx", ContentType::Text);
    check(
        b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x11\0\0\0word/document.xml",
        "a.zip",
        ContentType::Docx,
    );
}

#[test]
fn the_name_breaks_ties_between_kinds_of_text() {
    check(b"# Title\n\n- one\n", "a.txt", ContentType::Text);
    check(b"# Title\n\n- one\n", "a.md", ContentType::Markdown);
    check(b"# Title\n\n- one\n", "a", ContentType::Markdown);
    check(b"# Compose\n\n- one\n", "docker-compose.yml", ContentType::Code);
    check(b"fn main() {}", "main.rs", ContentType::Code);
    check(b"<template><p>x</p></template>", "App.vue", ContentType::Code);
    check(b"#!/usr/bin/env python3\nprint(1)", "run", ContentType::Code);
    check(b"#!/usr/bin/env python3\nprint(1)", "run.txt", ContentType::Text);
    check(b"= Title\n\nText", "a.adoc", ContentType::Asciidoc);
    check(b"-----BEGIN PGP SIGNATURE-----", "a.asc", ContentType::Text);
    check(b"Title\n=====", "a.rst", ContentType::Rst);
    check(b"<?xml version='1.0'?><rss><channel/></rss>", "feed", ContentType::Xml);
    check(b"<!-- c --><feed xmlns='http://www.w3.org/2005/Atom'>", "feed", ContentType::Xml);
    check(b"<note>hi</note>", "a.xml", ContentType::Xml);
    check(b"<note>hi</note>", "a.txt", ContentType::Text);
    check(b"a < b", "a.xml", ContentType::Text);
    check(b"# Title\n\n- one\n", "Notes on 1.5 changes", ContentType::Markdown);
    check(b"plain", "README.md", ContentType::Markdown);
    check(b"<p align=\"center\">logo</p>\n\n# Name", "README.md", ContentType::Markdown);
    check(b"<p>one</p>", "a.html", ContentType::Html);
    check("年假制度".as_bytes(), "制度", ContentType::Text);
    check(&encoding_rs::GBK.encode("年假制度年假制度").0, "制度.txt", ContentType::Text);
}

#[test]
fn signs_tell_kinds_of_text_whatever_the_name() {
    check(b"= Title\n\n== Section\n\ntext", "manual", ContentType::Asciidoc);
    check(b"= Title\n:toc: left\n\ntext", "manual.txt", ContentType::Asciidoc);
    check(b"= Title\n:toc:\n\ntext", "manual.txt", ContentType::Asciidoc);
    check(b"= Title\n:) :-)\n\ntext", "manual.txt", ContentType::Text);
    check(b"= Title =\n\n== Section ==\n", "wiki.txt", ContentType::Text);
    check(b"Title\n=====\n\n.. note:: hi\n", "manual", ContentType::Rst);
    check(b"Title\n=====\n\nsee :ref:`this <x>`\n", "manual.txt", ContentType::Rst);
    check(b"Title\n=====\n\ntext\n", "manual", ContentType::Text);
    check(b"# Title\n\n- one **two**\n", "notes.txt", ContentType::Markdown);
    check(b"a,b\n1,2\n3,4\n", "wrong.json", ContentType::Csv);
    check(b"a,b\n1,2", "wrong.json", ContentType::Csv);
    let cut = "a,b,c\n".repeat(SNIFF_BYTES / 6 + 1);
    check(&cut.as_bytes()[..SNIFF_BYTES], "wrong.json", ContentType::Csv);
    check(b"no JSON, no table", "wrong.json", ContentType::Json);
    check(b"[1, 2]\n[3, 4]\n", "lines.json", ContentType::Json);
    check(b"{\"a\":1}", "wrong.csv", ContentType::Json);
    check(b"\"a\",b\n1,2\n", "quoted.csv", ContentType::Csv);
    check(b"One, two, three.\nFour, five, six.\nSeven, eight, nine.\n", "prose.txt", ContentType::Text);
    check(b"a,b,c\n1,2,etc.\n4,5,6\n7,8,9\n", "table.txt", ContentType::Csv);
    let cyrillic: Vec<u8> = "Отпуск".repeat(20).encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&cyrillic, "letter.txt", ContentType::Text);
}

#[test]
fn sheets_and_records_are_known_by_content() {
    let zip = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0f\0\0\0xl/workbook.xml";
    check(zip, "letter.docx", ContentType::Xlsx);
    let ods = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet";
    check(ods, "sheet", ContentType::Ods);
    let streams = ["Workbook".to_owned()];
    let legacy = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....";
    assert_eq!(sniff(legacy, Some(&streams), Some("a.doc")).unwrap(), ContentType::Xls);
    check(b"a;b\n1;2\n", "a.csv", ContentType::Csv);
    check(b"a\tb\tc\n1\t2\t3\n4\t5\t6\n7\t8\t9\n", "export", ContentType::Csv);
    check(b"One, two, three.\nFour, five.\nSix\nSeven, eight", "prose", ContentType::Text);
    check(b"{\"a\": 1}", "answer", ContentType::Json);
    check(b"[{\"a\": 1}]", "answer.txt", ContentType::Json);
    check(b"[1] Knuth, The Art", "references.txt", ContentType::Text);
    check(b"{\"cells\": [], \"nbformat\": 4}", "a.json", ContentType::Notebook);
}

#[test]
fn what_systems_export_as_a_workbook_may_be_text() {
    let rows = "产品\t编号\n张三\t001\n李四\t002\n";
    check(rows.as_bytes(), "export.xls", ContentType::Csv);
    check(&encoding_rs::GBK.encode(rows).0, "export.xls", ContentType::Csv);
    let marked: Vec<u8> = format!("\u{feff}{rows}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&marked, "export.XLS", ContentType::Csv);
    check(b"Pay in March\nName\tPay\nAnn\t1\nBo\t2\nTotal\n", "pay.xls", ContentType::Csv);
    check(b"a,b,c\n1,2,3\n4,5,6\n", "export.xlsx", ContentType::Csv);
    check(b"[{\"a\": 1}]", "export.xls", ContentType::Json);
    check(
        b"<html><body><table><tr><td>1\t2\n3\t4</td></tr></table></body></html>",
        "a.xls",
        ContentType::Html,
    );
    check(b"The report is not ready.\nAsk again, please.\n", "report.xls", ContentType::Text);
    check(b"<table>\n\t<tr>\n\t\t<td>1</td>\n\t</tr>\n</table>", "a.xls", ContentType::Html);
    check(b"just words", "words.xls", ContentType::Text);
}

#[test]
fn a_text_that_mentions_a_format_is_a_text() {
    check(b"Such files start with %PDF-1.7 and a newline.", "notes.md", ContentType::Markdown);
    check(b"ID3 tags hold a title.", "tags.txt", ContentType::Text);
    check(b"The ftyp box comes first.", "boxes.txt", ContentType::Text);
    check(b"GIF8 and BZh are magic numbers.", "magic.txt", ContentType::Text);
    check(b"BZh is one as well.", "magic.txt", ContentType::Text);
    check(b"\x00\x01\x02\x03\x04 %PDF-1.4\n\x00\x01\x02", "mailed.pdf", ContentType::Pdf);
    check(b"\xef\xbb\xbf%PDF-1.4\n%\xe2\xe3", "marked.pdf", ContentType::Pdf);
    assert!(sniff(b"ID3\x04\0\0junk", None, None).unwrap_err().message().contains("sound"));
}

#[test]
fn the_table_of_contents_counts_where_there_is_one() {
    let prefix = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0f\0\0\0media/image1.png";
    assert_eq!(sniff(prefix, None, Some("letter")).unwrap(), ContentType::Archive);
    let names = ["media/image1.png", "word/document.xml", "[Content_Types].xml"].map(str::to_owned);
    assert_eq!(sniff(prefix, Some(&names), Some("letter")).unwrap(), ContentType::Docx);
}

#[test]
fn folders_named_like_parts_of_a_document_make_no_document() {
    let prefix = b"PK\x03\x04 mimetype-notes.md about application/epub+zip";
    let told = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        sniff(prefix, Some(&names), Some("pack.zip"))
    };
    for names in [
        &["word/notes.md", "ppt/talk.md", "xl/list.csv"][..],
        &["mimetype-notes.md"],
        &["_rels/x.md"],
        &["META-INF/container.xml"],
    ] {
        assert_eq!(told(names).unwrap(), ContentType::Archive, "{names:?}");
    }
    assert_eq!(told(&["xl/workbook.xml", "[Content_Types].xml"]).unwrap(), ContentType::Xlsx);
    assert_eq!(told(&["META-INF/container.xml", "OPS/book.opf"]).unwrap(), ContentType::Epub);
    assert!(told(&["visio/document.xml", "_rels/.rels"]).unwrap_err().message().contains("Office"));
    assert!(told(&["mimetype", "content.xml"]).is_ok_and(|told| told == ContentType::Epub));
}

#[test]
fn archives_and_messages_are_known() {
    check(b"\x1f\x8b\x08\0....", "logs", ContentType::Archive);
    let entry = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0a.txt";
    check(entry, "pack.zip", ContentType::Archive);
    let mut message = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    message.extend(mail::PROPERTIES.encode_utf16().flat_map(u16::to_le_bytes));
    check(&message, "mail", ContentType::Msg);
    check(b"Received: from a\r\n by b\r\nFrom: a@b\r\n\r\nHi", "mail", ContentType::Eml);
    check(b"From: a@b\nSubject: Hi\n\nHi", "mail.eml", ContentType::Eml);
    check(b"From: Ann\nSubject: Minutes\n\nHi", "memo.txt", ContentType::Text);
    check(b"Date: today\nMessage-ID: is a field.\nno header\n", "notes.txt", ContentType::Text);
}

#[test]
fn office_files_are_known_by_what_is_in_them() {
    let zip = |name: &str| {
        let mut bytes = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend([u8::try_from(name.find('!').unwrap_or(name.len())).unwrap(), 0, 0, 0]);
        bytes.extend(name.replace('!', "").bytes());
        bytes
    };
    check(&zip("ppt/presentation.xml"), "letter.docx", ContentType::Pptx);
    check(&zip("mimetype!application/epub+zip"), "book", ContentType::Epub);
    check(&zip("mimetype!application/vnd.oasis.opendocument.text"), "a", ContentType::Odt);
    check(&zip("mimetype!application/vnd.oasis.opendocument.presentation"), "a", ContentType::Odp);
    check(b"{\\rtf1 hello}", "letter.doc", ContentType::Rtf);
    let legacy = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....";
    for (stream, expected) in [
        ("WordDocument", ContentType::Doc),
        ("PowerPoint Document", ContentType::Ppt),
        ("Book", ContentType::Xls),
    ] {
        let streams = [stream.to_owned()];
        assert_eq!(sniff(legacy, Some(&streams), Some("x.xls")).unwrap(), expected);
        let encrypted = [stream.to_owned(), "EncryptedPackage".to_owned()];
        assert!(sniff(legacy, Some(&encrypted), None).is_err());
    }
}

#[test]
fn what_is_not_read_says_so() {
    for (bytes, expected) in [
        (&b""[..], "is empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "legacy Office"),
        (b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0a.txt", "ZIP archive"),
        (b"Rar!\x1a\x07\x01\0", "an archive"),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07\x08junk", "binary data"),
    ] {
        let error = sniff(bytes, None, Some("thing.docx")).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("thing.docx"), "{error}");
    }
    let mut encrypted = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    encrypted.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert!(sniff(&encrypted, None, None).unwrap_err().to_string().contains("password"));
}

#[test]
fn excel_2003_xml_is_told_by_its_root() {
    let book = |root: &str| {
        let prolog = "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n";
        format!("{prolog}<{root}>\n<x/>").into_bytes()
    };
    for root in [
        "Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\"",
        "ss:Workbook\n xmlns:ss='urn:schemas-microsoft-com:office:spreadsheet'",
    ] {
        let error = sniff(&book(root), None, Some("pay.xls")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let expected =
            "is Excel 2003 XML, which cannot be read; open it in Excel or LibreOffice and save it as XLSX";
        assert!(error.message().contains(expected), "{error}");
    }
    check(&book("Workbook xmlns=\"urn:x\""), "pay.xml", ContentType::Xml);
}

proptest::proptest! {
    #[test]
    fn no_prefix_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400), zip: bool) {
        let mut bytes = bytes;
        if zip { bytes.splice(0..0, *b"PK\x03\x04"); }
        let _ = sniff(&bytes, None, Some("x.docx"));
    }
}
