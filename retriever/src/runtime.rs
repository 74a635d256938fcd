//! ONNX Runtime: one shared library and one environment per process.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use footnote_core::error::Context as _;
use footnote_core::{Error, ErrorKind, Result};
use ort::environment::Environment;

static LOADED: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// The process's environment, made from the shared library at `library` by the first caller. A
/// failed load is tried again by the next caller; a second library is refused, because the first
/// cannot be unloaded.
pub fn environment(library: &Path) -> Result<Environment> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((path, environment)) = loaded.as_ref() {
        if path != library {
            return Err(Error::conflict(format!(
                "onnx runtime {} is loaded already; configure one library for all models instead of {} too",
                path.display(),
                library.display()
            )));
        }
        return Ok(environment.clone());
    }
    // ort panics later on where the library is missing, so look before it does.
    if !library.is_file() {
        return Err(Error::not_installed(format!(
            "onnx runtime is missing at {}; fetch it with `footnote models pull`",
            library.display()
        )));
    }
    let environment = ort::init_from(library)
        .context(ErrorKind::NotInstalled, || {
            format!("{} is no usable onnx runtime; fetch it with `footnote models pull`", library.display())
        })?
        .with_name("footnote")
        .with_telemetry(false)
        .build()
        .internal("cannot start onnx runtime")?;
    *loaded = Some((library.to_owned(), environment.clone()));
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_library_is_named_with_the_remedy() {
        let error = environment(Path::new("/nowhere/libonnxruntime.so")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotInstalled);
        assert!(error.to_string().contains("/nowhere/libonnxruntime.so"), "{error}");
        assert!(error.to_string().contains("footnote models pull"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_library_is_an_error_and_no_panic() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), b"not an ELF file").unwrap();
        assert_eq!(environment(file.path()).unwrap_err().kind(), ErrorKind::NotInstalled);
    }
}
