//! A PDF of many pages of plain text, made on the spot: what `footnote bench` reads.

use std::fmt::Write as _;

const LINES: usize = 40;

/// A PDF with so many pages of forty lines, no two alike.
pub(super) fn pages(count: usize) -> Vec<u8> {
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        String::new(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut kids = String::new();
    for page in 0..count {
        let content = content(page);
        let number = objects.len() + 1;
        kids.push_str(&format!("{number} 0 R "));
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R \
             /Resources << /Font << /F1 3 0 R >> >> >>",
            number + 1
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
    }
    if let Some(tree) = objects.get_mut(1) {
        *tree = format!("<< /Type /Pages /Kids [{kids}] /Count {count} >>");
    }
    assemble(&objects)
}

fn content(page: usize) -> String {
    let lines = (0..LINES).map(|line| {
        let number = page * LINES + line;
        format!(
            "(Item {number}: the sensor was calibrated with two buffer solutions and passed.) Tj 0 -16 Td "
        )
    });
    format!("BT /F1 11 Tf 60 740 Td {}ET", lines.collect::<String>())
}

/// The file: numbered objects, the table of where they lie, the trailer.
fn assemble(objects: &[String]) -> Vec<u8> {
    let mut file = "%PDF-1.4\n".to_owned();
    let mut table = String::new();
    for (index, object) in objects.iter().enumerate() {
        // Writing into a string cannot fail.
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        let _ = writeln!(file, "{} 0 obj\n{object}\nendobj", index + 1);
    }
    let (start, size) = (file.len(), objects.len() + 1);
    let _ = write!(
        file,
        "xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n\
         startxref\n{start}\n%%EOF\n"
    );
    file.into_bytes()
}
