//! Added, changed, renamed, removed, and nothing lost when the disk is away.

use footnote_core::job::JobState;
use footnote_core::ports::{Clock, JobQueue, ScheduleStore};
use footnote_core::schedule::RunTrigger;

use super::*;
use crate::fakes::World;

struct Folder {
    world: World,
    dir: tempfile::TempDir,
    source: SourceId,
}

impl Folder {
    async fn new(files: &[(&str, &str)]) -> Self {
        let (world, dir) = (World::new(), tempfile::tempdir().unwrap());
        let source = world.directory_source(dir.path()).await;
        let folder = Self { world, dir, source };
        for (name, content) in files {
            folder.write(name, content);
        }
        folder
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.dir.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }

    /// Refreshes as a run and does the jobs that come of it.
    async fn refresh(&self) -> RefreshReport {
        let now = self.world.clock.now();
        let run = self.world.memory.start_run(self.source, RunTrigger::Manual, now).await.unwrap();
        self.world.run_jobs().await;
        self.world.memory.run_row(run.id).report.unwrap()
    }

    async fn keys(&self) -> Vec<String> {
        let contents = self.world.memory.source_contents(self.source).await.unwrap();
        let mut keys: Vec<_> = contents.into_iter().map(|(_, key, _)| key).collect();
        keys.sort();
        keys
    }
}

use footnote_core::ports::DocumentStore;

#[tokio::test]
async fn a_refresh_tells_what_changed() {
    let folder = Folder::new(&[
        ("a.txt", "Rule one."),
        ("b/moves.txt", "Rule two, which moves."),
        ("c.txt", "Rule three."),
        ("d.txt", "Rule four."),
    ])
    .await;
    let report = folder.refresh().await;
    assert_eq!(report.added, ["a.txt", "b/moves.txt", "c.txt", "d.txt"]);
    assert_eq!(folder.world.embedder.take_count(), 4);

    folder.write("a.txt", "Rule one, amended.");
    folder.write("e.txt", "Rule five.");
    fs_err::rename(folder.dir.path().join("b/moves.txt"), folder.dir.path().join("moved.txt")).unwrap();
    fs_err::remove_file(folder.dir.path().join("c.txt")).unwrap();
    let report = folder.refresh().await;
    assert_eq!(
        report,
        RefreshReport {
            added: vec!["e.txt".to_owned()],
            changed: vec!["a.txt".to_owned()],
            renamed: vec![("b/moves.txt".to_owned(), "moved.txt".to_owned())],
            removed: vec!["c.txt".to_owned()],
            unchanged: 1,
            failed: Vec::new(),
        }
    );
    assert_eq!(folder.world.embedder.take_count(), 2, "what moved is not embedded again");
    assert_eq!(folder.keys().await, ["a.txt", "d.txt", "e.txt", "moved.txt"]);

    let report = folder.refresh().await;
    assert_eq!(report, RefreshReport { unchanged: 4, ..RefreshReport::default() });
    assert_eq!(folder.world.embedder.take_count(), 0);
    assert_eq!(folder.world.memory.unfinished().await.unwrap(), 0);
}

#[tokio::test]
async fn a_disk_that_is_away_removes_nothing() {
    let folder = Folder::new(&[("a.txt", "Rule one.")]).await;
    folder.refresh().await;
    fs_err::remove_file(folder.dir.path().join("a.txt")).unwrap();
    let report = folder.refresh().await;
    assert!(report.failed[0].1.contains("has no files while 1 documents"), "{report:?}");
    fs_err::remove_dir(folder.dir.path()).unwrap();
    let report = folder.refresh().await;
    assert!(report.failed[0].1.contains("check that it exists"), "{report:?}");
    assert!(report.removed.is_empty());
    assert_eq!(folder.keys().await, ["a.txt"]);
    let jobs = folder.world.memory.all_jobs();
    assert_eq!(jobs.iter().filter(|j| j.state == JobState::Failed).count(), 2);
}

#[tokio::test]
async fn what_cannot_be_read_is_reported_and_kept() {
    let folder = Folder::new(&[("a.txt", "Rule one."), ("b.txt", "Rule two.")]).await;
    folder.refresh().await;
    folder.write("a.txt", &"too long ".repeat(2_000));
    let report = folder.refresh().await;
    assert_eq!(report.unchanged, 1);
    assert!(report.removed.is_empty());
    assert!(report.failed[0].1.contains("limit of 10000 bytes"), "{report:?}");
    assert_eq!(folder.keys().await, ["a.txt", "b.txt"]);
}

#[test]
fn an_unread_folder_keeps_what_lies_below_it() {
    let known = |key: &str| (DocumentId::new(), key.to_owned(), ContentHash::of(key.as_bytes()));
    let listing = Listing { unread: vec!["sub".to_owned()], ..Listing::default() };
    let contents = vec![known("sub/a.txt"), known("sub"), known("submarine.txt")];
    let file = FoundFile {
        key: "new.txt".to_owned(),
        root: Path::new("/").into(),
        below: "new.txt".into(),
        content: ContentHash::of(b""),
    };
    let listing = Listing { files: vec![file], ..listing };
    let plan = plan(Path::new("/"), Held { contents, ..Held::default() }, listing).unwrap();
    let removed: Vec<_> = plan.removed.iter().map(|(_, key)| key.as_str()).collect();
    assert_eq!(removed, ["submarine.txt"]);
}

