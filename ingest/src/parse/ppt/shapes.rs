//! The shapes of a slide, where they lie and what they say; tables are groups of shapes that say they are.

use super::records::{Record, records};
use super::styles::numbered;
use super::texts::{Purpose, Text, Texts};
use crate::parse::compound::{size_at, u16_at, u32_at};
use crate::parse::reading_order::{Placed, in_reading_order};
use crate::parse::table::{Edges, TableGrid};

const GROUP: u16 = 0xf003;
const SHAPE: u16 = 0xf004;
const GROUP_SHAPE: u16 = 0xf009;
const CHILD_ANCHOR: u16 = 0xf00f;
const CLIENT_ANCHOR: u16 = 0xf010;
const CLIENT_TEXT: u16 = 0xf00d;
/// Where the properties of a shape lie.
const OPTIONS: [u16; 3] = [0xf00b, 0xf121, 0xf122];
/// The property that says whether a group is a table.
const TABLE_PROPERTIES: u16 = 0x039f;
const OUTLINE_REFERENCE: u16 = 0x0f9e;
const TAG_DATA: u16 = 0x138b;
const NUMBERED: u16 = 0x0fac;
/// Most records that are nested within each other.
const MAX_DEPTH: usize = 32;
/// Shapes whose upper edges are this near stand beside each other: 1 cm in master units of 1/576 inch.
const SAME_ROW: i64 = 227;
/// Edges of a table this near are one: what draws it rounds.
const SAME_EDGE: i32 = 3;

/// What a shape says.
pub(super) enum Said {
    Text(Text),
    Table(TableGrid),
}

/// What is said within a slide's record, in reading order. `outline` are the texts that shapes refer to; those
/// that none does come first.
pub(super) fn said_within(content: &[u8], outline: Vec<Text>) -> impl Iterator<Item = Said> + use<> {
    let mut reader = Reader { outline: outline.into_iter().map(Some).collect(), ..Reader::default() };
    reader.read(content);
    reader.end_shape();
    let unused = reader.outline.into_iter().flatten();
    let unused = unused.map(|text| placed(Said::Text(text), (i64::MIN, i64::MIN)));
    in_reading_order(unused.chain(reader.placed).collect(), SAME_ROW)
}

fn placed(what: Said, (top, left): (i64, i64)) -> Placed<Said> {
    let is_title = matches!(&what, Said::Text(text) if text.purpose == Purpose::Title);
    Placed { rank: u8::from(!is_title), top, left, what }
}

#[derive(Default)]
struct Reader {
    outline: Vec<Option<Text>>,
    placed: Vec<Placed<Said>>,
    /// Upper and left edge of the open shape, or of the one before where it has none of its own.
    at: (i64, i64),
    /// The same of the open groups. What lies in a group is measured in units of its own.
    groups: Vec<Option<(i64, i64)>>,
    in_group_shape: bool,
    texts: Texts,
}

