//! What a parser may spend, and which engines it may use. Sent to the child with every request.

use std::path::PathBuf;
use std::time::Duration;

use footnote_core::document::Lineage;
use footnote_core::password::Password;
use serde::{Deserialize, Serialize};

use crate::ocr::{self, OcrConfig};

const MIB: u64 = 1 << 20;

/// Bounds on one parse. They apply to what is really read and inflated, not to declared sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ParseLimits {
    /// Longest file, in bytes.
    pub max_input_bytes: u64,
    /// Most pages of a PDF.
    pub max_pages: u32,
    /// Most objects of a PDF: texts, paths and pictures that its pages draw, or, where pdf-extract reads it, of the file.
    pub max_objects: usize,
    /// Longest canonical text, in scalar values.
    pub max_text_chars: usize,
    /// Most bytes that all parts of an archive may inflate to together.
    pub max_inflated_bytes: u64,
    /// Most bytes that one part of an archive may inflate to.
    pub max_part_bytes: u64,
    /// Most times that a large part of an archive may be longer than its compressed form.
    pub max_inflation_ratio: u64,
    /// Most entries of an archive.
    pub max_archive_entries: usize,
    /// Most members of an archive or message, with theirs and so on.
    pub max_members: usize,
    /// Most bytes that they may have together.
    pub max_members_bytes: u64,
    /// How many archives and messages may lie within each other and be unpacked.
    pub max_nesting: u32,
    /// Most cells of a workbook or a file of records that hold something.
    pub max_cells: usize,
    /// Most pixels of a picture.
    pub max_image_pixels: u64,
    /// Address space of the child, in bytes.
    pub memory_bytes: u64,
    /// Processor time of the child.
    pub cpu_seconds: u64,
    /// Wall-clock time of one file. Several times the processor time: a busy machine is no reason to fail.
    pub wall_seconds: u64,
    /// Longest answer of the child, in bytes.
    pub max_response_bytes: u64,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            max_input_bytes: 256 * MIB,
            max_pages: 20_000,
            max_objects: 20_000_000,
            max_text_chars: 30_000_000,
            max_inflated_bytes: 512 * MIB,
            max_part_bytes: 256 * MIB,
            max_inflation_ratio: 200,
            max_archive_entries: 20_000,
            max_members: 10_000,
            max_members_bytes: 2048 * MIB,
            max_nesting: 3,
            max_cells: 2_000_000,
            max_image_pixels: 100_000_000,
            memory_bytes: 2048 * MIB,
            cpu_seconds: 120,
            wall_seconds: 480,
            max_response_bytes: 256 * MIB,
        }
    }
}

impl ParseLimits {
    /// What is left for the members of a document that lies within others.
    #[must_use]
    pub fn within(&self, lineage: &Lineage) -> Self {
        let members = usize::try_from(lineage.members).unwrap_or(usize::MAX);
        Self {
            max_members: self.max_members.saturating_sub(members),
            max_members_bytes: self.max_members_bytes.saturating_sub(lineage.bytes),
            max_nesting: self.max_nesting.saturating_sub(lineage.depth),
            ..self.clone()
        }
    }

    /// Most memory that the child may hold at once, in bytes. Its engines reserve addresses that they never fill.
    pub fn resident_bytes(&self) -> u64 {
        self.memory_bytes / 3 * 2
    }

    /// [`Self::wall_seconds`] as a duration.
    pub fn wall_time(&self) -> Duration {
        Duration::from_secs(self.wall_seconds)
    }
}

/// Engines that are loaded at run time where they are installed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineConfig {
    /// The PDFium shared library; without it pdf-extract reads PDFs.
    pub pdfium: Option<PathBuf>,
    /// OCR's models; without them pictures and scanned pages are not read.
    pub ocr: Option<OcrConfig>,
    /// What the PDFium library is, as documents tell it: a version, or digits of its hash. The library itself does not
    /// say.
    pub pdfium_version: Option<String>,
    /// What the ONNX Runtime library is that OCR's models run in.
    pub onnxruntime_version: Option<String>,
    /// What encrypted files are opened with, in this order, where they do not open without.
    pub passwords: Vec<Password>,
}

impl EngineConfig {
    /// Every file and folder that an engine reads.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let ocr = self.ocr.iter().flat_map(|ocr| [ocr.models.clone(), ocr.onnxruntime.clone()]);
        self.pdfium.iter().cloned().chain(ocr).collect()
    }

    /// PDFium, as documents tell it.
    pub(crate) fn pdfium_name(&self) -> String {
        match &self.pdfium_version {
            Some(version) => format!("pdfium {version}"),
            None => "pdfium".to_owned(),
        }
    }

    /// OCR, as documents tell it.
    pub(crate) fn ocr_name(&self) -> String {
        match &self.onnxruntime_version {
            Some(version) => format!("{} (onnxruntime {version})", ocr::ENGINE),
            None => ocr::ENGINE.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_named_with_the_versions_that_are_known() {
        let engines = EngineConfig {
            pdfium_version: Some("8149".to_owned()),
            onnxruntime_version: Some("1.32.0".to_owned()),
            ..EngineConfig::default()
        };
        assert_eq!(engines.pdfium_name(), "pdfium 8149");
        assert_eq!(engines.ocr_name(), "PP-OCRv5 (onnxruntime 1.32.0)");
        let unknown = EngineConfig::default();
        assert_eq!((unknown.pdfium_name().as_str(), unknown.ocr_name().as_str()), ("pdfium", "PP-OCRv5"));
    }
}
