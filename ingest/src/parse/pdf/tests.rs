//! PDFs written by hand: well-formed, damaged, encrypted, without text.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use footnote_core::parsed::BlockKind;
use pdf_extract::{Document, EncryptionState, EncryptionVersion, Object, Permissions, StringFormat};

use super::*;
use crate::parse::members::Unkept;
use crate::parse::members::tests::Kept;
use crate::tests::installed;

mod crowded;
mod encrypted;
mod listings;
mod shown;
mod stamped;

/// A PDF with one page per content stream, in Helvetica.
pub(crate) fn pdf(pages: &[&str]) -> Vec<u8> {
    pdf_in_fonts(&["<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"], pages)
}

/// A PDF in Song, which viewers bring along, so that the file does not: as many Chinese invoices are.
/// pdf-extract panics on its encoding.
pub(crate) fn pdf_in_song(pages: &[&str]) -> Vec<u8> {
    let fonts = [
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>",
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 5 0 R /DW 1000 \
         /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>",
        "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 \
         /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    ];
    pdf_in_fonts(&fonts, pages)
}

/// The pages' text in [`pdf_in_song`].
pub(crate) const SONG: &str = "BT /F1 12 Tf 72 700 Td <5E7450474E3A53415929> Tj ET";

/// PDFium's last error is one of the whole process, which in service reads one file: tests of it go one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The picture of the first page of the PDF at `path`.
pub(crate) fn picture_of(path: &Path, library: &Path) -> image::RgbImage {
    pdfium::picture_of(path, library)
}

/// What the pages of the PDF at `path` warn of.
pub(crate) fn warnings(path: &Path, limits: &ParseLimits, engines: &EngineConfig) -> Vec<String> {
    let mut output = Unkept;
    let mut embedded = Unpacking::new(limits, &mut output);
    let (text, _) = super::read(path, limits, engines, &|_, _| {}, &mut embedded).unwrap();
    text.pages.into_iter().filter_map(|page| page.warning).map(|(_, message)| message).collect()
}

/// A PDF whose only page is `picture`, at 200 dots per inch.
pub(crate) fn pdf_of_picture(picture: &image::RgbImage) -> Vec<u8> {
    pdf_of_pictures(&[picture])
}

/// A PDF of scans, whose pages show one grey picture each, at 200 dpi.
pub(crate) fn pdf_of_pictures(pictures: &[&image::RgbImage]) -> Vec<u8> {
    let mut objects = vec!["<< /Type /Catalog /Pages 2 0 R >>".to_owned(), String::new()];
    let mut kids = String::new();
    for picture in pictures {
        let (width, height) = picture.dimensions();
        let hex: String = picture.pixels().map(|pixel| format!("{:02x}", pixel.0[1])).collect();
        let (page_width, page_height) = (width as f32 * 0.36, height as f32 * 0.36);
        let content = format!("{page_width} 0 0 {page_height} 0 0 cm /P Do");
        let page = objects.len() + 1;
        kids.push_str(&format!("{page} 0 R "));
        objects.extend([
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {page_width} {page_height}] /Contents {} 0 R \
                 /Resources << /XObject << /P {} 0 R >> >> >>",
                page + 1,
                page + 2
            ),
            format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
            format!(
                "<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray \
                 /BitsPerComponent 8 /Filter /ASCIIHexDecode /Length {} >>\nstream\n{hex}>\nendstream",
                hex.len() + 1
            ),
        ]);
    }
    objects[1] = format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", pictures.len());
    pdf_of_objects(&objects)
}

/// The first of the objects `fonts`, numbered from 3, is the pages' font `F1`.
fn pdf_in_fonts(fonts: &[&str], pages: &[&str]) -> Vec<u8> {
    let mut objects = vec!["<< /Type /Catalog /Pages 2 0 R >>".to_owned(), String::new()];
    objects.extend(fonts.iter().map(|&font| font.to_owned()));
    let mut kids = Vec::new();
    for content in pages {
        let page = objects.len() + 1;
        kids.push(format!("{page} 0 R"));
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
            page + 1
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
    }
    objects[1] = format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len());
    pdf_of_objects(&objects)
}

