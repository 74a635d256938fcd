//! Which lines stand on their head?

use footnote_core::Result;
use image::RgbImage;
use ort::session::Session;

use super::pixels::{Normalization, sampled};
use super::quad::Quad;
use super::session;

/// The size of the picture that the model takes.
const WIDTH: usize = 160;
const HEIGHT: usize = 80;
/// A line is turned only where the model is this sure.
const SURE: f32 = 0.9;
/// As the model was trained: PaddleOCR's `PP-LCNet_x1_0_textline_ori`.
const NORMALIZATION: Normalization =
    Normalization { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225], blue_first: false };

/// Tells lines that stand on their head.
pub(super) struct DirectionClassifier(Session);

impl DirectionClassifier {
    /// Uses the model.
    pub(super) fn new(session: Session) -> Self {
        Self(session)
    }

    /// Whether the line within `quad` stands on its head.
    pub(super) fn is_upside_down(&mut self, picture: &RgbImage, quad: &Quad) -> Result<bool> {
        let values = sampled(picture, quad, (WIDTH, HEIGHT), WIDTH, &NORMALIZATION);
        session::run(&mut self.0, [1, 3, HEIGHT, WIDTH], values, |_, shares| {
            Ok(shares.get(1).is_some_and(|&share| share >= SURE))
        })
    }
}
