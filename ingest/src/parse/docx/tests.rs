//! What goes into a DOCX and what comes out of it, malformed ones included.

use std::io::Write;

use footnote_core::ErrorKind;
use footnote_core::parsed::BlockKind;
use zip::write::SimpleFileOptions;

use super::*;

const W: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";

fn package(parts: &[(&str, &str)]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    file
}

fn read_parts(body: &str, parts: &[(&str, &str)]) -> Result<ParsedDocument> {
    let document = format!("<?xml version=\"1.0\"?><w:document {W}><w:body>{body}</w:body></w:document>");
    let mut all = vec![("[Content_Types].xml", "<Types/>"), ("word/document.xml", document.as_str())];
    all.extend(parts);
    parse(package(&all).path(), &ParseLimits::default())
}

fn read(body: &str) -> ParsedDocument {
    read_parts(body, &[]).unwrap()
}

fn p(style: &str, text: &str) -> String {
    format!("<w:p><w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>")
}

#[test]
fn structure_is_kept() {
    let styles = format!(
        "<w:styles {W}><w:style w:styleId=\"1\"><w:name w:val=\"heading 1\"/></w:style>\
         <w:style w:styleId=\"my\"><w:name w:val=\"Mine\"/><w:basedOn w:val=\"2\"/></w:style>\
         <w:style w:styleId=\"2\"><w:name w:val=\"x\"/><w:pPr><w:outlineLvl w:val=\"1\"/></w:pPr></w:style>\
         <w:style w:styleId=\"L\"><w:name w:val=\"List Number\"/><w:pPr><w:numPr><w:numId w:val=\"7\"/></w:numPr></w:pPr></w:style></w:styles>"
    );
    let numbering = format!(
        "<w:numbering {W}><w:abstractNum w:abstractNumId=\"3\"><w:lvl w:ilvl=\"0\"><w:numFmt w:val=\"decimal\"/></w:lvl>\
         <w:lvl w:ilvl=\"1\"><w:numFmt w:val=\"bullet\"/></w:lvl></w:abstractNum>\
         <w:num w:numId=\"7\"><w:abstractNumId w:val=\"3\"/></w:num></w:numbering>"
    );
    let notes = format!(
        "<w:footnotes {W}><w:footnote w:id=\"2\"><w:p><w:r><w:t>the note</w:t></w:r></w:p></w:footnote></w:footnotes>"
    );
    let core = "<cp:coreProperties><dc:creator>me</dc:creator><dc:title>Leave &amp; pay</dc:title></cp:coreProperties>";
    let body = [
        p("1", "第一章"),
        p("my", "Details"),
        "<w:p><w:r><w:t>one</w:t><w:tab/><w:t>A &lt; B</w:t></w:r><w:r><w:footnoteReference w:id=\"2\"/></w:r>\
         <w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t> new</w:t></w:r></w:ins>\
         <w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:hyperlink><w:r><w:t> link</w:t></w:r></w:hyperlink></w:p>"
            .to_owned(),
        p("L", "first"),
        "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"1\"/><w:numId w:val=\"7\"/></w:numPr></w:pPr><w:r><w:t>dot</w:t></w:r></w:p>".to_owned(),
        p("L", "second"),
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Year</w:t></w:r></w:p></w:tc><w:tc><w:tcPr><w:gridSpan w:val=\"2\"/></w:tcPr><w:p><w:r><w:t>Days</w:t></w:r></w:p></w:tc></w:tr>\
         <w:tr><w:tc><w:tcPr><w:vMerge w:val=\"restart\"/></w:tcPr><w:p><w:r><w:t>2024</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>10</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr>\
         <w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc><w:tc><w:p><w:r><w:t>11</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>12</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
            .to_owned(),
        "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent></mc:Choice>\
         <mc:Fallback><w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>"
            .to_owned(),
    ]
    .concat();
    let document = read_parts(
        &body,
        &[
            ("word/styles.xml", &styles),
            ("word/numbering.xml", &numbering),
            ("word/footnotes.xml", &notes),
            ("docProps/core.xml", core),
        ],
    )
    .unwrap();
    assert_eq!(document.title.as_deref(), Some("Leave & pay"));
    assert_eq!(
        document.text,
        "第一章\n\nDetails\n\none\tA < B new link\n\nthe note\n\n1. first\n\n- dot\n\n2. second\n\n\
         | Year | Days | Days |\n| --- | --- | --- |\n| 2024 | 10 |  |\n| 2024 | 11 | 12 |\n\nboxed"
    );
    assert_eq!(document.blocks[2].heading_path, ["第一章", "Details"]);
    assert_eq!(document.blocks[3].kind, BlockKind::Footnote);
    assert_eq!(document.blocks[5].level, 2);
}

