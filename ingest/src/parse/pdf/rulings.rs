//! Straight lines drawn on a page, and the grids of table cells between them.

use super::boxes::Square;
use super::nested::without_nested;
use super::tiles::{Ground, tiles};

/// Strokes this near are one line; ends this near touch.
const SAME: f32 = 2.0;
const TOUCH: f32 = 3.0;
/// Shortest stroke, in points: dashes and marks are no rulings.
const SHORTEST: f32 = 6.0;
/// A shape no thicker than this is a line.
const THIN: f32 = 2.5;
/// From this on, of 255, all of a colour's three parts make it white.
const WHITE: u8 = 250;
/// A line that nobody sees parts cells where it, of several strokes or one, is as long as this. Web pages that were
/// printed have a white ground behind each word of a line and behind each blank.
const SHORTEST_FAINT: f32 = 40.0;
/// Pages with more strokes than this in a direction show drawings, not tables.
const MAX_STROKES: usize = 800;
/// Most columns, and most places in all, of a grid.
const MAX_COLUMNS: usize = 60;
const MAX_PLACES: usize = 6_000;
/// Ends of horizontal lines this near make them a table's top, bottom and rules between.
const SAME_ENDS: f32 = 4.0;
/// Fewest lines of a table without vertical ones, and its least width.
const FEWEST_RULES: usize = 3;
const LEAST_WIDTH: f32 = 60.0;

/// Red, green and blue.
pub(crate) type Colour = [u8; 3];

/// Part of a line parallel to an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stroke {
    /// The coordinate that stays.
    at: f32,
    from: f32,
    to: f32,
}

impl Stroke {
    fn covers(&self, place: f32, slack: f32) -> bool {
        self.from - slack <= place && place <= self.to + slack
    }
}

/// The straight lines of a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Rulings {
    horizontal: Vec<Stroke>,
    vertical: Vec<Stroke>,
    /// Thin shapes that are filled and have no edge, with their colours.
    filled: Vec<(Ground, Option<Colour>)>,
    /// Lower left and upper right corners of coloured grounds.
    grounds: Vec<Ground>,
    /// Their colours.
    colours: Vec<Option<Colour>>,
    /// Small squares.
    squares: Vec<Square>,
    /// Whether lines or grounds were left out, as there are too many.
    is_cut: bool,
}

/// Places of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grid {
    /// Edges of the columns from left to right; only the outer two where no line parts columns.
    pub(crate) xs: Vec<f32>,
    /// Edges of the rows from the top down.
    pub(crate) ys: Vec<f32>,
    /// Per row and column: the place, counted row by row, whose cell covers it. Empty where no line parts
    /// columns.
    pub(crate) owners: Vec<Vec<usize>>,
    /// Cells, by their first places, with tables of their own.
    pub(crate) nested: Vec<usize>,
}

impl Rulings {
    /// Adds a line from one point to another, if it is parallel to an axis.
    pub(crate) fn add(&mut self, from: (f32, f32), to: (f32, f32)) {
        self.is_cut |= !add_to([&mut self.horizontal, &mut self.vertical], from, to);
    }

    /// Adds the shape between these corners as a line, if it is thin.
    pub(crate) fn add_thin(&mut self, lower_left: (f32, f32), upper_right: (f32, f32)) -> bool {
        let line = middle_of_thin((lower_left, upper_right));
        if let Some((from, to)) = line {
            self.add(from, to);
        }
        line.is_some()
    }

    /// Adds a shape without an edge: a line, or a coloured ground. The edges of grounds end where a designer liked, so
    /// they part cells only where they go on what drawn lines part.
    pub(crate) fn add_filled(
        &mut self,
        lower_left: (f32, f32),
        upper_right: (f32, f32),
        colour: Option<Colour>,
    ) {
        let shape = (lower_left, upper_right);
        match middle_of_thin(shape) {
            Some(((x0, y0), (x1, y1))) if (x1 - x0).max(y1 - y0) < SHORTEST => {}
            Some(_) if self.filled.len() < MAX_STROKES * 4 => self.filled.push((shape, colour)),
            None if self.grounds.len() < MAX_STROKES => {
                self.grounds.push(shape);
                self.colours.push(colour);
            }
            _ => self.is_cut = true,
        }
    }

