//! Reads one line: its picture to characters, by connectionist temporal classification (CTC).

use footnote_core::{Error, Result};
use image::RgbImage;
use ort::session::Session;

use super::pixels::{Normalization, sampled};
use super::quad::Quad;
use super::{OcrChar, session};

/// The height of the picture that the model takes.
const HEIGHT: usize = 48;
/// Least and greatest width, and the step between widths: the model makes one answer of so many columns. Lines
/// are read one by one: together they take as long (measured), and what is added to the narrower ones on top.
const LEAST_WIDTH: usize = 48;
const GREATEST_WIDTH: usize = 3200;
const WIDTH_STEP: usize = 8;
/// As the model was trained: PaddleOCR's `PP-OCRv5_mobile_rec`.
const NORMALIZATION: Normalization = Normalization { mean: [0.5; 3], deviation: [0.5; 3], blue_first: true };

/// Reads lines.
pub(super) struct Recognizer {
    session: Session,
    keys: Vec<char>,
}

/// The characters of a line and their mean confidence.
pub(super) type ReadLine = (Vec<OcrChar>, f32);

impl Recognizer {
    /// Uses the model, whose classes stand for `keys`; the first is "nothing".
    pub(super) fn new(session: Session, keys: Vec<char>) -> Self {
        Self { session, keys }
    }

    /// The characters within `quad`, and their mean confidence.
    pub(super) fn recognize(&mut self, picture: &RgbImage, quad: &Quad) -> Result<ReadLine> {
        let ratio = quad.width() / quad.height().max(1.0);
        // `as` saturates, and NaN gives 0.
        let width = ((HEIGHT as f32 * ratio).ceil() as usize).clamp(1, GREATEST_WIDTH);
        let row = width.next_multiple_of(WIDTH_STEP).max(LEAST_WIDTH);
        let values = sampled(picture, quad, (width, HEIGHT), row, &NORMALIZATION);
        self.read(row, values, width as f32 / row as f32)
    }

    /// Fails where the list of keys is another model's.
    pub(super) fn check(&mut self) -> Result<()> {
        self.read(LEAST_WIDTH, vec![0.0; 3 * HEIGHT * LEAST_WIDTH], 1.0).map(drop)
    }

    fn read(&mut self, row: usize, values: Vec<f32>, part: f32) -> Result<ReadLine> {
        let keys = &self.keys;
        session::run(&mut self.session, [1, 3, HEIGHT, row], values, |shape, shares| match *shape {
            [_, steps, classes] if classes == keys.len() => Ok(decode(shares, steps, keys, part)),
            [_, _, classes] => Err(Error::not_installed(format!(
                "the recogniser knows {classes} characters and its list has {}; run `footnote models verify`",
                keys.len()
            ))),
            _ => Err(Error::internal(format!("the recogniser's answer has the shape {shape:?}"))),
        })
    }
}

/// The likeliest class of each step; runs of one class are one character, class 0 is none. The line takes
/// the first `part` of the steps.
fn decode(shares: &[f32], steps: usize, keys: &[char], part: f32) -> ReadLine {
    let mut chars: Vec<OcrChar> = Vec::new();
    let mut confidence = 0.0;
    let mut last = 0;
    let mut best_share = 0.0;
    for (step, row) in shares.chunks_exact(keys.len().max(1)).take(steps).enumerate() {
        // The greatest first, then its place: what is compared alone is compared many at once.
        let share = row.iter().copied().fold(0.0, f32::max);
        let class = row.iter().position(|&other| other == share).unwrap_or(0);
        let at = ((step as f32 + 0.5) / steps.max(1) as f32 / part).clamp(0.0, 1.0);
        if class != last && class != 0 {
            confidence += share;
            best_share = share;
            chars.push(OcrChar { c: keys[class], at });
        } else if class == last && class != 0 && share > best_share {
            // The middle of a character is where it is clearest.
            best_share = share;
            if let Some(char) = chars.last_mut() {
                char.at = at;
            }
        }
        last = class;
    }
    let confidence = if chars.is_empty() { 0.0 } else { confidence / chars.len() as f32 };
    (chars, confidence)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEYS: [char; 4] = ['-', 'a', 'b', ' '];

    fn steps(classes: &[usize]) -> Vec<f32> {
        classes.iter().flat_map(|&class| (0..4).map(move |k| if k == class { 0.7 } else { 0.1 })).collect()
    }

    #[test]
    fn runs_are_one_character_and_nothing_parts_them() {
        let classes = [0, 1, 1, 0, 1, 2, 2, 3, 0, 2];
        let (chars, confidence) = decode(&steps(&classes), classes.len(), &KEYS, 1.0);
        assert_eq!(chars.iter().map(|c| c.c).collect::<String>(), "aab b");
        assert!((confidence - 0.7).abs() < 1e-6);
        assert!(chars.windows(2).all(|pair| pair[0].at < pair[1].at));
        assert_eq!(decode(&steps(&[0, 0]), 2, &KEYS, 1.0), (Vec::new(), 0.0));
    }

    proptest! {
        #[test]
        fn any_numbers_decode(
            shares in proptest::collection::vec(proptest::num::f32::ANY, 0..200),
            steps in 0_usize..60,
            part in 0.01_f32..1.0,
        ) {
            let (chars, _) = decode(&shares, steps, &KEYS, part);
            prop_assert!(chars.iter().all(|c| (0.0..=1.0).contains(&c.at)));
            prop_assert!(chars.len() <= steps);
        }
    }
}
