//! Finds lines of text: differentiable binarization (DB), which tells of every pixel how likely it lies in
//! the core of a line; cores become rectangles, grown to the whole line.

use footnote_core::{Error, Result};
use image::RgbImage;
use ort::session::Session;

use super::pixels::{Normalization, sampled};
use super::quad::{Point, Quad, smallest_around};
use super::session;

/// Sides of the model's picture are multiples of this.
const SIDE_STEP: usize = 32;
/// Longer sides are made shorter: what the model needs grows with the pixels.
const GREATEST_SIDE: f32 = 1280.0;
/// A short side below this is enlarged.
const LEAST_SIDE: f32 = 64.0;
/// A pixel above this belongs to a core.
const CORE: f32 = 0.3;
/// Mean of a core's pixels from which it is text.
const TEXT: f32 = 0.6;
/// How much a core is smaller than its line: area times this by perimeter is missing on each side.
const UNCLIP: f32 = 1.5;
/// Narrowest core, in pixels of the model.
const LEAST_CORE: f32 = 3.0;
/// Most lines of a picture.
const MOST_LINES: usize = 3_000;
/// As the model was trained: PaddleOCR's `PP-OCRv5_mobile_det`; the means are those of blue, green, red.
const NORMALIZATION: Normalization =
    Normalization { mean: [0.406, 0.456, 0.485], deviation: [0.225, 0.224, 0.229], blue_first: true };

/// Finds lines.
pub(super) struct Detector(Session);

impl Detector {
    /// Uses the model.
    pub(super) fn new(session: Session) -> Self {
        Self(session)
    }

    /// Where lines stand in `picture`.
    pub(super) fn detect(&mut self, picture: &RgbImage) -> Result<Vec<Quad>> {
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        if width < 2.0 || height < 2.0 {
            return Ok(Vec::new());
        }
        let (w, h) = model_size(width, height);
        let whole = Quad([(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]);
        let values = sampled(picture, &whole, (w, h), w, &NORMALIZATION);
        let quads = session::run(&mut self.0, [1, 3, h, w], values, |_, shares| match shares.len() {
            count if count == w * h => Ok(lines(shares, w)),
            count => Err(Error::internal(format!("the detector gives {count} numbers for {w} × {h}"))),
        })?;
        Ok(quads.into_iter().map(|q| q.scaled(width / w as f32, height / h as f32)).collect())
    }
}

/// The picture's size in the model: its shape, within bounds.
fn model_size(width: f32, height: f32) -> (usize, usize) {
    let mut scale = (LEAST_SIDE / width.min(height)).max(1.0);
    scale = scale.min(GREATEST_SIDE / width.max(height));
    // `as` saturates; both are bounded.
    let side = |length: f32| ((length * scale / SIDE_STEP as f32).round() as usize).max(1) * SIDE_STEP;
    (side(width), side(height))
}

/// The lines on a map of shares whose rows are `width` long.
pub(super) fn lines(shares: &[f32], width: usize) -> Vec<Quad> {
    let mut seen = vec![false; shares.len()];
    let mut quads = Vec::new();
    for start in 0..shares.len() {
        if seen[start] || !is_core(shares[start]) {
            continue;
        }
        let core = core_at(shares, width, start, &mut seen);
        let Some(quad) = smallest_around(core.outline).filter(|_| core.mean >= TEXT) else { continue };
        // A pixel is a square, not a point.
        let quad = quad.grown(0.5);
        if quad.width().min(quad.height()) < LEAST_CORE {
            continue;
        }
        let perimeter = 2.0 * (quad.width() + quad.height());
        quads.push(quad.grown(quad.width() * quad.height() * UNCLIP / perimeter));
        if quads.len() >= MOST_LINES {
            break;
        }
    }
    quads
}

fn is_core(share: f32) -> bool {
    share > CORE
}

struct Core {
    /// The middles of the first and last pixel of each run in a row: they hold all corners.
    outline: Vec<Point>,
    /// Mean share of its pixels.
    mean: f32,
}

/// All core pixels that hang together with the one at `start`.
fn core_at(shares: &[f32], width: usize, start: usize, seen: &mut [bool]) -> Core {
    let mut outline = Vec::new();
    let (mut sum, mut count) = (0.0_f64, 0_u32);
    let mut open = vec![start];
    seen[start] = true;
    while let Some(at) = open.pop() {
        sum += f64::from(shares[at]);
        count = count.saturating_add(1);
        let (x, y) = (at % width, at / width);
        let mut is_edge = false;
        for (dx, dy) in [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)] {
            let neighbour = x.checked_add_signed(dx).filter(|&x| x < width).zip(y.checked_add_signed(dy));
            let neighbour = neighbour.map(|(x, y)| y * width + x).filter(|&n| n < shares.len());
            match neighbour.filter(|&n| is_core(shares[n])) {
                Some(n) if !seen[n] => {
                    seen[n] = true;
                    open.push(n);
                }
                Some(_) => {}
                None => is_edge |= dy == 0,
            }
        }
        if is_edge {
            outline.push((x as f32 + 0.5, y as f32 + 0.5));
        }
    }
    // `as` loses digits that do not matter.
    Core { outline, mean: (sum / f64::from(count.max(1))) as f32 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map(width: usize, height: usize, blocks: &[(usize, usize, usize, usize)]) -> Vec<f32> {
        let inside = |x: usize, y: usize| {
            blocks
                .iter()
                .any(|&(left, top, w, h)| (left..left + w).contains(&x) && (top..top + h).contains(&y))
        };
        (0..width * height).map(|at| if inside(at % width, at / width) { 0.9 } else { 0.1 }).collect()
    }

    #[test]
    fn cores_are_grown_to_lines_and_specks_are_none() {
        let quads = lines(&map(200, 100, &[(20, 10, 100, 8), (20, 60, 50, 10), (180, 90, 2, 2)]), 200);
        assert_eq!(quads.len(), 2);
        let (left, top, right, bottom) = quads[0].bounds();
        // 100 × 8 × 1.5 / 216 = 5.6 on each side.
        assert!((left - 14.4).abs() < 0.2 && (top - 4.4).abs() < 0.2, "{quads:?}");
        assert!((right - 125.6).abs() < 0.2 && (bottom - 23.6).abs() < 0.2, "{quads:?}");
    }

    #[test]
    fn the_models_picture_is_bounded() {
        assert_eq!(model_size(1654.0, 2339.0), (896, 1280));
        assert_eq!(model_size(300.0, 40.0), (480, 64));
        let (w, h) = model_size(100_000.0, 10.0);
        assert!(w <= 1280 && h == 32);
    }

    proptest! {
        #[test]
        fn any_map_gives_finite_rectangles(
            shares in proptest::collection::vec(0.0_f32..1.0, 0..900),
            width in 1_usize..40,
        ) {
            for quad in lines(&shares, width) {
                prop_assert!(quad.0.iter().all(|p| p.0.is_finite() && p.1.is_finite()));
            }
        }
    }
}
