//! From placed characters to lines in reading order.
//!
//! Characters on one baseline become fragments, parted at wide gaps; fragments at one height become
//! rows. Where consecutive rows share a gutter with running text on both sides, the columns are
//! read one after the other; otherwise a row stays one line, so that the numbers of a table row
//! stay together.

mod columns;

use self::columns::in_reading_order;
pub(crate) use self::columns::{COLUMN_WIDTH, subtract};
use super::boxes::mark_items;
use super::glyph::Glyph;
use super::grid::{MAX_GLYPHS, RuledTable, take_tables};
use super::markers::{is_bullet, is_marker, is_round_bullet};
use super::raised::Raised;
use super::rulings::Rulings;
use super::typed::{Sign, Typed};
use crate::parse::flow::joins_without_blank;

/// A gap of this many font sizes parts two cells.
const CELL_GAP: f32 = 1.5;
/// The same between two numbers: columns of figures stand closer.
const NUMBER_GAP: f32 = 0.7;
/// A gap of this many font sizes is a blank even where the file has none.
const WORD_GAP: f32 = 0.3;
/// A gap wider than this is wider than a blank between words.
const WIDE_BLANK: f32 = 0.85;
/// Two baselines within this share of the font size are one line.
const SAME_LINE: f32 = 0.4;
/// Smaller characters that stand higher than that are of the line as far as they abut it: shares of its font size.
const MARK_SIZE: f32 = 0.75;
const MARK_HEIGHT: f32 = 0.6;
const MARK_GAP: f32 = 0.2;
/// Stretches of text that overlap by this many font sizes are not one word.
const OVERLAP: f32 = 0.5;
/// This many dots in a row lead from a label to its number.
const MIN_LEADERS: usize = 4;

/// A stretch of text within a line, parted from its neighbours by a wide gap.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Cell {
    /// Its text.
    pub(crate) text: String,
    /// Left edge.
    pub(crate) left: f32,
    /// Right edge.
    pub(crate) right: f32,
    /// Gaps in it that part cells where other rows have a gap there, too.
    pub(crate) gaps: Vec<Gap>,
}

/// A gap wider than a blank, and too narrow to part cells by itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gap {
    /// Where the text behind it begins, in bytes.
    pub(crate) at: usize,
    /// Left edge.
    pub(crate) left: f32,
    /// Right edge.
    pub(crate) right: f32,
}

/// A line of text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Line {
    /// Its cells from left to right, at least one.
    pub(crate) cells: Vec<Cell>,
    /// Left edge.
    pub(crate) left: f32,
    /// Right edge.
    pub(crate) right: f32,
    /// y of the baseline; grows upwards.
    pub(crate) baseline: f32,
    /// Font size of most of it; 0 where the engine does not tell.
    pub(crate) size: f32,
    /// Whether most of it is bold.
    pub(crate) bold: bool,
    /// The rows of the table that it is, where it is a whole table between drawn lines.
    pub(crate) grid: Option<Vec<Vec<String>>>,
    /// Whether it stands on many pages, and here for the first time.
    pub(crate) running: bool,
    /// Numbers and signs that stand raised behind its words.
    pub(crate) raised: Vec<String>,
    /// Whether dots lead from one of its cells to the next.
    pub(crate) led: bool,
    /// Whether it is aslant, as a watermark is; such lines follow the page's others.
    pub(crate) aslant: bool,
    /// Its signs, where it is in a monospaced font and may be a line of code.
    pub(crate) typed: Option<Typed>,
}

impl Line {
    /// Whether it is a whole table or a line of code, and so no part of running text or of another table.
    pub(crate) fn is_set_apart(&self) -> bool {
        self.grid.is_some() || self.typed.is_some()
    }

    /// The cells with blanks between.
    pub(crate) fn text(&self) -> String {
        self.cells.iter().map(|c| c.text.as_str()).collect::<Vec<_>>().join(" ")
    }
}

#[derive(Debug, Clone)]
pub(super) struct Fragment {
    pub(super) cell: Cell,
    pub(super) baseline: f32,
    pub(super) size: f32,
    chars: usize,
    bold_chars: usize,
    pub(super) grid: Option<Vec<Vec<String>>>,
    raised: Raised,
    /// None where the page has no monospaced font.
    pub(super) signs: Vec<Sign>,
}

