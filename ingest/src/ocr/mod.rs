//! Which text does a picture show, where, and how sure is that?
//!
//! PP-OCRv5 in three steps: [`detect`] finds lines of text as turned rectangles ([`quad`]), [`direction`]
//! tells which of them stand on their head, [`recognize`] reads each, and [`widths`] makes numbers half-width. The
//! models run in ONNX Runtime, which is loaded at run time; all of it happens in the parser's child process, within
//! its memory limit.

mod detect;
mod direction;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod pixels;
mod quad;
mod recognize;
mod session;
mod widths;

use std::path::{Path, PathBuf};

use footnote_core::{Error, Result};
use image::RgbImage;
use serde::{Deserialize, Serialize};

use self::detect::Detector;
use self::direction::DirectionClassifier;
pub(crate) use self::quad::Quad;
use self::recognize::Recognizer;

/// The models, as documents tell them.
pub(crate) const ENGINE: &str = "PP-OCRv5";
/// What installs everything that OCR needs.
pub(crate) const INSTALL: &str = "`footnote models pull pp-ocrv5 onnxruntime pdfium`";
/// A line that is this many times taller than wide is read from top to bottom.
const TALL: f32 = 1.5;
/// So many lines that stand alike tell how all others stand.
const SAMPLED_LINES: usize = 8;
/// A line read with less confidence than this is noise: a logo, a texture.
const LEAST_CONFIDENCE: f32 = 0.5;

/// Where models and runtime lie, and what OCR may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcrConfig {
    /// Folder with `det.onnx`, `cls.onnx`, `rec.onnx` and `keys.txt`.
    pub models: PathBuf,
    /// The ONNX Runtime library.
    pub onnxruntime: PathBuf,
    /// Pages that are read at the same time, each on a thread of its own; where there are fewer, the threads share
    /// the work on one.
    pub threads: usize,
}

impl OcrConfig {
    /// The first file that is missing, if any.
    pub fn missing(&self) -> Option<PathBuf> {
        let models = MODEL_FILES.iter().map(|name| self.models.join(name));
        models.chain([self.onnxruntime.clone()]).find(|path| !path.is_file())
    }
}

const DETECTION: &str = "det.onnx";
const DIRECTION: &str = "cls.onnx";
const RECOGNITION: &str = "rec.onnx";
const KEYS: &str = "keys.txt";
const MODEL_FILES: [&str; 4] = [DETECTION, DIRECTION, RECOGNITION, KEYS];

/// Why nothing can be read from pictures here, with the remedy.
pub(crate) fn not_installed() -> Error {
    Error::not_installed(format!("OCR is not installed; run {INSTALL}"))
}

/// A line of text in a picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OcrLine {
    /// Its characters in reading order.
    pub(crate) chars: Vec<OcrChar>,
    /// Where it stands, in pixels; turned so that its text reads from the first corner to the second.
    pub(crate) quad: Quad,
    /// Mean confidence of its characters, 0 to 1.
    pub(crate) confidence: f32,
}

/// A character and where it stands in its line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct OcrChar {
    /// The character.
    pub(crate) c: char,
    /// Its middle, as a share of the line's length.
    pub(crate) at: f32,
}

/// What was read from a picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct OcrText {
    /// Lines in no particular order.
    pub(crate) lines: Vec<OcrLine>,
    /// Places that look like text and could not be read.
    pub(crate) unread: usize,
}

/// The three models, ready to read.
pub(crate) struct OcrReader {
    detector: Detector,
    direction: DirectionClassifier,
    recognizer: Recognizer,
}