#[test]
fn lists_within_cells_keep_their_marks() {
    let numbering = format!(
        "<w:numbering {W}><w:abstractNum w:abstractNumId=\"3\"><w:lvl w:ilvl=\"0\"><w:numFmt w:val=\"decimal\"/></w:lvl>\
         <w:lvl w:ilvl=\"1\"><w:numFmt w:val=\"bullet\"/></w:lvl></w:abstractNum>\
         <w:num w:numId=\"7\"><w:abstractNumId w:val=\"3\"/></w:num></w:numbering>"
    );
    let item = |level: u8, text: &str| {
        format!(
            "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"7\"/></w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
        )
    };
    let cell = |inner: &str| format!("<w:tc>{inner}</w:tc>");
    let list = [p("", "Do:"), item(0, "one"), item(1, "dot"), item(0, "two")].concat();
    let body = format!("<w:tbl><w:tr>{}{}</w:tr></w:tbl>", cell(&list), cell(&item(0, "three")));
    let document = read_parts(&body, &[("word/numbering.xml", &numbering)]).unwrap();
    assert_eq!(document.text, "| Do: 1. one - dot 2. two | 3. three |\n| --- | --- |");
}

#[test]
fn tracked_formatting_is_what_it_is_now() {
    let document = read(
        "<w:p><w:pPr><w:pStyle w:val=\"Heading1\"/><w:pPrChange><w:pPr><w:pStyle w:val=\"Normal\"/></w:pPr></w:pPrChange></w:pPr>\
         <w:r><w:rPr><w:rPrChange><w:rPr><w:vanish/></w:rPr></w:rPrChange></w:rPr><w:t>Leave</w:t></w:r></w:p>\
         <w:p><w:r><w:t>Ten days</w:t></w:r></w:p>",
    );
    assert_eq!(document.text, "Leave\n\nTen days");
    assert_eq!(document.blocks[0].kind, BlockKind::Heading);
    assert_eq!(document.blocks[1].heading_path, ["Leave"]);
}

#[test]
fn breaks_and_symbols_are_text_or_told() {
    let document = read(
        "<w:p><w:r><w:t>one</w:t><w:br w:type=\"page\"/><w:t>two</w:t><w:br w:type=\"textWrapping\"/><w:t>three</w:t><w:cr/>\
         <w:sym w:font=\"Arial\" w:char=\"2265\"/><w:t>5</w:t><w:sym w:font=\"Wingdings\" w:char=\"F0FC\"/><w:sym w:font=\"Symbol\" w:char=\"F06D\"/>\
         <w:sym w:font=\"Wingdings\" w:char=\"F0FF\"/></w:r>\
         <w:r><w:rPr><w:rFonts w:ascii=\"Wingdings 2\"/></w:rPr><w:t>\u{f052}a</w:t></w:r><w:r><w:t>\u{f052}</w:t></w:r></w:p>",
    );
    assert_eq!(document.text, "one\ntwo\nthree\n≥5✓μ☑a\u{f052}");
    assert!(document.warnings[0].message.contains("1 characters of symbol fonts"), "{document:?}");
    assert_eq!(document.warnings[0].kind, WarningKind::Lost);
}

#[test]
fn hidden_text_is_counted_and_told_once() {
    let run = |text: &str| format!("<w:r><w:rPr><w:vanish/></w:rPr><w:t>{text}</w:t></w:r>");
    let blank = run(" ");
    let document =
        read(&format!("<w:p>{}{}<w:r><w:t>seen</w:t></w:r>{blank}</w:p>", run("not "), run("年假")));
    assert_eq!(document.text, "seen");
    let warnings: Vec<_> = document.warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(warnings, ["5 characters of hidden text were left out"]);
    assert_eq!(document.warnings[0].kind, WarningKind::Note, "nobody was to read it");
    assert!(read(&format!("<w:p>{blank}</w:p>{}", p("", "seen"))).warnings.is_empty());
}