    /// Notes that something drawn is not looked at, as the page draws too much.
    pub(crate) fn cut(&mut self) {
        self.is_cut = true;
    }

    /// Adds what is drawn between these corners to the small squares, if it is one.
    pub(crate) fn add_square(&mut self, one: (f32, f32), other: (f32, f32)) {
        if self.squares.len() < MAX_STROKES {
            self.squares.extend(Square::between(one, other));
        }
    }

    /// The small squares, where the page is not turned.
    pub(crate) fn take_squares(&mut self) -> Vec<Square> {
        std::mem::take(&mut self.squares)
    }

    /// Adds the thin shapes that are seen, and of the others those that make a long line.
    fn add_lines_of_filled(&mut self) {
        let mut faint: [Vec<Stroke>; 2] = Default::default();
        for (shape, colour) in std::mem::take(&mut self.filled) {
            let Some((from, to)) = middle_of_thin(shape) else { continue };
            let is_white = colour.is_some_and(|parts| parts.iter().all(|part| *part >= WHITE));
            let goes_on =
                |(ground, other): (&Ground, &Option<Colour>)| colour == *other && meet(ground, &shape);
            if is_white || colour.is_some() && self.grounds.iter().zip(&self.colours).any(goes_on) {
                let [horizontal, vertical] = &mut faint;
                self.is_cut |= !add_to([horizontal, vertical], from, to);
            } else {
                self.add(from, to);
            }
        }
        let [horizontal, vertical] = faint;
        add_long(&mut self.horizontal, horizontal);
        add_long(&mut self.vertical, vertical);
    }

    fn add_edges_of_grounds(&mut self) {
        let drawn = self.vertical.clone();
        let tiles = tiles(&self.grounds);
        for ((x0, y0), (x1, y1)) in std::mem::take(&mut self.grounds) {
            let across = Stroke { at: 0.0, from: x0, to: x1 };
            let meets = |line: &Stroke| {
                across.covers(line.at, TOUCH) && line.from <= y1 + TOUCH && line.to >= y0 - TOUCH
            };
            if drawn.iter().any(meets) || tiles.contains(&((x0, y0), (x1, y1))) {
                self.add((x0, y0), (x1, y0));
                self.add((x0, y1), (x1, y1));
                self.add((x0, y0), (x0, y1));
                self.add((x1, y0), (x1, y1));
            }
        }
    }

    /// Turned as the page's text is by [`super::glyph::upright`].
    pub(crate) fn turned(self, quarter_turns: usize) -> Self {
        let flip = |strokes: Vec<Stroke>, at: f32, along: f32| -> Vec<Stroke> {
            let turn = |s: Stroke| {
                let (one, other) = (s.from * along, s.to * along);
                Stroke { at: s.at * at, from: one.min(other), to: one.max(other) }
            };
            strokes.into_iter().map(turn).collect()
        };
        let corner = |(x, y): (f32, f32)| match quarter_turns {
            1 => (-y, x),
            2 => (-x, -y),
            3 => (y, -x),
            _ => (x, y),
        };
        let Self { horizontal, vertical, filled, grounds, colours, is_cut, .. } = self;
        let ground = |(one, other)| {
            let ((x0, y0), (x1, y1)) = (corner(one), corner(other));
            ((x0.min(x1), y0.min(y1)), (x0.max(x1), y0.max(y1)))
        };
        let grounds = grounds.into_iter().map(ground).collect();
        let filled = filled.into_iter().map(|(shape, colour)| (ground(shape), colour)).collect();
        let (horizontal, vertical) = match quarter_turns {
            // (x, y) to (-y, x), (-x, -y), (y, -x).
            1 => (flip(vertical, 1.0, -1.0), flip(horizontal, -1.0, 1.0)),
            2 => (flip(horizontal, -1.0, -1.0), flip(vertical, -1.0, -1.0)),
            3 => (flip(vertical, -1.0, 1.0), flip(horizontal, 1.0, -1.0)),
            _ => (horizontal, vertical),
        };
        Self { horizontal, vertical, filled, grounds, colours, squares: Vec::new(), is_cut }
    }

