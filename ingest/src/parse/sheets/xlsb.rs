//! The records of a binary workbook (\[MS-XLSB\]) as far as its reading library does not show them: which number
//! format each cell has, which cells are merged, and the comments on them.

use std::collections::HashMap;

use footnote_core::Result;

use super::number_format::built_in;
use super::{Merge, cell_name};
use crate::parse::comment::Comment;
use crate::parse::compound::{u16_at, u32_at, utf16};
use crate::parse::limits::ParseLimits;
use crate::parse::ooxml::relations::Relations;
use crate::parse::package::Package;

/// The part of the workbook itself.
pub(super) const MAIN: &str = "xl/workbook.bin";

const ROW: u16 = 0;
/// BrtCellRk to BrtFmlaError: column and style come first.
const CELLS: std::ops::RangeInclusive<u16> = 2..=11;
const FORMAT: u16 = 44;
const XF: u16 = 47;
const SHEET: u16 = 156;
const MERGE: u16 = 176;
const BEGIN_CELL_STYLES: u16 = 617;
const END_CELL_STYLES: u16 = 618;
const COMMENT_AUTHOR: u16 = 632;
const BEGIN_COMMENT: u16 = 635;
const COMMENT_TEXT: u16 = 637;
/// Longest number format, in characters.
const MAX_FORMAT_CHARS: usize = 255;
/// Longest name of an author, which every comment may repeat.
const MAX_AUTHOR_CHARS: usize = 255;

/// The formats of a workbook's styles, and where its sheets lie.
#[derive(Default)]
pub(super) struct Formats {
    codes: HashMap<u16, String>,
    by_style: Vec<u16>,
    /// The part of each sheet.
    sheets: Vec<Option<String>>,
}

/// What one sheet's records say.
#[derive(Default)]
pub(super) struct SheetFormats {
    /// Format ids of the cells that have one.
    cells: HashMap<(u32, u32), u16>,
    pub(super) merges: Vec<Merge>,
}

impl Formats {
    /// Reads the workbook's styles and the list of its sheets.
    pub(super) fn read(package: &mut Package) -> Result<Self> {
        let relations = Relations::of(package, MAIN)?;
        let mut formats = Self::default();
        for record in Records(&package.bytes(MAIN)?.unwrap_or_default()) {
            // The library leaves out sheets without a relationship, too.
            if record.kind == SHEET
                && let Some(id) = string_at(record.data, 8)
            {
                formats.sheets.push(relations.part(&id).map(str::to_owned));
            }
        }
        let mut in_cell_styles = false;
        for record in Records(&package.bytes("xl/styles.bin")?.unwrap_or_default()) {
            match record.kind {
                FORMAT => {
                    let code = u16_at(record.data, 0).zip(string_at(record.data, 2));
                    formats.codes.extend(code.filter(|(_, code)| code.chars().count() <= MAX_FORMAT_CHARS));
                }
                BEGIN_CELL_STYLES => in_cell_styles = true,
                END_CELL_STYLES => in_cell_styles = false,
                XF if in_cell_styles => formats.by_style.push(u16_at(record.data, 2).unwrap_or(0)),
                _ => {}
            }
        }
        Ok(formats)
    }

    /// The part of the sheet with this number, from 0.
    pub(super) fn part(&self, number: usize) -> Option<&str> {
        self.sheets.get(number).and_then(Option::as_deref)
    }

    /// Reads the records of the sheet with this number, from 0.
    pub(super) fn sheet(
        &self,
        package: &mut Package,
        number: usize,
        limits: &ParseLimits,
    ) -> Result<SheetFormats> {
        let mut sheet = SheetFormats::default();
        let Some(part) = self.part(number) else { return Ok(sheet) };
        let mut row = 0;
        for record in Records(&package.bytes(part)?.unwrap_or_default()) {
            match record.kind {
                ROW => row = u32_at(record.data, 0).unwrap_or(0),
                MERGE => sheet.merges.extend(merge(record.data)),
                kind if CELLS.contains(&kind) && sheet.cells.len() < limits.max_cells => {
                    // The style has three bytes; a flag lies in the fourth.
                    let style = u32_at(record.data, 4).map(|style| (style & 0x00ff_ffff) as usize);
                    let id = style.and_then(|style| self.by_style.get(style)).filter(|id| **id != 0);
                    if let (Some(column), Some(id)) = (u32_at(record.data, 0), id) {
                        sheet.cells.insert((row, column), *id);
                    }
                }
                _ => {}
            }
        }
        Ok(sheet)
    }