fn pdf_of_objects(objects: &[String]) -> Vec<u8> {
    let mut out = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        out.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
    }
    let xref = out.len();
    out.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    for offset in offsets {
        out.push_str(&format!("{offset:010} 00000 n \n"));
    }
    out.push_str(&format!(
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{xref}\n%%EOF\n",
        objects.len() + 1
    ));
    out.into_bytes()
}

fn read(bytes: &[u8]) -> Result<ParsedDocument> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), bytes).unwrap();
    parse(file.path(), &ParseLimits::default(), &EngineConfig::default(), &|_, _| {}, &mut Unkept)
}

const HELLO: &str = "BT /F1 12 Tf 72 700 Td (Annual leave is ten days.) Tj ET";

#[test]
fn pages_are_read_and_pages_without_text_are_named() {
    let document = read(&pdf(&[HELLO, "", HELLO])).unwrap();
    assert_eq!(document.text, "Annual leave is ten days.\n\nAnnual leave is ten days.");
    assert_eq!(document.pages.iter().map(|p| p.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(document.blocks[1].page, Some(3));
    assert_eq!(document.warnings.len(), 2);
    assert!(
        document.warnings[0].message.contains("pull pdfium"),
        "what the engine leaves out is always told"
    );
    assert!(document.warnings[1].message.contains("page 2 has no text that pdf-extract finds"));
    assert_eq!(document.warnings[1].kind, WarningKind::Doubtful, "it may be blank");
    let blank = read(&pdf(&[""])).unwrap();
    assert!(blank.is_blank());
}

#[test]
fn damaged_files_are_errors_or_read_in_part() {
    let whole = pdf(&[HELLO; 5]);
    for length in [0, 5, 9, 100, whole.len() / 2, whole.len() - 20] {
        if let Ok(document) = read(&whole[..length]) {
            assert!(document.text.is_empty() || document.text.contains("Annual leave"), "{length}");
        }
    }
    assert!(read(b"%PDF-1.7\nnothing else").unwrap_err().message().contains("damaged"));
    let mut seed = 7_u32;
    for _ in 0..200 {
        let mut bytes = whole.clone();
        for _ in 0..8 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = seed as usize % bytes.len();
            bytes[at] = (seed >> 16) as u8;
        }
        // Whatever it gives, it must not panic, and what it gives was checked.
        let _ = read(&bytes);
    }
}

#[test]
fn a_page_that_panics_the_engine_is_told_and_a_file_of_them_fails() {
    let engines = EngineConfig::default();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), pdf_in_song(&[SONG, SONG])).unwrap();
    let error = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("pdf-extract panicked"), "{error}");
    assert!(error.message().contains("models pull"), "{error}");

    let document = read(&pdf_in_song(&["", SONG])).unwrap();
    assert!(document.is_blank());
    assert!(document.warnings[1].message.contains("page 1 has no text that"), "{document:?}");
    assert!(document.warnings[2].message.contains("page 2 could not be read"), "{document:?}");
    assert_eq!(document.warnings[2].kind, WarningKind::Lost);
}

#[test]
fn a_missing_library_is_said_and_the_file_still_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), pdf(&[HELLO])).unwrap();
    let engines = EngineConfig { pdfium: Some("/nowhere/libpdfium.so".into()), ..EngineConfig::default() };
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    assert_eq!(document.text, "Annual leave is ten days.");
    assert!(document.warnings[0].message.contains("models pull"), "{:?}", document.warnings);
}

#[test]
fn limits_on_pages_objects_and_text_are_errors() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), pdf(&[HELLO, HELLO])).unwrap();
    let _alone = alone();
    for pdfium in [None, installed::pdfium()] {
        let engines = EngineConfig { pdfium, ..EngineConfig::default() };
        for limits in [
            ParseLimits { max_pages: 1, ..ParseLimits::default() },
            ParseLimits { max_objects: 1, ..ParseLimits::default() },
            ParseLimits { max_text_chars: 10, ..ParseLimits::default() },
        ] {
            let error = parse(file.path(), &limits, &engines, &|_, _| {}, &mut Unkept).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{limits:?}");
        }
    }
}

