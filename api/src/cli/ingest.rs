//! `footnote ingest PATH`: add files and wait until they answer questions.

use std::path::{Path, PathBuf};

use footnote_core::document::VersionState;
use footnote_core::error::Context;
use footnote_core::ids::JobId;
use footnote_core::knowledge_base::KnowledgeBase;
use footnote_core::ports::StoredVersion;
use footnote_core::{Error, ErrorKind, Result};
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

/// Adds every file; fails where any of them could not be indexed.
pub(crate) async fn run(config: Config, args: IngestArgs, format: OutputFormat) -> Result<()> {
    let files = files_below(&args.path)?;
    let session = Session::open_with_workers(config).await?;
    let outcomes = ingest(&session, &args, &files).await;
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

async fn ingest(session: &Session, args: &IngestArgs, files: &[(PathBuf, String)]) -> Result<Vec<Outcome>> {
    let knowledge_base = session.knowledge_base_or_new(&args.knowledge_base.knowledge_base).await?;
    let mut stored = Vec::new();
    let mut outcomes = Vec::new();
    for (path, name) in files {
        match add(session, &knowledge_base, path, name).await {
            Ok(version) => stored.push(version),
            Err(error) => outcomes.push(Outcome {
                file: name.clone(),
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
    name: &str,
) -> Result<StoredVersion> {
    let file = fs_err::tokio::File::open(path)
        .await
        .context(ErrorKind::InvalidInput, || "cannot read the file".to_owned())?;
    let shown = path.display().to_string();
    let pieces = ReaderStream::new(file)
        .map_err(move |e| Error::invalid(format!("cannot read {shown}")).with_source(e));
    let staged = uploads::stage(&session.app, FileName::parse(name)?, pieces).await?;
    let stored =
        uploads::store(&session.app, &session.principal, knowledge_base, &[staged], Described::default())
            .await?;
    stored.into_iter().next().ok_or_else(|| Error::internal("the stored file vanished"))
}

/// The files to add, with their names: paths below the folder, `/` between.
fn files_below(path: &Path) -> Result<Vec<(PathBuf, String)>> {
    let meta = fs_err::metadata(path)
        .context(ErrorKind::InvalidInput, || "there is nothing to ingest".to_owned())?;
    if meta.is_file() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(vec![(path.to_path_buf(), name)]);
    }
    let mut files = Vec::new();
    let visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
    };
    for entry in walkdir::WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(visible) {
        let entry = entry.context(ErrorKind::InvalidInput, || format!("cannot list {}", path.display()))?;
        if entry.file_type().is_file() {
            let below = entry.path().strip_prefix(path).unwrap_or(entry.path());
            let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
            files.push((entry.path().to_path_buf(), parts.join("/")));
        }
    }
    if files.is_empty() {
        return Err(Error::invalid(format!("{} holds no files", path.display())));
    }
    Ok(files)
}
