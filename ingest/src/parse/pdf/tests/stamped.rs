//! Scans whose pages have a little text of their own: a stamp, the number of the page.

use super::*;

const STAMP: &str = "BT /F1 12 Tf 72 740 Td (Received 3 May) Tj ET";

/// A PDF of pages with a picture over most of them, below this text.
fn scan(pages: &[&str]) -> Vec<u8> {
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        String::new(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 \
         /Length 1 >>\nstream\n~\nendstream"
            .to_owned(),
    ];
    let mut kids = String::new();
    for text in pages {
        let page = objects.len() + 1;
        kids.push_str(&format!("{page} 0 R "));
        let content = format!("q 612 0 0 700 0 0 cm /P Do Q {text}");
        objects.extend([
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R /Resources << \
                 /Font << /F1 3 0 R >> /XObject << /P 4 0 R >> >> >>",
                page + 1
            ),
            format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        ]);
    }
    objects[1] = format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", pages.len());
    pdf_of_objects(&objects)
}

#[test]
fn a_scan_with_a_stamp_is_told_as_lost_where_there_is_no_ocr() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let long = "BT /F1 10 Tf 72 740 Td (A caption of a picture that says all there is to be said about it, in one line \
                of text) Tj ET";
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), scan(&[STAMP, "", long, STAMP])).unwrap();
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    assert!(document.text.contains("Received 3 May"), "{}", document.text);
    let told: Vec<_> = document.warnings.iter().filter_map(|it| it.page.map(|page| (page, it))).collect();
    assert_eq!(told.iter().map(|(page, _)| *page).collect::<Vec<_>>(), [1, 2, 4], "{told:?}");
    for (page, warning) in told {
        let names = [format!("page {page} "), ocr::INSTALL.to_owned()];
        assert_eq!(warning.kind, WarningKind::Lost, "{warning:?}");
        assert!(names.iter().all(|name| warning.message.contains(name)), "{warning:?}");
    }
}

#[test]
fn text_beside_a_scan_does_not_hide_that_the_scan_was_not_read() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let file = tempfile::NamedTempFile::new().unwrap();
    let page = format!("{STAMP} BT /F1 12 Tf 72 -50 Td (file.indd) Tj ET");
    fs_err::write(file.path(), scan(&[&page])).unwrap();
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    let [warning] = document.warnings.as_slice() else { panic!("{:?}", document.warnings) };
    assert_eq!(warning.kind, WarningKind::Lost);
    for part in ["page 1 shows more", ocr::INSTALL, "9 characters were left out"] {
        assert!(warning.message.contains(part), "{warning:?}");
    }
}

#[test]
fn a_long_scan_with_stamps_does_not_warn_of_each_page() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), scan(&[STAMP; 60])).unwrap();
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    let told: Vec<_> = document.warnings.iter().filter(|it| it.kind == WarningKind::Lost).collect();
    assert_eq!(told.len(), 21, "{told:?}");
    assert!(
        told[20].page == Some(21) && told[20].message.starts_with("pages 21 to 60 show more"),
        "{told:?}"
    );
}
