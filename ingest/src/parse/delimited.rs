//! Separated values: comma, tab, semicolon or pipe, told by the content; quoted as RFC 4180 says.

use csv::{ReaderBuilder, StringRecord};
use footnote_core::Result;
use footnote_core::error::Context;
use footnote_core::parsed::{BlockKind, ContentType, Page, PageKind, ParsedDocument, WarningKind};
use footnote_core::{Error, ErrorKind};

use super::blank_rows::{Row, TableAbove};
use super::builder::{DocumentBuilder, Joint};
use super::limits::ParseLimits;
use super::table::{MAX_TITLES, one_line, push_row, push_rule};
use super::text::decode;

/// In the order in which they win where nothing tells them apart.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// How much of the text is looked at to find the delimiter.
const SAMPLE_BYTES: usize = 64 * 1024;
const SAMPLE_RECORDS: usize = 500;
/// A quoted value with more lines is taken for a quotation mark that is never closed.
const MAX_LINES_OF_A_VALUE: usize = 500;
/// Rows are filled up to the longest one while that makes the table at most so many times larger.
const MAX_FILL: usize = 20;

/// Reads separated values as one sheet.
pub(crate) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument> {
    let decoded = decode(bytes, None);
    let mut builder = decoded.builder(limits);
    let text = decoded.lines_of("values")?;
    let (text, stated) = without_statement(&text);
    let delimiter = stated.unwrap_or_else(|| delimiter(text).map_or(b',', |found| found.delimiter));
    let tables = match tables(text, delimiter, true, limits)? {
        Some(tables) => tables,
        None => {
            let message = "a quotation mark is never closed; quotation marks are read as they stand";
            builder.warn(WarningKind::Doubtful, None, message);
            tables(text, delimiter, false, limits)?.unwrap_or_default()
        }
    };
    for table in joined(tables) {
        append_table(&mut builder, &table);
    }
    builder.finish(ContentType::Csv, format!("csv 1.4 ({})", decoded.encoding.name()))
}

/// Whether a text without a telling name is a table: several records, all of the same few short values.
pub(crate) fn looks_delimited(whole_lines: &str) -> bool {
    let is_drawn = whole_lines.trim_start().starts_with(['|', '#', '{', '[', '<']);
    delimiter(whole_lines).is_some_and(|found| {
        let least = if found.delimiter == b'\t' { 2 } else { 3 };
        let short = whole_lines.len() / (found.records * found.fields).max(1) <= 60;
        let is_prose = found.delimiter == b',' && are_sentences(whole_lines);
        !is_drawn && !is_prose && found.uniform && found.records >= 3 && found.fields >= least && short
    })
}

/// Whether a text whose name is of something else is a table all the same: all records have as many values.
pub(crate) fn has_columns(whole_lines: &str) -> bool {
    delimiter(whole_lines).is_some_and(|found| found.uniform && found.records >= 2 && found.fields >= 2)
}

/// Whether half of the lines or more end as sentences do: commas within them part no values.
fn are_sentences(text: &str) -> bool {
    let lines = || text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let ended = lines().filter(|line| line.ends_with(['.', '!', '?', ':', '。', '！', '？', '；'])).count();
    ended * 2 >= lines().count()
}

struct Found {
    delimiter: u8,
    records: usize,
    fields: usize,
    /// Whether all records have as many values.
    uniform: bool,
}

/// The delimiter that gives the most records the same number of values, more than one.
fn delimiter(text: &str) -> Option<Found> {
    let sample = whole_lines(text, SAMPLE_BYTES);
    let mut best: Option<((usize, usize), Found)> = None;
    for delimiter in DELIMITERS {
        let mut counts = std::collections::BTreeMap::<usize, usize>::new();
        let mut records = 0;
        for record in reader(sample, delimiter, true).records().flatten().take(SAMPLE_RECORDS) {
            *counts.entry(record.len()).or_default() += 1;
            records += 1;
        }
        let usual = counts.iter().filter(|(fields, _)| **fields > 1).max_by_key(|(_, times)| **times);
        let Some((&fields, &times)) = usual else { continue };
        let found = Found { delimiter, records, fields, uniform: times == records };
        // How many records in a hundred agree, then into how many values they fall.
        let score = (times * 100 / records.max(1), fields);
        if best.as_ref().is_none_or(|(before, _)| score > *before) {
            best = Some((score, found));
        }
    }
    best.map(|(_, found)| found)
}

