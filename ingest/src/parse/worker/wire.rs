//! What parent and child say to each other: one request, then frames, each JSON behind its length in
//! four bytes, little-endian. A document comes in parts, so that neither side holds it twice. The bytes of what
//! lies within a file come before it and as they are: a frame that begins with NUL, as no JSON does.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use footnote_core::error::Context;
use footnote_core::parsed::{Block, Line, Page, ParsedDocument};
use footnote_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::sandbox::Confinement;
use crate::parse::limits::{EngineConfig, ParseLimits};
use crate::parse::members::MemberOutput;

/// Longest request or frame. Frames are far shorter.
pub(super) const MAX_FRAME_BYTES: u32 = 16 << 20;
/// Bytes of text, blocks, lines, and spans of pages in one frame.
const TEXT_PART: usize = 64 * 1024;
const BLOCKS_PART: usize = 64;
const LINES_PART: usize = 512;
const SPANS_PART: usize = 512;

#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) path: PathBuf,
    pub(super) file_name: String,
    pub(super) limits: ParseLimits,
    pub(super) engines: EngineConfig,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Frame {
    /// What holds in the child from here on.
    Confined(Confinement),
    /// So many pages of so many were read.
    Pages { done: u32, of: u32 },
    /// The next part of the text.
    Text(String),
    /// The next blocks.
    Blocks(Vec<Block>),
    /// The next lines.
    Lines(Vec<Line>),
    /// The next pages, with what each gave.
    PageSpans(Vec<Page>),
    /// What follows lies within the file, under this name.
    MemberStart { name: String },
    /// All of it has been sent.
    MemberEnd,
    /// What was sent of it is to be thrown away.
    MemberDiscarded,
    /// The rest of the document; its text, lines, pages and blocks came before.
    Parsed(ParsedDocument),
    /// What the child has spent; the last frame before the document or the failure.
    Spent(Spent),
    /// Why there is no document.
    Failed { kind: FailureKind, message: String },
}

/// What a child has spent, as it tells itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Processor time of all its threads.
    pub cpu: Duration,
    /// Most memory that it held at once; `None` where the system does not tell.
    pub peak_bytes: Option<u64>,
}

/// The kinds of error that a parser gives.
#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum FailureKind {
    InvalidInput,
    TooLarge,
    Unsupported,
    NotInstalled,
    Corrupt,
    Internal,
}

impl FailureKind {
    pub(super) fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidInput => Self::InvalidInput,
            ErrorKind::TooLarge => Self::TooLarge,
            ErrorKind::Unsupported => Self::Unsupported,
            ErrorKind::NotInstalled => Self::NotInstalled,
            ErrorKind::Corrupt => Self::Corrupt,
            _ => Self::Internal,
        }
    }

    pub(super) fn kind(self) -> ErrorKind {
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

/// The message as bytes, its length in front.
pub(super) fn encode(message: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message).internal("cannot serialize for the socket")?;
    let length = u32::try_from(bytes.len() - 4).internal("too long for the socket")?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

/// The child's side.
pub(super) fn read_request(socket: &mut impl Read) -> Result<Request> {
    let mut length = [0; 4];
    socket.read_exact(&mut length).internal("cannot read the request")?;
    let length = u32::from_le_bytes(length);
    if length > MAX_FRAME_BYTES {
        return Err(Error::invalid(format!("a request of {length} bytes is too long")));
    }
    let mut bytes = vec![0; length as usize];
    socket.read_exact(&mut bytes).internal("cannot read the request")?;
    serde_json::from_slice(&bytes).internal("cannot understand the request")
}

/// Sends one frame.
pub(super) fn send(socket: &mut impl Write, frame: &Frame) -> Result<()> {
    socket.write_all(&encode(frame)?).internal("cannot answer")
}

/// Sends a document in parts.
pub(super) fn send_document(socket: &mut impl Write, mut document: ParsedDocument) -> Result<()> {
    let text = std::mem::take(&mut document.text);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.floor_char_boundary(TEXT_PART.min(rest.len())));
        send(socket, &Frame::Text(part.to_owned()))?;
        rest = after;
    }
    for part in std::mem::take(&mut document.lines).chunks(LINES_PART) {
        send(socket, &Frame::Lines(part.to_vec()))?;
    }
    for part in std::mem::take(&mut document.pages).chunks(SPANS_PART) {
        send(socket, &Frame::PageSpans(part.to_vec()))?;
    }
    for part in std::mem::take(&mut document.blocks).chunks(BLOCKS_PART) {
        send(socket, &Frame::Blocks(part.to_vec()))?;
    }
    send(socket, &Frame::Parsed(document))
}

