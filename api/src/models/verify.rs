//! Compares installed files with the manifest.

use std::path::Path;

use footnote_core::Result;
use footnote_core::hash::ContentHash;
use serde::Serialize;

use super::InstalledState;
use super::files::{Stamp, StampedFile};
use super::manifest::{Manifest, Model, Route, Source};
use super::progress::{ProgressSink, PullEvent};

/// What hashing a model again told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// The model.
    pub id: String,
    /// Its files; none where it is not installed.
    pub files: Vec<FileVerdict>,
}

impl Verification {
    /// Whether every file is as pinned.
    pub fn is_good(&self) -> bool {
        !self.files.is_empty() && self.files.iter().all(|file| file.state == FileState::Good)
    }
}

/// What hashing a file told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileVerdict {
    /// Its name in the model's folder.
    pub path: String,
    /// What was found.
    pub state: FileState,
    /// What it must hash to, where that is known.
    pub expected: Option<ContentHash>,
    /// What it hashes to.
    pub found: Option<ContentHash>,
}

/// How a file stands to its pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// As pinned.
    Good,
    /// Another content.
    Differs,
    /// There, but nobody knows what it must hash to.
    Unpinned,
    /// Not there.
    Missing,
}

/// Hashes the files of the named models and sets again; of all installed models, those of fastembed's
/// catalogue too, where `names` is empty. Files found good are remembered as such.
pub fn verify(models_dir: &Path, names: &[String], progress: &dyn ProgressSink) -> Result<Vec<Verification>> {
    let manifest = Manifest::bundled()?;
    let models = match names {
        [] => manifest.all().into_iter().filter(|model| is_there(model, models_dir)).collect(),
        names => manifest.select(names)?,
    };
    models.iter().map(|model| verify_model(model, &models_dir.join(&model.id), progress)).collect()
}

/// Whether it is installed, or was: a stamp remembers what should be there.
fn is_there(model: &Model, models_dir: &Path) -> bool {
    let folder = models_dir.join(&model.id);
    Stamp::read(&folder).is_some() || installed_state(model, &folder) != InstalledState::Missing
}

/// Hashes one model's files and says which source they come from, if any.
fn verify_model(model: &Model, folder: &Path, progress: &dyn ProgressSink) -> Result<Verification> {
    let stamp = Stamp::read(folder);
    let mut best: Option<Vec<FileVerdict>> = None;
    for (_, pins) in pinned_sources(model, stamp.as_ref()) {
        let verdicts = compare(&model.id, folder, &pins, progress)?;
        let good = |verdicts: &[FileVerdict]| verdicts.iter().filter(|v| v.state == FileState::Good).count();
        if best.as_ref().is_none_or(|best| good(&verdicts) > good(best)) {
            best = Some(verdicts);
        }
        if best.as_ref().is_some_and(|best| best.iter().all(|v| v.state == FileState::Good)) {
            break;
        }
    }
    let verification = Verification { id: model.id.clone(), files: best.unwrap_or_default() };
    if verification.is_good() && stamp.is_none_or(|stamp| !stamp.is_untouched(folder)) {
        stamp_in_place(model, folder, progress)?;
    }
    Ok(verification)
}

fn compare(
    model: &str,
    folder: &Path,
    pins: &[(String, Option<ContentHash>)],
    progress: &dyn ProgressSink,
) -> Result<Vec<FileVerdict>> {
    let mut verdicts = Vec::new();
    for (path, expected) in pins {
        let found = hash_if_there(model, folder, path, progress)?;
        let state = match (found, expected) {
            (None, _) => FileState::Missing,
            (Some(_), None) => FileState::Unpinned,
            (Some(found), Some(expected)) if found == *expected => FileState::Good,
            (Some(_), Some(_)) => FileState::Differs,
        };
        verdicts.push(FileVerdict { path: path.clone(), state, expected: *expected, found });
    }
    Ok(verdicts)
}

fn hash_if_there(
    model: &str,
    folder: &Path,
    path: &str,
    progress: &dyn ProgressSink,
) -> Result<Option<ContentHash>> {
    let Ok(metadata) = fs_err::metadata(folder.join(path)) else { return Ok(None) };
    let step = format!("checking {path}");
    progress.report(&PullEvent::Started { model, step: &step, total: Some(metadata.len()) });
    let file = StampedFile::hash(folder, path, &mut |bytes| progress.report(&PullEvent::Advanced(bytes)))?;
    progress.report(&PullEvent::Finished);
    Ok(Some(file.sha256))
}

/// Where files that nobody stamped are those of a source, stamps them. Tells whether they are.
pub(super) fn stamp_in_place(model: &Model, folder: &Path, progress: &dyn ProgressSink) -> Result<bool> {
    let stamp = Stamp::read(folder);
    for (source, pins) in pinned_sources(model, stamp.as_ref()) {
        if !pins.iter().all(|(path, hash)| hash.is_some() && folder.join(path).is_file()) {
            continue;
        }
        if compare(&model.id, folder, &pins, progress)?.iter().all(|v| v.state == FileState::Good) {
            let files = pins.iter().map(|(path, _)| StampedFile::hash(folder, path, &mut |_| ()));
            let stamp = Stamp { route: Some(source.route), files: files.collect::<Result<_>>()? };
            stamp.write(folder)?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Files of a source with the hashes they must have, where known.
type Pins = Vec<(String, Option<ContentHash>)>;

/// The model's sources for this machine, each with the hashes its files must have. A file that the
/// manifest does not pin must be what it was when it was first fetched.
fn pinned_sources<'a>(model: &'a Model, stamp: Option<&Stamp>) -> Vec<(&'a Source, Pins)> {
    let pins = |source: &Source| {
        let recorded = |path: &str| stamp.filter(|s| s.route == Some(Route::Hub))?.hash_of(path);
        let pin =
            |(path, hash): (&str, Option<ContentHash>)| (path.to_owned(), hash.or_else(|| recorded(path)));
        source.installed().into_iter().map(pin).collect()
    };
    model
        .sources
        .iter()
        .filter(|source| source.suits_this_machine())
        .map(|source| (source, pins(source)))
        .collect()
}

/// What a file hashed to, where its folder remembers that and nothing there was touched since.
pub(super) fn stamped_hash(file: &Path) -> Option<ContentHash> {
    let folder = file.parent()?;
    let stamp = Stamp::read(folder).filter(|stamp| stamp.is_untouched(folder))?;
    stamp.hash_of(file.file_name()?.to_str()?)
}

/// Where a model stands, without hashing anything.
pub(super) fn installed_state(model: &Model, folder: &Path) -> InstalledState {
    let card_is_there = model.card().is_none_or(|(file, _)| folder.join(file).is_file());
    let stamp = Stamp::read(folder);
    let sources = pinned_sources(model, stamp.as_ref());
    let complete = sources.iter().any(|(_, pins)| pins.iter().all(|(path, _)| folder.join(path).is_file()));
    if !card_is_there || !complete {
        return InstalledState::Missing;
    }
    let Some(stamp) = stamp.filter(|stamp| stamp.is_untouched(folder)) else {
        return InstalledState::Unverified;
    };
    let is_stamped = |pins: &[(String, Option<ContentHash>)]| {
        pins.iter().all(|(path, hash)| hash.is_some() && stamp.hash_of(path) == *hash)
    };
    match sources.iter().any(|(_, pins)| is_stamped(pins)) {
        true => InstalledState::Installed,
        false => InstalledState::Unverified,
    }
}
