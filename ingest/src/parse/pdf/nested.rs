//! Tables within a cell of another table: their lines are no rows and columns of the outer one.

use std::ops::Range;

use super::grid::has_rows_and_columns;
use super::rulings::Grid;

/// Largest grid that is looked through.
const MAX_PLACES: usize = 2_500;

/// The grid without the lines of tables that lie within one of its cells; these cells are marked, and columns and rows
/// that no line parts any longer are gone.
pub(super) fn without_nested(mut grid: Grid) -> Grid {
    let regions = regions(&grid);
    let mut cells: Vec<usize> = grid.owners.iter().flatten().copied().collect();
    cells.sort_unstable();
    cells.dedup();
    let within = |cell: &usize| {
        let width = grid.xs.len() - 1;
        regions.iter().any(|region| region.contains(cell / width, cell % width))
    };
    let others = cells.iter().filter(|cell| !within(cell)).count();
    // Tables side by side in one frame are not nested in it.
    if regions.len() < others {
        let width = grid.xs.len() - 1;
        for region in regions {
            let first = region.rows.start * width + region.columns.start;
            for row in region.rows {
                grid.owners[row][region.columns.clone()].fill(first);
            }
            grid.nested.push(first);
        }
    }
    compressed(grid)
}

/// Places of a grid that lie together.
#[derive(Debug, Clone, PartialEq)]
struct Region {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Region {
    fn contains(&self, row: usize, column: usize) -> bool {
        self.rows.contains(&row) && self.columns.contains(&column)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let meet = |one: &Range<usize>, other: &Range<usize>| one.start < other.end && other.start < one.end;
        meet(&self.rows, &other.rows) && meet(&self.columns, &other.columns)
    }
}

/// Which stretches of its edges part places.
struct Lines {
    /// For each edge between columns, the runs of rows in which a line is drawn on it.
    vertical: Vec<Vec<Range<usize>>>,
    /// For each edge between rows, the runs of columns.
    horizontal: Vec<Vec<Range<usize>>>,
    width: usize,
    height: usize,
}

impl Lines {
    fn of(grid: &Grid) -> Self {
        let (width, height) = (grid.xs.len() - 1, grid.ys.len() - 1);
        let at = |row: usize, column: usize| grid.owners[row][column];
        let upright = |edge: usize| {
            runs(height, |row| edge == 0 || edge == width || at(row, edge - 1) != at(row, edge))
        };
        let level = |edge: usize| {
            runs(width, |column| edge == 0 || edge == height || at(edge - 1, column) != at(edge, column))
        };
        Self {
            vertical: (0..=width).map(upright).collect(),
            horizontal: (0..=height).map(level).collect(),
            width,
            height,
        }
    }

