//! Whole pages as PDFium reads them: turned text, coloured cells, symbols, remarks.

use super::*;

/// Text that runs down the page, as it does on pages in landscape: its size is that of its letters, so that words and
/// columns are told apart as on any other page.
#[test]
fn pdfium_reads_turned_pages_like_upright_ones() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let rows = [["Leave of two days", "10", "12"], ["Sick leave", "2", "3"]];
    let page: String = rows
        .iter()
        .zip([500, 488])
        .flat_map(|(row, x)| row.iter().zip([700, 400, 300]).map(move |(text, y)| (text, x, y)))
        .map(|(text, x, y)| format!("BT /F1 10 Tf 0 -1 1 0 {x} {y} Tm ({text}) Tj ET "))
        .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), pdf(&[&page])).unwrap();
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    assert_eq!(document.text, "| Leave of two days | 10 | 12 |\n| --- | --- | --- |\n| Sick leave | 2 | 3 |");
}

/// A table on a slide: coloured cells without a line, with bullets in them that stand a little higher.
#[test]
fn pdfium_reads_tables_of_coloured_cells() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let rows = [["Leave", "Days", "Weeks"], ["Annual", "10", ""], ["Sick", "", "3"]];
    let cells = (0..3).flat_map(|row| (0..3).map(move |column| (row, column)));
    let page: String = cells
        .map(|(row, column)| {
            let (x, y) = (72 + 100 * column, 600 - 20 * row);
            let text = rows[row][column];
            format!("0.8 g {x} {y} 100 20 re f 0 g BT /F1 10 Tf {} {} Td ({text}) Tj ET ", x + 8, y + 6)
        })
        .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), pdf(&[&page])).unwrap();
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    let table = "| Leave | Days | Weeks |\n| --- | --- | --- |\n| Annual | 10 |  |\n| Sick |  | 3 |";
    assert_eq!(document.text, table);
}

/// Letters that a file places one by one: an italic `f` leans over the blank behind it, and PDFium takes the second of
/// two for the shadow of the first.
#[test]
fn pdfium_reads_leaning_letters_that_stand_alone() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let width = |c: char| match c {
        ' ' => 2.5,
        'f' | 't' | 'i' => 2.78,
        'e' | 'c' => 4.44,
        'r' => 3.89,
        'A' => 6.11,
        _ => 5.0,
    };
    let letters = "affect of Aurora".chars().scan(72.0, |right, c| {
        let left = *right;
        *right += width(c);
        Some((c, left))
    });
    let page: String = letters
        .filter(|(c, _)| *c != ' ')
        .map(|(c, x)| format!("BT /F1 20 Tf 0.5 0 0 0.5 {x} 700 Tm ({c}) Tj ET "))
        .collect();
    let text = String::from_utf8(pdf(&[&page])).unwrap().replace("Helvetica", "Times-Italic");
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), text).unwrap();
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    assert_eq!(document.text, "affect of Aurora");
}

/// A list box shows what may be chosen besides what is.
#[test]
fn pdfium_reads_all_that_a_list_box_shows() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let list = "<< /Type /Annot /Subtype /Widget /FT /Ch /T (place) /V (Oslo) /Opt [(Rome) (Oslo) (Lyon)] \
                /Rect [200 600 400 660] /F 4 >>";
    let form = "/AcroForm << /Fields [20 0 R] >>";
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), annotated(HELLO, "20 0 R", form, &[list.to_owned()])).unwrap();
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    for shown in ["Rome", "☑ Oslo", "Lyon"] {
        assert!(document.text.contains(shown), "{}", document.text);
    }
}

/// The code of a box in Wingdings is that of a letter.
#[test]
fn pdfium_reads_symbols_of_symbol_fonts() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let page = "BT /F1 10 Tf 72 700 Td (o) Tj 30 0 Td (x) Tj ET";
    let text = String::from_utf8(pdf(&[page])).unwrap().replace("Helvetica", "Wingdings");
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), text).unwrap();
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    assert!(document.text.contains('☐') && document.text.contains('☒'), "{}", document.text);
}

/// A box stands before its label, and behind the label before it, without a blank.
#[test]
fn pdfium_reads_symbols_within_words() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let parts = [("F2", "o"), ("F1", "Yes"), ("F2", "o"), ("F1", "No")];
    let shown = parts.map(|(font, text)| format!("/{font} 10 Tf ({text}) Tj "));
    let wingdings = "<< /Type /Font /Subtype /Type1 /BaseFont /Wingdings >>".to_owned();
    let bytes = annotated(&format!("BT 72 700 Td {}ET", shown.concat()), "", "", &[wingdings]);
    let text = String::from_utf8(bytes).unwrap().replace("/F1 3 0 R", "/F1 3 0 R /F2 20 0 R");
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), text).unwrap();
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    assert!(document.text.replace(' ', "").ends_with("☐Yes☐No"), "{}", document.text);
}

#[test]
fn pdfium_reads_long_remarks_and_tells_of_those_that_are_too_many() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let long = format!("{}end of it", "word ".repeat(5_000));
    let remarks: Vec<String> = std::iter::once(long.clone())
        .chain((2..=5_002).map(|number| format!("Remark {number}")))
        .map(|text| format!("<< /Type /Annot /Subtype /Text /Rect [72 695 90 712] /Contents ({text}) >>"))
        .collect();
    let names: Vec<String> = (20..20 + remarks.len()).map(|number| format!("{number} 0 R")).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), annotated(HELLO, &names.join(" "), "", &remarks)).unwrap();
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    assert!(document.text.contains(&long) && document.text.contains("Remark 5000"));
    assert!(document.warnings[0].message.contains("2 remarks on the page"), "{:?}", document.warnings);
}

/// Where a link leads is told with the line it lies on; the text stays as it is. What runs something, or leads to a
/// place within the file, is no address.
#[test]
fn pdfium_tells_where_links_lead() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let engines = EngineConfig { pdfium: Some(library), ..EngineConfig::default() };
    let page = "BT /F1 10 Tf 72 700 Td (The form is here.) Tj 0 -30 Td (Nothing here.) Tj ET";
    let link = |rect: &str, action: &str| {
        format!("<< /Type /Annot /Subtype /Link /Rect [{rect}] /A << {action} >> >>")
    };
    let links = [
        "<< /Type /Annot /Subtype /Square /Rect [300 300 310 310] >>".to_owned(),
        link("110 697 150 710", "/S /URI /URI (https://example.org/form?a=1)"),
        link("72 667 150 680", "/S /URI /URI (javascript:alert\\(1\\))"),
        link("72 667 150 680", "/S /GoTo /D [3 0 R /Fit]"),
        link("72 567 150 580", "/S /URI /URI (https://example.org/beside)"),
    ];
    let names: Vec<String> = (20..25).map(|number| format!("{number} 0 R")).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), annotated(page, &names.join(" "), "", &links)).unwrap();
    let document = parse(file.path(), &ParseLimits::default(), &engines, &|_, _| {}, &mut Unkept).unwrap();
    assert_eq!(document.text, "The form is here.\n\nNothing here.");
    let links: Vec<&[String]> = document.lines.iter().map(|line| line.links.as_slice()).collect();
    assert_eq!(links, [&["https://example.org/form?a=1".to_owned()][..], &[]]);
}
