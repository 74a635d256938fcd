//! Sources: directories on the server that are compared by content.

use std::path::{Path, PathBuf};

use footnote_core::error::Context;
use footnote_core::ids::SourceId;
use footnote_core::ports::{ListRequest, Listing};
use footnote_core::principal::{Principal, Role};
use footnote_core::schedule::{Run, RunTrigger};
use footnote_core::source::{Source, SourceKind};
use footnote_core::{Error, ErrorKind, Result};

use super::Name;
use super::knowledge_bases::{reach, reach_as};
use crate::app::App;

/// Registers a directory. It lets a knowledge base read the server's files, whoever they are for:
/// only admins that reach everything may do that.
pub async fn create_directory(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    name: &str,
    path: &Path,
) -> Result<Source> {
    let knowledge_base = reach_as(app, principal, knowledge_base, Role::Admin).await?;
    if !principal.reaches_all() {
        return Err(Error::new(
            ErrorKind::Forbidden,
            "registering a directory of the server needs a key that reaches all knowledge bases",
        ));
    }
    let name = Name::parse("source", name)?;
    let path = readable_directory(path, &app.config.data.folder).await?;
    let kind = SourceKind::Directory { path };
    app.store.documents.create_source(knowledge_base.id, name.as_str(), kind, app.now()).await
}

/// The sources of a knowledge base.
pub async fn list(app: &App, principal: &Principal, knowledge_base: &str) -> Result<Vec<Source>> {
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    app.store.documents.sources(knowledge_base.id).await
}

/// One source of the knowledge base.
pub async fn show(app: &App, principal: &Principal, knowledge_base: &str, id: SourceId) -> Result<Source> {
    let knowledge_base = reach(app, principal, knowledge_base).await?;
    let source = app.store.documents.source(id).await?;
    source.filter(|s| s.knowledge_base == knowledge_base.id).ok_or_else(|| Error::not_found("source"))
}

/// [`show`] for whoever wants to change something about it.
pub async fn show_as(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    id: SourceId,
    needed: Role,
) -> Result<Source> {
    let source = show(app, principal, knowledge_base, id).await?;
    principal.require(needed)?;
    Ok(source)
}

/// Removes a source with its schedules and documents.
pub async fn delete(app: &App, principal: &Principal, knowledge_base: &str, id: SourceId) -> Result<()> {
    let source = show_as(app, principal, knowledge_base, id, Role::Admin).await?;
    if source.kind == SourceKind::Upload {
        return Err(Error::conflict(
            "the upload source belongs to its knowledge base; delete its documents instead",
        ));
    }
    if app.store.documents.delete_source(source.id, app.now()).await? {
        app.wake_workers();
        return Ok(());
    }
    Err(Error::not_found("source"))
}

/// Queues a refresh now, or gives the one under way.
pub async fn refresh(app: &App, principal: &Principal, knowledge_base: &str, id: SourceId) -> Result<Run> {
    let source = show_as(app, principal, knowledge_base, id, Role::Editor).await?;
    refreshable(&source)?;
    let run = app.store.schedules.start_run(source.id, RunTrigger::Manual, app.now()).await?;
    app.wake_workers();
    Ok(run)
}

/// What earlier refreshes changed, newest first.
pub async fn runs(
    app: &App,
    principal: &Principal,
    knowledge_base: &str,
    id: SourceId,
    list: ListRequest,
) -> Result<Listing<Run>> {
    let source = show(app, principal, knowledge_base, id).await?;
    app.store.schedules.runs(source.id, list).await
}

/// Uploads come by themselves; there is nothing to compare them with.
pub(super) fn refreshable(source: &Source) -> Result<()> {
    match source.kind {
        SourceKind::Directory { .. } => Ok(()),
        SourceKind::Upload => {
            Err(Error::conflict(format!("source {:?} takes uploads and cannot be refreshed", source.name)))
        }
    }
}

/// The directory's real path. Refused where it lies in the data folder or holds it: the originals of
/// every knowledge base would become documents of this one.
async fn readable_directory(path: &Path, data_folder: &Path) -> Result<PathBuf> {
    if !path.is_absolute() {
        return Err(Error::invalid(format!("the path {} is not absolute", path.display())));
    }
    let shown = path.display().to_string();
    let cannot_read = || format!("cannot read the directory {shown}; check that it exists and is readable");
    let real = fs_err::tokio::canonicalize(path).await.context(ErrorKind::InvalidInput, cannot_read)?;
    // A directory that cannot be listed would look like an empty one at every refresh.
    drop(fs_err::tokio::read_dir(&real).await.context(ErrorKind::InvalidInput, cannot_read)?);
    let data = fs_err::tokio::canonicalize(data_folder).await.internal("cannot resolve the data folder")?;
    if real.starts_with(&data) {
        return Err(Error::invalid(format!("{shown} lies in Footnote's own data folder; choose another")));
    }
    if data.starts_with(&real) {
        return Err(Error::invalid(format!(
            "{shown} holds Footnote's own data folder; choose a directory beside it"
        )));
    }
    Ok(real)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_readable_directory_outside_our_data_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs_err::canonicalize(folder.path()).unwrap();
        let (documents, data) = (root.join("documents"), root.join("data"));
        fs_err::create_dir(&documents).unwrap();
        fs_err::create_dir_all(data.join("blobs")).unwrap();
        fs_err::write(root.join("file"), "x").unwrap();

        let through_dots = documents.join("..").join("documents");
        assert_eq!(readable_directory(&through_dots, &data).await.unwrap(), documents);
        let around = [data.clone(), data.join("blobs"), root.clone(), PathBuf::from("/")];
        let unreadable = [PathBuf::from("documents"), root.join("missing"), root.join("file")];
        for bad in around.into_iter().chain(unreadable) {
            let error = readable_directory(&bad, &data).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
    }
}