/// The first byte of a frame that is a part of a member, and no JSON.
const MEMBER_PART: u8 = 0;

/// The child's side of [`MemberOutput`].
pub(super) struct SendMembers<W>(pub(super) W);

impl<W: Write> MemberOutput for SendMembers<W> {
    fn start(&mut self, name: &str) -> Result<()> {
        send(&mut self.0, &Frame::MemberStart { name: name.to_owned() })
    }

    fn part(&mut self, bytes: &[u8]) -> Result<()> {
        let length = u32::try_from(bytes.len() + 1).internal("too long for the socket")?;
        let mut head = [MEMBER_PART; 5];
        head[..4].copy_from_slice(&length.to_le_bytes());
        self.0.write_all(&head).and_then(|()| self.0.write_all(bytes)).internal("cannot answer")
    }

    fn finish(&mut self) -> Result<()> {
        send(&mut self.0, &Frame::MemberEnd)
    }

    fn discard(&mut self) -> Result<()> {
        send(&mut self.0, &Frame::MemberDiscarded)
    }
}

/// The bytes of a member, where the frame is such a part.
pub(super) fn member_part(frame: &[u8]) -> Option<&[u8]> {
    frame.split_first().filter(|(first, _)| **first == MEMBER_PART).map(|(_, bytes)| bytes)
}

/// The parent's side: a document as its parts arrive.
#[derive(Default)]
pub(super) struct Assembly {
    text: String,
    blocks: Vec<Block>,
    lines: Vec<Line>,
    pages: Vec<Page>,
    /// What the child has spent, once it has told.
    pub(super) spent: Option<Spent>,
}

/// What a frame brought.
pub(super) enum Step {
    /// What holds in the child.
    Confined(Confinement),
    /// Pages read, and pages in all.
    Pages(u32, u32),
    /// A part.
    Part,
    /// A member begins.
    MemberStart(String),
    /// It is whole, or is to be thrown away.
    MemberEnd { is_whole: bool },
    /// The last part.
    Whole(Box<ParsedDocument>),
}

impl Assembly {
    /// Takes the next frame's bytes.
    pub(super) fn take(&mut self, frame: &[u8]) -> Result<Step> {
        match serde_json::from_slice(frame).internal("the parser's answer is garbled")? {
            Frame::Confined(confinement) => return Ok(Step::Confined(confinement)),
            Frame::Pages { done, of } => return Ok(Step::Pages(done, of)),
            Frame::MemberStart { name } => return Ok(Step::MemberStart(name)),
            Frame::MemberEnd => return Ok(Step::MemberEnd { is_whole: true }),
            Frame::MemberDiscarded => return Ok(Step::MemberEnd { is_whole: false }),
            Frame::Text(part) => self.text.push_str(&part),
            Frame::Blocks(mut part) => self.blocks.append(&mut part),
            Frame::Lines(mut part) => self.lines.append(&mut part),
            Frame::PageSpans(mut part) => self.pages.append(&mut part),
            Frame::Spent(spent) => self.spent = Some(spent),
            Frame::Parsed(mut document) => {
                document.text = std::mem::take(&mut self.text);
                document.blocks = std::mem::take(&mut self.blocks);
                document.lines = std::mem::take(&mut self.lines);
                document.pages = std::mem::take(&mut self.pages);
                return Ok(Step::Whole(Box::new(document)));
            }
            Frame::Failed { kind, message } => return Err(Error::new(kind.kind(), message)),
        }
        Ok(Step::Part)
    }
}