    /// The grids that the lines make, from the top down, and whether there may be others, as the page draws too much.
    pub(crate) fn grids(mut self) -> (Vec<Grid>, bool) {
        self.add_lines_of_filled();
        self.add_edges_of_grounds();
        let (horizontal, vertical) = (merged(self.horizontal), merged(self.vertical));
        if horizontal.len() > MAX_STROKES || vertical.len() > MAX_STROKES {
            return (Vec::new(), true);
        }
        let mut grids = Vec::new();
        let mut loose = Vec::new();
        for (rows, columns) in components(&horizontal, &vertical) {
            match grid(&rows, &columns) {
                Some(grid) => grids.push(without_nested(grid)),
                None => {
                    self.is_cut |= is_too_large(&edges(&columns, &rows), &edges(&rows, &columns));
                    loose.extend(rows);
                }
            }
        }
        mark_nested(&mut grids);
        grids.extend(between_rules(loose));
        grids.sort_by(|a, b| b.ys[0].total_cmp(&a.ys[0]));
        (grids, self.is_cut)
    }
}

/// The line that a thin shape is.
fn middle_of_thin(((x0, y0), (x1, y1)): Ground) -> Option<((f32, f32), (f32, f32))> {
    let (x, y) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0);
    match (y1 - y0 <= THIN, x1 - x0 <= THIN) {
        (true, _) => Some(((x0, y), (x1, y))),
        (_, true) => Some(((x, y0), (x, y1))),
        _ => None,
    }
}

/// Whether they overlap or lie side by side.
fn meet(((ax0, ay0), (ax1, ay1)): &Ground, ((bx0, by0), (bx1, by1)): &Ground) -> bool {
    const BESIDE: f32 = 0.5;
    *ax0 - BESIDE <= *bx1 && *bx0 - BESIDE <= *ax1 && *ay0 - BESIDE <= *by1 && *by0 - BESIDE <= *ay1
}

/// Adds the line to the horizontal or to the vertical strokes, if it is one; whether there is room for it.
fn add_to([horizontal, vertical]: [&mut Vec<Stroke>; 2], (x0, y0): (f32, f32), (x1, y1): (f32, f32)) -> bool {
    let has_room = horizontal.len().max(vertical.len()) <= MAX_STROKES * 4;
    let (width, height) = ((x1 - x0).abs(), (y1 - y0).abs());
    let (strokes, stroke) = match () {
        () if ![x0, y0, x1, y1].iter().all(|v| v.is_finite()) => return true,
        () if height <= 1.0 && width >= SHORTEST => {
            (horizontal, Stroke { at: (y0 + y1) / 2.0, from: x0.min(x1), to: x0.max(x1) })
        }
        () if width <= 1.0 && height >= SHORTEST => {
            (vertical, Stroke { at: (x0 + x1) / 2.0, from: y0.min(y1), to: y0.max(y1) })
        }
        () => return true,
    };
    if has_room {
        strokes.push(stroke);
    }
    has_room
}