impl Fragment {
    /// A table is read where it begins.
    fn of_table(table: RuledTable) -> Self {
        let text = table.rows.iter().flatten().filter(|cell| !cell.is_empty()).cloned();
        let text = text.collect::<Vec<_>>().join(" ");
        Self {
            cell: Cell { text, left: table.sides.0, right: table.sides.1, gaps: Vec::new() },
            baseline: table.top,
            size: table.size,
            chars: table.chars,
            bold_chars: 0,
            grid: Some(table.rows),
            raised: Raised::default(),
            signs: Vec::new(),
        }
    }
}

/// [`lines`], with tables between the page's drawn lines as one line each, and whether there may be other tables, as the
/// page has more than is looked at.
pub(crate) fn lines_and_tables(mut directions: Vec<Vec<Glyph>>, mut rulings: Rulings) -> (Vec<Line>, bool) {
    let Some(main) = directions.first_mut() else { return (Vec::new(), false) };
    let turns = main.iter().find(|glyph| glyph.c != ' ').map_or(0, Glyph::quarter_turns);
    let squares = rulings.take_squares();
    let (grids, is_cut) = rulings.turned(turns).grids();
    let is_cut = is_cut || main.len() > MAX_GLYPHS && !grids.is_empty();
    let (rest, tables) = take_tables(std::mem::take(main), &grids);
    let mut of_main = fragments(&rest);
    if turns == 0 {
        mark_items(&mut of_main, &squares);
    }
    of_main.extend(tables.into_iter().map(Fragment::of_table));
    let mut all = in_reading_order(of_main, 0);
    let middle = all.get(all.len() / 2).map_or(0.0, |line| line.baseline);
    for direction in &directions[1..] {
        let mut visible = direction.iter().filter(|glyph| !glyph.is_blank());
        let is_aslant = visible.all(Glyph::is_aslant);
        let lines = in_reading_order(fragments(direction), 0);
        all.extend(lines.into_iter().map(|line| if is_aslant { aslant(line, middle) } else { line }));
    }
    (all, is_cut)
}

/// A line that lies across the page has no height there, and its size tells nothing of the text: it is laid where no
/// margin is.
fn aslant(line: Line, baseline: f32) -> Line {
    Line { baseline, size: 0.0, aslant: true, typed: None, ..line }
}

/// The lines of text in a table's cell, from the top down.
pub(crate) fn cell_lines(glyphs: &[Glyph]) -> Vec<Line> {
    rows(fragments(glyphs)).into_iter().map(line).collect()
}

/// The lines of a page in reading order; each direction of text was turned upright.
pub(crate) fn lines(directions: &[Vec<Glyph>]) -> Vec<Line> {
    directions.iter().flat_map(|glyphs| in_reading_order(fragments(glyphs), 0)).collect()
}

fn fragments(glyphs: &[Glyph]) -> Vec<Fragment> {
    let mut fragments: Vec<Fragment> = Vec::new();
    let has_code = glyphs.iter().any(|glyph| glyph.monospaced);
    let mut blank = None;
    let mut ended = false;
    for glyph in glyphs {
        if glyph.is_line_end() {
            ended = true;
            continue;
        }
        if glyph.c == ' ' {
            blank = Some(glyph.generated && blank.unwrap_or(true));
            continue;
        }
        let last = fragments.last_mut().filter(|last| !ended && continues(last, glyph));
        match last {
            Some(last) => extend(last, glyph, blank),
            None => fragments.push(Fragment {
                cell: Cell {
                    text: glyph.c.to_string(),
                    left: glyph.left,
                    right: glyph.right,
                    gaps: Vec::new(),
                },
                baseline: glyph.baseline,
                size: glyph.size,
                chars: 1,
                bold_chars: usize::from(glyph.bold),
                grid: None,
                raised: Raised::default(),
                signs: Vec::new(),
            }),
        }
        if let Some(last) = fragments.last_mut().filter(|_| has_code) {
            last.signs.push(Sign::of(glyph, blank.is_some()));
        }
        blank = None;
        ended = false;
    }
    fragments
}

