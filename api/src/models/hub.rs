//! The hub route: HTTP downloads that go on where they were broken off.

use std::io::{Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::{Error, ErrorKind, Result};
use fs_err::{File, OpenOptions};
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

use super::files::copy_counted;

/// How long the hub may take to answer before it counts as out of reach.
const PROBE: Duration = Duration::from_secs(3);
const CONNECT: Duration = Duration::from_secs(10);
/// Longest silence in the middle of a download.
const SILENCE: Duration = Duration::from_secs(60);

/// A model hub.
pub(super) struct Hub {
    endpoint: String,
    agent: Agent,
}

impl Hub {
    /// The hub at `endpoint`. Proxies are taken from the environment as usual (`HTTPS_PROXY`).
    pub(super) fn new(endpoint: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .accept_encoding("identity")
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .build();
        Self { endpoint: endpoint.trim_end_matches('/').to_owned(), agent: config.into() }
    }

    fn url(&self, repo: &str, revision: &str, path: &str) -> String {
        format!("{}/{repo}/resolve/{revision}/{path}", self.endpoint)
    }

    /// Whether the hub answers for this file within three seconds.
    pub(super) fn answers(&self, repo: &str, revision: &str, path: &str) -> bool {
        self.head(&self.url(repo, revision, path), PROBE)
            .is_ok_and(|response| response.status().is_success() || response.status().is_redirection())
    }

    /// The sha256 that the hub itself records for a large file; `None` for small ones.
    pub(super) fn recorded_hash(
        &self,
        repo: &str,
        revision: &str,
        path: &str,
    ) -> Result<Option<ContentHash>> {
        let response = self.head(&self.url(repo, revision, path), SILENCE)?;
        let recorded = response.headers().get("x-linked-etag").and_then(|value| value.to_str().ok());
        Ok(recorded.and_then(|hash| hash.trim_start_matches("W/").trim_matches('"').parse().ok()))
    }

    /// The first answer, without following a redirection to where the bytes are.
    fn head(&self, url: &str, timeout: Duration) -> Result<Response<Body>> {
        let request = self.agent.head(url).config().max_redirects(0).max_redirects_will_error(false);
        let response = request.timeout_global(Some(timeout)).build().call();
        response.context(ErrorKind::Unavailable, || format!("cannot reach {url}"))
    }

    /// Downloads into `to`, appending where a part of the file is there already.
    pub(super) fn download(
        &self,
        repo: &str,
        revision: &str,
        path: &str,
        to: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let url = self.url(repo, revision, path);
        let mut file = open_to_append(to)?;
        let held = file.seek(SeekFrom::End(0)).internal("cannot find the end of a download")?;
        let mut response = self.get(&url, held)?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT if held > 0 => progress(held),
            StatusCode::OK => restart(&mut file)?,
            // What is held is not a part of this file, or is all of it: begin again to be sure.
            StatusCode::RANGE_NOT_SATISFIABLE => {
                restart(&mut file)?;
                response = self.get(&url, 0)?;
            }
            _ => {}
        }
        if !response.status().is_success() {
            return Err(Error::unavailable(format!("{url} answered {}", response.status())));
        }
        copy_counted(&mut response.body_mut().as_reader(), &mut file, progress)
            .context(ErrorKind::Unavailable, || {
                format!("the download of {url} broke off; pull again to go on from there")
            })?;
        file.sync_all().internal("cannot store a download")
    }

    fn get(&self, url: &str, from: u64) -> Result<Response<Body>> {
        let mut request = self.agent.get(url);
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
        }
        request.call().context(ErrorKind::Unavailable, || format!("cannot download {url}"))
    }
}

fn open_to_append(path: &Path) -> Result<File> {
    let file = OpenOptions::new().create(true).read(true).append(true).open(path);
    file.internal("cannot open a download")
}

fn restart(file: &mut File) -> Result<()> {
    file.set_len(0).internal("cannot empty a broken download")
}