/// Adds those of the `faint` strokes that go on where one of `seen` ends, or make a long line.
fn add_long(seen: &mut Vec<Stroke>, faint: Vec<Stroke>) {
    let lines = merged(seen.iter().chain(&faint).copied().collect());
    let is_of = |stroke: &Stroke, line: &Stroke| {
        (line.at - stroke.at).abs() <= SAME && line.from <= stroke.from && stroke.to <= line.to
    };
    let is_line = |line: &&Stroke| {
        line.to - line.from >= SHORTEST_FAINT || seen.iter().any(|stroke| is_of(stroke, line))
    };
    let lines: Vec<Stroke> = lines.iter().filter(is_line).copied().collect();
    seen.extend(faint.into_iter().filter(|stroke| lines.iter().any(|line| is_of(stroke, line))));
}

/// Strokes on one line that overlap or meet become one.
fn merged(mut strokes: Vec<Stroke>) -> Vec<Stroke> {
    strokes.sort_by(|a, b| a.at.total_cmp(&b.at));
    let mut lines: Vec<Vec<Stroke>> = Vec::new();
    for stroke in strokes {
        match lines.last_mut().filter(|line| stroke.at - line[0].at <= SAME) {
            Some(line) => line.push(stroke),
            None => lines.push(vec![stroke]),
        }
    }
    let mut merged: Vec<Stroke> = Vec::new();
    for mut line in lines {
        line.sort_by(|a, b| a.from.total_cmp(&b.from));
        let first = merged.len();
        for stroke in line {
            match merged[first..].last_mut().filter(|last| stroke.from <= last.to + SAME) {
                Some(last) => last.to = last.to.max(stroke.to),
                None => merged.push(stroke),
            }
        }
    }
    merged
}

/// Lines that touch each other, horizontal and vertical ones apart.
fn components(horizontal: &[Stroke], vertical: &[Stroke]) -> Vec<(Vec<Stroke>, Vec<Stroke>)> {
    let mut rows_left: Vec<Stroke> = horizontal.to_vec();
    let mut columns_left: Vec<Stroke> = vertical.to_vec();
    let mut components = Vec::new();
    while let Some(seed) = rows_left.pop() {
        let (mut rows, mut columns) = (vec![seed], Vec::new());
        let (mut rows_seen, mut columns_seen) = (0, 0);
        while rows_seen < rows.len() || columns_seen < columns.len() {
            if let Some(row) = rows.get(rows_seen).copied() {
                rows_seen += 1;
                columns.extend(columns_left.extract_if(.., |column| touch(&row, column)));
            } else if let Some(column) = columns.get(columns_seen).copied() {
                columns_seen += 1;
                rows.extend(rows_left.extract_if(.., |row| touch(row, &column)));
            }
        }
        components.push((rows, columns));
    }
    components
}

fn touch(row: &Stroke, column: &Stroke) -> bool {
    row.covers(column.at, TOUCH) && column.covers(row.at, TOUCH)
}

/// Outer edges may be missing: rows reach as far as their lines do.
fn grid(rows: &[Stroke], columns: &[Stroke]) -> Option<Grid> {
    let xs = edges(columns, rows);
    let mut ys = edges(rows, columns);
    ys.reverse();
    let (width, height) = (xs.len().checked_sub(1)?, ys.len().checked_sub(1)?);
    if width < 2 || height < 2 || is_too_large(&xs, &ys) {
        return None;
    }
    let parted = |strokes: &[Stroke], at: f32, place: f32| {
        strokes.iter().any(|s| (s.at - at).abs() <= TOUCH && s.covers(place, 0.0))
    };
    let middle = |edges: &[f32], index: usize| (edges[index] + edges[index + 1]) / 2.0;
    let mut owners = vec![vec![usize::MAX; width]; height];
    for place in 0..width * height {
        if owners[place / width][place % width] != usize::MAX {
            continue;
        }
        let mut reached = vec![place];
        while let Some(at) = reached.pop() {
            let (row, column) = (at / width, at % width);
            if owners[row][column] != usize::MAX {
                continue;
            }
            owners[row][column] = place;
            let (x, y) = (middle(&xs, column), middle(&ys, row));
            if column + 1 < width && !parted(columns, xs[column + 1], y) {
                reached.push(at + 1);
            }
            if column > 0 && !parted(columns, xs[column], y) {
                reached.push(at - 1);
            }
            if row + 1 < height && !parted(rows, ys[row + 1], x) {
                reached.push(at + width);
            }
            if row > 0 && !parted(rows, ys[row], x) {
                reached.push(at - width);
            }
        }
    }
    Some(Grid { xs, ys, owners, nested: Vec::new() })
}

