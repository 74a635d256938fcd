//! Coloured grounds that lie side by side like the cells of a table, which slides have instead of lines.

/// Lower left and upper right corner.
pub(super) type Ground = ((f32, f32), (f32, f32));

/// Least width and height of a cell: reports colour the places of currency signs by themselves.
const LEAST_WIDTH: f32 = 24.0;
const LEAST_HEIGHT: f32 = 8.0;
/// Most cells, in percent, that reach over several columns.
const MAX_WIDE_PERCENT: usize = 20;
/// Edges this near are one.
const NEAR: f32 = 1.5;
/// Fewest cells, and fewest places at which columns and rows begin.
const FEWEST: usize = 9;
const FEWEST_EDGES: usize = 3;
/// How much the areas of the cells may differ from the table's.
const AREA_SLACK: f32 = 0.03;
/// Pages with more grounds than this are drawings.
const MAX_GROUNDS: usize = 800;

/// The grounds that, together with others, fill a rectangle without a gap and without overlapping.
pub(super) fn tiles(grounds: &[Ground]) -> Vec<Ground> {
    if grounds.len() < FEWEST || grounds.len() > MAX_GROUNDS {
        return Vec::new();
    }
    let mut left = cells(grounds);
    let mut tiles = Vec::new();
    while let Some(seed) = left.pop() {
        let mut group = vec![seed];
        let mut seen = 0;
        while let Some(ground) = group.get(seen).copied() {
            seen += 1;
            group.extend(left.extract_if(.., |other| abut(&ground, other)));
        }
        if is_table(&group) {
            tiles.extend(group);
        }
    }
    tiles
}

/// The grounds that are no ground of others.
fn cells(grounds: &[Ground]) -> Vec<Ground> {
    let is_cell = |((x0, y0), (x1, y1)): &Ground| x1 - x0 > NEAR && y1 - y0 > NEAR;
    let cells: Vec<Ground> = grounds.iter().copied().filter(is_cell).collect();
    let holds_another = |((x0, y0), (x1, y1)): &Ground| {
        cells.iter().any(|((left, bottom), (right, top))| {
            let (x, y) = ((left + right) / 2.0, (bottom + top) / 2.0);
            let is_smaller = right - left < x1 - x0 - NEAR || top - bottom < y1 - y0 - NEAR;
            is_smaller && x0 < &x && &x < x1 && y0 < &y && &y < y1
        })
    };
    cells.iter().copied().filter(|cell| !holds_another(cell)).collect()
}

/// Whether they share a part of a side.
fn abut(((ax0, ay0), (ax1, ay1)): &Ground, ((bx0, by0), (bx1, by1)): &Ground) -> bool {
    let near = |one: &f32, other: &f32| (one - other).abs() <= NEAR;
    let level = ay1.min(*by1) - ay0.max(*by0) > NEAR;
    let upright = ax1.min(*bx1) - ax0.max(*bx0) > NEAR;
    level && (near(ax1, bx0) || near(bx1, ax0)) || upright && (near(ay1, by0) || near(by1, ay0))
}

fn is_table(group: &[Ground]) -> bool {
    let distinct = |edge: fn(&Ground) -> f32| {
        let mut edges: Vec<f32> = group.iter().map(edge).collect();
        edges.sort_by(f32::total_cmp);
        edges.dedup_by(|next, kept| *next - *kept <= NEAR);
        edges.len()
    };
    let (mut corner, mut other) = ((f32::INFINITY, f32::INFINITY), (f32::NEG_INFINITY, f32::NEG_INFINITY));
    let mut area = 0.0;
    let mut wide = 0;
    for ((x0, y0), (x1, y1)) in group {
        if x1 - x0 < LEAST_WIDTH || y1 - y0 < LEAST_HEIGHT {
            return false;
        }
        wide += usize::from(group.iter().any(|((left, _), _)| x0 + NEAR < *left && *left < x1 - NEAR));
        area += (x1 - x0) * (y1 - y0);
        corner = (corner.0.min(*x0), corner.1.min(*y0));
        other = (other.0.max(*x1), other.1.max(*y1));
    }
    let whole = (other.0 - corner.0) * (other.1 - corner.1);
    group.len() >= FEWEST
        && wide * 100 <= group.len() * MAX_WIDE_PERCENT
        && distinct(|ground| ground.0.0) >= FEWEST_EDGES
        && distinct(|ground| ground.0.1) >= FEWEST_EDGES
        && (area - whole).abs() <= AREA_SLACK * whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grounds(columns: u8, rows: u8) -> Vec<Ground> {
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        let ground = |(column, row): (u8, u8)| {
            let (x, y) = (f32::from(column) * 90.0, f32::from(row) * 20.0);
            ((x, y), (x + 90.0, y + 20.0))
        };
        places.map(ground).collect()
    }

    #[test]
    fn grounds_that_fill_a_table_are_its_cells() {
        let mut table = grounds(3, 4);
        // Merged cells fill their place, and the ground of the page is none of them.
        let merged = table.iter().position(|ground| ground.0 == (0.0, 0.0)).unwrap();
        table.swap_remove(merged);
        table.retain(|ground| ground.0 != (90.0, 0.0));
        table.push(((0.0, 0.0), (180.0, 20.0)));
        let cells = table.len();
        table.push(((-50.0, -50.0), (600.0, 800.0)));
        assert_eq!(tiles(&table).len(), cells);
    }

    #[test]
    fn bands_cards_and_overlapping_grounds_are_none() {
        let banded: Vec<Ground> =
            grounds(3, 8).into_iter().filter(|ground| ground.0.1 % 40.0 == 0.0).collect();
        assert_eq!(tiles(&banded), []);
        assert_eq!(tiles(&grounds(2, 6)), []);
        let apart = grounds(3, 4).into_iter().map(|(from, to)| (from, (to.0 - 8.0, to.1 - 8.0)));
        assert_eq!(tiles(&apart.collect::<Vec<_>>()), []);
        let mut holed = grounds(3, 4);
        holed.remove(4);
        assert_eq!(tiles(&holed), []);
    }
}