/// Whether the glyph goes on where the fragment ends; raised and lowered characters do.
fn continues(last: &Fragment, glyph: &Glyph) -> bool {
    let size = last.size.max(glyph.size).max(1.0);
    let gap = match is_right_to_left(glyph.c) {
        true => last.cell.left - glyph.right,
        false => glyph.left - last.cell.right,
    };
    let numbers = last.cell.text.ends_with(ends_number) && begins_number(glyph.c);
    let widest = if numbers { NUMBER_GAP } else { CELL_GAP };
    let raised = glyph.baseline - last.baseline;
    let is_mark = glyph.size <= MARK_SIZE * size
        && (0.0..=MARK_HEIGHT * size).contains(&raised)
        && gap.abs() <= MARK_GAP * size;
    is_mark || raised.abs() <= SAME_LINE * size && gap > -1.1 * size && gap < widest * size
}

/// Hebrew and Arabic.
pub(crate) fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}')
}

/// Whether letters of one direction follow those of the other: no word has both.
fn turns(before: char, next: char) -> bool {
    before.is_alphabetic() && next.is_alphabetic() && is_right_to_left(before) != is_right_to_left(next)
}

fn ends_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '%' | ')' | '-' | '–' | '—')
}

fn begins_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '$' | '€' | '£' | '¥' | '(' | '-' | '–' | '—')
}

fn extend(last: &mut Fragment, glyph: &Glyph, blank: Option<bool>) {
    let gap = (glyph.left - last.cell.right).max(last.cell.left - glyph.right);
    let before = last.cell.text.chars().last().unwrap_or(' ');
    let tight = joins_without_blank(before) && joins_without_blank(glyph.c);
    let turns = turns(before, glyph.c);
    let leads = last.raised.note(&last.cell.text, (last.size, last.baseline), glyph, blank.is_some());
    let wanted = match blank {
        _ if turns || leads => true,
        Some(generated) => !(generated && tight),
        None => !tight && gap > WORD_GAP * glyph.size.max(1.0),
    };
    if wanted {
        last.cell.text.push(' ');
        let is_wide = gap > WIDE_BLANK * glyph.size.max(1.0) && !is_right_to_left(glyph.c);
        if is_wide && may_part(before, glyph.c) {
            let at = last.cell.text.len();
            last.cell.gaps.push(Gap { at, left: last.cell.right, right: glyph.left });
        }
    }
    last.cell.text.push(glyph.c);
    last.cell.left = last.cell.left.min(glyph.left);
    last.cell.right = last.cell.right.max(glyph.right);
    last.chars += 1;
    last.bold_chars += usize::from(glyph.bold);
    // A bullet may be larger or smaller than the text that it leads.
    let follows_bullet = last.chars == 2 && last.cell.text.starts_with(is_bullet);
    if glyph.size > last.size * 1.05 || follows_bullet {
        last.size = glyph.size;
        last.baseline = glyph.baseline;
    }
}

type Row = Vec<Fragment>;

fn rows(mut fragments: Vec<Fragment>) -> Vec<Row> {
    fragments.sort_by(|a, b| b.baseline.total_cmp(&a.baseline));
    let mut rows: Vec<Row> = Vec::new();
    for fragment in fragments {
        let same = rows.last().and_then(|row| row.first()).is_some_and(|first| {
            first.grid.is_none()
                && fragment.grid.is_none()
                && first.baseline - fragment.baseline <= SAME_LINE * first.size.max(fragment.size).max(1.0)
        });
        match rows.last_mut().filter(|_| same) {
            Some(row) => row.push(fragment),
            None => rows.push(vec![fragment]),
        }
    }
    for row in &mut rows {
        row.sort_by(|a, b| a.cell.left.total_cmp(&b.cell.left));
    }
    rows
}