/// Forms that draw the next one twice: a short page whose text has no end.
#[test]
fn text_without_end_on_one_page_is_refused_while_it_is_written() {
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
         /Resources << /XObject << /X 6 0 R >> >> >>"
            .to_owned(),
        "<< /Length 5 >>\nstream\n/X Do\nendstream".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let form = |resources: &str, content: &str| {
        format!(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << {resources} >> /Length {} >>\n\
             stream\n{content}\nendstream",
            content.len()
        )
    };
    for next in 7..37 {
        objects.push(form(&format!("/XObject << /X {next} 0 R >>"), "/X Do /X Do"));
    }
    objects.push(form("/Font << /F1 5 0 R >>", HELLO));
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), pdf_of_objects(&objects)).unwrap();
    let limits = ParseLimits { max_text_chars: 10_000, ..ParseLimits::default() };
    let error = parse(file.path(), &limits, &EngineConfig::default(), &|_, _| {}, &mut Unkept).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

#[test]
fn titles_that_programs_write_are_not_titles() {
    for title in
        ["Annual Report 2023", "Scope of Work v1.2", "员工手册", "Book of Accounts", "Title IX policy"]
    {
        assert!(sensible_title(title), "{title}");
    }
    for title in [
        "",
        "untitled",
        "Untitled-1",
        "(anonymous)",
        "unspecified",
        "(Unspecified)",
        "Microsoft Word - report",
        "Microsoft Word - x.doc",
        "PowerPoint Presentation",
        "final_v2.indd",
        "C:\\Users\\ann\\leave policy.RTF",
        "123",
        "document",
        "Document1",
    ] {
        assert!(!sensible_title(title), "{title}");
    }
}

/// Runs where the library is installed, as it is in CI.
#[test]
fn pdfium_reads_layout_and_survives_damage() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let limits = ParseLimits::default();
    let file = tempfile::NamedTempFile::new().unwrap();
    let page = "BT /F1 20 Tf 72 740 Td (Leave policy) Tj ET BT /F1 10 Tf 72 700 Td (Annual leave is ten) Tj 0 -12 Td (days, agreed in ad-) Tj \
                0 -12 Td (vance.) Tj 0 -40 Td (Days) Tj 200 0 Td (10) Tj 60 0 Td (12) Tj -260 -12 Td (Weeks) Tj 200 0 Td (2) Tj 60 0 Td (3) Tj ET";
    fs_err::write(file.path(), pdf(&[page, ""])).unwrap();
    let document = parse(file.path(), &limits, &engines, &|_, _| {}, &mut Unkept).unwrap();
    assert_eq!(
        document.text,
        "Leave policy\n\nAnnual leave is ten days, agreed in advance.\n\n| Days | 10 | 12 |\n| --- | --- | --- |\n| Weeks | 2 | 3 |"
    );
    assert!(document.engine.starts_with("pdfium"));
    assert_eq!(document.warnings.len(), 1);
    fs_err::write(file.path(), pdf_in_song(&[SONG])).unwrap();
    assert_eq!(parse(file.path(), &limits, &engines, &|_, _| {}, &mut Unkept).unwrap().text, "年假为十天");
    let whole = pdf(&[page; 3]);
    let mut seed = 11_u32;
    for round in 0..300 {
        let mut bytes = whole.clone();
        for _ in 0..round % 12 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = seed as usize % bytes.len();
            bytes[at] = (seed >> 16) as u8;
        }
        bytes.truncate(bytes.len() - round * 3 % bytes.len());
        fs_err::write(file.path(), bytes).unwrap();
        let _ = parse(file.path(), &limits, &engines, &|_, _| {}, &mut Unkept);
    }
}

