//! The records of a legacy workbook ([MS-XLS]) as far as its reading library does not show or check them:
//! which number format each cell has, and how far apart its cells lie.

use std::collections::HashMap;
use std::io::{Read, Seek};

use encoding_rs::{UTF_16LE, WINDOWS_1252};
use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};

use super::number_format::built_in;

/// Most places between the first and last cells of all sheets, for which the library makes room, and most that a
/// sheet may claim to have: all of its 65,536 rows and 256 columns.
const MAX_PLACES: u64 = 8_000_000;
const MAX_CLAIMED: u64 = 17_000_000;
/// Longest number format, in characters.
const MAX_FORMAT_CHARS: usize = 255;

const EOF: u16 = 0x000a;
const FILE_PASS: u16 = 0x002f;
const BOUND_SHEET: u16 = 0x0085;
const XF: u16 = 0x00e0;
const FORMAT: u16 = 0x041e;
const DIMENSIONS: u16 = 0x0200;
const FORMULA: u16 = 0x0006;
const MUL_RK: u16 = 0x00bd;
/// RSTRING, LABELSST, NUMBER, LABEL, BOOLERR and RK: row, column and format come first, as in FORMULA.
const SINGLE_CELLS: [u16; 6] = [0x00d6, 0x00fd, 0x0203, 0x0204, 0x0205, 0x027e];

/// What the records say about the cells' formats.
#[derive(Default)]
pub(crate) struct Formats {
    codes: HashMap<u16, String>,
    /// Format id by extended format.
    extended: Vec<u16>,
    /// Per sheet the extended format of each cell that has a format.
    cells: Vec<HashMap<(u16, u16), u16>>,
}

impl Formats {
    /// Reads and checks the workbook's stream.
    pub(crate) fn read(file: impl Read + Seek) -> Result<Self> {
        let stream = workbook_stream(file)?;
        let mut formats = Self::default();
        let mut sheets = Vec::new();
        for record in Records(&stream) {
            match record.kind {
                FILE_PASS if u16_at(record.data, 0) != Some(0) => {
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        "the workbook is encrypted with a password; remove the password and save it again",
                    ));
                }
                BOUND_SHEET => sheets.push(u32_at(record.data, 0).unwrap_or(u32::MAX) as usize),
                XF => formats.extended.push(u16_at(record.data, 2).unwrap_or(0)),
                FORMAT => formats.codes.extend(format(record.data)),
                EOF => break,
                _ => {}
            }
        }
        let mut places_left = MAX_PLACES;
        for start in sheets {
            let records = stream.get(start..).ok_or_else(|| {
                Error::invalid("the workbook is cut short; save it again with Excel or LibreOffice")
            })?;
            let cells = formats.read_sheet(records, &mut places_left)?;
            formats.cells.push(cells);
        }
        Ok(formats)
    }

    /// The format of the cell of a sheet, counted from 0.
    pub(crate) fn of(&self, sheet: usize, row: u32, column: u32) -> Option<&str> {
        let place = (u16::try_from(row).ok()?, u16::try_from(column).ok()?);
        let extended = *self.cells.get(sheet)?.get(&place)?;
        let id = *self.extended.get(usize::from(extended))?;
        self.codes.get(&id).map(String::as_str).or_else(|| built_in(u32::from(id)))
    }

    fn read_sheet(&self, records: &[u8], places_left: &mut u64) -> Result<HashMap<(u16, u16), u16>> {
        let mut cells = HashMap::new();
        let mut extent = Extent::default();
        for record in Records(records) {
            let data = record.data;
            match record.kind {
                EOF => break,
                DIMENSIONS => check_dimensions(data)?,
                MUL_RK => {
                    let (Some(row), Some(first)) = (u16_at(data, 0), u16_at(data, 2)) else { continue };
                    let count = data.len().saturating_sub(6) / 6;
                    for index in 0..count {
                        let column = first.saturating_add(u16::try_from(index).unwrap_or(u16::MAX));
                        self.note(&mut cells, (row, column), u16_at(data, 4 + 6 * index));
                        extent.include(row, column);
                    }
                }
                kind if kind == FORMULA || SINGLE_CELLS.contains(&kind) => {
                    let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else { continue };
                    self.note(&mut cells, (row, column), u16_at(data, 4));
                    extent.include(row, column);
                }
                _ => {}
            }
        }
        *places_left = extent.taken_from(*places_left)?;
        Ok(cells)
    }

    fn note(&self, cells: &mut HashMap<(u16, u16), u16>, place: (u16, u16), extended: Option<u16>) {
        let has_format = |id: &u16| self.extended.get(usize::from(*id)).is_some_and(|&format| format != 0);
        if let Some(extended) = extended.filter(has_format) {
            cells.insert(place, extended);
        }
    }
}

fn workbook_stream(file: impl Read + Seek) -> Result<Vec<u8>> {
    let damaged = || "the workbook is damaged; save it again with Excel or LibreOffice".to_owned();
    let mut compound = cfb::CompoundFile::open(file).context(ErrorKind::InvalidInput, damaged)?;
    let name = ["Workbook", "Book", "WORKBOOK", "BOOK"].into_iter().find(|name| compound.is_stream(name));
    let name = name.ok_or_else(|| Error::invalid(damaged()))?;
    let mut stream = Vec::new();
    let mut reader = compound.open_stream(name).context(ErrorKind::InvalidInput, damaged)?;
    reader.read_to_end(&mut stream).context(ErrorKind::InvalidInput, damaged)?;
    Ok(stream)
}

