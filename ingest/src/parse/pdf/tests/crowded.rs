//! Pages that have more than is looked at: what is left out is told.

use super::shown::text_of;
use super::*;

/// Kinds, pages and messages of the warnings of a file.
fn told(file: &[u8], library: &Path) -> Vec<(WarningKind, Option<u32>, String)> {
    let warnings = text_of(file, library).warnings.into_iter();
    warnings.map(|warning| (warning.kind, warning.page, warning.message)).collect()
}

fn check(told: &[(WarningKind, Option<u32>, String)], kind: WarningKind, page: Option<u32>, part: &str) {
    let [(of_kind, of_page, message)] = told else { panic!("{told:?}") };
    assert!((*of_kind, *of_page) == (kind, page) && message.contains(part), "{told:?}");
}

#[test]
fn drawings_that_are_not_looked_at_are_told() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    // Text behind them is read, even a single character, which has no width without its font.
    let behind = |dashes: usize| {
        let dashes = "72 650 3 1 re f ".repeat(dashes);
        let page = format!("{dashes} 72 600 300 0.5 re f BT /F1 12 Tf 72 660 Td <7537> Tj ET");
        let document = text_of(&pdf_in_song(&[&page]), &library);
        assert_eq!(document.text, "男");
        document.warnings.into_iter().map(|it| (it.kind, it.page, it.message)).collect::<Vec<_>>()
    };
    assert_eq!(behind(29_999), []);
    check(&behind(30_000), WarningKind::Doubtful, Some(1), "tables may be read as text");

    let zigzag = format!("72 600 m {}S ", "80 610 l 72 600 l ".repeat(250));
    let zigzags = |count: usize| told(&pdf(&[&format!("{HELLO} {}", zigzag.repeat(count))]), &library);
    assert_eq!(zigzags(59), []);
    check(&zigzags(60), WarningKind::Doubtful, Some(1), "tables may be read as text");
}

#[test]
fn links_that_are_not_looked_at_are_told() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let links = |count: usize, address: fn(usize) -> usize| {
        let link = |number: usize| {
            let address = address(number);
            format!(
                "<< /Type /Annot /Subtype /Link /Rect [72 697 190 712] \
                 /A << /S /URI /URI (https://example.org/{address}) >> >>"
            )
        };
        let objects: Vec<String> = (0..count).map(link).collect();
        let names: Vec<String> = (20..20 + count).map(|number| format!("{number} 0 R")).collect();
        told(&annotated(HELLO, &names.join(" "), "", &objects), &library)
    };
    assert_eq!(links(5_000, |_| 1), []);
    check(&links(5_001, |_| 1), WarningKind::Lost, Some(1), "links behind the first 5000");
    assert_eq!(links(8, |number| number), []);
    check(&links(11, |number| number), WarningKind::Lost, Some(1), "3 links were left out");
}

#[test]
fn entries_of_the_outline_that_are_not_looked_at_are_told() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let outline = |count: usize| {
        let entry = |number: usize| {
            let next = if number < count { format!("/Next {} 0 R", 21 + number) } else { String::new() };
            format!("<< /Title (Part {number}) /Parent 20 0 R {next} >>")
        };
        let root = format!("<< /Type /Outlines /First 21 0 R /Last {} 0 R /Count {count} >>", 20 + count);
        let objects: Vec<String> = std::iter::once(root).chain((1..=count).map(entry)).collect();
        told(&annotated(HELLO, "", "/Outlines 20 0 R", &objects), &library)
    };
    assert_eq!(outline(20_000), []);
    check(&outline(20_001), WarningKind::Lost, None, "outline behind the first 20000");
}