/// Relationships of the main part: `(id, kind, part)`.
fn relations(of: &[(&str, &str, &str)]) -> String {
    let one = |(id, kind, part): &(&str, &str, &str)| {
        format!("<Relationship Id=\"{id}\" Type=\"http://x/{kind}\" Target=\"{part}.xml\"/>")
    };
    format!("<Relationships>{}</Relationships>", of.iter().map(one).collect::<String>())
}

/// The end of a section that names headers and footers: `(kind, type, id)`.
fn section(names: &[(&str, &str, &str)], more: &str) -> String {
    let one =
        |(kind, of, id): &(&str, &str, &str)| format!("<w:{kind}Reference w:type=\"{of}\" r:id=\"{id}\"/>");
    format!("<w:sectPr>{}{more}</w:sectPr>", names.iter().map(one).collect::<String>())
}

#[test]
fn headers_and_footers_are_kept_once() {
    let part = |inner: &str| format!("<w:hdr {W}>{inner}</w:hdr>");
    let (all, first, unused) = (part(&p("Heading1", "QM-4711")), part(&p("", "Draft")), part(&p("", "Old")));
    let (second, foot) = (part(&[p("", "QM-4711"), p("", "Risks")].concat()), part(&p("", "Confidential")));
    let rels = relations(&[
        ("a", "header", "header1"),
        ("b", "header", "header2"),
        ("c", "header", "header3"),
        ("d", "header", "header4"),
        ("e", "footer", "footer1"),
    ]);
    let one = section(
        &[
            ("header", "default", "a"),
            ("header", "first", "b"),
            ("header", "even", "c"),
            ("footer", "default", "e"),
        ],
        "<w:titlePg/>",
    );
    let body = [
        format!(
            "<w:p><w:pPr><w:pStyle w:val=\"Heading1\"/></w:pPr><w:r><w:t>Leave</w:t></w:r></w:p>{}",
            p("", "one")
        ),
        format!("<w:p><w:pPr>{one}</w:pPr><w:r><w:t>two</w:t></w:r></w:p>"),
        p("", "three"),
        section(&[("header", "default", "d")], ""),
    ];
    let document = read_parts(
        &body.concat(),
        &[
            ("word/_rels/document.xml.rels", &rels),
            ("word/header1.xml", &all),
            ("word/header2.xml", &first),
            ("word/header3.xml", &unused),
            ("word/header4.xml", &second),
            ("word/footer1.xml", &foot),
            ("word/comments.xml", "<w:comments><damaged"),
        ],
    )
    .unwrap();
    assert_eq!(document.text, "Draft\n\nQM-4711\n\nLeave\n\none\n\ntwo\n\nRisks\n\nthree\n\nConfidential");
    assert!(document.blocks[..2].iter().all(|block| block.kind == BlockKind::Paragraph));
    let warnings: Vec<_> = document.warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(warnings, ["comments are damaged and were left out"]);
}

