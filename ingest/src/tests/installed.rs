//! Libraries and models that tests may use where they are installed: where the tests of the service put them.

use std::path::PathBuf;

use crate::ocr::OcrConfig;

/// The library of PDFium.
pub(crate) fn pdfium() -> Option<PathBuf> {
    Some(folder()?.join("pdfium/libpdfium.so")).filter(|library| library.is_file())
}

/// The folder of the models of OCR, of ONNX Runtime and of PDFium.
pub(crate) fn models() -> Option<PathBuf> {
    folder().filter(|folder| folder.join("pp-ocrv5").is_dir())
}

fn folder() -> Option<PathBuf> {
    Some(std::env::home_dir()?.join(".cache/footnote/models"))
}

/// OCR on one thread.
pub(crate) fn ocr() -> Option<OcrConfig> {
    models().map(|models| OcrConfig {
        onnxruntime: models.join("onnxruntime/libonnxruntime.so"),
        models: models.join("pp-ocrv5"),
        threads: 1,
    })
}