/// A table with a merged cell and a cell of two lines, between drawn lines; beside it what looks alike and is no
/// table; and an outline and page labels.
#[test]
fn pdfium_reads_tables_between_lines_and_the_outline() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let read = |page: &str, catalog: &str, objects: &[&str]| {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut text = String::from_utf8(pdf(&[page, page])).unwrap();
        text = text.replace("/Type /Catalog", &format!("/Type /Catalog {catalog}"));
        // Objects without an entry in the table of references: PDFium rebuilds it.
        let more: String =
            objects.iter().enumerate().map(|(n, o)| format!("{} 0 obj\n{o}\nendobj\n", n + 20)).collect();
        text = text.replace("xref\n0", &format!("{more}xerf\n0")).replace("startxref", "startxerf");
        fs_err::write(file.path(), text).unwrap();
        parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap()
    };
    let table = "0.5 w 72 620 m 72 700 l S 72 700 m 472 700 l S 72 680 m 472 680 l S 72 640 m 472 640 l S 72 620 m 472 620 l S \
                 200 620 m 200 680 l S 330 620 m 330 680 l S BT /F1 10 Tf 80 687 Td (Leave) Tj ET \
                 BT /F1 10 Tf 80 668 Td (Annual leave of) Tj 0 -12 Td (full-time staff) Tj ET \
                 BT /F1 10 Tf 210 662 Td (15) Tj ET BT /F1 10 Tf 340 662 Td (days) Tj ET \
                 BT /F1 10 Tf 80 627 Td (Sick) Tj ET BT /F1 10 Tf 210 627 Td (10) Tj ET";
    let rows = "| Leave | Leave | Leave |\n| --- | --- | --- |\n| Annual leave of full-time staff | 15 | days |\n| Sick | 10 |  |";
    assert_eq!(read(table, "", &[]).text, format!("{rows}\n\n{rows}"));
    // Text in a frame, and lines of text on coloured grounds, are no tables.
    let grounds = "0.9 g 72 690 400 14 re f 72 676 400 14 re f 72 662 400 14 re f 0 G 60 600 460 120 re S 0 g \
                   BT /F1 10 Tf 80 694 Td (The first of some lines) Tj 0 -14 Td (that stand on a ground) Tj 0 -14 Td (of grey.) Tj ET";
    let document = read(grounds, "", &[]);
    assert!(document.blocks.iter().all(|block| block.kind != BlockKind::Table), "{}", document.text);

    let page = "BT /F1 10 Tf 72 700 Td (1.2 Sick leave) Tj 0 -12 Td (Ten days.) Tj ET";
    let outline = [
        "<< /Type /Outlines /First 21 0 R /Last 21 0 R /Count 1 >>",
        "<< /Title (Leave) /Parent 20 0 R /Dest [6 0 R /Fit] /First 22 0 R /Last 22 0 R /Count 1 >>",
        "<< /Title (Sick leave) /Parent 21 0 R /Dest [6 0 R /Fit] >>",
    ];
    let document = read(page, "/Outlines 20 0 R /PageLabels << /Nums [0 << /S /r /St 4 >>] >>", &outline);
    let headings: Vec<_> = document.blocks.iter().filter(|b| b.kind == BlockKind::Heading).collect();
    assert_eq!(headings.len(), 1, "{document:#?}");
    assert_eq!((headings[0].level, headings[0].page), (2, Some(2)));
    assert_eq!(document.blocks.last().unwrap().heading_path, ["Leave", "1.2 Sick leave"]);
    let labels: Vec<_> = document.pages.iter().map(|page| page.label.as_deref()).collect();
    assert_eq!(labels, [Some("iv"), Some("v")]);
}