#[test]
fn numbers_of_pages_are_no_text() {
    let simple =
        |code: &str| format!("<w:fldSimple w:instr=\" {code} \"><w:r><w:t>7</w:t></w:r></w:fldSimple>");
    let complex = |code: &str, result: &str| {
        let mark = |kind: &str| format!("<w:r><w:fldChar w:fldCharType=\"{kind}\"/></w:r>");
        format!(
            "{}<w:r><w:instrText> {code} </w:instrText></w:r>{}<w:r><w:t>{result}</w:t></w:r>{}",
            mark("begin"),
            mark("separate"),
            mark("end")
        )
    };
    let run = |text: &str| format!("<w:r><w:t>{text}</w:t></w:r>");
    let footer = |inner: &str| {
        let part = format!("<w:ftr {W}>{inner}</w:ftr>");
        let rels = relations(&[("e", "footer", "footer1")]);
        let body = format!("{}{}", p("", "Text."), section(&[("footer", "default", "e")], ""));
        let parts = [("word/_rels/document.xml.rels", rels.as_str()), ("word/footer1.xml", part.as_str())];
        let document = read_parts(&body, &parts).unwrap();
        assert!(document.warnings.is_empty(), "{:?}", document.warnings);
        document.text.strip_prefix("Text.").unwrap().trim_start().to_owned()
    };
    for nothing in [
        format!("<w:p>{}</w:p>", complex("PAGE", "1")),
        format!(
            "<w:p>{}{}{}{}</w:p>",
            run("Page "),
            simple("PAGE \\* ROMAN"),
            run(" of "),
            complex("NUMPAGES", "9")
        ),
        format!(
            "<w:p>{}{}{}{}</w:p>",
            run("第"),
            simple("PAGE"),
            run("页 共"),
            complex("NUMPAGES", "9") + &run("页")
        ),
        format!("<w:p>{}</w:p>", complex("DATE \\@ yyyy", "March 2024")),
        p("", "第 1 页"),
        format!(
            "<w:p><w:del>{}</w:del><w:r><w:rPr><w:vanish/></w:rPr><w:t>gone</w:t></w:r></w:p>",
            run("gone")
        ),
    ] {
        assert_eq!(footer(&nothing), "", "{nothing}");
    }
    assert_eq!(footer(&[p("", "P3"), p("", "Page 3 of 9"), p("", "第3页")].concat()), "P3");
    let line = format!("<w:p>{}<w:r><w:tab/></w:r>{}</w:p>", run("Rev. 3"), simple("PAGE"));
    assert_eq!(footer(&format!("{line}{line}")), "Rev. 3");
    let (one, two) = (complex("PAGE", "1"), complex("PAGE", "2"));
    let line = |page: &str| format!("<w:p>{}{page}</w:p>", run("Rev. 3, page "));
    assert_eq!(footer(&[line(&one), line(&two)].concat()), "Rev. 3, page 1", "it is one line");
    let open = complex("PAGE", "1").replace("\"end\"", "\"separate\"");
    assert_eq!(footer(&format!("<w:p>{open}</w:p>{}", p("", "QM"))), "QM", "the field has no end");
    let cell = |text: &str| format!("<w:tc>{}</w:tc>", p("", text));
    let table = format!("<w:tbl><w:tr>{}{}</w:tr></w:tbl>", cell("QM"), cell("4711"));
    assert_eq!(footer(&table), "QM\t4711");
}

#[test]
fn a_damaged_header_is_told() {
    let rels = relations(&[("a", "header", "header1")]);
    let body = format!("{}{}", p("", "Text."), section(&[("header", "default", "a")], ""));
    let header = format!("<w:hdr {W}>{}<w:p></w:r>", p("", "QM"));
    let parts = [("word/_rels/document.xml.rels", rels.as_str()), ("word/header1.xml", header.as_str())];
    let document = read_parts(&body, &parts).unwrap();
    assert_eq!(document.text, "QM\n\nText.");
    assert!(document.warnings[0].message.contains("headers or footers are damaged"), "{document:?}");
}

#[test]
fn header_rows_are_one() {
    let row = |marked: bool, cells: &[(&str, usize)]| {
        let cell = |(text, columns): &(&str, usize)| {
            format!("<w:tc><w:tcPr><w:gridSpan w:val=\"{columns}\"/></w:tcPr>{}</w:tc>", p("", text))
        };
        let mark = if marked { "<w:trPr><w:tblHeader/></w:trPr>" } else { "" };
        format!("<w:tr>{mark}{}</w:tr>", cells.iter().map(cell).collect::<String>())
    };
    let table = |marked: bool, names: &[(&str, usize)], body: &[(&str, usize)]| {
        let head = row(marked, &[("Region", 1), ("2023", 2)]);
        read(&format!("<w:tbl>{head}{}{}</w:tbl>", row(marked, names), row(false, body))).text
    };
    let names = [("", 1), ("Home (EUR m)", 1), ("Export", 1)];
    let folded = "| Region | 2023 Home (EUR m) | 2023 Export |\n| --- | --- | --- |";
    assert_eq!(
        table(true, &names, &[("many", 1), ("few", 1), ("none", 1)]),
        format!("{folded}\n| many | few | none |")
    );
    assert_eq!(
        table(false, &names, &[("North", 1), ("1", 1), ("2", 1)]),
        format!("{folded}\n| North | 1 | 2 |")
    );
    let kept = table(false, &names, &[("many", 1), ("few", 1), ("none", 1)]);
    assert!(kept.starts_with("| Region | 2023 | 2023 |\n"), "{kept}");
}

#[test]
fn cells_of_a_table_within_a_cell_stay_apart() {
    let cell = |inner: &str| format!("<w:tc>{inner}</w:tc>");
    let row = |cells: [&str; 2]| format!("<w:tr>{}</w:tr>", cells.map(|text| cell(&p("", text))).concat());
    let inner = format!("<w:tbl>{}{}</w:tbl><w:p/>", row(["Ulm", "6"]), row(["Bonn", "4"]));
    let body = format!("<w:tbl><w:tr>{}{}</w:tr></w:tbl>", cell(&p("", "East")), cell(&inner));
    assert_eq!(read(&body).text, "| East | Ulm, 6; Bonn, 4 |\n| --- | --- |");
}

