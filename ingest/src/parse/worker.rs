//! The child process: one file, one child, killed when it takes too long or too much.
//!
//! Request and response are JSON behind a length of four bytes, little-endian, over the socket that
//! is the child's standard input; what libraries print to standard output cannot corrupt it.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use footnote_core::error::Context;
use footnote_core::parsed::ParsedDocument;
use footnote_core::{Error, ErrorKind, Result};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

use super::limits::{EngineConfig, ParseLimits};
use super::parse_file;

/// Longest request that a child takes.
const MAX_REQUEST_BYTES: u32 = 1 << 20;
/// How much of the child's standard error is kept for the log.
const STDERR_TAIL: usize = 4 * 1024;

#[derive(Serialize, Deserialize)]
struct Request {
    path: PathBuf,
    file_name: String,
    limits: ParseLimits,
    engines: EngineConfig,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Response {
    Parsed(ParsedDocument),
    Failed { kind: FailureKind, message: String },
}

/// The kinds of error that a parser gives.
#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum FailureKind {
    InvalidInput,
    TooLarge,
    Unsupported,
    NotInstalled,
    Corrupt,
    Internal,
}

impl FailureKind {
    fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidInput => Self::InvalidInput,
            ErrorKind::TooLarge => Self::TooLarge,
            ErrorKind::Unsupported => Self::Unsupported,
            ErrorKind::NotInstalled => Self::NotInstalled,
            ErrorKind::Corrupt => Self::Corrupt,
            _ => Self::Internal,
        }
    }

    fn kind(self) -> ErrorKind {
        match self {
            Self::InvalidInput => ErrorKind::InvalidInput,
            Self::TooLarge => ErrorKind::TooLarge,
            Self::Unsupported => ErrorKind::Unsupported,
            Self::NotInstalled => ErrorKind::NotInstalled,
            Self::Corrupt => ErrorKind::Corrupt,
            Self::Internal => ErrorKind::Internal,
        }
    }
}

/// The child's whole life: reads one request from the socket that is standard input, limits itself,
/// parses, answers. The binary's hidden subcommand `parse-worker` calls this and nothing else.
pub fn run_worker() -> Result<()> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned().internal("cannot take over standard input")?;
    let mut socket = UnixStream::from(socket);
    let request = read_request(&mut socket)?;
    limit_self(&request.limits)?;
    let response = match catch_unwind(AssertUnwindSafe(|| {
        parse_file(&request.path, &request.file_name, &request.limits, &request.engines)
    })) {
        Ok(Ok(parsed)) => Response::Parsed(parsed),
        Ok(Err(error)) => {
            Response::Failed { kind: FailureKind::of(error.kind()), message: error.to_string() }
        }
        Err(_) => Response::Failed {
            kind: FailureKind::InvalidInput,
            message: format!(
                "the parser panicked on {:?}; the file is probably damaged, save it again",
                request.file_name
            ),
        },
    };
    let bytes = serde_json::to_vec(&response).internal("cannot serialize the parsed document")?;
    let length = u32::try_from(bytes.len()).internal("the parsed document is too long")?;
    socket.write_all(&length.to_le_bytes()).internal("cannot answer")?;
    socket.write_all(&bytes).internal("cannot answer")
}

fn read_request(socket: &mut UnixStream) -> Result<Request> {
    let mut length = [0; 4];
    socket.read_exact(&mut length).internal("cannot read the request")?;
    let length = u32::from_le_bytes(length);
    if length > MAX_REQUEST_BYTES {
        return Err(Error::invalid(format!("a request of {length} bytes is too long")));
    }
    let mut bytes = vec![0; length as usize];
    socket.read_exact(&mut bytes).internal("cannot read the request")?;
    serde_json::from_slice(&bytes).internal("cannot understand the request")
}

/// No more memory and processor time than allowed, no file written, no core dumped.
fn limit_self(limits: &ParseLimits) -> Result<()> {
    let bounds = [
        (Resource::As, limits.memory_bytes),
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ];
    for (resource, bound) in bounds {
        setrlimit(resource, Rlimit { current: Some(bound), maximum: Some(bound) })
            .internal("cannot limit the parser's process")?;
    }
    Ok(())
}

/// Starts children that parse.
#[derive(Clone)]
pub struct ParseHost {
    /// The program and its arguments that end up in [`run_worker`].
    pub command: Vec<OsString>,
    /// What each child may spend.
    pub limits: ParseLimits,
    /// Engines the child may load.
    pub engines: EngineConfig,
    children: Arc<Semaphore>,
}

impl ParseHost {
    /// Runs `command` for every file, at most `concurrency` at a time.
    pub fn new(
        command: Vec<OsString>,
        limits: ParseLimits,
        engines: EngineConfig,
        concurrency: usize,
    ) -> Self {
        Self { command, limits, engines, children: Arc::new(Semaphore::new(concurrency.max(1))) }
    }