impl Reader {
    /// Walks the records without recursion.
    fn read(&mut self, content: &[u8]) {
        let mut open: Vec<(u16, Box<dyn Iterator<Item = Record<'_>>>)> =
            vec![(0, Box::new(records(content)))];
        while let Some((kind, level)) = open.last_mut() {
            let (kind, next) = (*kind, level.next());
            match next {
                Some(record) if record.kind == GROUP && self.table(&record) => {}
                Some(record) if record.is_container && open.len() < MAX_DEPTH => {
                    self.open(&record);
                    open.push((record.kind, Box::new(records(record.content))));
                }
                Some(record) => self.take(&record),
                None => {
                    if kind == GROUP {
                        self.end_shape();
                        self.groups.pop();
                    }
                    open.pop();
                }
            }
        }
    }

    fn open(&mut self, record: &Record<'_>) {
        match record.kind {
            GROUP => {
                let around = self.groups.last().copied().flatten();
                self.groups.push(around);
            }
            SHAPE => {
                self.end_shape();
                self.in_group_shape = false;
                if let Some(Some(group)) = self.groups.last() {
                    self.at = *group;
                }
            }
            _ => {}
        }
    }

    fn take(&mut self, record: &Record<'_>) {
        match record.kind {
            GROUP_SHAPE => self.in_group_shape = true,
            CLIENT_ANCHOR => {
                let Some(place) = client_place(record.content) else { return };
                let in_group = self.groups.last().copied().flatten().is_some();
                if self.in_group_shape
                    && let Some(group) = self.groups.last_mut()
                {
                    *group = Some(place);
                } else if !in_group {
                    self.at = place;
                }
            }
            OUTLINE_REFERENCE => {
                let index = size_at(record.content, 0);
                let text = index.and_then(|index| self.outline.get_mut(index)).and_then(Option::take);
                self.texts.texts.extend(text);
            }
            TAG_DATA => self.texts.numbered = numbers_within(record.content),
            _ => self.texts.take(record),
        }
    }

    fn end_shape(&mut self) {
        for text in std::mem::take(&mut self.texts).texts {
            self.placed.push(placed(Said::Text(text), self.at));
        }
    }

    /// Takes a group if it is a table.
    fn table(&mut self, group: &Record<'_>) -> bool {
        let Some((place, grid)) = read_table(group.content) else { return false };
        self.end_shape();
        let group = self.groups.last().copied().flatten();
        self.at = group.or(place).unwrap_or(self.at);
        self.placed.push(placed(Said::Table(grid), self.at));
        true
    }
}

/// Whether the runs of the text that follows are numbered: the record is told by its head, for tags of other
/// kinds lie here, too.
fn numbers_within(content: &[u8]) -> Vec<bool> {
    let found = records(content).find(|record| record.kind == NUMBERED);
    found.map(|record| numbered(record.content)).unwrap_or_default()
}

/// Upper and left edge, in two bytes each or in four.
fn client_place(content: &[u8]) -> Option<(i64, i64)> {
    if content.len() >= 16 {
        return Some((i64::from(i32_at(content, 0)?), i64::from(i32_at(content, 4)?)));
    }
    let edge = |at| u16_at(content, at).map(|edge| i64::from(edge.cast_signed()));
    Some((edge(0)?, edge(2)?))
}

fn i32_at(content: &[u8], at: usize) -> Option<i32> {
    u32_at(content, at).map(u32::cast_signed)
}

/// A cell by its edges.
struct Cell {
    top: i32,
    left: i32,
    bottom: i32,
    right: i32,
    text: String,
}

/// Place and cells of a group that says it is a table.
fn read_table(group: &[u8]) -> Option<(Option<(i64, i64)>, TableGrid)> {
    let mut shapes = records(group).filter(|record| record.kind == SHAPE);
    let first = shapes.next()?;
    if !records(first.content).any(|record| is_table(&record)) {
        return None;
    }
    let anchor = records(first.content).find(|record| record.kind == CLIENT_ANCHOR);
    let place = anchor.and_then(|record| client_place(record.content));
    // What has no place for text is a line of the table's frame.
    let cells: Vec<Cell> = shapes.filter_map(|shape| read_cell(shape.content)).collect();
    Some((place, grid(cells)))
}

fn is_table(options: &Record<'_>) -> bool {
    let entries = options.content.chunks_exact(6).take(usize::from(options.instance));
    let mut properties = entries.map(|entry| (u16_at(entry, 0), u32_at(entry, 2)));
    OPTIONS.contains(&options.kind)
        && properties
            .any(|(id, value)| id == Some(TABLE_PROPERTIES) && value.is_some_and(|value| value & 1 == 1))
}

fn read_cell(shape: &[u8]) -> Option<Cell> {
    let anchor = records(shape).find(|record| record.kind == CHILD_ANCHOR)?.content;
    let text = records(shape).find(|record| record.kind == CLIENT_TEXT)?;
    let mut texts = Texts::default();
    records(text.content).for_each(|record| texts.take(&record));
    let texts: Vec<String> = texts.texts.into_iter().map(|text| text.text).collect();
    Some(Cell {
        left: i32_at(anchor, 0)?,
        top: i32_at(anchor, 4)?,
        right: i32_at(anchor, 8)?,
        bottom: i32_at(anchor, 12)?,
        text: texts.join(" "),
    })
}

fn grid(mut cells: Vec<Cell>) -> TableGrid {
    let rows = Edges::new(cells.iter().map(|cell| cell.top), SAME_EDGE);
    let columns = Edges::new(cells.iter().map(|cell| cell.left), SAME_EDGE);
    cells.sort_by_key(|cell| (rows.index(cell.top), cell.left));
    let mut grid = TableGrid::default();
    let mut cells = cells.iter().peekable();
    for row in 0..rows.len() {
        grid.start_row();
        while let Some(cell) = cells.next_if(|cell| rows.index(cell.top) == row) {
            let (wide, high) = (columns.span(cell.left, cell.right), rows.span(cell.top, cell.bottom));
            grid.cell(&cell.text, wide, high);
        }
    }
    grid
}