    /// The smallest stretch of places that has lines on all sides and crosses none; `None` where it is as wide or as
    /// high as the grid.
    fn enclosed(&self, mut region: Region) -> Option<Region> {
        loop {
            let before = region.clone();
            for run in self.vertical[region.columns.start + 1..region.columns.end].iter().flatten() {
                if run.start < region.rows.end && region.rows.start < run.end {
                    region.rows = region.rows.start.min(run.start)..region.rows.end.max(run.end);
                }
            }
            for run in self.horizontal[region.rows.start + 1..region.rows.end].iter().flatten() {
                if run.start < region.columns.end && region.columns.start < run.end {
                    region.columns = region.columns.start.min(run.start)..region.columns.end.max(run.end);
                }
            }
            let covers = |runs: &[Range<usize>], side: &Range<usize>| {
                runs.iter().any(|run| run.start <= side.start && side.end <= run.end)
            };
            region.columns.start -= usize::from(!covers(&self.vertical[region.columns.start], &region.rows));
            region.columns.end += usize::from(!covers(&self.vertical[region.columns.end], &region.rows));
            region.rows.start -= usize::from(!covers(&self.horizontal[region.rows.start], &region.columns));
            region.rows.end += usize::from(!covers(&self.horizontal[region.rows.end], &region.columns));
            if region.columns.len() == self.width || region.rows.len() == self.height {
                return None;
            }
            if region == before {
                return Some(region);
            }
        }
    }
}

/// Stretches of indexes up to `end` that are `drawn`.
fn runs(end: usize, drawn: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for index in (0..end).filter(|index| drawn(*index)) {
        match runs.last_mut().filter(|run| run.end == index) {
            Some(run) => run.end = index + 1,
            None => runs.push(index..index + 1),
        }
    }
    runs
}

/// The cells with tables in them.
fn regions(grid: &Grid) -> Vec<Region> {
    let (width, height) = (grid.xs.len() - 1, grid.ys.len() - 1);
    let mut found: Vec<Region> = Vec::new();
    // The least is a table with a margin on both sides, in a table of two columns and two rows.
    if width < 5 || height < 3 || width * height > MAX_PLACES {
        return found;
    }
    let lines = Lines::of(grid);
    for edge in 1..width {
        for rows in lines.vertical[edge].iter().filter(|rows| rows.len() < height) {
            let seed = Region { rows: rows.clone(), columns: edge - 1..edge + 1 };
            if found.iter().any(|region| region.overlaps(&seed)) {
                continue;
            }
            let Some(region) = lines.enclosed(seed) else { continue };
            if is_table_with_margins(grid, &region) && !found.iter().any(|other| other.overlaps(&region)) {
                found.push(region);
            }
        }
    }
    found
}

/// Whether there are rows and columns in the region, and a blank strip along its left and its right side: a table
/// keeps a distance from the cell that it stands in, while cells that are parted further share its lines.
fn is_table_with_margins(grid: &Grid, region: &Region) -> bool {
    let mut owners: Vec<usize> = region
        .rows
        .clone()
        .flat_map(|row| grid.owners[row][region.columns.clone()].iter().copied())
        .collect();
    let strip = |column: usize| {
        let mut rows = region.rows.clone().map(|row| grid.owners[row][column]);
        let first = rows.next();
        first.filter(|first| rows.all(|owner| owner == *first))
    };
    let (Some(left), Some(right)) = (strip(region.columns.start), strip(region.columns.end - 1)) else {
        return false;
    };
    owners.retain(|owner| *owner != left && *owner != right);
    has_rows_and_columns(&owners, grid.xs.len() - 1)
}

/// Without columns and rows that are the same as the one before.
fn compressed(grid: Grid) -> Grid {
    let Grid { xs, ys, owners, nested } = grid;
    let (width, height) = (xs.len() - 1, ys.len() - 1);
    let columns: Vec<usize> =
        (0..width).filter(|&c| c == 0 || owners.iter().any(|row| row[c - 1] != row[c])).collect();
    let rows: Vec<usize> = (0..height).filter(|&r| r == 0 || owners[r - 1] != owners[r]).collect();
    let mut new_owners = vec![vec![0; columns.len()]; rows.len()];
    let mut names: Vec<Option<usize>> = vec![None; width * height];
    for (r, &row) in rows.iter().enumerate() {
        for (c, &column) in columns.iter().enumerate() {
            new_owners[r][c] = *names[owners[row][column]].get_or_insert(r * columns.len() + c);
        }
    }
    let edges = |kept: &[usize], edges: &[f32]| -> Vec<f32> {
        kept.iter().map(|&index| edges[index]).chain(edges.last().copied()).collect()
    };
    Grid {
        xs: edges(&columns, &xs),
        ys: edges(&rows, &ys),
        nested: nested.into_iter().filter_map(|cell| names[cell]).collect(),
        owners: new_owners,
    }
}

#[cfg(test)]
mod tests {
    use super::super::rulings::Rulings;
    use super::*;

    fn grids(lines: &[(f32, f32, f32, f32)]) -> Vec<Grid> {
        let mut rulings = Rulings::default();
        lines.iter().for_each(|&(x0, y0, x1, y1)| rulings.add((x0, y0), (x1, y1)));
        rulings.grids().0
    }

    /// Two columns and two rows.
    const OUTER: [(f32, f32, f32, f32); 6] = [
        (0.0, 100.0, 400.0, 100.0),
        (0.0, 80.0, 400.0, 80.0),
        (0.0, 0.0, 400.0, 0.0),
        (0.0, 0.0, 0.0, 100.0),
        (200.0, 0.0, 200.0, 100.0),
        (400.0, 0.0, 400.0, 100.0),
    ];

    /// Two columns and two rows, so far below the upper edge of the second row.
    fn inner(below: f32) -> Vec<(f32, f32, f32, f32)> {
        let row = |y: f32| (10.0, y - below, 190.0, y - below);
        let column = |x: f32| (x, 40.0 - below, x, 80.0 - below);
        vec![row(80.0), row(60.0), row(40.0), column(10.0), column(100.0), column(190.0)]
    }

    #[test]
    fn a_table_within_a_cell_is_that_cells() {
        for below in [0.0, 20.0] {
            let grids = grids(&[OUTER.to_vec(), inner(below)].concat());
            let outer = grids.iter().find(|grid| grid.xs[0] == 0.0).unwrap();
            assert_eq!(outer.xs, [0.0, 200.0, 400.0]);
            assert_eq!(outer.ys, [100.0, 80.0, 0.0]);
            assert_eq!(outer.owners, [[0, 1], [2, 3]]);
            assert_eq!(outer.nested, [2]);
        }
    }

    #[test]
    fn cells_that_are_parted_further_are_no_table_within() {
        let parted = [OUTER.to_vec(), vec![(100.0, 0.0, 100.0, 80.0), (0.0, 40.0, 200.0, 40.0)]].concat();
        let grids = grids(&parted);
        assert_eq!((grids[0].xs.len(), grids[0].ys.len(), grids[0].nested.len()), (4, 4, 0));
        assert_eq!(grids[0].owners[1], [3, 4, 5]);
    }
}
