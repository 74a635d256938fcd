//! Which models are there, and how do they get here? The manifest, `models list | pull | verify`.
//!
//! [`pull`] is the only place of the program that fetches anything, and it is only ever called by the
//! command line. A model lies in a folder of its own, `<models>/<id>/`, with a `verified.json` that
//! remembers what its files hashed to, so that asking for an installed model costs a few `stat`s.
//!
//! To add a model: an entry in `manifest.toml` with the hashes of its files. If its files must be
//! made from something else, a conversion in [`convert`].

pub mod convert;
mod files;
mod hub;
pub mod manifest;
pub mod package;
pub mod progress;
mod pull;
mod verify;

use std::path::{Path, PathBuf};

use footnote_core::{Error, Result};
use serde::Serialize;

pub use manifest::{DEFAULT_SET, Manifest, Model, Role, Route, TEST_SET};
pub use progress::{ProgressSink, PullEvent, Silent};
pub use pull::{PullOptions, PullOutcome, Pulled, pull};
pub use verify::{FileState, FileVerdict, Verification, verify};

/// Digits of its hash that a library is called by where the manifest does not know it: enough to tell builds apart.
const HASH_DIGITS: usize = 12;

/// A model of the manifest and whether it is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelStatus {
    /// Its name.
    pub id: String,
    /// What it is for.
    pub role: Role,
    /// Its licence.
    pub licence: String,
    /// One line about it.
    pub description: String,
    /// Whether it is of fastembed's catalogue: its files are held to the hub's own records instead of
    /// pins of ours.
    pub catalogue: bool,
    /// Sets it belongs to.
    pub sets: Vec<String>,
    /// Routes by which this machine can have it.
    pub routes: Vec<Route>,
    /// Where it stands.
    pub state: InstalledState,
    /// Bytes its folder takes.
    pub bytes: u64,
}

/// Where a model stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InstalledState {
    /// Its files are as they were when their hashes were found right.
    Installed,
    /// Its files are there, but were never hashed or have changed since: `models verify` tells.
    Unverified,
    /// Files are missing.
    Missing,
}

/// Every model that can be pulled and what of it is installed in `models_dir`. Hashes nothing.
pub fn list(models_dir: &Path) -> Result<Vec<ModelStatus>> {
    let manifest = Manifest::bundled()?;
    Ok(manifest.all().iter().map(|model| status(&manifest, model, models_dir)).collect())
}

/// The folder of an installed model; an error with the remedy where files of it are missing.
pub fn resolve(models_dir: &Path, id: &str) -> Result<PathBuf> {
    let folder = models_dir.join(id);
    let model = Manifest::bundled()?.select(&[id.to_owned()])?.pop();
    let model = model.ok_or_else(|| Error::internal(format!("{id} selects no model")))?;
    if verify::installed_state(&model, &folder) == InstalledState::Missing {
        return Err(Error::not_installed(format!(
            "model {id} is not installed in {}; run `footnote models pull {id}`",
            folder.display()
        )));
    }
    Ok(folder)
}

/// What the library `id` at `path` is: the version that the manifest gives for these bytes, else the first digits of
/// their SHA-256. Reads the file unless its folder remembers what it hashes to.
pub fn library_version(id: &str, path: &Path) -> Result<String> {
    let hash = match verify::stamped_hash(path) {
        Some(hash) => hash,
        None => files::hash_file(path, &mut |_| ())?,
    };
    let manifest = Manifest::bundled()?;
    let known = manifest.model(id).filter(|library| library.has_file(hash));
    let digits = hash.to_string();
    let unknown = || format!("sha256:{}", digits.get(..HASH_DIGITS).unwrap_or(&digits));
    Ok(known.and_then(|library| library.version.clone()).unwrap_or_else(unknown))
}

fn status(manifest: &Manifest, model: &Model, models_dir: &Path) -> ModelStatus {
    let folder = models_dir.join(&model.id);
    let mut routes: Vec<Route> = Vec::new();
    for source in model.sources.iter().filter(|source| source.suits_this_machine()) {
        if !routes.contains(&source.route) {
            routes.push(source.route);
        }
    }
    let in_sets = manifest.sets.iter().filter(|(_, ids)| ids.contains(&model.id));
    ModelStatus {
        id: model.id.clone(),
        role: model.role,
        licence: model.licence.clone(),
        description: model.description.clone(),
        catalogue: manifest.model(&model.id).is_none(),
        sets: in_sets.map(|(name, _)| name.clone()).collect(),
        routes,
        state: verify::installed_state(model, &folder),
        bytes: folder_bytes(&folder),
    }
}

fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs_err::read_dir(folder) else { return 0 };
    entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}

#[cfg(test)]
mod tests {
    use footnote_core::ErrorKind;
    use footnote_core::hash::ContentHash;
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_model_that_is_not_there_is_named_with_the_remedy() {
        let folder = TempDir::new().unwrap();
        let error = resolve(folder.path(), "smollm2-135m-instruct").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotInstalled);
        assert!(error.to_string().contains("footnote models pull smollm2-135m-instruct"), "{error}");
        assert!(list(folder.path()).unwrap().iter().all(|model| model.state == InstalledState::Missing));
        assert!(verify(folder.path(), &[], &Silent).unwrap().is_empty(), "nothing is installed");
    }

    #[test]
    fn models_of_the_catalogue_are_listed_and_are_not_good_without_a_known_hash() {
        let folder = TempDir::new().unwrap();
        let name = "bge-small-zh-v1.5";
        let manifest = Manifest::bundled().unwrap();
        let model = manifest.select(&[name.to_owned()]).unwrap().remove(0);
        let place = folder.path().join(name);
        fs_err::create_dir_all(&place).unwrap();
        for (path, hash) in model.sources[0].installed() {
            assert!(hash.is_none(), "nobody pinned {path}");
            fs_err::write(place.join(path), b"anything").unwrap();
        }
        fs_err::write(place.join("embedder.json"), b"{}").unwrap();
        let listed = list(folder.path()).unwrap();
        let listed = listed.iter().find(|listed| listed.id == name).unwrap();
        assert!(listed.catalogue && listed.state == InstalledState::Unverified, "{listed:?}");
        let verified = verify(folder.path(), &[], &Silent).unwrap();
        assert_eq!(verified.iter().map(|v| v.id.as_str()).collect::<Vec<_>>(), [name]);
        assert!(!verified[0].is_good());
        assert!(verified[0].files.iter().all(|file| file.state == FileState::Unpinned), "{verified:?}");
    }

    #[test]
    fn a_library_is_called_by_its_version_where_its_bytes_are_known_and_by_its_hash_elsewhere() {
        use super::files::{Stamp, StampedFile};
        let folder = TempDir::new().unwrap();
        let library = folder.path().join("libpdfium.so");
        assert!(library_version("pdfium", &library).is_err(), "there is no such file");
        fs_err::write(&library, b"another build").unwrap();
        let digits = ContentHash::of(b"another build").to_string();
        let by_hash = format!("sha256:{}", &digits[..12]);
        assert_eq!(library_version("pdfium", &library).unwrap(), by_hash);

        let manifest = Manifest::bundled().unwrap();
        let pinned = manifest.model("pdfium").unwrap().sources[0].files[0].sha256.unwrap();
        let hashed = StampedFile::hash(folder.path(), "libpdfium.so", &mut |_| ()).unwrap();
        let files = vec![StampedFile { sha256: pinned, ..hashed }];
        Stamp { route: None, files }.write(folder.path()).unwrap();
        assert_eq!(library_version("pdfium", &library).unwrap(), "8149");
        assert!(library_version("onnxruntime", &library).unwrap().starts_with("sha256:"));
        fs_err::write(&library, b"a build of the operator's").unwrap();
        assert_ne!(library_version("pdfium", &library).unwrap(), "8149", "the stamp is of another file");
    }

    #[test]
    fn a_file_with_another_content_is_found_but_not_good() {
        let folder = TempDir::new().unwrap();
        let model = folder.path().join("smollm2-135m-instruct");
        fs_err::create_dir_all(&model).unwrap();
        fs_err::write(model.join("model.gguf"), b"something else").unwrap();
        assert_eq!(resolve(folder.path(), "smollm2-135m-instruct").unwrap(), model);
        let listed = list(folder.path()).unwrap();
        let listed = listed.iter().find(|model| model.id == "smollm2-135m-instruct").unwrap();
        assert_eq!((listed.state, listed.bytes), (InstalledState::Unverified, 14));
        let verified = verify(folder.path(), &[], &Silent).unwrap();
        assert_eq!(verified.len(), 1);
        assert!(!verified[0].is_good());
        assert_eq!(verified[0].files[0].state, FileState::Differs);
        assert!(!model.join("verified.json").exists());
    }
}