fn line(mut row: Row) -> Line {
    let grid = row.first_mut().and_then(|fragment| fragment.grid.take());
    let is_mirrored = |f: &Fragment| f.cell.text.chars().any(is_right_to_left);
    if row.iter().filter(|f| is_mirrored(f)).count() * 2 > row.len() {
        row.reverse();
    }
    let size = row.iter().max_by_key(|f| f.chars).map_or(0.0, |f| f.size);
    let baseline = row.first().map_or(0.0, |f| f.baseline);
    let chars: usize = row.iter().map(|f| f.chars).sum();
    let bold_chars: usize = row.iter().map(|f| f.bold_chars).sum();
    let raised = row.iter_mut().flat_map(|fragment| std::mem::take(&mut fragment.raised.marks)).collect();
    let typed = Typed::of(row.iter_mut().map(|fragment| std::mem::take(&mut fragment.signs)), size);
    let mut cells: Vec<Cell> = Vec::new();
    let is_table = grid.is_some();
    let parts = |cell: Cell| if is_table { vec![cell] } else { split_at_leaders(cell) };
    let mut led = false;
    let parted = row.into_iter().flat_map(|fragment| {
        let chars = fragment.cell.text.len();
        let parts = parts(fragment.cell);
        led |= parts.iter().map(|cell| cell.text.len()).sum::<usize>() + MIN_LEADERS <= chars;
        parts
    });
    for cell in parted {
        let first = cells.len() == 1;
        match cells.last_mut().filter(|last| belong_together(last, &cell, first, size)) {
            Some(last) => {
                let ends = last.text.chars().last().zip(cell.text.chars().next());
                let turned = ends.is_some_and(|(before, next)| turns(before, next));
                // Such as words of a text that lies over another.
                let is_new = ends.is_some_and(|(before, next)| before.is_lowercase() && next.is_uppercase());
                let apart = distance(last, &cell);
                if turned || is_new || apart > WORD_GAP * 0.5 * size || apart < -OVERLAP * size {
                    last.text.push(' ');
                    let may_part = ends.is_some_and(|(before, next)| may_part(before, next));
                    if apart > WIDE_BLANK * size && last.right <= cell.left && may_part {
                        last.gaps.push(Gap { at: last.text.len(), left: last.right, right: cell.left });
                    }
                }
                let before = last.text.len();
                last.gaps.extend(cell.gaps.into_iter().map(|gap| Gap { at: gap.at + before, ..gap }));
                last.text.push_str(&cell.text);
                last.left = last.left.min(cell.left);
                last.right = last.right.max(cell.right);
            }
            None => cells.push(cell),
        }
    }
    Line {
        left: cells.iter().map(|c| c.left).reduce(f32::min).unwrap_or(0.0),
        right: cells.iter().map(|c| c.right).reduce(f32::max).unwrap_or(0.0),
        cells,
        baseline,
        size,
        bold: bold_chars * 5 >= chars * 4,
        grid,
        running: false,
        raised,
        led,
        aslant: false,
        typed,
    }
}

/// Whether a gap between them may be one between columns: not behind a bullet or a currency sign, or before `%`.
fn may_part(before: char, next: char) -> bool {
    !matches!(before, '$' | '€' | '£' | '¥') && !is_bullet(before) && !matches!(next, '%' | ')')
}

/// The gap between two cells, whichever comes first; negative where they overlap.
fn distance(one: &Cell, other: &Cell) -> f32 {
    (other.left - one.right).max(one.left - other.right)
}

/// Whether two neighbours are one cell: near each other, a bullet and its text, a currency sign and
/// its amount, an amount and its percent sign.
fn belong_together(last: &Cell, next: &Cell, last_is_first: bool, size: f32) -> bool {
    let numbers = last.text.ends_with(ends_number) && next.text.starts_with(begins_number);
    let near = distance(last, next) < if numbers { NUMBER_GAP } else { CELL_GAP } * size.max(1.0);
    let item = (last_is_first && is_marker(&last.text) || is_round_bullet(&last.text))
        && next.text.starts_with(|c: char| c.is_alphabetic() || "“\"(".contains(c));
    let amount = matches!(last.text.as_str(), "$" | "€" | "£" | "¥" | "US$" | "A$" | "C$" | "HK$" | "RMB")
        && next.text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '(' | '-' | '–' | '—'));
    near || item || amount || matches!(next.text.as_str(), "%" | ")" | ")%")
}

