//! Turned rectangles: the smallest around points, grown, and turned to read from left to right.

/// A point in pixels; y grows downwards.
pub(crate) type Point = (f32, f32);

/// A rectangle, maybe turned: upper left, upper right, lower right and lower left corner of what it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quad(pub(crate) [Point; 4]);

impl Quad {
    /// Length of the upper edge.
    pub(crate) fn width(&self) -> f32 {
        distance(self.0[0], self.0[1])
    }

    /// Length of the left edge.
    pub(crate) fn height(&self) -> f32 {
        distance(self.0[0], self.0[3])
    }

    /// What is read from top to bottom, read from left to right: its upper right corner comes first.
    pub(crate) fn quarter_turned(&self) -> Self {
        let [a, b, c, d] = self.0;
        Self([b, c, d, a])
    }

    /// What stands on its head, put upright.
    pub(crate) fn half_turned(&self) -> Self {
        let [a, b, c, d] = self.0;
        Self([c, d, a, b])
    }

    /// The point at shares of width and height from the upper left corner.
    pub(crate) fn at(&self, x: f32, y: f32) -> Point {
        let [a, b, _, d] = self.0;
        (a.0 + (b.0 - a.0) * x + (d.0 - a.0) * y, a.1 + (b.1 - a.1) * x + (d.1 - a.1) * y)
    }

    /// Every corner moved by `distance` away from both of its edges.
    pub(crate) fn grown(&self, distance: f32) -> Self {
        let share = |length: f32| if length > 0.0 { distance / length } else { 0.0 };
        let (x, y) = (share(self.width()), share(self.height()));
        Self([self.at(-x, -y), self.at(1.0 + x, -y), self.at(1.0 + x, 1.0 + y), self.at(-x, 1.0 + y)])
    }

    /// Both directions stretched.
    pub(crate) fn scaled(&self, x: f32, y: f32) -> Self {
        Self(self.0.map(|(a, b)| (a * x, b * y)))
    }

    /// Least and greatest x and y of its corners.
    pub(crate) fn bounds(&self) -> (f32, f32, f32, f32) {
        let by = |pick: fn(&Point) -> f32, fold: fn(f32, f32) -> f32| {
            self.0.iter().map(pick).reduce(fold).unwrap_or(0.0)
        };
        (by(|p| p.0, f32::min), by(|p| p.1, f32::min), by(|p| p.0, f32::max), by(|p| p.1, f32::max))
    }
}

/// The smallest rectangle around `points`, begun at the corner that is upper left on the page.
/// `None` without points.
pub(crate) fn smallest_around(points: Vec<Point>) -> Option<Quad> {
    let hull = convex_hull(points);
    let first = *hull.first()?;
    let mut best: Option<(f32, Quad)> = None;
    for (index, &from) in hull.iter().enumerate() {
        let to = hull.get(index + 1).copied().unwrap_or(first);
        let length = distance(from, to);
        let along =
            if length > 0.0 { ((to.0 - from.0) / length, (to.1 - from.1) / length) } else { (1.0, 0.0) };
        let rectangle = rectangle_along(&hull, along);
        let area = rectangle.width() * rectangle.height();
        if best.is_none_or(|(least, _)| area < least) {
            best = Some((area, rectangle));
        }
    }
    best.map(|(_, quad)| upper_left_first(quad))
}

/// The rectangle around `points` with one side along the unit vector `(x, y)`.
fn rectangle_along(points: &[Point], (x, y): Point) -> Quad {
    let (mut u0, mut u1, mut v0, mut v1) =
        (f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY, f32::NEG_INFINITY);
    for point in points {
        let (u, v) = (point.0 * x + point.1 * y, point.1 * x - point.0 * y);
        (u0, u1, v0, v1) = (u0.min(u), u1.max(u), v0.min(v), v1.max(v));
    }
    let back = |u: f32, v: f32| (u * x - v * y, u * y + v * x);
    Quad([back(u0, v0), back(u1, v0), back(u1, v1), back(u0, v1)])
}

/// Corners clockwise, the one nearest to the page's upper left first.
fn upper_left_first(quad: Quad) -> Quad {
    let first = quad.0.iter().enumerate().min_by(|a, b| (a.1.0 + a.1.1).total_cmp(&(b.1.0 + b.1.1)));
    let mut corners = quad.0;
    corners.rotate_left(first.map_or(0, |(index, _)| index));
    Quad(corners)
}

/// Andrew's monotone chain.
fn convex_hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let mut hull = half_hull(points.iter().copied());
    hull.extend(half_hull(points.iter().rev().copied()));
    hull
}

/// One half of the hull, without its last point, which begins the other half.
fn half_hull(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut half: Vec<Point> = Vec::new();
    for point in points {
        while let [.., a, b] = half.as_slice()
            && (b.0 - a.0) * (point.1 - a.1) - (b.1 - a.1) * (point.0 - a.0) <= 0.0
        {
            half.pop();
        }
        half.push(point);
    }
    half.pop();
    half
}

fn distance(a: Point, b: Point) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tilted_rectangle_is_found_again() {
        let (sin, cos) = 0.2_f32.sin_cos();
        let points = (0..100).flat_map(|u| (0..10).map(move |v| (u as f32, v as f32)));
        let points = points.map(|(u, v)| (50.0 + u * cos - v * sin, 60.0 + u * sin + v * cos)).collect();
        let quad = smallest_around(points).unwrap();
        assert!((quad.width() - 99.0).abs() < 0.1 && (quad.height() - 9.0).abs() < 0.1, "{quad:?}");
        assert!((quad.0[0].0 - 50.0).abs() < 0.1 && (quad.0[0].1 - 60.0).abs() < 0.1, "{quad:?}");
        let grown = quad.grown(3.0);
        assert!((grown.width() - 105.0).abs() < 0.1 && (grown.height() - 15.0).abs() < 0.1, "{grown:?}");
        assert_eq!(quad.half_turned().half_turned(), quad);
    }

    #[test]
    fn what_reads_downwards_begins_at_its_upper_right_corner() {
        let quad = Quad([(0.0, 0.0), (10.0, 0.0), (10.0, 50.0), (0.0, 50.0)]).quarter_turned();
        assert_eq!(quad.0[0], (10.0, 0.0));
        assert!(quad.width() > quad.height());
        assert_eq!(quad.at(1.0, 1.0), (0.0, 50.0));
    }

    proptest! {
        #[test]
        fn the_smallest_rectangle_holds_every_point(
            points in proptest::collection::vec((0_u16..3000, 0_u16..3000), 1..60),
        ) {
            let points: Vec<Point> = points.iter().map(|&(x, y)| (f32::from(x), f32::from(y))).collect();
            // Of points on a line, one side is hardly longer than a rounding, and has no direction.
            let flat = smallest_around(points.clone()).unwrap();
            prop_assume!(flat.width().min(flat.height()) >= 1.0);
            let quad = smallest_around(points.clone()).unwrap();
            let [a, b, _, d] = quad.0;
            for p in points {
                for (end, length) in [(b, quad.width()), (d, quad.height())] {
                    let along = ((p.0 - a.0) * (end.0 - a.0) + (p.1 - a.1) * (end.1 - a.1)) / length.max(1e-3);
                    prop_assert!((-1.0..=length + 1.0).contains(&along), "{quad:?} {p:?}");
                }
            }
        }
    }
}
