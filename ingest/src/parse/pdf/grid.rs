//! Tables between drawn lines: each cell's text out of the characters that stand in it.

use std::collections::HashSet;

use super::glyph::Glyph;
use super::joints::join_plain;
use super::layout::{COLUMN_WIDTH, Line, cell_lines, is_right_to_left, subtract};
use super::rulings::Grid;
use crate::parse::table::TableGrid;

/// A gap of this many font sizes parts two words.
const WORD_GAP: f32 = 0.22;
/// Characters closer than this, in font sizes, are of one word.
const ABUTS: f32 = 0.06;
/// Narrowest gap between columns that no line parts, in font sizes.
const GUTTER: f32 = 0.55;
/// The same in a monospaced font, whose blanks are wider.
const TYPED_GUTTER: f32 = 0.9;
/// Two baselines within this share of the font size are one line.
const SAME_LINE: f32 = 0.4;
/// Least share of the rows, in percent, that have text in a column, and of places that have text at all.
const FILLED_PERCENT: usize = 30;
/// Least share of the text's width that a table has; lines above and below single columns of figures are
/// shorter. One with lines between its columns may be smaller.
const LEAST_SHARE: f32 = 0.35;
const LEAST_SHARE_RULED: f32 = 0.2;
/// Most lines, in percent, that hold several cells within one place.
const MAX_TOGETHER_PERCENT: usize = 10;
/// From this many lines in a place on, it may be a column of running text rather than a cell.
const PROSE_LINES: usize = 5;
/// A gap of this many font sizes is a blank between words of running text.
const BLANK: f32 = 0.5;
/// Running text that reaches over a side stands outside by this many font sizes, and inside by so many; marks of notes
/// may hang out.
const OUTSIDE: f32 = 2.0;
const INSIDE: f32 = 1.0;
/// Fewest rules of a part of a table between them.
const FEWEST_RULES: usize = 3;
/// A label beside figures is no wider than this, in font sizes, or ends so far before other text there does.
const LABEL_WIDTH: f32 = 15.0;
const LABEL_ENDS: f32 = 2.0;
/// A table with more characters than this is read line by line.
pub(super) const MAX_GLYPHS: usize = 200_000;

/// The rows of a table, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RuledTable {
    /// Rows of equal length.
    pub(crate) rows: Vec<Vec<String>>,
    /// Left and right edge.
    pub(crate) sides: (f32, f32),
    /// Upper edge.
    pub(crate) top: f32,
    /// Size of its first character.
    pub(crate) size: f32,
    /// Visible characters in it.
    pub(crate) chars: usize,
}

/// Takes the characters of tables out of `glyphs`.
pub(crate) fn take_tables(glyphs: Vec<Glyph>, grids: &[Grid]) -> (Vec<Glyph>, Vec<RuledTable>) {
    let mut rest = glyphs;
    let mut tables = Vec::new();
    let (left, right) = sides(&rest);
    let grids: Vec<Grid> = match grids.iter().any(|grid| grid.owners.is_empty()) {
        true => {
            let runs = runs(&rest);
            grids.iter().flat_map(|grid| uncrossed(grid, &runs)).collect()
        }
        false => grids.to_vec(),
    };
    for grid in &grids {
        let share = (grid.xs[grid.xs.len() - 1] - grid.xs[0]) / (right - left).max(1.0);
        if share < if grid.owners.is_empty() { LEAST_SHARE } else { LEAST_SHARE_RULED } {
            continue;
        }
        let (inside, outside) = parted(rest, grid);
        let is_whole = !grid.owners.is_empty() || !lacks_labels(&inside, &outside, grid.xs[0]);
        match table(&inside, grid).filter(|_| is_whole) {
            Some(table) => {
                tables.push(table);
                rest = outside.into_iter().map(|(_, glyph)| glyph).collect();
            }
            None => rest = together(inside, outside),
        }
    }
    (rest, tables)
}

/// The outer edges of the text.
fn sides(glyphs: &[Glyph]) -> (f32, f32) {
    let visible = glyphs.iter().filter(|glyph| glyph.c != ' ');
    visible
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(left, right), g| (left.min(g.left), right.max(g.right)))
}

/// Words with no more than blanks between, in the file's order.
struct Run {
    left: f32,
    right: f32,
    baseline: f32,
    size: f32,
}