    /// The format of a cell; `None` where it has none.
    pub(super) fn of(&self, sheet: &SheetFormats, row: u32, column: u32) -> Option<&str> {
        let id = *sheet.cells.get(&(row, column))?;
        self.codes.get(&id).map(String::as_str).or_else(|| built_in(u32::from(id)))
    }
}

/// The comments of a part, each with its cell.
pub(super) fn comments(part: &[u8]) -> Vec<Comment> {
    let mut authors: Vec<String> = Vec::new();
    let mut comments: Vec<Comment> = Vec::new();
    for record in Records(part) {
        match record.kind {
            COMMENT_AUTHOR => {
                let author = string_at(record.data, 0).unwrap_or_default();
                authors.push(author.chars().take(MAX_AUTHOR_CHARS).collect());
            }
            BEGIN_COMMENT => {
                // The author's number, then the first and last row and column.
                let [author, row, _, column] = [0, 4, 8, 12].map(|at| u32_at(record.data, at));
                let author = author.and_then(|author| authors.get(usize::try_from(author).ok()?));
                comments.push(Comment {
                    place: row.zip(column).map_or(String::new(), |(row, column)| cell_name(row, column)),
                    author: author.cloned().unwrap_or_default(),
                    ..Comment::default()
                });
            }
            COMMENT_TEXT => {
                // A byte of flags comes first; what follows the text is how it looks.
                let text = string_at(record.data, 1).unwrap_or_default();
                comments.last_mut().into_iter().for_each(|comment| comment.text.push_str(&text));
            }
            _ => {}
        }
    }
    comments
}

fn merge(data: &[u8]) -> Option<Merge> {
    let [first, last, left, right] = [0, 4, 8, 12].map(|at| u32_at(data, at));
    let merge = Merge { rows: (first?, last?), columns: (left?, right?) };
    (merge.rows.0 <= merge.rows.1 && merge.columns.0 <= merge.columns.1).then_some(merge)
}

/// A string with its length in four bytes before it.
fn string_at(data: &[u8], at: usize) -> Option<String> {
    let units = usize::try_from(u32_at(data, at)?).ok()?;
    Some(utf16(data.get(at + 4..at.checked_add(4)?.checked_add(units.checked_mul(2)?)?)?))
}

struct Record<'d> {
    kind: u16,
    data: &'d [u8],
}

/// The records in a part, up to where it is cut short.
struct Records<'d>(&'d [u8]);

impl<'d> Iterator for Records<'d> {
    type Item = Record<'d>;

    fn next(&mut self) -> Option<Record<'d>> {
        let kind = self.number(2)?;
        let length = usize::try_from(self.number(4)?).ok()?;
        let (data, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Record { kind: u16::try_from(kind).ok()?, data })
    }
}

