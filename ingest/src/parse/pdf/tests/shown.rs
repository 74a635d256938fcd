//! What a page shows and PDFium's text of it lacks, and what it has and does not show.

use super::*;

fn text_of(file: &[u8], library: &Path) -> ParsedDocument {
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

#[test]
fn what_stamps_and_fields_without_a_form_show_is_read() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let picture = |words: &str| {
        let content = format!("BT /F1 10 Tf 2 5 Td ({words}) Tj ET");
        format!(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /F1 3 0 R >> >> \
             /Length {} >>\nstream\n{content}\nendstream",
            content.len()
        )
    };
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