/// Whether the places between these edges are too many for a table.
fn is_too_large(xs: &[f32], ys: &[f32]) -> bool {
    let (width, height) = (xs.len().saturating_sub(1), ys.len().saturating_sub(1));
    width.min(height) > 1 && (width > MAX_COLUMNS || width * height > MAX_PLACES)
}

/// Marks the cells of grids in which another grid lies without touching their lines.
fn mark_nested(grids: &mut [Grid]) {
    let sides = |grid: &Grid| {
        let (right, bottom) = (grid.xs[grid.xs.len() - 1], grid.ys[grid.ys.len() - 1]);
        (grid.xs[0], right, grid.ys[0], bottom)
    };
    let all: Vec<_> = grids.iter().map(sides).collect();
    for (index, grid) in grids.iter_mut().enumerate() {
        let cell = |x: f32, y: f32| {
            let column = grid.xs.windows(2).position(|pair| pair[0] <= x && x <= pair[1])?;
            let row = grid.ys.windows(2).position(|pair| pair[0] >= y && y >= pair[1])?;
            Some(grid.owners[row][column])
        };
        let holds = |&(left, right, top, bottom): &(f32, f32, f32, f32)| {
            cell(left, top).filter(|first| Some(*first) == cell(right, bottom))
        };
        let others = all.iter().enumerate().filter(|(other, _)| *other != index);
        let nested: Vec<usize> = others.filter_map(|(_, sides)| holds(sides)).collect();
        grid.nested.extend(nested);
    }
}

/// Ascending places of `lines`, and the ends of the lines across them.
fn edges(lines: &[Stroke], across: &[Stroke]) -> Vec<f32> {
    let mut edges: Vec<f32> = lines.iter().map(|line| line.at).collect();
    edges.extend(across.iter().map(|line| line.from).reduce(f32::min));
    edges.extend(across.iter().map(|line| line.to).reduce(f32::max));
    edges.sort_by(f32::total_cmp);
    edges.dedup_by(|next, kept| *next - *kept <= TOUCH);
    edges
}

