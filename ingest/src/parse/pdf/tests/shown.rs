//! What a page shows and PDFium's text of it lacks, and what it has and does not show.

use super::*;

pub(super) fn text_of(file: &[u8], library: &Path) -> ParsedDocument {
    let engines = EngineConfig { pdfium: Some(library.to_owned()), ..EngineConfig::default() };
    let path = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(path.path(), file).unwrap();
    parse(path.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap()
}

/// They have no width where the font is not there: PDFium leaves objects of one such character out.
#[test]
fn single_characters_in_a_font_that_is_not_in_the_file_are_read() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let cell = |x: u32, y: u32, codes: &str| format!("BT /F1 12 Tf {x} {y} Td <{codes}> Tj ET ");
    // 姓名 性别, 张三 男.
    let page = [
        cell(72, 700, "59D3540D"),
        cell(200, 700, "60275225"),
        cell(72, 680, "5F204E09"),
        cell(200, 680, "7537"),
    ];
    let document = text_of(&pdf_in_song(&[&page.concat()]), &library);
    assert!(document.text.contains("张三") && document.text.contains('男'), "{}", document.text);
}

/// Codes that are numbers of glyphs in one of Adobe's collections, of which PDFium knows the characters, without a font
/// or a map of them in the file.
#[test]
fn numbers_of_glyphs_in_known_collections_are_read() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let read = |ordering: &str, font: &str, codes: &str, single: &str| {
        let fonts = [
            format!(
                "<< /Type /Font /Subtype /Type0 /BaseFont /{font} /Encoding /Identity-H /DescendantFonts [4 0 R] >>"
            ),
            format!(
                "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /{font} /FontDescriptor 5 0 R /DW 1000 \
                 /CIDSystemInfo << /Registry (Adobe) /Ordering ({ordering}) /Supplement 2 >> >>"
            ),
            format!(
                "<< /Type /FontDescriptor /FontName /{font} /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 \
                 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>"
            ),
        ];
        let page = format!("BT /F1 12 Tf 72 700 Td <{codes}> Tj ET BT /F1 12 Tf 72 600 Td <{single}> Tj ET");
        let document = text_of(&pdf_in_fonts(&fonts.each_ref().map(String::as_str), &[&page]), &library);
        assert!(document.warnings.is_empty(), "{:?}", document.warnings);
        document.text
    };
    let chinese = read("GB1", "STSong-Light", "0B4D084C0EB90D450E3F", "0B33");
    assert_eq!(chinese, "年假为十天\n\n男");
    let japanese = read("Japan1", "HeiseiMin-W3", "0673054B037809470CD403700362", "0B89");
    assert_eq!(japanese, "休暇は十日です\n\n男");
    let traditional = read("CNS1", "MSung-Light", "03CB09FF0789026402C2", "04F2");
    assert_eq!(traditional, "年假為十天\n\n男");
    assert_eq!(read("Korea1", "HYSMyeongJo-Medium", "0D4B043E05D7092D0A4C", "0569"), "휴가는십일\n\n남");
}

/// What an annotation shows.
fn picture(words: &str) -> String {
    let content = format!("BT /F1 10 Tf 2 5 Td ({words}) Tj ET");
    format!(
        "<< /Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /F1 3 0 R >> >> \
         /Length {} >>\nstream\n{content}\nendstream",
        content.len()
    )
}

/// PDFium makes a page that has its box from the pages' common one a letter when it puts its stamps into its content,
/// leaves out stamps that are not printed, and writes what was changed on the page over them, as a blank is.
#[test]
fn a_stamp_is_read_whether_printed_or_not_and_takes_nothing_of_its_page() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let page = "BT /F1 10 Tf 72 700 Td (Ten days of leave.) Tj ET BT /F1 10 Tf 160 700 Td ( ) Tj ET \
                BT /F1 10 Tf 72 650 Td (Twelve days of rest.) Tj 700 -50 Td (In June.) Tj ET";
    for flags in ["/F 4", ""] {
        let stamp =
            format!("<< /Type /Annot /Subtype /Stamp /Rect [72 500 272 520] {flags} /AP << /N 20 0 R >> >>");
        let file = annotated(page, "21 0 R", "", &[picture("APPROVED BY ALICE"), stamp]);
        let file = String::from_utf8(file).unwrap();
        let file = file.replace("/MediaBox [0 0 612 792]", "");
        let file = file.replace("/Type /Pages", "/Type /Pages /MediaBox [0 0 1190 842]");
        let document = text_of(file.as_bytes(), &library);
        for part in ["Ten days of leave.", "In June.", "APPROVED BY ALICE"] {
            assert!(document.text.contains(part), "{flags:?}: {}", document.text);
        }
        assert!(document.warnings.is_empty(), "{:?}", document.warnings);
        let left = document.lines.iter().map(|line| line.bounds[0]).fold(0.0, f32::max);
        assert!((left - 772.0 / 1190.0).abs() < 0.01, "{left}");
    }
}

#[test]
fn a_page_whose_boxes_have_nothing_in_common_keeps_its_text() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let file = String::from_utf8(pdf(&[HELLO])).unwrap();
    let file = file.replace("[0 0 612 792]", "[0 0 61 79] /CropBox [700 700 800 800]");
    assert_eq!(text_of(file.as_bytes(), &library).text, text_of(&pdf(&[HELLO]), &library).text);
}

#[test]
fn what_stamps_and_fields_without_a_form_show_is_read() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let note = |kind: &str, y: u32, flags: u8, picture: u8| {
        format!(
            "<< /Type /Annot /Subtype /{kind} /Rect [72 {y} 272 {}] /F {flags} /AP << /N {picture} 0 R >> >>",
            y + 20
        )
    };
    let objects = [
        picture("APPROVED BY ALICE"),
        picture("Department of Leave"),
        picture("Nobody sees this"),
        note("Stamp", 600, 4, 20),
        note("Widget", 500, 4, 21),
        note("Stamp", 400, 2, 22),
    ];
    let page = "BT /F1 10 Tf 72 700 Td (Ten days of leave.) Tj ET";
    let document = text_of(&annotated(page, "23 0 R 24 0 R 25 0 R", "", &objects), &library);
    assert_eq!(document.text, "Ten days of leave.\n\nAPPROVED BY ALICE\n\nDepartment of Leave");
}

#[test]
fn text_beside_the_page_is_told_and_left_out() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let page = "BT /F1 10 Tf 72 700 Td (Ten days of leave.) Tj 0 -900 Td (Twelve days.) Tj ET";
    let document = text_of(&pdf(&[page]), &library);
    assert_eq!(document.text, "Ten days of leave.");
    let [warning] = document.warnings.as_slice() else { panic!("{:?}", document.warnings) };
    assert_eq!((warning.kind, warning.page), (WarningKind::Note, Some(1)));
    assert!(warning.message.contains("11 characters were left out"), "{warning:?}");
}

/// Programs lean letters over where the file has no italic font.
#[test]
fn letters_that_are_leant_over_stay_in_their_line() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let page = "BT /F1 10 Tf 72 700 Td (IFRS 8) Tj 1 0 0.33 1 105 700 Tm (Operating Segments) Tj \
                1 0 0 1 200 700 Tm (applies.) Tj ET";
    assert_eq!(text_of(&pdf(&[page]), &library).text, "IFRS 8 Operating Segments applies.");
}
