//! The order in which what lies on a slide is read.

/// Something on a slide, by the place of its upper left corner in any unit.
pub(crate) struct Placed<T> {
    /// What comes first whatever its place, such as a title, has a lower rank.
    pub(crate) rank: u8,
    pub(crate) top: i64,
    pub(crate) left: i64,
    pub(crate) what: T,
}

/// From top to bottom and, where upper edges are no further apart than `same_row`, from left to right.
pub(crate) fn in_reading_order<T>(mut placed: Vec<Placed<T>>, same_row: i64) -> impl Iterator<Item = T> {
    placed.sort_by_key(|shape| (shape.rank, shape.top, shape.left));
    let mut row = None;
    for shape in &mut placed {
        match row.filter(|(rank, top)| *rank == shape.rank && shape.top.saturating_sub(*top) <= same_row) {
            Some((_, top)) => shape.top = top,
            None => row = Some((shape.rank, shape.top)),
        }
    }
    placed.sort_by_key(|shape| (shape.rank, shape.top, shape.left));
    placed.into_iter().map(|shape| shape.what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_from_left_to_right() {
        let place = |(rank, top, left, what)| Placed { rank, top, left, what };
        let shapes = [(1, 90, 0, "last"), (1, 22, 1, "left"), (1, 20, 9, "right"), (0, 99, 0, "title")];
        let read: Vec<_> = in_reading_order(shapes.into_iter().map(place).collect(), 5).collect();
        assert_eq!(read, ["title", "left", "right", "last"]);
        let far = [(1, i64::MAX, 0, "b"), (1, i64::MIN, 0, "a")];
        assert_eq!(in_reading_order(far.into_iter().map(place).collect(), 5).last(), Some("b"));
    }
}