#[test]
fn comments_follow_what_they_are_about() {
    let comments = format!(
        "<w:comments {W}><w:comment w:id=\"3\" w:author=\"Ann\" w:date=\"2026-06-18T17:15:52Z\"><w:p><w:r><w:t>why</w:t></w:r></w:p>\
         <w:p><w:r><w:t>ten?</w:t></w:r></w:p></w:comment><w:comment w:id=\"4\"><w:p/></w:comment></w:comments>"
    );
    let body = "<w:p><w:r><w:t>Ten days</w:t></w:r><w:r><w:commentReference w:id=\"3\"/><w:commentReference w:id=\"4\"/></w:r></w:p>\
                <w:p><w:r><w:t>Go</w:t></w:r></w:p>";
    let document = read_parts(body, &[("word/comments.xml", &comments)]).unwrap();
    assert_eq!(document.text, "Ten days\n\nComment by Ann, 2026-06-18 17:15: why\nten?\n\nGo");
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
}

#[test]
fn pictures_say_what_they_show() {
    let picture = |around: &str, own: &str| {
        format!(
            "<w:drawing><wp:inline><wp:docPr id=\"1\" name=\"x\" {around}/><a:graphic><a:graphicData><pic:pic><pic:nvPicPr>\
             <pic:cNvPr id=\"0\" name=\"y\" {own}/></pic:nvPicPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"
        )
    };
    let body = [
        format!("<w:p><w:r><w:t>See</w:t>{}</w:r></w:p>", picture("descr=\"A duck\"", "descr=\"duck1.png\"")),
        format!("<w:p><w:r>{}{}</w:r></w:p>", picture("", "descr=\"Two ducks\""), picture("", "")),
        format!(
            "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t>{}</w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
            picture("descr=\"Pond\"", "")
        ),
    ];
    assert_eq!(
        read(&body.concat()).text,
        "See\n\nPicture: A duck\n\nPicture: Two ducks\n\n| a Picture: Pond | b |\n| --- | --- |"
    );
}