/// Rows and columns between which cells lie.
#[derive(Default)]
struct Extent(Option<[u16; 4]>);

impl Extent {
    fn include(&mut self, row: u16, column: u16) {
        let [top, bottom, left, right] = self.0.unwrap_or([row, row, column, column]);
        self.0 = Some([top.min(row), bottom.max(row), left.min(column), right.max(column)]);
    }

    /// What is left of `places` after these.
    fn taken_from(&self, places: u64) -> Result<u64> {
        let Some([top, bottom, left, right]) = self.0 else { return Ok(places) };
        let (rows, columns) = (u64::from(bottom - top) + 1, u64::from(right - left) + 1);
        places.checked_sub(rows * columns).ok_or_else(|| too_sparse(rows, columns))
    }
}

fn check_dimensions(data: &[u8]) -> Result<()> {
    let wide = data.len() >= 14;
    let rows = match wide {
        true => [u32_at(data, 0), u32_at(data, 4)],
        false => [u16_at(data, 0).map(u32::from), u16_at(data, 2).map(u32::from)],
    };
    let columns_at = if wide { 8 } else { 4 };
    let columns = [u16_at(data, columns_at), u16_at(data, columns_at + 2)];
    let ([Some(top), Some(bottom)], [Some(left), Some(right)]) = (rows, columns) else {
        return Err(Error::invalid(
            "a sheet of the workbook is damaged; save it again with Excel or LibreOffice",
        ));
    };
    let (rows, columns) = (u64::from(bottom.saturating_sub(top)), u64::from(right.saturating_sub(left)));
    if rows.saturating_mul(columns) > MAX_CLAIMED { Err(too_sparse(rows, columns)) } else { Ok(()) }
}

fn too_sparse(rows: u64, columns: u64) -> Error {
    let message =
        format!("a sheet spans {rows} rows and {columns} columns, most of them empty; save it as XLSX");
    Error::new(ErrorKind::TooLarge, message)
}

/// Id and code of a FORMAT record: BIFF8 has two bytes for the length and a flag, BIFF5 one byte and none.
fn format(data: &[u8]) -> Option<(u16, String)> {
    let id = u16_at(data, 0)?;
    let length = usize::from(*data.get(2)?);
    let text = if 3 + length == data.len() {
        WINDOWS_1252.decode(data.get(3..)?).0
    } else {
        let length = usize::from(u16_at(data, 2)?);
        match data.get(4)? & 1 {
            0 => WINDOWS_1252.decode(data.get(5..5 + length)?).0,
            _ => UTF_16LE.decode(data.get(5..5 + 2 * length)?).0,
        }
    };
    (text.chars().count() <= MAX_FORMAT_CHARS).then(|| (id, text.into_owned()))
}

struct Record<'d> {
    kind: u16,
    data: &'d [u8],
}

/// The records in a stream, up to where it is cut short.
struct Records<'d>(&'d [u8]);

impl<'d> Iterator for Records<'d> {
    type Item = Record<'d>;

    fn next(&mut self) -> Option<Record<'d>> {
        let length = usize::from(u16_at(self.0, 2)?);
        let record = Record { kind: u16_at(self.0, 0)?, data: self.0.get(4..4 + length)? };
        self.0 = &self.0[4 + length..];
        Some(record)
    }
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(data.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(data.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).unwrap();
        [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
    }

    fn compound(stream: &[u8]) -> Cursor<Vec<u8>> {
        let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        file.create_stream("Workbook").unwrap().write_all(stream).unwrap();
        file.flush().unwrap();
        file.into_inner()
    }

    fn with_sheet(records: &[u8]) -> Cursor<Vec<u8>> {
        let mut globals = record(FORMAT, b"\xa4\x00\x05\x00\x000.00%");
        globals.extend(record(XF, &[0, 0, 0, 0]));
        globals.extend(record(XF, &[0, 0, 0xa4, 0]));
        let start = u32::try_from(globals.len() + 4 + 8 + 4).unwrap();
        globals.extend(record(BOUND_SHEET, &[&start.to_le_bytes()[..], &[0, 0, 0, 0]].concat()));
        globals.extend(record(EOF, &[]));
        globals.extend(records);
        compound(&globals)
    }

    #[test]
    fn formats_are_found_by_cell() {
        let number = [&[3, 0, 2, 0, 1, 0][..], &0.5_f64.to_le_bytes()].concat();
        let formats = Formats::read(with_sheet(&record(0x0203, &number))).unwrap();
        assert_eq!(formats.of(0, 3, 2), Some("0.00%"));
        assert_eq!(formats.of(0, 3, 3), None);
        assert_eq!(formats.of(1, 3, 2), None);
    }

    #[test]
    fn cells_far_apart_are_refused_before_room_is_made_for_them() {
        let far =
            [record(0x0203, &[0; 14]), record(0x0203, &[[255; 4].to_vec(), vec![0; 10]].concat())].concat();
        assert_eq!(Formats::read(with_sheet(&far)).err().map(|e| e.kind()), Some(ErrorKind::TooLarge));
        let dimensions = record(DIMENSIONS, &[0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 255, 255, 0, 0]);
        assert_eq!(Formats::read(with_sheet(&dimensions)).err().map(|e| e.kind()), Some(ErrorKind::TooLarge));
        let locked = Formats::read(compound(&record(FILE_PASS, &[1, 0]))).err().unwrap();
        assert!(locked.message().contains("password"));
    }

    proptest::proptest! {
        #[test]
        fn no_records_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Formats::read(with_sheet(&bytes));
            let _ = Formats::read(Cursor::new(bytes));
        }
    }
}