/// The real files that this is measured on, where they are.
#[test]
fn pdfium_reads_real_tables_and_arabic() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/ingest/docling/pdf/sources");
    if !folder.is_dir() {
        return;
    }
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let read = |name: &str| {
        parse(&folder.join(name), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap().text
    };
    let rules_alone = read("2305.03393v1-pg9.pdf");
    assert!(
        rules_alone.contains("| 4 | 2 | OTSL HTML | 0.952 0.944 | 0.92 0.903 | 0.942 0.931 |"),
        "{rules_alone}"
    );
    let korean = read("normal_4pages.pdf");
    assert!(korean.contains("| 구분 | 개정전 | 개정후 |"), "{korean}");
    let arabic = read("right_to_left_01.pdf");
    assert!(arabic.contains("تحسين الإنتاجية وحل المشكلات من خلال البرمجة بلغة R و Python"), "{arabic}");
}

#[test]
fn pdfium_reads_what_a_password_opens() {
    let mut document = Document::load_mem(&pdf(&["BT /F1 10 Tf 72 700 Td (Ten days.) Tj ET"])).unwrap();
    let id = Object::String(b"0123456789abcdef".to_vec(), StringFormat::Hexadecimal);
    document.trailer.set("ID", Object::Array(vec![id.clone(), id]));
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "the owner's",
        user_password: "open sesame",
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), bytes).unwrap();
    let read = |pdfium: Option<PathBuf>, passwords: &[&str]| {
        let passwords = passwords.iter().map(|it| Password::parse(it).unwrap()).collect();
        let engines = EngineConfig { pdfium, passwords, ..EngineConfig::default() };
        parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept)
    };
    let message = |read: Result<ParsedDocument>| read.unwrap_err().message().to_owned();
    assert!(message(read(None, &[])).contains("upload it with its password"));
    assert!(message(read(None, &["open sesame"])).contains("footnote models pull pdfium"));
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let pdfium = || Some(library.clone());
    assert!(message(read(pdfium(), &[])).contains("upload it with its password"));
    assert!(message(read(pdfium(), &["barley", "rye"])).contains("none that was given"));
    assert_eq!(read(pdfium(), &["barley", "open sesame"]).unwrap().text, "Ten days.");
    assert_eq!(read(pdfium(), &["the owner's"]).unwrap().text, "Ten days.");
}

/// A field's value lies in an appearance of its own, which is no part of the page's text.
#[test]
fn pdfium_reads_what_was_filled_in() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let page =
        "BT /F1 10 Tf 72 700 Td (Name of the employee:) Tj ET BT /F1 10 Tf 72 660 Td (Signed in June.) Tj ET";
    let value = "/Tx BMC BT /F1 10 Tf 2 3 Td (Alice Liddell) Tj ET EMC";
    let objects = [
        "<< /Fields [21 0 R] /DR << /Font << /F1 3 0 R >> >> /DA (/F1 10 Tf) >>".to_owned(),
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Alice Liddell) /Rect [200 697 400 712] /F 4 /AP << /N 22 0 R >> >>"
            .to_owned(),
        format!(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 200 15] /Resources << /Font << /F1 3 0 R >> >> /Length {} >>\n\
             stream\n{value}\nendstream",
            value.len()
        ),
    ];
    let mut text = String::from_utf8(pdf(&[page])).unwrap();
    text = text.replace("/Type /Catalog", "/Type /Catalog /AcroForm 20 0 R");
    text = text.replace("/Type /Page /Parent", "/Type /Page /Annots [21 0 R] /Parent");
    let more: String =
        objects.iter().enumerate().map(|(n, o)| format!("{} 0 obj\n{o}\nendobj\n", n + 20)).collect();
    text = text.replace("xref\n0", &format!("{more}xerf\n0")).replace("startxref", "startxerf");
    let file = tempfile::NamedTempFile::new().unwrap();
    let read = |text: &str| {
        fs_err::write(file.path(), text).unwrap();
        parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap()
    };
    let document = read(&text);
    assert_eq!(document.text, "Name of the employee: Alice Liddell\n\nSigned in June.");
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
    let long = format!("/V ({})", "abcd ".repeat(4_001));
    let document = read(&text.replace("/V (Alice Liddell)", &long));
    let message = &document.warnings[0].message;
    assert!(message.contains("5 characters of form fields"), "{message}");
}

