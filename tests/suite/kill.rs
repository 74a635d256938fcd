//! The real process is killed at many points: work resumes and finishes once, with nothing lost,
//! doubled or half visible.
//!
//! Each life of the process is given uploads, edits, deletions and refreshes of a directory without
//! end, until it is killed: while it opens, at a random time, or while a job of a wanted kind runs.
//! What was running is read from the database that the dead process left.

mod aftermath;
mod work;
mod wreck;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use footnote_tests::support::{Client, Ready, Server, TestKnowledgeBase};
use serde_json::json;

use work::{Random, Work};

/// Seeds what is done and when each process is killed.
const SEED: u64 = 0x5eed_f007_0073;
/// Every kind of job is killed while it runs.
const KINDS: [&str; 4] = ["index_version", "sweep_version", "refresh_source", "reconcile"];
/// Times that a kind is tried to be met: a job may end between being seen and the kill.
const TRIES: usize = 10;
/// Longest wait for a job of the wanted kind to be seen.
const SEEN_WITHIN: Duration = Duration::from_secs(10);
/// Longest life that ends at a random time.
const LIFE: Duration = Duration::from_secs(2);

/// When a process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// While it opens the data folder.
    Opening,
    /// At any time while it serves.
    Serving,
    /// While a job of this kind runs.
    Running(&'static str),
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_point_the_service_finishes_its_work_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(SEED);
    let (server, ready) = start(folder.path());
    let key = ready.first_key.clone().expect("the first start makes the first key");
    let client = ready.client(&key);
    let kb = client.post("/api/v1/knowledge-bases", &json!({"name": "killed"})).await.expect(201);
    let seen_by = |ready: &Ready| TestKnowledgeBase::new(ready.client(&key), &kb);
    let mut work = Work::begin(&seen_by(&ready), folder.path(), random.fork()).await;
    server.kill();

    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut kills, mut idle) = (0, 0);
    for moment in moments() {
        if matches!(moment, Moment::Running(kind) if met.contains_key(kind)) {
            continue;
        }
        live_until(moment, folder.path(), &seen_by, &mut work, &mut random).await;
        kills += 1;
        let running = wreck::running(folder.path()).await;
        idle += usize::from(running.is_empty());
        for kind in running {
            *met.entry(kind).or_default() += 1;
        }
    }
    eprintln!("{kills} kills, {idle} of them of an idle process, met running jobs: {met:?}");
    assert!(idle * 2 < kills, "most kills meet running jobs");
    for kind in KINDS {
        assert!(met.contains_key(kind), "no kill met a job of the kind {kind}: {met:?}");
    }

    let (server, ready) = start(folder.path());
    let kb = seen_by(&ready);
    work.refresh_once_more(&kb).await;
    aftermath::everything_was_done_once(&kb, &work).await;
    server.kill();

    let (_server, ready) = start(folder.path());
    aftermath::no_index_drifted(&ready.client(&key)).await;
}

/// Some lives of every length, and as many more as it takes to meet every kind of job.
fn moments() -> Vec<Moment> {
    use Moment::{Opening, Running, Serving};
    let fixed = [Serving, Opening, Serving, Serving, Opening, Serving, Opening, Serving];
    let wanted = KINDS.into_iter().flat_map(|kind| [Running(kind); TRIES]);
    fixed.into_iter().chain(wanted).collect()
}

/// One life of the process, which is worked hard and killed at its moment.
async fn live_until(
    moment: Moment,
    folder: &Path,
    seen_by: &impl Fn(&Ready) -> TestKnowledgeBase,
    work: &mut Work,
    random: &mut Random,
) {
    let mut server = Server::start(folder);
    if moment == Moment::Opening {
        tokio::time::sleep(random.below(Duration::from_millis(1_500))).await;
        return server.kill();
    }
    let kb = seen_by(&server.wait_until_ready());
    let end = async {
        match moment {
            Moment::Running(kind) => until_seen_running(&kb.client, kind).await,
            _ => tokio::time::sleep(random.below(LIFE)).await,
        }
        // Here and not after the work was stopped: requests are cut off in the middle, too.
        server.kill();
    };
    tokio::select! {
        () = end => {}
        never = work.go_on(&kb) => match never {},
    }
}

/// Waits until a job of the kind runs, or long enough to try another time.
async fn until_seen_running(client: &Client, kind: &str) {
    let began = Instant::now();
    while began.elapsed() < SEEN_WITHIN {
        let running = client.get("/api/v1/jobs?state=running").await.ok();
        if running["items"].as_array().unwrap().iter().any(|job| job["kind"] == kind) {
            return;
        }
    }
}

fn start(folder: &Path) -> (Server, Ready) {
    let mut server = Server::start(folder);
    let ready = server.wait_until_ready();
    (server, ready)
}
