//! Work without end for a service that may be killed at any time, and what must come of it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use footnote_tests::support::{Form, TestKnowledgeBase};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// Documents that are uploaded, edited and deleted.
const UPLOADS: usize = 8;
/// Files of the directory, at the most.
const FILES: usize = 6;
/// Jobs that may wait before the work pauses: with a long queue, only its head would ever run.
const BACKLOG: usize = 2;
/// Longest pause between two requests.
const PAUSE: Duration = Duration::from_millis(200);

/// A document's revision; `None` where there is no document.
pub(super) type Revision = Option<u32>;

/// An uploaded document as far as the client knows it.
#[derive(Debug, Default)]
pub(super) struct Upload {
    /// What the last answer said.
    acknowledged: Revision,
    /// What was sent since without an answer. It may have been done, or not.
    unanswered: Vec<Revision>,
    id: Option<Value>,
}

impl Upload {
    /// What may be found.
    pub(super) fn possible(&self) -> Vec<Revision> {
        [self.acknowledged].into_iter().chain(self.unanswered.iter().copied()).collect()
    }

    fn is(&mut self, revision: Revision, id: Option<Value>) {
        *self = Self { acknowledged: revision, unanswered: Vec::new(), id };
    }
}

/// The work, and what was done of it.
pub(super) struct Work {
    /// The uploaded documents by number.
    pub(super) uploads: [Upload; UPLOADS],
    /// The revisions of the directory's files by name, as they are on the disk.
    pub(super) files: BTreeMap<String, u32>,
    /// The source's id.
    pub(super) source: String,
    folder: PathBuf,
    revision: u32,
    random: Random,
}

impl Work {
    /// Makes a directory and a source of it.
    pub(super) async fn begin(kb: &TestKnowledgeBase, folder: &Path, random: Random) -> Self {
        let folder = folder.join("policies");
        fs_err::create_dir(&folder).unwrap();
        let created = kb.post("/sources", &json!({"name": "policies", "path": folder})).await.expect(201);
        let source = created["id"].as_str().unwrap().to_owned();
        let mut work =
            Self { uploads: Default::default(), files: BTreeMap::new(), source, folder, revision: 0, random };
        work.write_file("always.md");
        work
    }

    /// Goes on until it is dropped.
    pub(super) async fn go_on(&mut self, kb: &TestKnowledgeBase) -> Infallible {
        loop {
            if !is_behind(kb).await {
                match self.random.number(9) {
                    0..=2 => self.upload(kb).await,
                    3..=4 => self.delete(kb).await,
                    5..=6 => self.change_a_file(),
                    _ => self.refresh(kb).await,
                }
            }
            tokio::time::sleep(self.random.below(PAUSE)).await;
        }
    }

    /// Makes the knowledge base follow the files as they are now.
    pub(super) async fn refresh_once_more(&self, kb: &TestKnowledgeBase) {
        // A run that is under way may have listed the directory before the last change.
        super::aftermath::wait_until_idle(kb).await;
        self.request_refresh(kb).await.expect("this process is not killed");
        super::aftermath::wait_until_idle(kb).await;
    }

    async fn upload(&mut self, kb: &TestKnowledgeBase) {
        let number = self.random.number(UPLOADS);
        let (revision, name) = (self.next_revision(), upload_name(number));
        self.uploads[number].unanswered.push(Some(revision));
        let (content_type, body) = Form::new().file(&name, text(&name, revision).as_bytes()).finish();
        let request = kb.client.request(Method::POST, &kb.path("/documents"));
        let request = request.header("content-type", content_type).body(body);
        if let Some(accepted) = answer(kb, request, 202).await {
            self.uploads[number].is(Some(revision), Some(accepted["items"][0]["document"]["id"].clone()));
        }
    }