#[test]
fn a_document_behind_its_pictures_is_found() {
    let document = format!("<w:document {W}><w:body>{}</w:body></w:document>", p("", "Ten days"));
    let picture = "\u{1}2".repeat(60_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let types = "<Types/>".to_owned();
    let parts =
        [("media/image1.png", &picture), ("word/document.xml", &document), ("[Content_Types].xml", &types)];
    for (name, content) in parts {
        zip.start_file(name, stored).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let (limits, engines) = (ParseLimits::default(), crate::parse::EngineConfig::default());
    let parsed = crate::parse::parse_file(file.path(), "letter", &limits, &engines).unwrap();
    assert_eq!((parsed.content_type, &*parsed.text), (ContentType::Docx, "Ten days"));
}

#[test]
fn entities_and_dtds_cannot_reach_out() {
    let document = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\
         <w:document {W}><w:body><w:p><w:r><w:t>&e;</w:t></w:r></w:p></w:body></w:document>"
    );
    let file = package(&[("[Content_Types].xml", "<Types/>"), ("word/document.xml", &document)]);
    let error = parse(file.path(), &ParseLimits::default()).unwrap_err().to_string();
    assert!(error.contains("DTD"), "{error}");
    assert_eq!(read("<w:p><w:r><w:t>a&undefined;b&#x4e2d;</w:t></w:r></w:p>").text, "ab中");
}

#[test]
fn bombs_stop_while_inflating() {
    let bomb = format!("<w:p><w:r><w:t>{}</w:t></w:r></w:p>", " ".repeat(40 << 20));
    let error = read_parts(&bomb, &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains("zip bomb"), "{error}");

    let names: Vec<String> = (0..50).map(|n| format!("word/part{n}")).collect();
    let parts: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "")).collect();
    let limits = ParseLimits { max_archive_entries: 20, ..ParseLimits::default() };
    assert_eq!(parse(package(&parts).path(), &limits).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn parts_are_bounded_one_by_one_and_together() {
    let document =
        format!("<w:document {W}><w:body>{}</w:body></w:document>", p("", &"Ten days. ".repeat(50)));
    let styles = format!("<w:styles {W}>{}</w:styles>", " ".repeat(600));
    assert!(document.len() < 1_000 && styles.len() < 1_000);
    let file = package(&[("word/document.xml", &document), ("word/styles.xml", &styles)]);
    let error = |limits: ParseLimits| parse(file.path(), &limits).unwrap_err();
    let together = error(ParseLimits { max_inflated_bytes: 1_000, ..ParseLimits::default() });
    assert_eq!(together.kind(), ErrorKind::TooLarge);
    assert!(together.message().contains("word/styles.xml"), "{together}");
    let alone = error(ParseLimits { max_part_bytes: 100, ..ParseLimits::default() });
    assert_eq!(alone.kind(), ErrorKind::TooLarge);
    assert!(alone.message().contains("word/document.xml"), "{alone}");
    assert!(parse(file.path(), &ParseLimits::default()).is_ok());
}

#[test]
fn damaged_packages_are_clear_errors() {
    let empty = package(&[]);
    assert!(
        parse(empty.path(), &ParseLimits::default()).unwrap_err().to_string().contains("word/document.xml")
    );
    let good = package(&[("word/document.xml", &format!("<w:document {W}><w:p/></w:document>").repeat(50))]);
    let bytes = fs_err::read(good.path()).unwrap();
    for length in [0, 10, bytes.len() / 2, bytes.len() - 5] {
        let cut = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(cut.path(), &bytes[..length]).unwrap();
        let error = parse(cut.path(), &ParseLimits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    let error = read_parts("<w:p><w:r></w:p>", &[]).unwrap_err().to_string();
    assert!(error.contains("not well-formed"), "{error}");
    assert_eq!(read("<w:p><w:r><w:t>a\u{0}b</w:t></w:r></w:p>").text, "ab");
    assert_eq!(read("").text, "");
}

#[test]
fn deep_nesting_and_long_lines_are_read() {
    let deep = format!(
        "{}<w:p><w:r><w:t>deep</w:t></w:r></w:p>{}",
        "<w:sdt>".repeat(50_000),
        "</w:sdt>".repeat(50_000)
    );
    assert_eq!(read(&deep).text, "deep");
    let tables =
        format!("{}x{}", "<w:tbl><w:tr><w:tc>".repeat(2_000), "</w:tc></w:tr></w:tbl>".repeat(2_000));
    let nested = tables.replace('x', "<w:p><w:r><w:t>inner</w:t></w:r></w:p>");
    assert_eq!(read(&nested).text, "inner");
    let limits = ParseLimits { max_inflation_ratio: 10_000, ..ParseLimits::default() };
    let line: String = (0..1_000_000).map(|n| format!("w{} ", n % 7919)).collect();
    let document = format!("<w:document {W}><w:p><w:r><w:t>{line}</w:t></w:r></w:p></w:document>");
    let parsed = parse(package(&[("word/document.xml", &document)]).path(), &limits).unwrap();
    assert!(parsed.text.len() > 5_000_000);
}

#[test]
fn equations_are_latex() {
    let math = |inner: &str| {
        read(&format!("<w:p><w:r><w:t>So</w:t></w:r><m:oMath xmlns:m=\"m\">{inner}</m:oMath></w:p>")).text
    };
    let r = |text: &str| format!("<m:r><m:t>{text}</m:t></m:r>");
    let arg = |name: &str, text: &str| format!("<m:{name}>{}</m:{name}>", r(text));
    let frac = format!("<m:f>{}{}</m:f>", arg("num", "a"), arg("den", "2π"));
    assert_eq!(math(&frac), "So $\\frac{a}{2\\pi}$");
    assert_eq!(
        math(&format!("<m:sSup><m:e>{frac}</m:e>{}</m:sSup>", arg("sup", "2"))),
        "So ${\\frac{a}{2\\pi}}^{2}$"
    );
    let sum = format!(
        "<m:nary><m:naryPr><m:chr m:val=\"∑\"/></m:naryPr>{}{}<m:e><m:rad>{}</m:rad></m:e></m:nary>",
        arg("sub", "n=1"),
        arg("sup", "∞"),
        arg("e", "x")
    );
    assert_eq!(math(&sum), "So $\\sum_{n=1}^{\\infty}\\sqrt{x}$");
    let log = format!("<m:func>{}<m:e><m:d>{}</m:d></m:e></m:func>", arg("fName", "log"), arg("e", "x"));
    assert_eq!(math(&log), "So $\\log\\left(x\\right)$");
    let deep = format!("{}{}{}", "<m:sSup><m:e>".repeat(5_000), r("x"), "</m:e></m:sSup>".repeat(5_000));
    assert!(math(&deep).contains('x'));
    assert_eq!(math(""), "So");
}

#[test]
fn check_boxes_show_their_state() {
    let state = |on: u8| {
        format!(
            "<w:sdt><w:sdtPr><w14:checkbox xmlns:w14=\"x\"><w14:checked w14:val=\"{on}\"/></w14:checkbox></w:sdtPr>\
                 <w:sdtContent><w:r><w:t>☒</w:t></w:r></w:sdtContent></w:sdt><w:r><w:t> Tea</w:t></w:r>"
        )
    };
    let field = "<w:r><w:fldChar><w:ffData><w:checkBox><w:default w:val=\"0\"/><w:checked/></w:checkBox></w:ffData></w:fldChar></w:r>\
                 <w:r><w:t xml:space=\"preserve\"> Milk</w:t></w:r>";
    let body = format!("<w:p>{}</w:p><w:p>{}</w:p><w:p>{field}</w:p>", state(1), state(0));
    assert_eq!(read(&body).text, "[x] Tea\n\n[ ] Tea\n\n[x] Milk");
}

#[test]
fn charts_are_tables_and_frames_are_no_tables() {
    let rels = "<Relationships><Relationship Id=\"r5\" Type=\"http://x/chart\" Target=\"charts/c1.xml\"/>\
                <Relationship Id=\"r6\" Type=\"http://x/chart\" Target=\"http://x.org\" TargetMode=\"External\"/></Relationships>";
    let chart = "<c:chart xmlns:c=\"c\" xmlns:a=\"a\"><c:title><a:p><a:r><a:t>Leave</a:t></a:r></a:p></c:title>\
                 <c:ser><c:tx><c:pt idx=\"0\"><c:v>Days</c:v></c:pt></c:tx><c:cat><c:pt idx=\"1\"><c:v>2025</c:v></c:pt>\
                 <c:pt idx=\"0\"><c:v>2024</c:v></c:pt></c:cat><c:val><c:pt idx=\"0\"><c:v>10</c:v></c:pt>\
                 <c:pt idx=\"1\"><c:v>11</c:v></c:pt><c:pt idx=\"99999999999\"><c:v>no</c:v></c:pt></c:val></c:ser></c:chart>";
    let body = "<w:p><w:r><w:t>See</w:t><c:chart xmlns:c=\"c\" xmlns:r=\"r\" r:id=\"r5\"/></w:r></w:p>\
                <w:tbl><w:tblGrid><w:gridCol/></w:tblGrid><w:tr><w:tc><w:p><w:r><w:t>framed</w:t></w:r></w:p>\
                <w:tbl><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc>\
                <w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:tc></w:tr></w:tbl>";
    let parts = [("word/_rels/document.xml.rels", rels), ("word/charts/c1.xml", chart)];
    let document = read_parts(body, &parts).unwrap();
    assert!(document.text.starts_with("See\n\nChart: Leave\n\n|"), "{}", document.text);
    for text in ["| 2024 | 10 |\n| 2025 | 11 |", "framed\n\n| a | b |"] {
        assert!(document.text.contains(text), "{}", document.text);
    }
}

#[test]
fn what_is_not_read_is_told() {
    let picture = "<w:p><w:r><w:drawing><pic:pic><pic:blipFill/></pic:pic></w:drawing></w:r></w:p>";
    let described =
        "<w:p><w:r><w:drawing><wp:docPr descr=\"The route to work\"/><pic:pic/></w:drawing></w:r></w:p>";
    let object = "<w:p><w:r><w:object><o:OLEObject ProgID=\"Excel.Sheet.12\"/></w:object></w:r></w:p>";
    let document =
        read(&format!("{picture}{described}{object}{picture}<w:altChunk r:id=\"r1\"/>{}", p("", "Text.")));
    assert_eq!(document.text, "Picture: The route to work\n\nText.");
    let warnings: Vec<_> = document.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(warnings[0].contains("2 pictures without"), "{warnings:?}");
    assert!(warnings[1].contains("1 embedded file"), "{warnings:?}");
    assert!(warnings[2].contains("1 inserted document"), "{warnings:?}");
    assert!(document.warnings.iter().all(|warning| warning.kind == WarningKind::Lost));
}
