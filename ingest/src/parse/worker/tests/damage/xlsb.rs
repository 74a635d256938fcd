//! Writes the values of a real workbook as XLSB, of which there is no real file: the records of \[MS-XLSB\] with shared
//! strings, styles and relationships.

use std::io::{Cursor, Write};
use std::path::Path;

use calamine::{Data, Range, Reader, Xlsx};
use zip::write::SimpleFileOptions;

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
/// The style of dates. That of all else is 0.
const DATE: u8 = 1;

/// The workbook at `path`, an XLSX or XLSM, as XLSB.
pub(super) fn of_workbook(path: &Path) -> Vec<u8> {
    let mut workbook = Xlsx::new(Cursor::new(fs_err::read(path).unwrap())).unwrap();
    let (mut parts, mut strings, mut bundle) = (Vec::new(), Vec::new(), Vec::new());
    let mut relations = relation("styles", "styles", "styles.bin");
    relations += &relation("strings", "sharedStrings", "sharedStrings.bin");
    for (number, (name, cells)) in (1_u32..).zip(workbook.worksheets()) {
        let (id, part) = (format!("sheet{number}"), format!("worksheets/sheet{number}.bin"));
        relations += &relation(&id, "worksheet", &part);
        // Shown; its number and its names.
        bundle.extend(record(
            156,
            &[&[0; 4][..], &number.to_le_bytes(), &string(&id), &string(&name)].concat(),
        ));
        parts.push((format!("xl/{part}"), sheet(&cells, &mut strings)));
    }
    let book = [
        record(131, &[]),
        record(153, &[0; 12]),
        record(143, &[]),
        bundle,
        record(144, &[]),
        record(132, &[]),
    ];
    let main = relation("book", "officeDocument", "xl/workbook.bin");
    let types = format!(
        "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"bin\" \
         ContentType=\"application/vnd.ms-excel.sheet.binary.macroEnabled.main\"/></Types>"
    );
    parts.extend([
        ("[Content_Types].xml".to_owned(), types.into_bytes()),
        ("_rels/.rels".to_owned(), relationships(&main)),
        ("xl/workbook.bin".to_owned(), book.concat()),
        ("xl/_rels/workbook.bin.rels".to_owned(), relationships(&relations)),
        ("xl/styles.bin".to_owned(), styles()),
        ("xl/sharedStrings.bin".to_owned(), shared(&strings)),
    ]);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(&content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn relation(id: &str, kind: &str, target: &str) -> String {
    format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
}

fn relationships(relations: &str) -> Vec<u8> {
    format!("<Relationships xmlns=\"{PACKAGE}/relationships\">{relations}</Relationships>").into_bytes()
}

fn sheet(cells: &Range<Data>, strings: &mut Vec<String>) -> Vec<u8> {
    let ((top, left), (bottom, right)) = (cells.start().unwrap_or_default(), cells.end().unwrap_or_default());
    let dimension = [top, bottom, left, right].map(u32::to_le_bytes).concat();
    let mut records = [record(129, &[]), record(148, &dimension), record(145, &[])].concat();
    for (row, values) in (top..).zip(cells.rows()) {
        records.extend(record(0, &[&row.to_le_bytes()[..], &[0; 13]].concat()));
        for (column, value) in (left..).zip(values) {
            records.extend(cell(column, value, strings));
        }
    }
    [records, record(146, &[]), record(130, &[])].concat()
}

fn cell(column: u32, value: &Data, strings: &mut Vec<String>) -> Vec<u8> {
    let (kind, style, value) = match value {
        Data::Int(number) => (5, 0, (*number as f64).to_le_bytes().to_vec()),
        Data::Float(number) => (5, 0, number.to_le_bytes().to_vec()),
        Data::DateTime(date) => (5, DATE, date.as_f64().to_le_bytes().to_vec()),
        Data::Bool(is) => (4, 0, vec![u8::from(*is)]),
        Data::Error(_) => (3, 0, vec![0x2a]),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
            strings.push(text.clone());
            (7, 0, u32::try_from(strings.len() - 1).unwrap().to_le_bytes().to_vec())
        }
        Data::Empty => return Vec::new(),
    };
    record(kind, &[&column.to_le_bytes()[..], &[style, 0, 0, 0], &value].concat())
}

fn shared(strings: &[String]) -> Vec<u8> {
    let count = u32::try_from(strings.len()).unwrap().to_le_bytes();
    let items = strings.iter().map(|text| record(19, &[&[0][..], &string(text)].concat()));
    [record(159, &[count, count].concat()), items.collect::<Vec<_>>().concat(), record(160, &[])].concat()
}

/// A number format of its own, and styles of cells: as it comes, and dates.
fn styles() -> Vec<u8> {
    let xf = |format: u8| record(47, &[0, 0, format, 0, 0, 0, 0, 0]);
    let format = [&[164, 0][..], &string("\"EUR\" #,##0.00")].concat();
    let formats = [record(615, &[1, 0, 0, 0]), record(44, &format), record(616, &[])];
    let own = [record(626, &[1, 0, 0, 0]), xf(0), record(627, &[])];
    let of_cells = [record(617, &[2, 0, 0, 0]), xf(0), xf(14), record(618, &[])];
    [record(278, &[]), formats.concat(), own.concat(), of_cells.concat(), record(279, &[])].concat()
}

fn string(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [&u32::try_from(units.len() / 2).unwrap().to_le_bytes()[..], &units].concat()
}

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    [&number(usize::from(kind))[..], &number(data.len()), data].concat()
}

/// Seven bits in each byte, the lowest first, of which all but the last have the eighth set.
fn number(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