/// Tables of horizontal lines alone: three or more of the same width, one below the other.
fn between_rules(mut loose: Vec<Stroke>) -> Vec<Grid> {
    loose.retain(|line| line.to - line.from >= LEAST_WIDTH);
    loose.sort_by(|a, b| b.at.total_cmp(&a.at));
    let mut groups: Vec<Vec<Stroke>> = Vec::new();
    for line in loose {
        let same_ends = |group: &&mut Vec<Stroke>| {
            (group[0].from - line.from).abs() <= SAME_ENDS && (group[0].to - line.to).abs() <= SAME_ENDS
        };
        match groups.iter_mut().find(same_ends) {
            Some(group) => group.push(line),
            None => groups.push(vec![line]),
        }
    }
    groups.retain(|group| group.len() >= FEWEST_RULES);
    let grid = |group: Vec<Stroke>| {
        let mut ys: Vec<f32> = group.iter().map(|line| line.at).collect();
        ys.dedup_by(|next, kept| *kept - *next <= TOUCH);
        Grid { xs: vec![group[0].from, group[0].to], ys, owners: Vec::new(), nested: Vec::new() }
    };
    groups.into_iter().map(grid).filter(|grid| grid.ys.len() >= FEWEST_RULES).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rulings(lines: &[(f32, f32, f32, f32)]) -> Rulings {
        let mut rulings = Rulings::default();
        for &(x0, y0, x1, y1) in lines {
            rulings.add((x0, y0), (x1, y1));
        }
        rulings
    }

    /// Two rows and two columns without a right edge; the first row is one cell.
    const MERGED: [(f32, f32, f32, f32); 5] = [
        (0.0, 100.0, 200.0, 100.0),
        (0.0, 80.0, 200.0, 80.0),
        (0.0, 60.0, 200.0, 60.0),
        (80.0, 60.0, 80.0, 80.0),
        (0.0, 60.0, 0.0, 100.0),
    ];

    #[test]
    fn cells_are_merged_where_no_line_parts_them() {
        let (grids, _) = rulings(&MERGED).grids();
        assert_eq!(grids.len(), 1);
        assert_eq!(grids[0].xs, [0.0, 80.0, 200.0]);
        assert_eq!(grids[0].ys, [100.0, 80.0, 60.0]);
        assert_eq!(grids[0].owners, [[0, 0], [2, 3]]);
    }

    #[test]
    fn turned_lines_make_the_turned_grid() {
        // Text that reads downwards: x of the page becomes height.
        let turned: Vec<_> = MERGED.iter().map(|&(x0, y0, x1, y1)| (y0, -x0, y1, -x1)).collect();
        assert_eq!(rulings(&turned).turned(1).grids(), rulings(&MERGED).grids());
        let upside_down: Vec<_> = MERGED.iter().map(|&(x0, y0, x1, y1)| (-x0, -y0, -x1, -y1)).collect();
        assert_eq!(rulings(&upside_down).turned(2).grids(), rulings(&MERGED).grids());
        let upwards: Vec<_> = MERGED.iter().map(|&(x0, y0, x1, y1)| (-y0, x0, -y1, x1)).collect();
        assert_eq!(rulings(&upwards).turned(3).grids(), rulings(&MERGED).grids());
    }

    #[test]
    fn grounds_part_cells_only_beside_drawn_lines() {
        let mut shaded = rulings(&MERGED[1..]);
        shaded.add_filled((0.0, 80.0), (200.0, 100.0), None);
        assert_eq!(shaded.grids(), rulings(&MERGED).grids());
        let mut alone = Rulings::default();
        for row in 0_u8..4 {
            let y = f32::from(row) * 20.0;
            alone.add_filled((0.0, y), (90.0, y + 20.0), None);
            alone.add_filled((90.0, y), (200.0, y + 20.0), None);
        }
        assert_eq!(alone.grids().0, []);
    }

    #[test]
    fn lines_that_nobody_sees_part_cells_where_they_are_long() {
        const WHITE: Option<Colour> = Some([255; 3]);
        const BLUE: Option<Colour> = Some([200, 230, 255]);
        let lines = |place: fn(f32) -> f32, colours: [Option<Colour>; 2]| {
            let rules = [(0.0, 100.0, 200.0, 100.0), (0.0, 80.0, 200.0, 80.0), (0.0, 40.0, 200.0, 40.0)];
            let mut rulings = rulings(&rules);
            for row in 0_u8..4 {
                let (y, colour) = (100.0 - f32::from(row) * 15.0, colours[usize::from(row % 2)]);
                rulings.add_filled((0.0, y - 15.0), (place(y), y), colour);
                rulings.add_filled((place(y), y - 15.0), (place(y) + 2.0, y), colour);
            }
            rulings.grids().0.swap_remove(0)
        };
        assert_eq!(lines(|_| 79.0, [WHITE, BLUE]).xs, [0.0, 79.0, 200.0]);
        // Blanks of running text stand at other places in each line.
        assert_eq!(lines(|y| y, [WHITE, WHITE]).owners, Vec::<Vec<usize>>::new());
        assert_eq!(lines(|y| y, [BLUE, BLUE]).owners, Vec::<Vec<usize>>::new());
        assert!(!lines(|y| y, [None, None]).owners.is_empty(), "lines without a colour are seen");
    }

    #[test]
    fn rules_alone_are_a_table_from_three_on() {
        let rules = |count: u8| -> Vec<_> {
            (0..count)
                .map(|n| (10.0, 90.0 - f32::from(n) * 20.0, 300.0, 90.0 - f32::from(n) * 20.0))
                .collect()
        };
        assert_eq!(rulings(&rules(2)).grids().0, []);
        let (grids, _) = rulings(&rules(3)).grids();
        assert_eq!(
            (grids[0].xs.as_slice(), grids[0].ys.as_slice()),
            (&[10.0, 300.0][..], &[90.0, 70.0, 50.0][..])
        );
    }

    /// A table of `columns` and `rows`.
    fn table(columns: u16, rows: u16) -> Rulings {
        let (width, height) = (f32::from(columns) * 8.0, f32::from(rows) * 8.0);
        let across = (0..=rows).map(|row| f32::from(row) * 8.0).map(|y| (0.0, y, width, y));
        let upright = (0..=columns).map(|column| f32::from(column) * 8.0).map(|x| (x, 0.0, x, height));
        rulings(&across.chain(upright).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_too_much_to_be_looked_at_is_told() {
        let told = |rulings: Rulings| {
            let (grids, is_cut) = rulings.grids();
            (grids.len(), is_cut)
        };
        assert_eq!(told(Rulings::default()), (0, false));
        assert_eq!(told(table(60, 100)), (1, false));
        for (columns, rows) in [(61, 2), (50, 121), (2, 801)] {
            assert!(told(table(columns, rows)).1, "{columns} columns of {rows} rows");
        }
        // Of what is no table nothing is lost.
        assert_eq!(told(table(1, 700)), (0, false));

        let add = |count: u16, side: f32, thickness: f32| {
            let mut rulings = table(3, 3);
            for at in 0..count {
                let y = 100.0 + f32::from(at);
                rulings.add_filled((0.0, y), (side, y + thickness), Some([200; 3]));
            }
            told(rulings)
        };
        assert_eq!(add(800, 9.0, 9.0), (1, false));
        assert_eq!(add(801, 9.0, 9.0), (1, true));
        assert_eq!(add(5_000, 5.0, 1.0), (1, false), "none of them is a line");
        assert!(add(3_201, 9.0, 0.1).1);
        let mut noted = Rulings::default();
        noted.cut();
        assert_eq!(told(noted.turned(1)), (0, true));
        let mut strokes = Rulings::default();
        (0..=3_200).for_each(|_| strokes.add((0.0, 0.0), (9.0, 0.0)));
        assert_eq!(told(strokes.clone()), (0, false));
        strokes.add((0.0, 0.0), (3.0, 3.0));
        assert_eq!(told(strokes.clone()), (0, false), "it is no line");
        strokes.add((0.0, 0.0), (9.0, 0.0));
        assert_eq!(told(strokes), (0, true));
    }

    proptest! {
        #[test]
        fn no_lines_panic_and_owners_own_themselves(
            lines in prop::collection::vec((0_u8..12, 0_u8..12, 0_u8..12, 0_u8..12), 0..60)
        ) {
            let lines: Vec<_> = lines
                .into_iter()
                .map(|(a, b, c, d)| (f32::from(a) * 9.0, f32::from(b) * 9.0, f32::from(c) * 9.0, f32::from(d) * 9.0))
                .collect();
            for grid in rulings(&lines).grids().0 {
                prop_assert!(grid.xs.is_sorted() && grid.ys.iter().rev().is_sorted());
                for owner in grid.owners.iter().flatten() {
                    let width = grid.xs.len() - 1;
                    prop_assert_eq!(grid.owners[owner / width][owner % width], *owner);
                }
            }
        }
    }
}