/// In a font without a map to characters PDFium gives the numbers of its glyphs.
#[test]
fn glyphs_without_characters_are_told_and_left_out() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let fonts = [
        "<< /Type /Font /Subtype /Type0 /BaseFont /ABCDEF+Odd /Encoding /Identity-H /DescendantFonts [4 0 R] >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /ABCDEF+Odd /CIDToGIDMap /Identity /FontDescriptor 5 0 R /DW 600 \
         /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        "<< /Type /FontDescriptor /FontName /ABCDEF+Odd /Flags 4 /FontBBox [0 -200 1000 1000] /ItalicAngle 0 \
         /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
    ];
    let odd: String =
        "Every employee has ten days of leave.".bytes().map(|c| format!("{:04x}", c - 29)).collect();
    let page = format!("BT /F1 12 Tf 72 700 Td <{odd}> Tj ET");
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), pdf_in_fonts(&fonts, &[&page])).unwrap();
    let error = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotInstalled, "{error}");
    assert!(error.message().contains("characters were left out, as their fonts"), "{error}");
    assert!(error.message().contains("models pull"), "{error}");
}

#[test]
fn pdfium_reads_footnotes_and_goes_on_over_the_end_of_a_page() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let first = "BT /F1 10 Tf 72 100 Td (Ten days) Tj 4 Ts /F1 6 Tf (1) Tj 0 Ts /F1 10 Tf ( of annual leave are granted to each of those who) Tj ET \
                 BT /F1 5 Tf 72 63 Td (1) Tj ET BT /F1 8 Tf 78 60 Td (Of the calendar year.) Tj ET";
    let second = "BT /F1 10 Tf 72 700 Td (work for the company.) Tj ET";
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), pdf(&[first, second])).unwrap();
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    assert_eq!(
        document.text,
        "1 Of the calendar year.\n\nTen days1 of annual leave are granted to each of those who work for the company."
    );
    assert_eq!(document.blocks[0].kind, BlockKind::Footnote);
    let lines: Vec<_> = document.lines.iter().map(|line| (line.page, line.bounds[1] < 0.5)).collect();
    assert_eq!(lines, [(1, false), (1, false), (2, true)]);
    assert_eq!(document.pages_of(document.blocks[1].span), Some((1, 2)));
}

/// A page with these annotations; the objects are numbered from 20, of which `form` names the fields.
fn annotated(page: &str, annotations: &str, form: &str, objects: &[String]) -> Vec<u8> {
    let mut text = String::from_utf8(pdf(&[page])).unwrap();
    text = text.replace("/Type /Catalog", &format!("/Type /Catalog {form}"));
    text = text.replace("/Type /Page /Parent", &format!("/Type /Page /Annots [{annotations}] /Parent"));
    let more: String =
        objects.iter().enumerate().map(|(n, o)| format!("{} 0 obj\n{o}\nendobj\n", n + 20)).collect();
    // Objects without an entry in the table of references: PDFium rebuilds it.
    text.replace("xref\n0", &format!("{more}xerf\n0")).replace("startxref", "startxerf").into_bytes()
}

