//! From pixels to the numbers that the models take: sampled, normalised, one plane per colour.

use image::RgbImage;

use super::quad::Quad;

/// What is done with a colour value (0 to 1) before a model sees it: minus the mean, by the deviation.
/// Order: red, green, blue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Normalization {
    /// Subtracted.
    pub(super) mean: [f32; 3],
    /// Divided by.
    pub(super) deviation: [f32; 3],
    /// Whether the model wants the planes in the order blue, green, red.
    pub(super) blue_first: bool,
}

impl Normalization {
    /// The value of a colour of 0 to 255.
    fn of(&self, channel: usize, value: f32) -> f32 {
        (value / 255.0 - self.mean[channel]) / self.deviation[channel]
    }

    /// Which plane a colour goes to.
    fn plane(&self, channel: usize) -> usize {
        if self.blue_first { 2 - channel } else { channel }
    }
}

/// The part of `picture` within `quad`, stretched to `width` × `height` pixels, in planes whose rows are
/// `row` numbers long; what lies right of the part is 0.
pub(super) fn sampled(
    picture: &RgbImage,
    quad: &Quad,
    (width, height): (usize, usize),
    row: usize,
    normalization: &Normalization,
) -> Vec<f32> {
    let mut planes = vec![0.0; 3 * row * height];
    // Where the picture is made smaller, several samples a pixel keep thin strokes.
    let across = samples(quad.width(), width);
    let down = samples(quad.height(), height);
    let share = 1.0 / (across * down) as f32;
    for y in 0..height {
        for x in 0..width.min(row) {
            let mut sum = [0.0; 3];
            for v in 0..down {
                for u in 0..across {
                    let at_x = (x as f32 + (u as f32 + 0.5) / across as f32) / width as f32;
                    let at_y = (y as f32 + (v as f32 + 0.5) / down as f32) / height as f32;
                    let (px, py) = quad.at(at_x, at_y);
                    add_bilinear(picture, px - 0.5, py - 0.5, &mut sum);
                }
            }
            for (channel, total) in sum.into_iter().enumerate() {
                planes[normalization.plane(channel) * row * height + y * row + x] =
                    normalization.of(channel, total * share);
            }
        }
    }
    planes
}

/// Samples for each of `pixels` that stand for `length` pixels of the picture.
fn samples(length: f32, pixels: usize) -> usize {
    // `as` saturates, and NaN gives 0.
    ((length / pixels.max(1) as f32 - 0.25).ceil() as usize).clamp(1, 4)
}

/// Adds the colour at a place between pixels; outside of the picture it is that of the nearest edge.
fn add_bilinear(picture: &RgbImage, x: f32, y: f32, sum: &mut [f32; 3]) {
    let (width, height) = picture.dimensions();
    if width == 0 || height == 0 {
        return;
    }
    let x = x.clamp(0.0, (width - 1) as f32);
    let y = y.clamp(0.0, (height - 1) as f32);
    // `as` saturates; both were clamped.
    let (x0, y0) = (x as u32, y as u32);
    let (x1, y1) = ((x0 + 1).min(width - 1), (y0 + 1).min(height - 1));
    let (fx, fy) = (x - x0 as f32, y - y0 as f32);
    for (px, py, weight) in [
        (x0, y0, (1.0 - fx) * (1.0 - fy)),
        (x1, y0, fx * (1.0 - fy)),
        (x0, y1, (1.0 - fx) * fy),
        (x1, y1, fx * fy),
    ] {
        let pixel = picture.get_pixel(px, py);
        for (total, value) in sum.iter_mut().zip(pixel.0) {
            *total += weight * f32::from(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Normalization =
        Normalization { mean: [0.0; 3], deviation: [1.0 / 255.0; 3], blue_first: true };

    #[test]
    fn a_part_is_cut_out_turned_and_padded() {
        let picture = RgbImage::from_fn(20, 10, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let upright = Quad([(2.0, 3.0), (6.0, 3.0), (6.0, 5.0), (2.0, 5.0)]);
        let planes = sampled(&picture, &upright, (4, 2), 6, &PLAIN);
        let near = |at: usize, expected: f32| assert!((planes[at] - expected).abs() < 1e-3, "{planes:?}");
        // Blue, green, red; rows of six.
        near(0, 7.0);
        near(4, 0.0);
        near(12, 3.0);
        near(18, 4.0);
        near(24, 2.0);
        near(27, 5.0);
        let turned = sampled(&picture, &upright.half_turned(), (4, 2), 4, &PLAIN);
        assert!((turned[16] - 5.0).abs() < 1e-3, "{turned:?}");
    }

    #[test]
    fn what_lies_outside_is_the_edge() {
        let picture = RgbImage::from_pixel(2, 2, image::Rgb([9, 9, 9]));
        let outside = Quad([(-50.0, -50.0), (90.0, -50.0), (90.0, 90.0), (-50.0, 90.0)]);
        assert!(sampled(&picture, &outside, (3, 3), 3, &PLAIN).iter().all(|v| (v - 9.0).abs() < 1e-3));
    }
}
