//! The child process: one file, one child, killed when it takes too long or too much.
//!
//! They talk ([`wire`]) over the socket that is the child's standard input; what libraries print to
//! standard output cannot corrupt it.

#[cfg(fuzzing)]
pub(super) mod fuzzing;
mod incoming;
mod resident;
mod sandbox;
mod spending;
mod wire;

use std::ffi::OsString;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};

use footnote_core::document::Lineage;
use footnote_core::error::Context;
use footnote_core::parsed::ParsedDocument;
use footnote_core::password::Password;
use footnote_core::{Error, ErrorKind, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

use self::incoming::Incoming;
use self::resident::Resident;
pub use self::sandbox::Confinement;
use self::spending::Spending;
pub use self::wire::Spent;
use self::wire::{Assembly, FailureKind, Frame, MAX_FRAME_BYTES, Request, SendMembers, Step};
use super::builder::check;
use super::limits::{EngineConfig, ParseLimits};
use super::parse_file_reporting;
use crate::members::{DropMembers, MemberSink};
use crate::progress::Progress;

/// How much of the child's standard error is kept for the log.
const STDERR_TAIL: usize = 4 * 1024;

/// What a child says that dies of want of memory: Rust's own allocator, C++'s, and Rust where the exception that C++
/// throws then in PDFium reaches it, which throws none for other reasons.
const OUT_OF_MEMORY: [&str; 3] = ["memory allocation of", "bad_alloc", "cannot catch foreign exceptions"];

/// The child's whole life: reads one request from the socket that is standard input, limits itself,
/// parses, answers. The binary's hidden subcommand `parse-worker` calls this and nothing else.
pub fn run_worker() -> Result<()> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned().internal("cannot take over standard input")?;
    let mut socket = UnixStream::from(socket);
    let request = wire::read_request(&mut socket)?;
    let spending = Spending::watch();
    limit_self(&request.limits)?;
    let confinement = sandbox::confine(&request.path, &request.engines)?;
    wire::send(&mut socket, &Frame::Confined(confinement))?;
    let report = |done, of| {
        // Where nobody listens any more, the answer will say so.
        wire::send(&mut &socket, &Frame::Pages { done, of }).unwrap_or_default();
    };
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        let Request { path, file_name, limits, engines } = &request;
        parse_file_reporting(path, file_name, limits, engines, &report, &mut SendMembers(&socket))
    }));
    wire::send(&mut socket, &Frame::Spent(spending.so_far()))?;
    let failed = match parsed {
        Ok(Ok(parsed)) => return wire::send_document(&mut socket, parsed),
        Ok(Err(error)) => Frame::Failed { kind: FailureKind::of(error.kind()), message: error.to_string() },
        Err(_) => Frame::Failed {
            kind: FailureKind::InvalidInput,
            message: format!(
                "the parser panicked on {:?}; the file is probably damaged, save it again",
                request.file_name
            ),
        },
    };
    wire::send(&mut socket, &failed)
}

/// Most files that a child has open: its own, the engines' libraries, models and fonts.
const OPEN_FILES: u64 = 256;
/// Most threads that the child's user may have while the child starts one. All of the user's processes count, the
/// service too, so this is far above what OCR and a service take: it bounds a bomb of threads. Processes cannot be
/// started at all ([`sandbox`]).
const USERS_THREADS: u64 = 16_384;

/// No more memory, processor time, open files and threads than allowed, no file written, no core dumped.
fn limit_self(limits: &ParseLimits) -> Result<()> {
    let bounds = [
        (Resource::As, limits.memory_bytes),
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Nproc, USERS_THREADS),
    ];
    for (resource, bound) in bounds {
        // What the system allows may be less, and cannot be raised.
        let bound = getrlimit(resource).maximum.map_or(bound, |most| most.min(bound));
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
    /// What holds in the children: told by the first one.
    confinement: Arc<OnceLock<Confinement>>,
}

impl ParseHost {
    /// Runs `command` for every file, at most `concurrency` at a time.
    pub fn new(
        command: Vec<OsString>,
        limits: ParseLimits,
        engines: EngineConfig,
        concurrency: usize,
    ) -> Self {
        let children = Arc::new(Semaphore::new(concurrency.max(1)));
        Self { command, limits, engines, children, confinement: Arc::default() }
    }

    /// Remembers what holds in the children, and warns once where that is not everything.
    fn note(&self, confinement: Confinement) {
        if self.confinement.set(confinement).is_ok() && !confinement.is_whole() {
            tracing::warn!(
                parser.files_guarded = confinement.files,
                parser.calls_guarded = confinement.calls,
                "this kernel cannot confine parsers fully (Landlock, seccomp); limits on memory and time hold"
            );
        }
    }

