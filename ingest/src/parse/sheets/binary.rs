//! XLS and XLSB by calamine. It trusts what files say of themselves, so they are checked before it sees them,
//! and a panic of it is the file's failure.

use std::fmt::Display;
use std::io::{BufReader, Cursor};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{Data, Dimensions, Reader, SheetType, SheetVisible, Xls, Xlsb};
use footnote_core::error::Context;
use footnote_core::parsed::{ContentType, ParsedDocument};
use footnote_core::{Error, ErrorKind, Result};

use super::biff::Formats;
use super::number_format::{general, show_in_cell};
use super::xlsx::notes;
use super::{Cell, CellBudget, Merge, Sheet, append_sheets, xlsb};
use crate::parse::builder::DocumentBuilder;
use crate::parse::limits::ParseLimits;
use crate::parse::ooxml::comments::People;
use crate::parse::ooxml::relations::Relations;
use crate::parse::package::Package;

const ENGINE: &str = "calamine 0.36";

/// Reads the legacy workbook at `path`.
pub(crate) fn parse_xls(path: &Path, limits: &ParseLimits) -> Result<ParsedDocument> {
    let bytes = fs_err::read(path).internal("cannot read the file")?;
    let formats = Formats::read(Cursor::new(&bytes[..]))?;
    let sheets = guarded(|| read_xls(&bytes, &formats, limits))?;
    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    append_sheets(&mut builder, sheets, limits);
    builder.finish(ContentType::Xls, ENGINE)
}

/// Reads the binary workbook at `path`.
pub(crate) fn parse_xlsb(path: &Path, limits: &ParseLimits) -> Result<ParsedDocument> {
    Package::open(path, limits)?.check_all()?;
    // What was inflated to be checked does not count for what is read.
    let mut package = Package::open(path, limits)?;
    let formats = xlsb::Formats::read(&mut package)?;
    let relations = Relations::of(&mut package, xlsb::MAIN)?;
    let people = notes::people(&mut package, &relations)?;
    let sheets = guarded(|| read_xlsb(path, &formats, &people, &mut package, limits))?;
    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    append_sheets(&mut builder, sheets, limits);
    builder.finish(ContentType::Xlsx, ENGINE)
}

fn guarded<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(damaged("its reader gave up")))
}

fn damaged(cause: impl Display) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("the workbook is damaged ({cause}); save it again with Excel or LibreOffice, best as XLSX"),
    )
}

fn read_xls(bytes: &[u8], formats: &Formats, limits: &ParseLimits) -> Result<Vec<Sheet>> {
    let mut workbook = Xls::new(Cursor::new(bytes)).map_err(damaged)?;
    let epoch_1904 = workbook.has_1904_epoch();
    let mut budget = CellBudget::new(limits);
    let mut sheets = Vec::new();
    for (index, entry) in workbook.sheets_metadata().to_vec().into_iter().enumerate() {
        let mut sheet = Sheet {
            hidden: entry.visible != SheetVisible::Visible,
            merges: workbook.merge_cells_by_sheet_name(&entry.name).map_or(Vec::new(), |all| merges(&all)),
            name: entry.name,
            ..Sheet::default()
        };
        let range = workbook.worksheet_range(&sheet.name).map_err(damaged)?;
        let (top, left) = range.start().unwrap_or((0, 0));
        for (row, column, value) in range.used_cells() {
            let row = top.saturating_add(u32::try_from(row).unwrap_or(u32::MAX));
            let column = left.saturating_add(u32::try_from(column).unwrap_or(u32::MAX));
            let text = shown(value, formats.of(index, row, column), epoch_1904);
            budget.take(&text)?;
            sheet.cells.push(Cell::new(row, column, text));
        }
        sheets.push(sheet);
    }
    Ok(sheets)
}

fn read_xlsb(
    path: &Path,
    formats: &xlsb::Formats,
    people: &People,
    package: &mut Package,
    limits: &ParseLimits,
) -> Result<Vec<Sheet>> {
    let file = fs_err::File::open(path).internal("cannot open the file")?;
    let mut workbook = Xlsb::new(BufReader::new(file)).map_err(damaged)?;
    let epoch_1904 = workbook.has_1904_epoch();
    let mut budget = CellBudget::new(limits);
    let mut sheets = Vec::new();
    for (number, entry) in workbook.sheets_metadata().to_vec().into_iter().enumerate() {
        let hidden = entry.visible != SheetVisible::Visible;
        let mut sheet = Sheet { name: entry.name, hidden, ..Sheet::default() };
        if let Some(part) = formats.part(number) {
            notes::read(package, part, people, &mut sheet)?;
        }
        if entry.typ != SheetType::WorkSheet {
            sheets.push(sheet);
            continue;
        }
        let own = formats.sheet(package, number, limits)?;
        let mut cells = workbook.worksheet_cells_reader(&sheet.name).map_err(damaged)?;
        while let Some(cell) = cells.next_cell().map_err(damaged)? {
            let (row, column) = cell.get_position();
            let format = formats.of(&own, row, column);
            let text = shown(&Data::from(cell.get_value().clone()), format, epoch_1904);
            if !text.is_empty() {
                budget.take(&text)?;
                sheet.cells.push(Cell::new(row, column, text));
            }
        }
        sheet.merges = own.merges;
        sheets.push(sheet);
    }
    Ok(sheets)
}

fn merges(all: &[Dimensions]) -> Vec<Merge> {
    let merge = |d: &Dimensions| Merge { rows: (d.start.0, d.end.0), columns: (d.start.1, d.end.1) };
    all.iter().map(merge).collect()
}

fn shown(value: &Data, format: Option<&str>, epoch_1904: bool) -> String {
    let number = |number: f64| {
        format.map_or_else(|| general(number), |format| show_in_cell(number, format, epoch_1904))
    };
    match value {
        Data::Int(whole) => number(*whole as f64),
        Data::Float(float) => number(*float),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        Data::DateTime(serial) => {
            let days = serial.as_f64();
            let by_value = match () {
                () if serial.is_duration() => "[h]:mm:ss",
                () if days < 1.0 => "h:mm:ss",
                () if days.fract() == 0.0 => "yyyy-mm-dd",
                () => "yyyy-mm-dd h:mm:ss",
            };
            show_in_cell(days, format.unwrap_or(by_value), epoch_1904)
        }
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}
