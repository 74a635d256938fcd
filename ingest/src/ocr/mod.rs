//! Which text does a picture show, where, and how sure is that?
//!
//! PP-OCRv5 in three steps: [`detect`] finds lines of text as turned rectangles ([`quad`]), [`direction`]
//! tells which of them stand on their head, [`recognize`] reads each. The models run in ONNX Runtime, which is
//! loaded at run time; all of it happens in the parser's child process, within its memory limit.

mod detect;
mod direction;
mod pixels;
mod quad;
mod recognize;
mod session;

use std::path::{Path, PathBuf};

use footnote_core::{Error, Result};
use image::RgbImage;
use serde::{Deserialize, Serialize};

use self::detect::Detector;
use self::direction::DirectionClassifier;
pub(crate) use self::quad::Quad;
use self::recognize::Recognizer;

/// Name and version, as documents tell it.
pub(crate) const ENGINE: &str = "PP-OCRv5";
/// What installs everything that OCR needs.
pub(crate) const INSTALL: &str = "`footnote models pull pp-ocrv5 onnxruntime pdfium`";
/// A line that is this many times taller than wide is read from top to bottom.
const TALL: f32 = 1.5;
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
    /// Threads that read one picture.
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
    /// Loads the models.
    pub(crate) fn open(config: &OcrConfig) -> Result<Self> {
        if let Some(path) = config.missing() {
            return Err(Error::not_installed(format!(
                "OCR needs {}, which is missing; run {INSTALL}",
                path.display()
            )));
        }
        let model =
            |name: &str| session::open(&config.onnxruntime, &config.models.join(name), config.threads);
        Ok(Self {
            detector: Detector::new(model(DETECTION)?),
            direction: DirectionClassifier::new(model(DIRECTION)?),
            recognizer: Recognizer::new(model(RECOGNITION)?, &keys(&config.models.join(KEYS))?),
        })
    }

    /// Reads `picture`.
    pub(crate) fn read(&mut self, picture: &RgbImage) -> Result<OcrText> {
        let mut text = OcrText::default();
        for quad in self.detector.detect(picture)? {
            let quad = if quad.height() >= TALL * quad.width() { quad.quarter_turned() } else { quad };
            let quad = match self.direction.is_upside_down(picture, &quad)? {
                true => quad.half_turned(),
                false => quad,
            };
            let (chars, confidence) = self.recognizer.recognize(picture, &quad)?;
            let blank = chars.iter().all(|c| c.c.is_whitespace());
            if blank || confidence < LEAST_CONFIDENCE {
                text.unread += 1;
            } else {
                text.lines.push(OcrLine { chars, quad, confidence });
            }
        }
        Ok(text)
    }
}

/// What the recogniser's classes stand for: a line each, the first for "nothing".
fn keys(path: &Path) -> Result<Vec<char>> {
    let text = fs_err::read_to_string(path).map_err(|e| Error::not_installed(e.to_string()))?;
    Ok(text.trim_end_matches('\n').split('\n').map(|line| line.chars().next().unwrap_or(' ')).collect())
}