    /// What holds in the children, tried with one that reads a word.
    pub async fn try_confinement(&self) -> Result<Confinement> {
        let mut file = tempfile::NamedTempFile::new().internal("cannot make a temporary file")?;
        file.write_all(b"ready").internal("cannot write a temporary file")?;
        self.parse(file.path(), "ready.txt").await?;
        self.confinement
            .get()
            .copied()
            .ok_or_else(|| Error::internal("the parser does not tell what confines it"))
    }

    /// Parses the file at `path` in a child. Dropping the future kills the child.
    pub async fn parse(&self, path: &Path, file_name: &str) -> Result<ParsedDocument> {
        self.parse_reporting(path, file_name, &Progress::default()).await
    }

    /// [`Self::parse`], with the pages of a PDF as progress while they are read.
    pub async fn parse_reporting(
        &self,
        path: &Path,
        file_name: &str,
        progress: &Progress,
    ) -> Result<ParsedDocument> {
        self.parse_measured(path, file_name, progress).await.0
    }

    /// [`Self::parse_reporting`], with what the child spent; `None` where it died before it could tell.
    pub async fn parse_measured(
        &self,
        path: &Path,
        file_name: &str,
        progress: &Progress,
    ) -> (Result<ParsedDocument>, Option<Spent>) {
        let mut spent = None;
        let request = self.request(path, file_name, None, &Lineage::default());
        let parsed = self.run_child(request, &mut DropMembers, progress, &mut spent).await;
        (parsed, spent)
    }

    /// [`Self::parse_reporting`], which tries `password` first on an encrypted file and hands what lies within the
    /// file on to `members`. `lineage` tells what the file itself lies in: the limits on members are for all of that
    /// together.
    pub async fn parse_with_members(
        &self,
        path: &Path,
        file_name: &str,
        password: Option<Password>,
        lineage: Lineage,
        members: &mut dyn MemberSink,
        progress: &Progress,
    ) -> Result<ParsedDocument> {
        let mut spent = None;
        let request = self.request(path, file_name, password, &lineage);
        let parsed = self.run_child(request, members, progress, &mut spent).await;
        if let Some(Spent { cpu, peak_bytes }) = spent {
            let peak_mib = peak_bytes.map(|bytes| bytes >> 20);
            tracing::debug!(file.name = file_name, parser.cpu = ?cpu, parser.peak_mib = peak_mib, "a file was parsed");
        }
        parsed
    }

    fn request(
        &self,
        path: &Path,
        file_name: &str,
        password: Option<Password>,
        lineage: &Lineage,
    ) -> Request {
        let mut engines = self.engines.clone();
        engines.passwords.splice(..0, password);
        let limits = self.limits.within(lineage);
        Request { path: path.to_owned(), file_name: file_name.to_owned(), limits, engines }
    }

