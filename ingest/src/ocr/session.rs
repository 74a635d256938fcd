//! Models in ONNX Runtime: one library and one environment per process.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use footnote_core::error::Context as _;
use footnote_core::{Error, ErrorKind, Result};
use ort::environment::Environment;
use ort::ep::CPU;
use ort::session::Session;
use ort::value::Tensor;

use super::INSTALL;

/// Opens the model at `path`, which runs on `threads` threads.
pub(super) fn open(library: &Path, path: &Path, threads: usize) -> Result<Session> {
    let refused = |e: ort::Error<ort::session::builder::SessionBuilder>| Error::internal(e.to_string());
    Session::builder(&environment(library)?)
        .internal("cannot make a session builder")?
        .with_intra_threads(threads.max(1))
        .map_err(refused)?
        // Every line has a length of its own: a plan would be kept for each.
        .with_memory_pattern(false)
        .map_err(refused)?
        // Without an arena the kernel maps and clears every intermediate result anew: twice the time to detect.
        .with_execution_providers([CPU::default().with_arena_allocator(true).build()])
        .map_err(refused)?
        .commit_from_file(path)
        .context(ErrorKind::NotInstalled, || format!("{} is no usable model; run {INSTALL}", path.display()))
}

/// Gives the model one tensor, and its one output, which the model's maker promises, to `read` with its shape.
pub(super) fn run<R>(
    session: &mut Session,
    shape: [usize; 4],
    values: Vec<f32>,
    read: impl FnOnce(&[usize], &[f32]) -> Result<R>,
) -> Result<R> {
    let tensor = Tensor::from_array((shape, values)).internal("cannot make a tensor")?;
    let outputs = session.run(ort::inputs![tensor]).internal("the model failed")?;
    let (shape, values) = outputs[0].try_extract_tensor::<f32>().internal("the model gives no numbers")?;
    let shape: Vec<usize> = shape.iter().map(|&side| usize::try_from(side).unwrap_or(0)).collect();
    read(&shape, values)
}

fn environment(library: &Path) -> Result<Environment> {
    static LOADED: Mutex<Option<Environment>> = Mutex::new(None);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = loaded.as_ref() {
        return Ok(environment.clone());
    }
    // ort panics later on where the library is missing, so look before it does.
    if !library.is_file() {
        return Err(Error::not_installed(format!(
            "ONNX Runtime is missing at {}; run {INSTALL}",
            library.display()
        )));
    }
    let environment = ort::init_from(library)
        .context(ErrorKind::NotInstalled, || {
            format!("{} is no usable ONNX Runtime; run {INSTALL}", library.display())
        })?
        .with_name("footnote-ocr")
        .with_telemetry(false)
        .build()
        .internal("cannot start ONNX Runtime")?;
    *loaded = Some(environment.clone());
    Ok(environment)
}