/// As many lines of a text as fit in so many bytes; one that is longer is cut.
fn whole_lines(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    let cut = &text[..end];
    cut.rsplit_once('\n').map_or(cut, |(whole, _)| whole)
}

/// Excel's first line `sep=;` is no record.
fn without_statement(text: &str) -> (&str, Option<u8>) {
    let stated = text.strip_prefix("sep=").and_then(|rest| {
        let delimiter = *rest.as_bytes().first().filter(|byte| byte.is_ascii() && **byte != b'\n')?;
        Some((rest.get(1..)?.strip_prefix('\n')?, delimiter))
    });
    stated.map_or((text, None), |(rest, delimiter)| (rest, Some(delimiter)))
}

fn reader(text: &str, delimiter: u8, quoting: bool) -> csv::Reader<&[u8]> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).quoting(quoting);
    builder.from_reader(text.as_bytes())
}

/// The values of a row, and its number from 1.
struct Record {
    row: u32,
    values: StringRecord,
}

/// Rows that follow each other, but for blank ones within a table.
type Table = Vec<Record>;

/// The tables that blank lines and records without a value separate; `None` where a value is so long that its
/// quotation mark must be a mistake.
fn tables(text: &str, delimiter: u8, quoting: bool, limits: &ParseLimits) -> Result<Option<Vec<Table>>> {
    let mut reader = reader(text, delimiter, quoting);
    let mut tables: Vec<Table> = Vec::new();
    let (mut row, mut cells) = (0_u32, 0_usize);
    let mut is_parted = true;
    loop {
        let at = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let blank_lines = text.get(at..).map_or(0, |rest| rest.len() - rest.trim_start_matches('\n').len());
        let mut record = StringRecord::new();
        let more = reader.read_record(&mut record).context(ErrorKind::InvalidInput, || {
            "the values cannot be told apart; save the file as CSV again".to_owned()
        })?;
        if !more {
            return Ok(Some(tables));
        }
        cells += record.len();
        if cells > limits.max_cells {
            let message = format!("the file has more than {} values; split it by rows", limits.max_cells);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        if quoting && record.iter().any(|value| value.matches('\n').count() > MAX_LINES_OF_A_VALUE) {
            return Ok(None);
        }
        row = row.saturating_add(1);
        // The line end after a record is its own; the reader may or may not have taken it already.
        let is_next_line = blank_lines == 0 || at > 0 && !text[..at].ends_with('\n') && blank_lines == 1;
        if !is_next_line {
            row = row.saturating_add(u32::try_from(blank_lines).unwrap_or(u32::MAX));
            is_parted = true;
        }
        if values(&record).next().is_none() {
            is_parted = true;
            continue;
        }
        match tables.last_mut() {
            Some(table) if !is_parted => table.push(Record { row, values: record }),
            _ => tables.push(vec![Record { row, values: record }]),
        }
        is_parted = false;
    }
}

/// Puts together what blank rows within a table have parted.
fn joined(parts: Vec<Table>) -> Vec<Table> {
    if parts.len() < 2 {
        return parts;
    }
    let mut tables: Vec<Table> = Vec::new();
    let mut above = TableAbove::default();
    for mut part in parts {
        let goes_on = above.take(&part.iter().map(Record::filled).collect::<Vec<_>>());
        match tables.last_mut() {
            Some(table) if goes_on => table.append(&mut part),
            _ => tables.push(part),
        }
    }
    tables
}

impl Record {
    /// The values that are not blank, with their columns.
    fn filled(&self) -> Row<'_> {
        let values = (0..).zip(&self.values).map(|(column, value)| (column, value.trim()));
        Row { number: self.row, cells: values.filter(|(_, value)| !value.is_empty()).collect() }
    }
}

/// The values that are not blank.
fn values(record: &StringRecord) -> impl Iterator<Item = &str> {
    record.iter().filter(|value| !value.trim().is_empty())
}

/// How many rows at the top are titles, as on sheets: one value at the left edge, above a row of several.
fn titles(rows: &[Record]) -> usize {
    let is_title = |row: &Record| {
        let begins = row.values.get(0).is_some_and(|value| !value.trim().is_empty());
        begins && values(&row.values).nth(1).is_none()
    };
    let titles = rows.iter().take_while(|row| is_title(row)).count();
    let has_table = rows.get(titles).is_some_and(|row| values(&row.values).nth(1).is_some());
    if has_table && titles <= MAX_TITLES { titles } else { 0 }
}