#[test]
fn pdfium_reads_what_was_chosen_and_what_was_noted() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let page = "BT /F1 10 Tf 72 700 Td (Paid:) Tj 0 -30 Td (Unpaid:) Tj ET";
    let read = |value: &str, states: [&str; 2]| {
        let button = |name: &str, state: &str, y: u32| {
            format!(
                "<< /Type /Annot /Subtype /Widget /Parent 21 0 R /Rect [120 {y} 130 {}] /F 4 {state} \
                 /AP << /N << /{name} 20 0 R /Off 20 0 R >> >> >>",
                y + 10
            )
        };
        let objects = [
            "<< /Type /XObject /Subtype /Form /BBox [0 0 10 10] /Length 0 >>\nstream\n\nendstream".to_owned(),
            format!("<< /FT /Btn /Ff 49152 /T (kind) {value} /Kids [22 0 R 23 0 R] >>"),
            button("paid", states[0], 698),
            button("unpaid", states[1], 668),
            "<< /Type /Annot /Subtype /FreeText /Rect [72 600 300 620] /F 4 /DA (/F1 10 Tf) /Contents (Seen by Alice.) >>"
                .to_owned(),
            "<< /Type /Annot /Subtype /FreeText /Rect [72 500 300 520] /F 2 /DA (/F1 10 Tf) /Contents (Hidden.) >>".to_owned(),
        ];
        let file = tempfile::NamedTempFile::new().unwrap();
        let form = "/AcroForm << /Fields [21 0 R] >>";
        fs_err::write(file.path(), annotated(page, "22 0 R 23 0 R 24 0 R 25 0 R", form, &objects)).unwrap();
        parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap().text
    };
    let chosen = read("/V /unpaid", ["/AS /Off", "/AS /unpaid"]);
    assert_eq!(chosen, "Paid:\n\nUnpaid: ◉\n\nSeen by Alice.");
    for (value, states) in
        [("", ["", ""]), ("", ["/AS /Off", "/AS /Off"]), ("/V /Off", ["/AS /Off", "/AS /Off"])]
    {
        assert_eq!(read(value, states), "Paid:\n\nUnpaid:\n\nSeen by Alice.", "{value} {states:?}");
    }
}

#[test]
fn pdfium_reads_remarks_and_hands_on_embedded_files() {
    let page = "BT /F1 10 Tf 72 700 Td (Ten days of leave.) Tj ET";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(leave.csv) 9 0 R] >> >> >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R /Annots [6 0 R 7 0 R 8 0 R] \
         /Resources << /Font << /F1 4 0 R >> >> >>"
            .to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
        "<< /Type /Annot /Subtype /Text /Rect [72 695 90 712] /Contents (Really ten?) /T (Ann) /M (D:20260618171552Z) >>"
            .to_owned(),
        "<< /Type /Annot /Subtype /Highlight /Rect [72 695 200 712] /QuadPoints [72 712 200 712 72 695 200 695] \
         /Contents (Since June.) >>"
            .to_owned(),
        "<< /Type /Annot /Subtype /Text /Rect [72 695 90 712] /F 2 /Contents (Hidden.) >>".to_owned(),
        "<< /Type /Filespec /F (leave.csv) /UF (leave.csv) /EF << /F 10 0 R >> >>".to_owned(),
        "<< /Type /EmbeddedFile /Length 10 >>\nstream\nname,days\n\nendstream".to_owned(),
    ];
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), pdf_of_objects(&objects)).unwrap();
    let read = |engines: &EngineConfig| {
        let mut kept = Kept::default();
        let document = parse(file.path(), &ParseLimits::default(), engines, &|_, _| {}, &mut kept).unwrap();
        (document, kept.members)
    };
    let (document, members) = read(&EngineConfig::default());
    assert!(members.is_empty());
    assert!(document.warnings[0].message.contains("embedded in it"), "{:?}", document.warnings);
    let (document, _) = read(&EngineConfig { pdfium: Some("/nowhere".into()), ..EngineConfig::default() });
    let message = &document.warnings[0].message;
    assert!(message.contains("/nowhere") || message.contains("knows no layout"), "{message}");
    assert!(message.ends_with("not read: the files that are embedded in it"), "{message}");
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let (document, members) = read(&EngineConfig { pdfium: Some(library), ..EngineConfig::default() });
    assert_eq!(
        document.text,
        "Ten days of leave.\n\nComment by Ann, 2026-06-18 17:15: Really ten?\n\nComment: Since June.\n\n\
         Embedded files:\n\n| Name | Size |\n| --- | --- |\n| leave.csv | 10 bytes |"
    );
    assert_eq!(document.blocks[1].kind, BlockKind::Footnote);
    assert_eq!(members, [("leave.csv".to_owned(), b"name,days\n".to_vec())]);
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
}

mod pages;
