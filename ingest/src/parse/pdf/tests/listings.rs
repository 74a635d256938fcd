//! Listings in PDFs.

use super::shown::text_of;
use super::*;

/// Text in Helvetica with a listing in Courier between, whose indents are no characters.
#[test]
fn pdfium_reads_listings() {
    let Some(library) = installed::pdfium() else { return };
    let _alone = alone();
    let page = "BT /F1 10 Tf 72 700 Td (This is how it is done in the examples of this book, and in most others that you) Tj \
                0 -12 Td (will see. The word ) Tj /F2 10 Tf (first) Tj /F1 10 Tf ( is the name of what is called:) Tj ET \
                BT /F2 9 Tf 90 660 Td (def first\\(values\\):) Tj 21.6 -11 Td (if not values:) Tj 21.6 -11 Td (return None) Tj \
                -21.6 -22 Td (return values[0]) Tj 145.8 0 Td (# or --take-) Tj ET \
                BT /F1 10 Tf 72 580 Td (It gives the first of the values, and nothing where there are none.) Tj ET";
    let fonts =
        ["Helvetica", "Courier"].map(|name| format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} >>"));
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [5 0 R] /Count 1 >>".to_owned(),
    ];
    objects.extend(fonts);
    objects.push(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 6 0 R /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>"
            .to_owned(),
    );
    objects.push(format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()));
    let document = text_of(&pdf_of_objects(&objects), &library);
    let code = "def first(values):\n    if not values:\n        return None\n\n    return values[0]           # or --take-";
    let text = "This is how it is done in the examples of this book, and in most others that you will see. The word first is \
                the name of what is called:";
    let last = "It gives the first of the values, and nothing where there are none.";
    assert_eq!(document.text, format!("{text}\n\n{code}\n\n{last}"));
    let kinds: Vec<_> = document.blocks.iter().map(|block| block.kind).collect();
    assert_eq!(kinds, [BlockKind::Paragraph, BlockKind::Code, BlockKind::Paragraph]);
    assert_eq!(document.lines.iter().filter(|line| line.bounds[0] > 0.14).count(), 4, "{:?}", document.lines);
}
