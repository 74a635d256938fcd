//! Libraries and models that tests may use where whoever runs them says where they are, as CI does.

#![expect(clippy::disallowed_methods, reason = "no test knows where they are")]

use std::env;
use std::path::PathBuf;

use crate::ocr::OcrConfig;

/// The library of PDFium.
pub(crate) fn pdfium() -> Option<PathBuf> {
    env::var_os("FOOTNOTE_TEST_PDFIUM").map(PathBuf::from)
}

/// The folder of the models of OCR, of ONNX Runtime and of PDFium.
pub(crate) fn models() -> Option<PathBuf> {
    env::var_os("FOOTNOTE_TEST_OCR").map(PathBuf::from)
}

/// OCR on one thread.
pub(crate) fn ocr() -> Option<OcrConfig> {
    models().map(|models| OcrConfig {
        onnxruntime: models.join("onnxruntime/libonnxruntime.so"),
        models: models.join("pp-ocrv5"),
        threads: 1,
    })
}