    /// Parses the file at `path` in a child. Dropping the future kills the child.
    pub async fn parse(&self, path: &Path, file_name: &str) -> Result<ParsedDocument> {
        let _turn = self.children.acquire().await.internal("the parser host has ended")?;
        let (ours, theirs) = UnixStream::pair().internal("cannot make a socket pair")?;
        let mut child = self.spawn(theirs)?;
        let stderr = child.stderr.take();
        let talk = async {
            let tail = tokio::spawn(stderr_tail(stderr));
            let answer = self.exchange(ours, path, file_name).await;
            let status = child.wait().await.internal("cannot wait for the parser")?;
            Ok::<_, Error>((answer, status, tail.await.unwrap_or_default()))
        };
        let Ok(ended) = tokio::time::timeout(self.limits.wall_time(), talk).await else {
            // The child is killed when it is dropped.
            let message = format!(
                "parsing {file_name:?} took longer than {} s; split the file or save it again",
                self.limits.wall_seconds
            );
            return Err(Error::invalid(message));
        };
        let (answer, status, stderr) = ended?;
        if !stderr.is_empty() {
            tracing::debug!(file.name = file_name, parser.stderr = %stderr, "the parser wrote to its standard error");
        }
        match answer {
            Ok(Some(Response::Parsed(parsed))) => Ok(parsed),
            Ok(Some(Response::Failed { kind, message })) => Err(Error::new(kind.kind(), message)),
            Ok(None) => Err(self.died(file_name, status, &stderr)),
            Err(error) => Err(error),
        }
    }

    fn spawn(&self, socket: UnixStream) -> Result<Child> {
        let [program, arguments @ ..] = self.command.as_slice() else {
            return Err(Error::internal("the parser's command is empty"));
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(socket)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
            .spawn()
            .context(ErrorKind::Internal, || format!("cannot start the parser {}", program.display()))
    }

    /// `None` where the child ended without an answer.
    async fn exchange(&self, socket: UnixStream, path: &Path, file_name: &str) -> Result<Option<Response>> {
        socket.set_nonblocking(true).internal("cannot prepare the parser's socket")?;
        let mut socket =
            tokio::net::UnixStream::from_std(socket).internal("cannot prepare the parser's socket")?;
        let request = Request {
            path: path.to_owned(),
            file_name: file_name.to_owned(),
            limits: self.limits.clone(),
            engines: self.engines.clone(),
        };
        let bytes = serde_json::to_vec(&request).internal("cannot serialize the request")?;
        let length = u32::try_from(bytes.len()).internal("the request is too long")?;
        let sent = async {
            socket.write_all(&length.to_le_bytes()).await?;
            socket.write_all(&bytes).await?;
            socket.read_u32_le().await
        };
        // A child that died early closes the socket: its exit status tells more than this error.
        let Ok(length) = sent.await else { return Ok(None) };
        if u64::from(length) > self.limits.max_response_bytes {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!(
                    "{file_name:?} gives {length} bytes of text and structure, more than {}; split the file",
                    self.limits.max_response_bytes
                ),
            ));
        }
        let mut answer = vec![0; length as usize];
        if socket.read_exact(&mut answer).await.is_err() {
            return Ok(None);
        }
        let decoded = tokio::task::spawn_blocking(move || serde_json::from_slice(&answer)).await;
        decoded
            .internal("decoding the parser's answer failed")?
            .map(Some)
            .internal("the parser's answer is garbled")
    }

    /// Why a child ended without an answer, in words that name the file and the limit.
    fn died(&self, file_name: &str, status: ExitStatus, stderr: &str) -> Error {
        const SIGXCPU: i32 = 24;
        const SIGKILL: i32 = 9;
        let memory = self.limits.memory_bytes >> 20;
        let out_of_memory = stderr.contains("memory allocation of") || stderr.contains("bad_alloc");
        let message = match status.signal() {
            _ if out_of_memory => {
                format!("parsing {file_name:?} needs more than {memory} MiB of memory; split the file")
            }
            Some(SIGXCPU | SIGKILL) => format!(
                "parsing {file_name:?} took more than {} s of processor time; split the file",
                self.limits.cpu_seconds
            ),
            Some(signal) => format!(
                "the parser crashed on {file_name:?} (signal {signal}); the file is probably damaged, save it again"
            ),
            None => {
                let line = stderr.lines().last().unwrap_or("no message");
                return Error::internal(format!("the parser ended with {status} on {file_name:?}: {line}"));
            }
        };
        Error::invalid(message)
    }
}

/// The end of what the child wrote; the rest is read and thrown away, so that it never blocks.
async fn stderr_tail(stderr: Option<tokio::process::ChildStderr>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let mut tail = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        tail.extend_from_slice(&buffer[..read]);
        let surplus = tail.len().saturating_sub(STDERR_TAIL);
        tail.drain(..surplus);
    }
    String::from_utf8_lossy(&tail).trim().to_owned()
}

#[cfg(test)]
mod tests;