#[test]
fn titles_follow_file_names_but_not_given_titles() {
    let document = |title: &str| Document {
        parent: None,
        id: DocumentId::new(),
        knowledge_base: footnote_core::ids::KnowledgeBaseId::new(),
        source: SourceId::new(),
        key: "b/old.txt".to_owned(),
        title: title.to_owned(),
        metadata: Default::default(),
        current: None,
        created_at: chrono::DateTime::UNIX_EPOCH,
        updated_at: chrono::DateTime::UNIX_EPOCH,
    };
    assert_eq!(title_after_rename(&document("old.txt"), "b/old.txt", "new.txt"), "new.txt");
    assert_eq!(title_after_rename(&document("Handbook"), "b/old.txt", "new.txt"), "Handbook");
}

#[tokio::test]
async fn mount_points_without_their_disk_remove_nothing() {
    let folder = Folder::new(&[("a.txt", "Rule one."), ("disk/b.txt", "Rule two.")]).await;
    folder.refresh().await;
    fs_err::remove_file(folder.dir.path().join("disk/b.txt")).unwrap();
    let report = folder.refresh().await;
    assert!(report.removed.is_empty(), "{report:?}");
    assert_eq!(report.failed[0].0, "disk");
    assert!(report.failed[0].1.contains("is empty while 1 documents"), "{report:?}");

    fs_err::remove_file(folder.dir.path().join("a.txt")).unwrap();
    folder.write(".DS_Store", "a trace of somebody's file browser");
    let report = folder.refresh().await;
    assert!(report.failed[0].1.contains("has no files while 2 documents"), "{report:?}");
    assert_eq!(folder.keys().await, ["a.txt", "disk/b.txt"]);

    folder.write("a.txt", "Rule one.");
    fs_err::remove_dir(folder.dir.path().join("disk")).unwrap();
    assert_eq!(folder.refresh().await.removed, ["disk/b.txt"], "a folder that is gone is meant to be");
}

#[tokio::test]
async fn a_name_of_another_kind_is_another_document() {
    let folder = Folder::new(&[("notes.txt", "# Rule one."), ("keep.txt", "Rule two.")]).await;
    folder.refresh().await;
    let dir = folder.dir.path();
    fs_err::rename(dir.join("notes.txt"), dir.join("notes.md")).unwrap();
    fs_err::rename(dir.join("keep.txt"), dir.join("kept.TXT")).unwrap();
    let report = folder.refresh().await;
    assert_eq!((report.added, report.removed), (vec!["notes.md".to_owned()], vec!["notes.txt".to_owned()]));
    assert_eq!(report.renamed, [("keep.txt".to_owned(), "kept.TXT".to_owned())]);
}

#[tokio::test]
async fn a_run_that_is_resumed_tells_what_its_first_attempt_changed() {
    let folder = Folder::new(&[("a.txt", "Rule one."), ("b.txt", "Rule two.")]).await;
    let (memory, now) = (&folder.world.memory, folder.world.clock.now());
    let run = memory.start_run(folder.source, RunTrigger::Manual, now).await.unwrap();
    let (_, lease) = memory
        .claim(now, std::time::Duration::from_secs(5), World::settings().retry)
        .await
        .unwrap()
        .expect("the refresh is queued");
    let source = memory.source(folder.source).await.unwrap().unwrap();
    let content = folder.world.ctx.blobs.put(b"Rule one.").await.unwrap();
    let found =
        FoundFile { key: "a.txt".to_owned(), root: folder.dir.path().into(), below: "a.txt".into(), content };
    let version = new_version(&source, &found, content, 9);
    memory.take_step(lease, run.id, RunStep::Store { version, is_new: true }, now).await.unwrap();

    // That worker dies; another one begins again once the lease has run out.
    folder.world.clock.advance(chrono::TimeDelta::seconds(6));
    folder.world.run_jobs().await;
    let report = memory.run_row(run.id).report.unwrap();
    assert_eq!((report.added, report.unchanged), (vec!["a.txt".to_owned(), "b.txt".to_owned()], 0));
    assert_eq!(memory.unfinished().await.unwrap(), 0);
}

#[tokio::test]
async fn failed_content_is_told_and_tried_again_where_that_may_help() {
    let folder = Folder::new(&[("bad.txt", "BROKEN"), ("unlucky.txt", "Rule one.")]).await;
    folder.world.embedder.broken.store(2, std::sync::atomic::Ordering::SeqCst);
    folder.refresh().await;
    folder.world.clock.advance(chrono::TimeDelta::seconds(2));
    folder.world.run_jobs().await;
    let failed =
        |jobs: Vec<footnote_core::job::Job>| jobs.iter().filter(|j| j.state == JobState::Failed).count();
    assert_eq!(failed(folder.world.memory.all_jobs()), 2);

    let report = folder.refresh().await;
    assert_eq!(report.failed, [("bad.txt".to_owned(), "bad.txt is broken".to_owned())]);
    assert_eq!((report.changed, report.unchanged), (vec!["unlucky.txt".to_owned()], 0));
    assert_eq!(failed(folder.world.memory.all_jobs()), 2, "what cannot be read is not tried again");
    let report = folder.refresh().await;
    assert_eq!((report.unchanged, report.failed.len()), (1, 1));
}