impl Records<'_> {
    /// Seven bits in each byte, of which all but the last have the eighth set; at most `most` bytes.
    fn number(&mut self, most: u32) -> Option<u32> {
        let mut number = 0;
        for index in 0..most {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u32::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::write::SimpleFileOptions;

    use super::super::binary::parse_xlsb;
    use super::*;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        let kind: Vec<u8> = match kind {
            0..0x80 => vec![kind.to_le_bytes()[0]],
            _ => vec![(kind & 0x7f) as u8 | 0x80, (kind >> 7) as u8],
        };
        [&kind[..], &[u8::try_from(data.len()).unwrap()], data].concat()
    }

    fn string(text: &str) -> Vec<u8> {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [&u32::try_from(units.len() / 2).unwrap().to_le_bytes()[..], &units].concat()
    }

    fn cell(kind: u16, column: u8, style: u8, value: &[u8]) -> Vec<u8> {
        record(kind, &[&[column, 0, 0, 0, style, 0, 0, 0], value].concat())
    }

    fn workbook(cells: &[u8]) -> tempfile::NamedTempFile {
        workbook_with(cells, &[])
    }

    fn workbook_with(cells: &[u8], more: &[(&str, &[u8])]) -> tempfile::NamedTempFile {
        let sheet = [&[0; 4][..], &[1, 0, 0, 0], &string("r1"), &string("Pay")].concat();
        let format = [&[164, 0][..], &string("\"EUR\" #,##0.00")].concat();
        let xf = |id: u8| record(XF, &[0, 0, id, 0, 0, 0, 0, 0]);
        let styles = [
            record(615, &[1, 0, 0, 0]),
            record(FORMAT, &format),
            record(626, &[]),
            xf(9),
            record(BEGIN_CELL_STYLES, &[4, 0, 0, 0]),
            [xf(0), xf(14), xf(10), xf(164)].concat(),
            record(END_CELL_STYLES, &[]),
        ];
        let sheet_records =
            [record(148, &[0; 16]), record(145, &[]), cells.to_vec(), record(146, &[]), record(130, &[])];
        let rels = "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.bin\"/>\
                    </Relationships>";
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
        let book = [record(143, &[]), record(SHEET, &sheet), record(144, &[]), record(132, &[])].concat();
        for (name, content) in [
            ("xl/workbook.bin", book.as_slice()),
            ("xl/_rels/workbook.bin.rels", rels.as_bytes()),
            ("xl/styles.bin", &styles.concat()),
            ("xl/worksheets/sheet1.bin", &sheet_records.concat()),
        ] {
            if more.iter().all(|(other, _)| *other != name) {
                zip.start_file(name, SimpleFileOptions::default()).unwrap();
                zip.write_all(content).unwrap();
            }
        }
        for (name, content) in more {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap();
        file
    }

    /// A part of comments by Ann, each on a cell of column B.
    fn comments_of_ann(texts: &[&str]) -> Vec<u8> {
        let mut part = [record(628, &[]), record(630, &[]), record(COMMENT_AUTHOR, &string("Ann"))].concat();
        part.extend([record(631, &[]), record(633, &[])].concat());
        for (row, text) in (0_u8..).zip(texts) {
            let place = [[row, 0, 0, 0], [row, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]].concat();
            part.extend(record(BEGIN_COMMENT, &[&[0; 4][..], &place, &[0; 16]].concat()));
            part.extend(record(COMMENT_TEXT, &[&[0][..], &string(text)].concat()));
            part.extend(record(636, &[]));
        }
        part.extend([record(634, &[]), record(629, &[])].concat());
        part
    }

    fn relationships(list: &[(&str, &str)]) -> String {
        let of = |(kind, target): &(&str, &str)| {
            format!("<Relationship Id=\"{target}\" Type=\"x/{kind}\" Target=\"{target}\"/>")
        };
        format!("<Relationships>{}</Relationships>", list.iter().map(of).collect::<String>())
    }

    #[test]
    fn comments_charts_and_drawings_are_read() {
        let sheet = relationships(&[
            ("comments", "../comments1.bin"),
            ("threadedComment", "../threadedComments/t1.xml"),
            ("drawing", "../drawings/drawing1.xml"),
        ]);
        let drawing = relationships(&[("chart", "../charts/chart1.xml"), ("image", "../media/a.png")]);
        let book = "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.bin\"/>\
                    <Relationship Id=\"p\" Type=\"x/person\" Target=\"persons/person.xml\"/></Relationships>";
        let chart = "<c:chartSpace><c:chart><c:plotArea><c:pieChart><c:ser><c:tx><c:v>EUR</c:v></c:tx><c:val><c:numRef><c:numCache>\
                     <c:formatCode>0.00</c:formatCode><c:pt idx=\"0\"><c:v>2.5</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser>\
                     </c:pieChart></c:plotArea></c:chart></c:chartSpace>";
        let thread = "<ThreadedComments><threadedComment ref=\"B2\" personId=\"{1}\"><text>and two?</text></threadedComment></ThreadedComments>";
        let cells = [record(ROW, &[0; 17]), cell(6, 0, 0, &string("x"))].concat();
        let file = workbook_with(
            &cells,
            &[
                ("xl/_rels/workbook.bin.rels", book.as_bytes()),
                ("xl/worksheets/_rels/sheet1.bin.rels", sheet.as_bytes()),
                ("xl/drawings/_rels/drawing1.xml.rels", drawing.as_bytes()),
                ("xl/drawings/drawing1.xml", b"<wsDr><sp><a:p><a:t>Box</a:t></a:p></sp></wsDr>"),
                ("xl/charts/chart1.xml", chart.as_bytes()),
                (
                    "xl/persons/person.xml",
                    b"<personList><person id=\"{1}\" displayName=\"Bo\"/></personList>",
                ),
                ("xl/threadedComments/t1.xml", thread.as_bytes()),
                ("xl/comments1.bin", &comments_of_ann(&["why \u{5e74}?", "[Threaded comment] and two?"])),
            ],
        );
        let document = parse_xlsb(file.path(), &ParseLimits::default()).unwrap();
        assert_eq!(
            document.text,
            "Pay\n\nx\n\nBox\n\nPie chart\n\n|  | EUR |\n| --- | --- |\n| 1 | 2.50 |\n\n\
             Comment on B1 by Ann: why 年?\n\nComment on B2 by Bo: and two?"
        );
        let warnings: Vec<&str> = document.warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(warnings, ["1 picture is not read on the sheet \"Pay\""]);
    }

    #[test]
    fn authors_of_comments_are_bounded() {
        let author = [&1_000_u32.to_le_bytes()[..], &[b'a', 0].repeat(1_000)].concat();
        let length = [(author.len() & 0x7f) as u8 | 0x80, (author.len() >> 7) as u8];
        let part = [&[0xf8, 0x04][..], &length, &author, &record(BEGIN_COMMENT, &[0; 36])].concat();
        let read = comments(&part);
        assert_eq!((read[0].author.len(), read[0].place.as_str()), (MAX_AUTHOR_CHARS, "A1"));
    }

    #[test]
    fn values_are_shown_as_their_format_says() {
        let row = |number: u8| record(ROW, &[&[number, 0, 0, 0][..], &[0; 13]].concat());
        // A whole number as an RK value: two bits of flags below it.
        let whole = |number: i32| (number << 2 | 2).to_le_bytes();
        let cells = [
            row(0),
            cell(6, 0, 0, &string("Since")),
            cell(6, 1, 0, &string("Share")),
            cell(6, 2, 0, &string("Sum")),
            row(1),
            cell(2, 0, 1, &whole(45_292)),
            cell(5, 1, 2, &0.256_f64.to_le_bytes()),
            cell(5, 2, 3, &1234.5_f64.to_le_bytes()),
            row(2),
            cell(5, 0, 1, &45_293.0_f64.to_le_bytes()),
            cell(2, 1, 0, &whole(7)),
            [1_u32, 2, 2, 2].iter().fold(Vec::new(), |mut data, edge| {
                data.extend(edge.to_le_bytes());
                data
            }),
        ];
        let (merge, cells) = cells.split_last().unwrap();
        let cells = [cells.concat(), record(MERGE, merge)].concat();
        let document = parse_xlsb(workbook(&cells).path(), &ParseLimits::default()).unwrap();
        assert_eq!(
            document.text,
            "Pay\n\n| Since | Share | Sum |\n| --- | --- | --- |\n| 2024-01-01 | 25.60% | EUR 1,234.50 |\n\
             | 2024-01-02 | 7 | EUR 1,234.50 |"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_records_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            for record in Records(&bytes) {
                string_at(record.data, 8);
                merge(record.data);
            }
            comments(&bytes);
            let _ = parse_xlsb(workbook(&bytes).path(), &ParseLimits::default());
        }
    }
}