/// Parts `Revenue ........ 1,200` at its leaders. Where the parts lie is reckoned from their share
/// of the characters.
fn split_at_leaders(cell: Cell) -> Vec<Cell> {
    let chars: Vec<char> = cell.text.chars().collect();
    let width = (cell.right - cell.left) / chars.len().max(1) as f32;
    let mut cells = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let mut push = |start: usize, end: usize| {
        let text: String = chars[start..end].iter().collect();
        if !text.trim().is_empty() {
            let left = cell.left + start as f32 * width;
            let right = cell.left + end as f32 * width;
            cells.push(Cell { text: text.trim().to_owned(), left, right, gaps: Vec::new() });
        }
    };
    while at < chars.len() {
        let run = chars[at..].iter().take_while(|c| matches!(c, '.' | '…' | ' ' | '·')).count();
        if chars[at..at + run].iter().filter(|c| **c != ' ').count() >= MIN_LEADERS {
            push(start, at);
            start = at + run;
        }
        at += run.max(1);
    }
    if start == 0 {
        return vec![cell];
    }
    push(start, chars.len());
    if cells.is_empty() { vec![cell] } else { cells }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Text at (x, y) in a 10-point font whose characters are 5 points wide.
    pub(in super::super) fn put(glyphs: &mut Vec<Glyph>, x: f32, y: f32, text: &str) {
        for (index, c) in text.chars().enumerate() {
            if c == ' ' {
                glyphs.push(Glyph::blank(false));
                continue;
            }
            let left = x + index as f32 * 5.0;
            glyphs.push(Glyph {
                c,
                left,
                right: left + 5.0,
                bottom: y - 2.0,
                top: y + 8.0,
                baseline: y,
                origin_x: left,
                size: 10.0,
                clockwise: 0.0,
                bold: false,
                monospaced: false,
                generated: false,
            });
        }
        glyphs.push(Glyph::blank(true));
    }

    fn read(glyphs: Vec<Glyph>) -> Vec<String> {
        let join = |line: &Line| line.cells.iter().map(|c| c.text.clone()).collect::<Vec<_>>().join(" | ");
        lines(&[glyphs]).iter().map(join).collect()
    }

    #[test]
    fn columns_of_prose_are_read_one_after_the_other() {
        let mut glyphs = Vec::new();
        put(&mut glyphs, 100.0, 700.0, "A title that spans both of the columns below it");
        for row in 0_u8..5 {
            let y = 680.0 - f32::from(row) * 12.0;
            put(&mut glyphs, 50.0, y, &format!("left column running text {row}"));
            put(&mut glyphs, 250.0, y, &format!("right column running text {row}"));
        }
        put(&mut glyphs, 50.0, 600.0, "and a closing line which spans both of the columns again");
        let lines = read(glyphs);
        assert_eq!(lines[0], "A title that spans both of the columns below it");
        assert_eq!(lines[1], "left column running text 0");
        assert_eq!(lines[5], "left column running text 4");
        assert_eq!(lines[6], "right column running text 0");
        assert_eq!(lines[11], "and a closing line which spans both of the columns again");
    }

    #[test]
    fn a_table_row_stays_one_line_though_written_by_columns() {
        let mut glyphs = Vec::new();
        for (x, column) in
            [(50.0, ["Revenue and income", "Cost"]), (250.0, ["1,200", "900"]), (320.0, ["1,100", "850"])]
        {
            for (row, text) in column.into_iter().enumerate() {
                put(&mut glyphs, x, 700.0 - row as f32 * 12.0, text);
            }
        }
        assert_eq!(read(glyphs), ["Revenue and income | 1,200 | 1,100", "Cost | 900 | 850"]);
    }

    #[test]
    fn figures_close_to_each_other_and_behind_leaders_are_cells() {
        let mut glyphs = Vec::new();
        put(&mut glyphs, 50.0, 700.0, "Assets ........... 1,296");
        put(&mut glyphs, 182.0, 700.0, "(6.9%)");
        put(&mut glyphs, 222.0, 700.0, "-");
        put(&mut glyphs, 250.0, 700.0, "$");
        put(&mut glyphs, 290.0, 700.0, "12");
        assert!(lines(&[glyphs.clone()])[0].cells.iter().all(|cell| cell.gaps.is_empty()));
        assert_eq!(read(glyphs), ["Assets | 1,296 | (6.9%) | - | $ 12"]);
    }

    #[test]
    fn bullets_and_raised_characters_stay_in_their_line() {
        let mut glyphs = Vec::new();
        put(&mut glyphs, 50.0, 700.0, "•");
        put(&mut glyphs, 80.0, 700.0, "an item");
        put(&mut glyphs, 50.0, 680.0, "note");
        let mut raised = Vec::new();
        put(&mut raised, 70.0, 683.0, "2");
        raised[0].size = 6.0;
        glyphs.insert(glyphs.len() - 1, raised.swap_remove(0));
        assert_eq!(lines(&[glyphs.clone()])[1].raised, ["2"]);
        assert_eq!(read(glyphs), ["• an item", "note2"]);
    }

    #[test]
    fn lists_side_by_side_are_read_one_after_the_other() {
        let mut glyphs = Vec::new();
        for (row, words) in ["Alice", "Dinah", "Hatter"].into_iter().enumerate() {
            let y = 700.0 - row as f32 * 12.0;
            put(&mut glyphs, 50.0, y, &format!("{}. {words}", row + 1));
            put(&mut glyphs, 150.0, y, "•");
            put(&mut glyphs, 162.0, y, words);
        }
        let lists = ["1. Alice", "2. Dinah", "3. Hatter", "• Alice", "• Dinah", "• Hatter"];
        assert_eq!(read(glyphs), lists);
    }

    #[test]
    fn a_bullet_gives_its_line_no_size() {
        let mut glyphs = Vec::new();
        put(&mut glyphs, 50.0, 700.0, "• an item");
        glyphs[0].size = 14.0;
        assert_eq!(lines(&[glyphs])[0].size, 10.0);
    }

    #[test]
    fn the_number_of_a_note_stands_apart_from_it() {
        let mut glyphs = Vec::new();
        put(&mut glyphs, 50.0, 703.0, "12");
        glyphs.pop();
        glyphs.iter_mut().for_each(|glyph| glyph.size = 6.0);
        put(&mut glyphs, 60.0, 700.0, "Of last year");
        let line = lines(&[glyphs]).swap_remove(0);
        assert_eq!((line.text().as_str(), line.raised.len(), line.size), ("12 Of last year", 0, 10.0));
    }

    #[test]
    fn a_watermark_follows_the_text_and_has_no_size() {
        let mut text = Vec::new();
        put(&mut text, 50.0, 700.0, "The first line");
        put(&mut text, 50.0, 688.0, "and the second");
        let mut watermark = Vec::new();
        put(&mut watermark, 300.0, 600.0, "DRAFT");
        watermark.iter_mut().for_each(|glyph| glyph.clockwise = 5.5);
        let (read, _) = lines_and_tables(vec![text, watermark], Rulings::default());
        let told: Vec<_> = read.iter().map(|line| (line.text(), line.aslant, line.size > 0.0)).collect();
        let lines =
            [("The first line", false, true), ("and the second", false, true), ("DRAFT", true, false)];
        assert_eq!(told, lines.map(|(text, aslant, sized)| (text.to_owned(), aslant, sized)));
    }

    #[test]
    fn a_headline_over_some_of_the_columns_ends_those_above_it() {
        let mut glyphs = Vec::new();
        for (top, names) in [(700.0, ["A", "B", "C"]), (600.0, ["D", "E", "F"])] {
            for (column, name) in (0_u8..).zip(names) {
                for row in 0_u8..5 {
                    let y = top - f32::from(row) * 11.0;
                    put(
                        &mut glyphs,
                        50.0 + f32::from(column) * 150.0,
                        y,
                        &format!("{name} line of running text"),
                    );
                }
            }
        }
        let headline = |x: f32, text: &str| {
            let mut of = Vec::new();
            put(&mut of, x, 625.0, text);
            of.iter_mut().filter(|glyph| !glyph.is_blank()).for_each(|glyph| glyph.size = 14.0);
            read([glyphs.clone(), of].concat())
                .into_iter()
                .filter_map(|line| line.chars().next())
                .collect::<String>()
        };
        let columns = |names: &str| names.chars().flat_map(|c| [c; 5]).collect::<String>();
        let over_two = headline(50.0, "Second story about the new harbour");
        assert_eq!(over_two, columns("ABC") + "S" + &columns("DEF"));
        // Over one column it is a headline within that.
        let over_one = headline(50.0, "Second story");
        assert_eq!(over_one, columns("A") + "S" + &columns("DBECF"));
    }
}