fn append_table(out: &mut DocumentBuilder, table: &[Record]) {
    let start = |out: &mut DocumentBuilder, row: u32| {
        out.start(Page { number: 1, kind: PageKind::Sheet, first_row: Some(row), ..Page::default() });
    };
    let (titles, rows) = table.split_at(titles(table));
    for title in titles {
        start(out, title.row);
        values(&title.values).for_each(|value| out.paragraph(&one_line(value)));
    }
    if let [only] = rows
        && values(&only.values).nth(1).is_none()
    {
        start(out, only.row);
        values(&only.values).for_each(|value| out.paragraph(&one_line(value)));
        return;
    }
    let widest = rows.iter().map(|row| row.values.len()).max().unwrap_or(0);
    let places: usize = rows.iter().map(|row| row.values.len()).sum();
    let fill = widest.saturating_mul(rows.len()) <= places.saturating_mul(MAX_FILL);
    let is_next = |row: &Record, next: &Record| next.row == row.row.saturating_add(1);
    for (index, stretch) in rows.chunk_by(is_next).enumerate() {
        let mut text = String::new();
        for (at, row) in stretch.iter().enumerate() {
            let values: Vec<String> = row.values.iter().map(one_line).collect();
            let width = if fill { widest } else { values.len() };
            push_row(&mut text, (0..width).map(|column| values.get(column).map_or("", String::as_str)));
            if (index, at) == (0, 0) {
                push_rule(&mut text, width);
            }
        }
        start(out, stretch.first().map_or(1, |first| first.row));
        match index {
            0 => out.block(BlockKind::Table, 0, &text),
            _ => out.go_on(Joint::Line, &text, &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ParsedDocument {
        parse(text.as_bytes(), &ParseLimits::default()).unwrap()
    }

    #[test]
    fn the_delimiter_is_told_by_the_content() {
        let expected = "| Name | Days |\n| --- | --- |\n| Ann, B | 3 |\n| Bo | 1\\|2 |";
        assert_eq!(read("Name,Days\n\"Ann, B\",3\nBo,1|2\n").text, expected);
        assert_eq!(read("Name;Days\r\nAnn, B;3\r\nBo;1|2\r\n").text, expected);
        assert_eq!(read("Name\tDays\rAnn, B\t3\rBo\t1|2").text, expected);
        assert_eq!(read("Name|Days\nAnn, B|3\nBo|\"1|2\"").text, expected);
        assert_eq!(read("sep=;\nName;Days\nAnn, B;3\nBo;1|2").text, expected);
        assert_eq!(read("Industry\nSales\nOther\n").text, "| Industry |\n| --- |\n| Sales |\n| Other |");
    }

    #[test]
    fn a_sample_ends_with_a_line() {
        let long = format!("{},b,c\n", "年".repeat(100));
        let text = long.repeat(400);
        assert!(text.len() > SAMPLE_BYTES && !SAMPLE_BYTES.is_multiple_of(long.len()));
        assert!(delimiter(&text).unwrap().uniform);
        assert_eq!(whole_lines("年假\n十天", 8), "年假");
        assert_eq!(whole_lines("年假", 4), "年");
        assert_eq!(whole_lines("a\nb", 3), "a\nb");
    }

    #[test]
    fn rows_keep_their_numbers() {
        let document = read("Report\n\n\na,b\n\"1\n\nx\",2\n3\n\nc,d\n4,5,6\n");
        assert_eq!(
            document.text,
            "Report\n\n| a | b |\n| --- | --- |\n| 1 x | 2 |\n| 3 |  |\n\n\
             | c | d |  |\n| --- | --- | --- |\n| 4 | 5 | 6 |"
        );
        assert_eq!(
            document.pages.iter().map(|p| p.first_row).collect::<Vec<_>>(),
            [Some(1), Some(4), Some(8)]
        );
        assert!(document.pages.iter().all(|p| p.number == 1 && p.label.is_none()));
        let page = &document.pages[1];
        let chars: Vec<char> = document.text.chars().collect();
        let table: String = chars[page.span.start..page.span.end].iter().collect();
        assert_eq!(page.rows(&table[..table.find("| 3").unwrap()], "| 3 |  |"), Some((6, 6)));
    }

    #[test]
    fn records_without_a_value_part_tables() {
        let document =
            read(",,\nName,Days,\nAnn,3,\n,,\n , ,\nCity,Rate,Tax\nUlm,4,1\n,,\n\n,,\nNote,,\n,,\n");
        assert_eq!(
            document.text,
            "| Name | Days |  |\n| --- | --- | --- |\n| Ann | 3 |  |\n\n\
             | City | Rate | Tax |\n| --- | --- | --- |\n| Ulm | 4 | 1 |\n\nNote"
        );
        assert_eq!(
            document.pages.iter().map(|p| p.first_row).collect::<Vec<_>>(),
            [Some(2), Some(6), Some(11)]
        );
        assert!(read(",,\n,,\n").is_blank());
    }

    #[test]
    fn a_table_goes_on_below_a_record_without_a_value() {
        let document = read("Leave,\nName,Days\nAnn,3\n,\nBo,4\nCy,5\n\n,\nDi,6\n,\nItem,Cost\nPen,1\n");
        assert_eq!(
            document.text,
            "Leave\n\n| Name | Days |\n| --- | --- |\n| Ann | 3 |\n| Bo | 4 |\n| Cy | 5 |\n| Di | 6 |\n\n\
             | Item | Cost |\n| --- | --- |\n| Pen | 1 |"
        );
        assert_eq!(
            document.pages.iter().map(|p| p.first_row).collect::<Vec<_>>(),
            [Some(1), Some(2), Some(5), Some(9), Some(11)]
        );
        assert_eq!(document.blocks.len(), 3);
    }

    #[test]
    fn titles_above_a_table_are_paragraphs() {
        let table = "| Name | Days |  |\n| --- | --- | --- |\n| Ann | 3 |  |";
        let document = read("Leave,,\nin 2026,,\nName,Days,\nAnn,3,\n");
        assert_eq!(document.text, format!("Leave\n\nin 2026\n\n{table}"));
        assert_eq!(
            document.pages.iter().map(|p| p.first_row).collect::<Vec<_>>(),
            [Some(1), Some(2), Some(3)]
        );
        assert_eq!(read("Leave,,\n,,\nName,Days,\nAnn,3,\n").text, format!("Leave\n\n{table}"));
        // A list is no title, nor is a name over another column than the first.
        assert_eq!(read("A,\nB,\n").text, "| A |  |\n| --- | --- |\n| B |  |");
        assert!(read("a,\nb,\nc,\nd,\ne,\n1,2\n").text.starts_with("| a |"));
        assert!(read(",Days\nAnn,3\n").text.starts_with("|  | Days |"));
    }

    #[test]
    fn encodings_are_recognised() {
        let text = "姓名,部门\n王芳,财务部门\n李强,技术部门\n";
        let document = parse(&encoding_rs::GBK.encode(text).0, &ParseLimits::default()).unwrap();
        assert!(document.text.contains("| 王芳 | 财务部门 |"), "{}", document.text);
    }

    #[test]
    fn malformed_files_are_read_as_far_as_they_go() {
        let open = format!("a,b\n\"never closed,1\n{}", "x,2\n".repeat(1000));
        let document = read(&open);
        assert!(document.text.contains("| \"never closed | 1 |"));
        assert!(document.warnings[0].message.contains("never closed"));
        assert!(parse(b" \n\n", &ParseLimits::default()).is_err());
        let limits = ParseLimits { max_cells: 10, ..ParseLimits::default() };
        assert_eq!(
            parse(b"1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n", &limits).unwrap_err().kind(),
            ErrorKind::TooLarge
        );
        // One very long row does not fill up all the others.
        let ragged = format!("{}\n{}", "1,".repeat(20_000), "1\n".repeat(20_000));
        assert!(read(&ragged).text.len() < 1_000_000);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(text in "[a\",;|\t\n\r ]{0,60}", bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..60)) {
            let _ = parse(&bytes, &ParseLimits::default());
            let whole = text.chars().any(|c| !c.is_whitespace());
            proptest::prop_assert_eq!(parse(text.as_bytes(), &ParseLimits::default()).is_ok(), whole);
        }
    }
}
