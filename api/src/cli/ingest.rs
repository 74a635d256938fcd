//! `footnote ingest PATH`: add files and wait until they answer questions.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use footnote_core::document::VersionState;
use footnote_core::error::Context;
use footnote_core::ids::JobId;
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::ports::StoredVersion;
use footnote_core::{Error, ErrorKind, Result};
use footnote_ingest::source::key_of;
use futures::TryStreamExt;
use serde::Serialize;
use tokio_util::io::ReaderStream;

use super::args::{IngestArgs, OutputFormat};
use super::output;
use super::session::Session;
use crate::config::Config;
use crate::service::uploads::Described;
use crate::service::{FileName, uploads};

/// What became of one file.
#[derive(Debug, Serialize)]
struct Outcome {
    file: String,
    document: Option<String>,
    state: &'static str,
    chunks: u32,
    embedded: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// A file to add, and what it is to be called; an error where that cannot be.
struct Found {
    path: PathBuf,
    name: Result<FileName>,
}

/// Adds every file; fails where any of them could not be indexed.
pub(crate) async fn run(config: Config, args: IngestArgs, format: OutputFormat) -> Result<()> {
    let files = files_below(&args.path)?;
    let session = Session::open_with_workers(config).await?;
    let outcomes = ingest(&session, &args, files).await;
    session.close().await;
    let outcomes = outcomes?;
    output::print(format, &outcomes, |out| {
        for outcome in &outcomes {
            let detail = outcome
                .failure
                .clone()
                .unwrap_or_else(|| format!("{} chunks, {} embedded now", outcome.chunks, outcome.embedded));
            writeln!(out, "{}: {} ({detail})", outcome.file, outcome.state)?;
        }
        Ok(())
    })?;
    let failed = outcomes.iter().filter(|o| o.failure.is_some()).count();
    if failed == 0 {
        return Ok(());
    }
    Err(Error::invalid(format!("{failed} of {} files could not be indexed", outcomes.len())))
}

async fn ingest(session: &Session, args: &IngestArgs, files: Vec<Found>) -> Result<Vec<Outcome>> {
    let knowledge_base = session.knowledge_base_or_new(&args.knowledge_base.knowledge_base).await?;
    let mut stored = Vec::new();
    let mut outcomes = Vec::new();
    for Found { path, name } in files {
        let file = name.as_ref().map_or_else(|_| path.display().to_string(), |name| name.key().to_owned());
        let added = match name {
            Ok(name) => add(session, &knowledge_base, &path, name).await,
            Err(error) => Err(error),
        };
        match added {
            Ok(version) => stored.push(version),
            Err(error) => outcomes.push(Outcome {
                file,
                document: None,
                state: "refused",
                chunks: 0,
                embedded: 0,
                failure: Some(error.to_string()),
            }),
        }
    }
    let jobs: Vec<JobId> = stored.iter().filter_map(|s| s.job.as_ref().map(|job| job.id)).collect();
    session.watch(&jobs, "indexing").await?;
    for item in stored {
        let version = session.app.store.documents.version(item.version.id).await?.unwrap_or(item.version);
        let facts = version.parsed.as_ref();
        let failure = (version.state == VersionState::Failed)
            .then(|| version.failure.clone().unwrap_or_else(|| "unknown reason".to_owned()));
        outcomes.push(Outcome {
            file: item.document.key,
            document: Some(item.document.id.to_string()),
            state: if item.job.is_none() { "unchanged" } else { version.state.name() },
            chunks: facts.map_or(0, |f| f.chunks),
            embedded: if item.job.is_none() { 0 } else { facts.map_or(0, |f| f.embedded) },
            failure,
        });
    }
    Ok(outcomes)
}

async fn add(
    session: &Session,
    knowledge_base: &KnowledgeBase,
    path: &Path,
    name: FileName,
) -> Result<StoredVersion> {
    let file = fs_err::tokio::File::open(path)
        .await
        .context(ErrorKind::InvalidInput, || "cannot read the file".to_owned())?;
    let shown = path.display().to_string();
    let pieces = ReaderStream::new(file)
        .map_err(move |e| Error::invalid(format!("cannot read {shown}")).with_source(e));
    let staged = uploads::stage(&session.app, name, pieces).await?;
    let stored =
        uploads::store(&session.app, &session.principal, knowledge_base, &[staged], Described::default())
            .await?;
    stored.into_iter().next().ok_or_else(|| Error::internal("the stored file vanished"))
}

/// The files to add, called by their paths below the folder, `/` between.
fn files_below(path: &Path) -> Result<Vec<Found>> {
    let meta = fs_err::metadata(path)
        .context(ErrorKind::InvalidInput, || "there is nothing to ingest".to_owned())?;
    if meta.is_file() {
        return Ok(named(path.parent().unwrap_or(path), vec![path.to_path_buf()]));
    }
    let mut files = Vec::new();
    let visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
    };
    for entry in walkdir::WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(visible) {
        let entry = entry.context(ErrorKind::InvalidInput, || format!("cannot list {}", path.display()))?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    if files.is_empty() {
        return Err(Error::invalid(format!("{} holds no files", path.display())));
    }
    Ok(named(path, files))
}

/// Gives each file a name of its own: one that had another's would replace it. Names in UTF-8 come first.
fn named(folder: &Path, mut files: Vec<PathBuf>) -> Vec<Found> {
    files.sort_by_key(|path| path.to_str().is_none());
    let mut taken = HashSet::new();
    let mut name_of = |path: &Path| {
        let key = key_of(folder, path).map_err(|shown| {
            Error::invalid(format!("the name {shown:?} is in no encoding that is known; rename the file"))
        })?;
        let name = FileName::parse(&key)?;
        match taken.insert(name.clone()) {
            true => Ok(name),
            false => Err(Error::invalid(format!("another file is called {key:?}, too; rename one of them"))),
        }
    };
    files.into_iter().map(|path| Found { name: name_of(&path), path }).collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn shown(found: &[Found]) -> Vec<String> {
        let name = |file: &Found| file.name.as_ref().map_or_else(ToString::to_string, |n| n.key().to_owned());
        found.iter().map(name).collect()
    }

    #[test]
    fn every_file_has_a_name_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        // 年假.txt and 工资.txt in GBK, the second in UTF-8, too.
        for name in
            [&b"\xc4\xea\xbc\xd9.txt"[..], b"\xb9\xa4\xd7\xca.txt", "工资.txt".as_bytes(), b"a\\b.txt"]
        {
            fs_err::write(dir.path().join(OsStr::from_bytes(name)), "ten").unwrap();
        }
        fs_err::create_dir(dir.path().join("a")).unwrap();
        fs_err::write(dir.path().join("a/b.txt"), "ten").unwrap();
        let names = shown(&files_below(dir.path()).unwrap());
        let again = |name: &str| format!("another file is called {name:?}, too; rename one of them");
        let expected = [
            "a/b.txt".to_owned(),
            again("a\\b.txt"),
            "工资.txt".to_owned(),
            again("工资.txt"),
            "年假.txt".to_owned(),
        ];
        assert_eq!(names, expected);
        let only = dir.path().join(OsStr::from_bytes(b"\xc4\xea\xbc\xd9.txt"));
        assert_eq!(shown(&files_below(&only).unwrap()), ["年假.txt"]);
    }
}
