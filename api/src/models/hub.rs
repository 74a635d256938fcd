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
use super::progress::Step;

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

    /// Whether the hub has this file, asked for three seconds at the most; an error where it is out of
    /// reach.
    pub(super) fn has(&self, repo: &str, revision: &str, path: &str) -> Result<bool> {
        let status = self.head(&self.url(repo, revision, path), PROBE)?.status();
        Ok(status.is_success() || status.is_redirection())
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
        step: &Step<'_>,
    ) -> Result<()> {
        let url = self.url(repo, revision, path);
        let mut file = open_to_append(to)?;
        let held = file.seek(SeekFrom::End(0)).internal("cannot find the end of a download")?;
        let mut response = self.get(&url, held)?;
        let goes_on = response.status() == StatusCode::PARTIAL_CONTENT && starts_at(&response, held);
        // What is held is not a part of this file, or the answer is not the rest of it: begin again.
        if held > 0 && !goes_on {
            restart(&mut file)?;
            if response.status() != StatusCode::OK {
                response = self.get(&url, 0)?;
            }
        }
        if !response.status().is_success() {
            return Err(Error::unavailable(format!("{url} answered {}", response.status())));
        }
        let before = if goes_on { held } else { 0 };
        if let Some(rest) = response.body().content_length() {
            step.total(before + rest);
        }
        step.advanced(before);
        copy_counted(&mut response.body_mut().as_reader(), &mut file, &mut |bytes| step.advanced(bytes))
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

/// Whether a partial answer begins where it was asked to: `Content-Range: bytes START-END/TOTAL`.
fn starts_at(response: &Response<Body>, start: u64) -> bool {
    let range = response.headers().get("content-range").and_then(|value| value.to_str().ok());
    let first = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.parse().ok());
    first == Some(start)
}

fn open_to_append(path: &Path) -> Result<File> {
    let file = OpenOptions::new().create(true).read(true).append(true).open(path);
    file.internal("cannot open a download")
}

fn restart(file: &mut File) -> Result<()> {
    file.set_len(0).internal("cannot empty a broken download")
}