    async fn run_child(
        &self,
        request: Request,
        members: &mut dyn MemberSink,
        progress: &Progress,
        spent: &mut Option<Spent>,
    ) -> Result<ParsedDocument> {
        let file_name = request.file_name.as_str();
        let incoming = Incoming::new(members, &request.limits);
        let _turn = self.children.acquire().await.internal("the parser host has ended")?;
        let (ours, theirs) = UnixStream::pair().internal("cannot make a socket pair")?;
        let mut child = self.spawn(theirs)?;
        let stderr = child.stderr.take();
        let mut resident = Resident::of(child.id());
        let most = self.limits.resident_bytes();
        let talk = async {
            let tail = tokio::spawn(stderr_tail(stderr));
            let answer = self.exchange(ours, &request, incoming, progress, spent).await;
            let tail = tail.await.unwrap_or_default();
            // At last: its id, by which its memory is watched, may then be another process's.
            let status = child.wait().await.internal("cannot wait for the parser")?;
            Ok::<_, Error>((answer, status, tail))
        };
        // The child is killed when it is dropped.
        let in_time = tokio::select! {
            in_time = tokio::time::timeout(self.limits.wall_time(), talk) => in_time,
            () = resident.exceeds(most) => return Err(out_of_memory(file_name, most)),
        };
        let Ok(ended) = in_time else {
            // It had not used up its processor time: the machine is busy or the disk slow, which may be better the
            // next time, or it sleeps.
            return Err(Error::timed_out(format!(
                "parsing {file_name:?} took longer than {} s; split the file or save it again",
                self.limits.wall_seconds
            )));
        };
        let (answer, status, stderr) = ended?;
        if !stderr.is_empty() {
            tracing::debug!(file.name = file_name, parser.stderr = %stderr, "the parser wrote to its standard error");
        }
        match answer {
            Ok(Some(parsed)) => Ok(parsed),
            Ok(None) => Err(self.died(file_name, status, &stderr, resident.peak())),
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
            // ONNX Runtime would write what it does to a database in the user's cache folder, for its makers.
            .env("ORT_DISABLE_TELEMETRY", "1")
            .stdin(Stdio::from(OwnedFd::from(socket)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
            .spawn()
            .context(ErrorKind::Internal, || format!("cannot start the parser {}", program.display()))
    }

    /// `None` where the child ended without an answer.
    async fn exchange(
        &self,
        socket: UnixStream,
        request: &Request,
        incoming: Incoming<'_>,
        progress: &Progress,
        spent: &mut Option<Spent>,
    ) -> Result<Option<ParsedDocument>> {
        socket.set_nonblocking(true).internal("cannot prepare the parser's socket")?;
        let mut socket =
            tokio::net::UnixStream::from_std(socket).internal("cannot prepare the parser's socket")?;
        // A child that died early closes the socket: its exit status tells more than this error.
        if socket.write_all(&wire::encode(request)?).await.is_err() {
            return Ok(None);
        }
        self.receive(&mut socket, &request.file_name, incoming, progress, spent).await
    }

    /// The child's answer, frame by frame. Nothing in it is believed: the child may have been taken over by
    /// what it reads.
    async fn receive(
        &self,
        socket: &mut (impl AsyncRead + Unpin),
        file_name: &str,
        mut incoming: Incoming<'_>,
        progress: &Progress,
        spent: &mut Option<Spent>,
    ) -> Result<Option<ParsedDocument>> {
        let mut assembly = Assembly::default();
        let mut frame = Vec::new();
        let mut received = 0;
        while let Ok(length) = socket.read_u32_le().await {
            if length > MAX_FRAME_BYTES {
                return Err(Error::internal(format!("the parser's answer has a part of {length} bytes")));
            }
            frame.resize(length as usize, 0);
            if socket.read_exact(&mut frame).await.is_err() {
                break;
            }
            if let Some(part) = wire::member_part(&frame) {
                incoming.part(part).await?;
                continue;
            }
            received += u64::from(length);
            if received > self.limits.max_response_bytes {
                return Err(self.too_much(file_name));
            }
            let step = assembly.take(&frame);
            *spent = assembly.spent;
            match step? {
                Step::Part => {}
                Step::MemberStart(name) => incoming.start(name).await?,
                Step::MemberEnd { is_whole } => incoming.end(is_whole).await?,
                Step::Confined(confinement) => self.note(confinement),
                Step::Pages(done, of) => show_pages(progress, done, of),
                Step::Whole(parsed) => {
                    check(&parsed).context(ErrorKind::Internal, || {
                        format!("the parser's answer about {file_name:?} is not sound")
                    })?;
                    return Ok(Some(*parsed));
                }
            }
        }
        Ok(None)
    }

    fn too_much(&self, file_name: &str) -> Error {
        Error::new(
            ErrorKind::TooLarge,
            format!(
                "{file_name:?} gives more than {} bytes of text and structure; split the file",
                self.limits.max_response_bytes
            ),
        )
    }

    /// Why a child ended without an answer, in words that name the file and the limit. `peak` is the most memory that
    /// it was seen to hold.
    fn died(&self, file_name: &str, status: ExitStatus, stderr: &str, peak: u64) -> Error {
        const SIGXCPU: i32 = 24;
        const SIGKILL: i32 = 9;
        const SIGABRT: i32 = 6;
        const SIGTRAP: i32 = 5;
        const SIGILL: i32 = 4;
        // PDFium ends the process by one of these signals, without a word, where it gets no memory.
        let gave_up = matches!(status.signal(), Some(SIGABRT | SIGTRAP | SIGILL));
        let holds_much = peak > self.limits.resident_bytes() / 2;
        if OUT_OF_MEMORY.iter().any(|sign| stderr.contains(sign)) || gave_up && holds_much {
            return out_of_memory(file_name, self.limits.memory_bytes);
        }
        let message = match status.signal() {
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

/// A short file may need it, too: a PDF whose pages draw themselves, or draw the same a billion times.
fn out_of_memory(file_name: &str, bytes: u64) -> Error {
    let memory = bytes >> 20;
    Error::invalid(format!(
        "parsing {file_name:?} needs more than {memory} MiB of memory; split the file or, if it is a short one, save it again"
    ))
}

/// An engine that gives up leaves the pages to the next one, which begins again.
fn show_pages(progress: &Progress, done: u32, of: u32) {
    if done <= 1 {
        progress.stage("parsing", of.into());
    }
    progress.advance(1);
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