    async fn delete(&mut self, kb: &TestKnowledgeBase) {
        let number = self.random.number(UPLOADS);
        let upload = &mut self.uploads[number];
        // Whether a document is there is known only where nothing was left unanswered.
        let Some(id) = upload.id.clone().filter(|_| upload.unanswered.is_empty()) else { return };
        upload.unanswered.push(None);
        let path = kb.path(&format!("/documents/{}", id.as_str().unwrap()));
        if answer(kb, kb.client.request(Method::DELETE, &path), 204).await.is_some() {
            self.uploads[number].is(None, None);
        }
    }

    /// Writes, moves or removes a file.
    fn change_a_file(&mut self) {
        let name = format!("file-{}.md", self.random.number(FILES));
        if !self.files.contains_key(&name) {
            return self.write_file(&name);
        }
        match self.random.number(4) {
            0 => {
                fs_err::remove_file(self.folder.join(&name)).unwrap();
                self.files.remove(&name);
            }
            1 => {
                let moved = format!("moved-{name}");
                fs_err::rename(self.folder.join(&name), self.folder.join(&moved)).unwrap();
                let revision = self.files.remove(&name).unwrap();
                self.files.insert(moved, revision);
            }
            _ => self.write_file(&name),
        }
    }

    /// Writes a file's next revision. A reader sees the one before or all of it.
    fn write_file(&mut self, name: &str) {
        let revision = self.next_revision();
        let draft = self.folder.with_extension("draft");
        fs_err::write(&draft, text(name, revision)).unwrap();
        fs_err::rename(draft, self.folder.join(name)).unwrap();
        self.files.insert(name.to_owned(), revision);
    }

    async fn refresh(&self, kb: &TestKnowledgeBase) {
        // Without an answer it may have begun or not; the last refresh is answered.
        let _ = self.request_refresh(kb).await;
    }

    async fn request_refresh(&self, kb: &TestKnowledgeBase) -> Option<Value> {
        let path = kb.path(&format!("/sources/{}/refresh", self.source));
        answer(kb, kb.client.request(Method::POST, &path), 202).await
    }

    fn next_revision(&mut self) -> u32 {
        self.revision += 1;
        self.revision
    }
}

async fn is_behind(kb: &TestKnowledgeBase) -> bool {
    let request = kb.client.request(Method::GET, &kb.path("/jobs?state=queued"));
    let queued = answer(kb, request, 200).await;
    queued.is_none_or(|queued| queued["items"].as_array().is_some_and(|jobs| jobs.len() > BACKLOG))
}

/// The answer's body, or nothing where the process died before it answered.
async fn answer(kb: &TestKnowledgeBase, request: RequestBuilder, status: u16) -> Option<Value> {
    let reply = kb.client.try_send(request).await.ok()?;
    Some(reply.expect(status))
}

/// The name of an uploaded document.
pub(super) fn upload_name(number: usize) -> String {
    format!("upload-{number}.md")
}

/// A text of a few chunks that tells its revision in the first.
fn text(name: &str, revision: u32) -> String {
    let rules =
        (1..=40).map(|n| format!("Rule {n} of {revision} applies to department {n}. ")).collect::<String>();
    format!("# Rules of {name}\n\n{}\n\n{rules}\n", mark(revision))
}

/// The sentence that only this revision has.
pub(super) fn mark(revision: u32) -> String {
    format!("Revision {revision} bears the mark {}.", word(revision))
}

/// The word that only this revision has: of letters that no analyzer splits or stems.
pub(super) fn word(revision: u32) -> String {
    const LETTERS: [char; 10] = ['b', 'c', 'f', 'g', 'h', 'j', 'k', 'm', 'p', 'q'];
    let letter = |digit: u8| LETTERS[usize::from(digit - b'0')];
    "zx".chars().chain(revision.to_string().bytes().map(letter)).collect()
}

/// SplitMix64: the same choices at every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    /// Another sequence.
    pub(super) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// A number below `end`.
    pub(super) fn number(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// A time below `longest`.
    pub(super) fn below(&mut self, longest: Duration) -> Duration {
        longest.mul_f64((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}