fn runs(glyphs: &[Glyph]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for glyph in glyphs.iter().filter(|glyph| !glyph.is_blank()) {
        let goes_on = |run: &&mut Run| {
            let size = run.size.max(glyph.size).max(1.0);
            let gap = glyph.left - run.right;
            (-size..=BLANK * size).contains(&gap) && (glyph.baseline - run.baseline).abs() <= SAME_LINE * size
        };
        match runs.last_mut().filter(goes_on) {
            Some(run) => run.right = run.right.max(glyph.right),
            None => runs.push(Run {
                left: glyph.left,
                right: glyph.right,
                baseline: glyph.baseline,
                size: glyph.size.max(1.0),
            }),
        }
    }
    runs
}

/// The parts of a grid of rules alone between those bands that running text reaches into from outside: there, rules of
/// several tables have the same ends.
fn uncrossed(grid: &Grid, runs: &[Run]) -> Vec<Grid> {
    if !grid.owners.is_empty() {
        return vec![grid.clone()];
    }
    let (left, right) = (grid.xs[0], grid.xs[grid.xs.len() - 1]);
    let crosses = |run: &&Run| {
        let (out, within) = (OUTSIDE * run.size, INSIDE * run.size);
        run.left <= left - out && run.right >= left + within
            || run.right >= right + out && run.left <= right - within
    };
    let heights: Vec<f32> = runs.iter().filter(crosses).map(|run| run.baseline + 0.3 * run.size).collect();
    if heights.is_empty() {
        return vec![grid.clone()];
    }
    let mut parts: Vec<Vec<f32>> = vec![vec![grid.ys[0]]];
    for band in grid.ys.windows(2) {
        let is_crossed = heights.iter().any(|height| (band[1]..=band[0]).contains(height));
        match parts.last_mut().filter(|_| !is_crossed) {
            Some(part) => part.push(band[1]),
            None => parts.push(vec![band[1]]),
        }
    }
    parts.retain(|ys| ys.len() >= FEWEST_RULES);
    parts.into_iter().map(|ys| Grid { ys, ..grid.clone() }).collect()
}

/// What stands at one height.
struct TextLine {
    left: f32,
    right: f32,
    baseline: f32,
    size: f32,
    first: char,
    letters: usize,
    digits: usize,
}

/// From the top down.
fn text_lines<'g>(glyphs: impl Iterator<Item = &'g Glyph>) -> Vec<TextLine> {
    let mut glyphs: Vec<&Glyph> = glyphs.filter(|glyph| !glyph.is_blank()).collect();
    glyphs.sort_by(|a, b| b.baseline.total_cmp(&a.baseline));
    let mut lines: Vec<TextLine> = Vec::new();
    for glyph in glyphs {
        let same = |line: &&mut TextLine| {
            line.baseline - glyph.baseline <= SAME_LINE * line.size.max(glyph.size).max(1.0)
        };
        let (letters, digits) = (usize::from(glyph.c.is_alphabetic()), usize::from(glyph.c.is_numeric()));
        match lines.last_mut().filter(same) {
            Some(line) => {
                if glyph.left < line.left {
                    (line.left, line.first) = (glyph.left, glyph.c);
                }
                line.right = line.right.max(glyph.right);
                line.letters += letters;
                line.digits += digits;
            }
            None => lines.push(TextLine {
                left: glyph.left,
                right: glyph.right,
                baseline: glyph.baseline,
                size: glyph.size.max(1.0),
                first: glyph.c,
                letters,
                digits,
            }),
        }
    }
    lines
}

/// Whether rules lie over a table's columns of figures only: most of their lines have a label that ends at the `left` of
/// them. Text of another column is no label.
fn lacks_labels(inside: &Numbered, outside: &Numbered, left: f32) -> bool {
    let lines = text_lines(inside.iter().map(|(_, glyph)| glyph));
    let is_figures = |line: &&TextLine| line.digits > line.letters && !line.first.is_alphabetic();
    let figures: Vec<&TextLine> = lines.iter().filter(is_figures).collect();
    if figures.is_empty() || figures.len() * 2 < lines.len() {
        return false;
    }
    // Dots may lead to the figures.
    let is_at_left = |glyph: &&Glyph| glyph.right <= left + 1.0 && !matches!(glyph.c, '.' | '…' | '·');
    let at_left = text_lines(outside.iter().map(|(_, glyph)| glyph).filter(is_at_left));
    let farthest = at_left.iter().map(|line| line.right).fold(f32::NEG_INFINITY, f32::max);
    let is_label = |line: &TextLine| {
        line.letters > line.digits
            && (line.right - line.left <= LABEL_WIDTH * line.size
                || farthest - line.right >= LABEL_ENDS * line.size)
    };
    let has_label = |figures: &&&TextLine| {
        let first =
            at_left.partition_point(|line| line.baseline - figures.baseline > SAME_LINE * figures.size);
        at_left[first..]
            .iter()
            .take_while(|line| figures.baseline - line.baseline <= SAME_LINE * figures.size)
            .any(is_label)
    };
    figures.iter().filter(has_label).count() * 2 >= lines.len()
}

