//! What the fuzz target `scan` reaches of OCR: what is made of the models' answers, without the models.

use super::*;

/// The lines on the detector's map of shares, whose rows are `width` long. Each has the next of the `texts`: its
/// characters, how often it is turned by a quarter, and how sure the recogniser is of it.
pub(crate) fn text(shares: &[f32], width: usize, texts: &[(String, u8, f32)]) -> OcrText {
    let mut read = OcrText::default();
    for (quad, (text, turns, confidence)) in detect::lines(shares, width).iter().zip(texts.iter().cycle()) {
        assert!(quad.0.iter().all(|(x, y)| x.is_finite() && y.is_finite()), "{quad:?}");
        if text.trim().is_empty() {
            read.unread += 1;
            continue;
        }
        let quad = (0..turns % 4).fold(*quad, |quad, _| quad.quarter_turned());
        let count = text.chars().count() as f32;
        let chars = text.chars().enumerate().map(|(at, c)| OcrChar { c, at: (at as f32 + 0.5) / count });
        let mut chars: Vec<OcrChar> = chars.collect();
        widths::narrow(&mut chars);
        read.lines.push(OcrLine { chars, quad, confidence: *confidence });
    }
    read
}