impl OcrReader {
    /// Loads the models, which run on `threads` threads.
    pub(crate) fn open(config: &OcrConfig, threads: usize) -> Result<Self> {
        if let Some(path) = config.missing() {
            return Err(Error::not_installed(format!(
                "OCR needs {}, which is missing; run {INSTALL}",
                path.display()
            )));
        }
        let model = |name: &str| session::open(&config.onnxruntime, &config.models.join(name), threads);
        let mut recognizer = Recognizer::new(model(RECOGNITION)?, keys(&config.models.join(KEYS))?);
        recognizer.check()?;
        Ok(Self {
            detector: Detector::new(model(DETECTION)?),
            direction: DirectionClassifier::new(model(DIRECTION)?),
            recognizer,
        })
    }

    /// Reads `picture`.
    pub(crate) fn read(&mut self, picture: &RgbImage) -> Result<OcrText> {
        let quads = self.detector.detect(picture)?;
        let mut text = OcrText::default();
        for quad in self.directed(picture, quads)? {
            let (mut chars, confidence) = self.recognizer.recognize(picture, &quad)?;
            let blank = chars.iter().all(|c| c.c.is_whitespace());
            if blank || confidence < LEAST_CONFIDENCE {
                text.unread += 1;
            } else {
                widths::narrow(&mut chars);
                text.lines.push(OcrLine { chars, quad, confidence });
            }
        }
        Ok(text)
    }

    /// The lines turned so that their text reads from left to right.
    fn directed(&mut self, picture: &RgbImage, quads: Vec<Quad>) -> Result<Vec<Quad>> {
        let (tall, wide): (Vec<Quad>, Vec<Quad>) =
            quads.into_iter().partition(|quad| quad.height() >= TALL * quad.width());
        let tall = tall.iter().map(Quad::quarter_turned).collect();
        let mut directed = Vec::new();
        for mut lines in [wide, tall] {
            lines.sort_by(|a, b| b.width().total_cmp(&a.width()));
            let turned = alike(&lines, |quad| self.direction.is_upside_down(picture, quad))?;
            let lines = lines.into_iter().zip(turned);
            directed.extend(lines.map(|(quad, turned)| if turned { quad.half_turned() } else { quad }));
        }
        Ok(directed)
    }
}

/// What `ask` says of each line. Lines of one page mostly stand alike: where the first ones, the longest, do,
/// the others are not asked.
fn alike(lines: &[Quad], mut ask: impl FnMut(&Quad) -> Result<bool>) -> Result<Vec<bool>> {
    let (sample, others) = lines.split_at(lines.len().min(SAMPLED_LINES));
    let mut said = sample.iter().map(&mut ask).collect::<Result<Vec<bool>>>()?;
    match said.first().copied() {
        Some(first) if said.iter().all(|&other| other == first) => said.resize(lines.len(), first),
        _ => said.extend(others.iter().map(ask).collect::<Result<Vec<bool>>>()?),
    }
    Ok(said)
}

/// What the recogniser's classes stand for: a line each, the first for "nothing".
fn keys(path: &Path) -> Result<Vec<char>> {
    let text = fs_err::read_to_string(path).map_err(|e| Error::not_installed(e.to_string()))?;
    Ok(text.trim_end_matches('\n').split('\n').map(|line| line.chars().next().unwrap_or(' ')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_whose_longest_lines_disagree_are_asked_line_by_line() {
        let line = |at: usize| Quad([(at as f32, 0.0), (9.0, 0.0), (9.0, 1.0), (at as f32, 1.0)]);
        let lines: Vec<Quad> = (0..20).map(line).collect();
        let asked = |upside_down: fn(usize) -> bool| {
            let mut count = 0;
            let said = alike(&lines, |quad| {
                count += 1;
                Ok(upside_down(quad.0[0].0 as usize))
            });
            (said.unwrap(), count)
        };
        assert_eq!(asked(|_| true), (vec![true; 20], SAMPLED_LINES));
        let (said, count) = asked(|at| at == 3 || at == 17);
        assert_eq!((said[3], said[17], said[4], count), (true, true, false, 20));
        assert_eq!(alike(&[], |_| Ok(true)).unwrap(), Vec::<bool>::new());
    }
}