type Numbered = Vec<(usize, Glyph)>;

/// What stands inside of the grid, and what outside; blanks go with the character before.
fn parted(glyphs: Vec<Glyph>, grid: &Grid) -> (Numbered, Numbered) {
    let (left, right) = (grid.xs[0], grid.xs[grid.xs.len() - 1]);
    let (top, bottom) = (grid.ys[0], grid.ys[grid.ys.len() - 1]);
    let mut inside = false;
    glyphs.into_iter().enumerate().partition(|(_, glyph)| {
        if glyph.c != ' ' {
            let (x, y) = middle(glyph);
            inside = left <= x && x <= right && bottom <= y && y <= top;
        }
        inside
    })
}

fn together(mut inside: Numbered, outside: Numbered) -> Vec<Glyph> {
    inside.extend(outside);
    inside.sort_by_key(|(index, _)| *index);
    inside.into_iter().map(|(_, glyph)| glyph).collect()
}

fn middle(glyph: &Glyph) -> (f32, f32) {
    ((glyph.left + glyph.right) / 2.0, glyph.baseline + 0.3 * glyph.size)
}

fn table(glyphs: &Numbered, grid: &Grid) -> Option<RuledTable> {
    let first = glyphs.iter().find(|(_, g)| g.c != ' ').map(|(_, g)| g)?;
    if glyphs.len() > MAX_GLYPHS {
        return None;
    }
    let glyphs: Vec<&Glyph> = glyphs.iter().map(|(_, glyph)| glyph).collect();
    let mut rows = match grid.owners.is_empty() {
        false => ruled(&glyphs, grid)?,
        true => between_rules(&glyphs, grid)?,
    };
    let letters = || glyphs.iter().filter(|g| g.c.is_alphabetic());
    if letters().filter(|g| is_right_to_left(g.c)).count() * 2 > letters().count() {
        rows.iter_mut().for_each(|row| row.reverse());
    }
    Some(RuledTable {
        rows,
        sides: (grid.xs[0], grid.xs[grid.xs.len() - 1]),
        top: grid.ys[0],
        size: first.size,
        chars: glyphs.iter().filter(|g| g.c != ' ').count(),
    })
}

/// Index of the stretch between `edges` (ascending or descending) that `at` lies in.
fn stretch(edges: &[f32], at: f32) -> usize {
    let ascending = edges[0] <= edges[edges.len() - 1];
    let before = edges[1..edges.len() - 1].iter().take_while(|edge| (**edge <= at) == ascending);
    before.count()
}

fn ruled(glyphs: &[&Glyph], grid: &Grid) -> Option<Vec<Vec<String>>> {
    let (width, height) = (grid.xs.len() - 1, grid.ys.len() - 1);
    let mut places: Vec<Vec<Glyph>> = vec![Vec::new(); width * height];
    let mut at = 0;
    let mut before: Option<&Glyph> = None;
    for glyph in glyphs {
        if glyph.c != ' ' && !before.is_some_and(|before| abut(before, glyph)) {
            let (x, y) = middle(glyph);
            at = grid.owners[stretch(&grid.ys, y)][stretch(&grid.xs, x)];
        }
        before = Some(*glyph).filter(|glyph| glyph.c != ' ');
        places[at].push((*glyph).clone());
    }
    let places: Vec<Vec<Line>> = places.iter().map(|glyphs| cell_lines(glyphs)).collect();
    if !is_filled(&places, grid) || !parts_columns(&places, &grid.nested) {
        return None;
    }
    let mut out = TableGrid::default();
    for (row, owners) in grid.owners.iter().enumerate() {
        out.start_row();
        for (column, &owner) in owners.iter().enumerate().filter(|(column, o)| **o == row * width + column) {
            let columns = owners[column..].iter().take_while(|o| **o == owner).count();
            let rows = grid.owners[row..].iter().take_while(|below| below[column] == owner).count();
            out.cell(&text(&places[owner]), columns, rows);
        }
    }
    let rows = out.into_rows();
    (rows.len() >= 2 && rows.iter().any(|row| row.len() >= 2)).then_some(rows)
}

/// Whether two characters are of one word, which no line tears.
fn abut(before: &Glyph, glyph: &Glyph) -> bool {
    let size = before.size.max(glyph.size).max(1.0);
    let gap = (glyph.left - before.right).max(before.left - glyph.right);
    gap.abs() <= ABUTS * size && (glyph.baseline - before.baseline).abs() <= ABUTS * size
}

fn text(lines: &[Line]) -> String {
    let lines: Vec<String> = lines.iter().map(Line::text).collect();
    join_plain(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Whether the lines part what stands in columns: shaded rows and underlined sums make places too, in which
/// several cells of a row stand together. In the cells `nested` they may.
fn parts_columns(places: &[Vec<Line>], nested: &[usize]) -> bool {
    let plain = || places.iter().enumerate().filter(|(cell, _)| !nested.contains(cell));
    let lines = || plain().flat_map(|(_, lines)| lines);
    lines().filter(|line| line.cells.len() > 1).count() * 100 <= lines().count() * MAX_TOGETHER_PERCENT
}

/// Whether lines and text make a table: charts have lines without text between, frames have one cell with all
/// of it, and text on coloured ground has one in each row.
fn is_filled(places: &[Vec<Line>], grid: &Grid) -> bool {
    let width = grid.xs.len() - 1;
    let mut cells: Vec<usize> = grid.owners.iter().flatten().copied().collect();
    cells.sort_unstable();
    cells.dedup();
    let filled: Vec<usize> = cells.iter().copied().filter(|&cell| !places[cell].is_empty()).collect();
    let in_row = |owners: &Vec<usize>| {
        let mut cells: Vec<usize> = owners.iter().copied().filter(|&cell| !places[cell].is_empty()).collect();
        cells.dedup();
        cells.len()
    };
    let rows = || grid.owners.iter().map(in_row).filter(|cells| *cells > 0);
    // Where lines part all places, cells may be empty, or hold pictures.
    let least = if cells.len() == grid.owners.len() * width { 3 } else { 2 };
    filled.len() >= 3
        && rows().filter(|cells| *cells > 1).count() * least >= rows().count()
        && filled.len() * 100 >= cells.len() * FILLED_PERCENT
        && has_rows_and_columns(&filled, width)
}

/// Whether places stand in two rows and two columns or more.
pub(super) fn has_rows_and_columns(places: &[usize], width: usize) -> bool {
    let distinct = |of: fn(usize, usize) -> usize| {
        places.iter().map(|&place| of(place, width)).collect::<HashSet<_>>().len()
    };
    distinct(|place, width| place % width) >= 2 && distinct(|place, width| place / width) >= 2
}

/// Characters without a gap between.
struct Word {
    glyphs: Vec<Glyph>,
    left: f32,
    right: f32,
    baseline: f32,
    size: f32,
}

fn words(glyphs: &[&Glyph]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut blank = true;
    for glyph in glyphs {
        if glyph.c == ' ' {
            blank = true;
            continue;
        }
        let goes_on = |word: &&mut Word| {
            let size = word.size.max(glyph.size).max(1.0);
            let gap = (glyph.left - word.right).max(word.left - glyph.right);
            gap <= WORD_GAP * size
                && gap > -size
                && (glyph.baseline - word.baseline).abs() <= SAME_LINE * size
        };
        match words.last_mut().filter(|_| !blank).filter(goes_on) {
            Some(word) => {
                word.left = word.left.min(glyph.left);
                word.right = word.right.max(glyph.right);
                word.glyphs.push((*glyph).clone());
            }
            None => words.push(Word {
                glyphs: vec![(*glyph).clone()],
                left: glyph.left,
                right: glyph.right,
                baseline: glyph.baseline,
                size: glyph.size,
            }),
        }
        blank = false;
    }
    words
}

/// A table whose columns no line parts: they are parted where no word of any row but the first band's stands.
fn between_rules(glyphs: &[&Glyph], grid: &Grid) -> Option<Vec<Vec<String>>> {
    let mut bands: Vec<Vec<Word>> = (1..grid.ys.len()).map(|_| Vec::new()).collect();
    for word in words(glyphs) {
        bands[stretch(&grid.ys, word.baseline + 0.3 * word.size)].push(word);
    }
    let edges = column_edges(&bands, grid)?;
    let mut rows = Vec::new();
    for band in bands.into_iter().filter(|band| !band.is_empty()) {
        rows.extend(band_rows(band, &edges)?);
    }
    let width = edges.len() - 1;
    let filled = |column: usize| rows.iter().filter(|row| !row[column].is_empty()).count();
    let is_table = rows.len() >= 2 && (0..width).all(|c| filled(c) * 100 >= rows.len() * FILLED_PERCENT);
    is_table.then_some(rows)
}

fn column_edges(bands: &[Vec<Word>], grid: &Grid) -> Option<Vec<f32>> {
    let (left, right) = (grid.xs[0], grid.xs[grid.xs.len() - 1]);
    let first = bands.iter().position(|band| !band.is_empty())?;
    let mut free = vec![(left, right)];
    let mut size: f32 = 1.0;
    for word in bands.iter().skip(first + 1).flatten() {
        free = subtract(&free, word.left, word.right);
        size = size.max(word.size);
    }
    let below = bands.iter().skip(first + 1).flatten().flat_map(|word| &word.glyphs);
    // Chinese characters alone tell nothing.
    let mut ascii = below.filter(|glyph| glyph.c.is_ascii()).peekable();
    let is_typed = ascii.peek().is_some() && ascii.all(|glyph| glyph.monospaced);
    let gutter = if is_typed { TYPED_GUTTER } else { GUTTER };
    let inner =
        free.into_iter().filter(|(from, to)| *from > left && *to < right && to - from >= gutter * size);
    let mut edges = vec![left];
    edges.extend(inner.map(|(from, to)| (from + to) / 2.0));
    edges.push(right);
    (3..=40).contains(&edges.len()).then_some(edges)
}

/// The rows between two lines: one where the cells' lines do not stand at the same heights, else one for each
/// line of text. `None` where columns of running text stand there.
fn band_rows(band: Vec<Word>, edges: &[f32]) -> Option<Vec<Vec<String>>> {
    let mut heights: Vec<f32> = Vec::new();
    let mut sorted: Vec<(f32, f32)> = band.iter().map(|word| (word.baseline, word.size.max(1.0))).collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (baseline, size) in sorted {
        if heights.last().is_none_or(|last| last - baseline > SAME_LINE * size) {
            heights.push(baseline);
        }
    }
    let width = edges.len() - 1;
    let mut places: Vec<Vec<Vec<Word>>> =
        heights.iter().map(|_| (0..width).map(|_| Vec::new()).collect()).collect();
    for word in band {
        let row =
            heights.iter().position(|h| h - word.baseline <= SAME_LINE * word.size.max(1.0)).unwrap_or(0);
        places[row][stretch(edges, (word.left + word.right) / 2.0)].push(word);
    }
    let lines_of = |column: usize| places.iter().filter(|row| !row[column].is_empty()).count();
    let is_prose = |column: &usize| {
        let words = places.iter().flat_map(|row| &row[*column]);
        let length: f32 = words.map(|word| (word.right - word.left) / word.size.max(1.0)).sum();
        lines_of(*column) >= PROSE_LINES && length / lines_of(*column) as f32 >= COLUMN_WIDTH
    };
    if (0..width).filter(is_prose).count() >= 2 {
        return None;
    }
    let most = (0..width).map(lines_of).max().unwrap_or(0);
    if heights.len() > most {
        let mut columns: Vec<Vec<Glyph>> = vec![Vec::new(); width];
        for (column, words) in places.into_iter().flat_map(|row| row.into_iter().enumerate()) {
            columns[column].extend(glyphs_of(words));
        }
        return Some(vec![columns.iter().map(|glyphs| text(&cell_lines(glyphs))).collect()]);
    }
    let row =
        |row: Vec<Vec<Word>>| row.into_iter().map(|words| text(&cell_lines(&glyphs_of(words)))).collect();
    Some(places.into_iter().map(row).collect())
}

/// With a blank after each word.
fn glyphs_of(words: Vec<Word>) -> Vec<Glyph> {
    words.into_iter().flat_map(|word| word.glyphs.into_iter().chain([Glyph::blank(false)])).collect()
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::put;
    use super::super::typed::tests::put_typed;
    use super::*;

    fn rules(left: f32, ys: &[f32]) -> Vec<Grid> {
        vec![Grid { xs: vec![left, 500.0], ys: ys.to_vec(), owners: Vec::new(), nested: Vec::new() }]
    }

    #[test]
    fn rules_of_two_tables_are_no_table_with_the_text_between() {
        let mut glyphs = Vec::new();
        for (top, name) in [(700.0, "Was"), (550.0, "Is")] {
            put(&mut glyphs, 210.0, top - 14.0, name);
            put(&mut glyphs, 400.0, top - 14.0, "Units");
            put(&mut glyphs, 210.0, top - 34.0, "Pens");
            put(&mut glyphs, 400.0, top - 34.0, "12");
        }
        let prose = "The table above summarizes the units that were sold, and the one below those";
        put(&mut glyphs, 50.0, 610.0, prose);
        let ys = [700.0, 680.0, 660.0, 550.0, 530.0, 510.0];
        let (rest, tables) = take_tables(glyphs, &rules(200.0, &ys));
        let rows: Vec<Vec<Vec<String>>> = tables.into_iter().map(|table| table.rows).collect();
        let table = |name: &str| {
            [[name, "Units"], ["Pens", "12"]].map(|row| row.map(str::to_owned).to_vec()).to_vec()
        };
        assert_eq!(rows, [table("Was"), table("Is")]);
        assert_eq!(rest.iter().map(|glyph| glyph.c).collect::<String>().trim(), prose);
    }

    #[test]
    fn a_listing_between_rules_is_no_table() {
        let tables = |gap: &str| {
            let mut glyphs = Vec::new();
            put(&mut glyphs, 210.0, 686.0, "How it is installed");
            for (y, line) in [(666.0, ["sudo", "apt", "update"]), (654.0, ["sudo", "apt", "clean"])] {
                put_typed(&mut glyphs, 210.0, y, &line.join(gap));
            }
            // Blanks of a font as wide as Courier.
            glyphs.iter_mut().for_each(|glyph| glyph.size *= 5.0 / 6.0);
            take_tables(glyphs, &rules(200.0, &[700.0, 680.0, 640.0])).1.len()
        };
        assert_eq!((tables(" "), tables("  ")), (0, 1));
    }

    #[test]
    fn chinese_columns_may_stand_close() {
        let mut glyphs = Vec::new();
        for (y, row) in [(686.0, "姓名 部门 城市"), (666.0, "张三 财务 北京"), (654.0, "李四 销售 上海")]
        {
            put(&mut glyphs, 210.0, y, row);
        }
        glyphs.iter_mut().for_each(|glyph| glyph.size *= 5.0 / 6.0);
        assert_eq!(take_tables(glyphs, &rules(200.0, &[700.0, 680.0, 640.0])).1.len(), 1);
    }

    #[test]
    fn a_mark_that_hangs_out_of_a_table_crosses_nothing() {
        let mut glyphs = Vec::new();
        put(&mut glyphs, 210.0, 686.0, "Item");
        put(&mut glyphs, 475.0, 686.0, "Units");
        put(&mut glyphs, 210.0, 666.0, "Pens");
        put(&mut glyphs, 490.0, 666.0, "12(1)");
        assert_eq!(take_tables(glyphs, &rules(200.0, &[700.0, 680.0, 660.0])).1.len(), 1);
    }

    #[test]
    fn rules_over_figures_alone_part_them_not_from_their_labels() {
        let of = |labels: [&str; 3], at: f32| {
            let mut glyphs = Vec::new();
            for (label, y) in labels.into_iter().zip([686.0, 672.0, 658.0]) {
                put(&mut glyphs, at, y, label);
                put(&mut glyphs, 380.0, y, "1,200");
                put(&mut glyphs, 450.0, y, "1,300");
            }
            take_tables(glyphs, &rules(300.0, &[700.0, 682.0, 650.0])).1.len()
        };
        assert_eq!(of(["Sales", "Costs of it", "Profit"], 50.0), 0);
        assert_eq!(of(["Sales", "Costs of it", "Profit"], 305.0), 1);
        // Text of another column, each line of which is full.
        let full = "running text of a column to the left of it";
        assert_eq!(of([full; 3], 50.0), 1);
    }
}
