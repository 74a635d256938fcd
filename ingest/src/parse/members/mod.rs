//! Files within a file (an archive's members, a message's attachments), handed on while they are unpacked.
//!
//! Nothing of them is kept here but their names and sizes. Limits apply to what was really unpacked; a member
//! that breaks one of its own is left out and told, a file whose members break one together is refused.

pub(crate) mod encoding;
pub(crate) mod names;

use std::io::Read;

use footnote_core::error::Context;
use footnote_core::parsed::{BlockKind, WarningKind};
use footnote_core::{Error, ErrorKind, Result};

use self::names::Names;
use super::builder::DocumentBuilder;
use super::limits::ParseLimits;
use super::table::to_markdown;

/// Bytes handed on at once.
const PART: usize = 64 * 1024;
/// Members shorter than this may be compressed at any ratio.
const RATIO_APPLIES_FROM: u64 = 16 << 20;
/// Most members told by name in the text of the file that holds them.
const MOST_LISTED: usize = 2_000;

/// Takes members as they come, one after the other.
pub(crate) trait MemberOutput {
    /// What follows is the member of this name.
    fn start(&mut self, name: &str) -> Result<()>;
    /// Its next bytes.
    fn part(&mut self, bytes: &[u8]) -> Result<()>;
    /// It is whole.
    fn finish(&mut self) -> Result<()>;
    /// It is not to be used: it is damaged or too long.
    fn discard(&mut self) -> Result<()>;
}

/// Takes members and keeps nothing of them.
pub(crate) struct Unkept;

impl MemberOutput for Unkept {
    fn start(&mut self, _: &str) -> Result<()> {
        Ok(())
    }
    fn part(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
    fn discard(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A member before it is unpacked.
pub(crate) struct Found<'f> {
    /// What the file that holds it calls it.
    pub(crate) name: &'f str,
    /// How long it says it is.
    pub(crate) declared: u64,
    /// How many bytes it takes up; `None` where it is not compressed, and so exactly as long as it says.
    pub(crate) compressed: Option<u64>,
}

/// What is unpacked of one file.
pub(crate) struct Unpacking<'o> {
    output: &'o mut dyn MemberOutput,
    limits: ParseLimits,
    names: Names,
    bytes: u64,
    listed: Vec<(String, u64)>,
    skipped: Vec<Skipped>,
    system_files: usize,
    unread: usize,
    /// Most bytes that the stream may inflate to in which the members lie, where it is one.
    most_inflated: u64,
}

/// A member that was not handed on.
struct Skipped {
    kind: WarningKind,
    name: String,
    reason: String,
}

/// How the copying of a member ended.
enum Copied {
    Whole(u64),
    Empty,
    LeftOut(String),
}

impl<'o> Unpacking<'o> {
    /// Hands members on to `output`.
    pub(crate) fn new(limits: &ParseLimits, output: &'o mut dyn MemberOutput) -> Self {
        Self {
            output,
            limits: limits.clone(),
            names: Names::default(),
            bytes: 0,
            listed: Vec::new(),
            skipped: Vec::new(),
            system_files: 0,
            unread: 0,
            most_inflated: u64::MAX,
        }
    }

    /// The limits it keeps.
    pub(crate) fn limits(&self) -> &ParseLimits {
        &self.limits
    }

    /// That what is unpacked lies in one stream of `compressed` bytes; the most that it may inflate to.
    pub(crate) fn inflates_from(&mut self, compressed: u64) -> u64 {
        let by_ratio = compressed.saturating_mul(self.limits.max_inflation_ratio).max(RATIO_APPLIES_FROM);
        self.most_inflated = by_ratio.min(self.limits.max_members_bytes);
        self.most_inflated
    }

    /// How many members were handed on or listed.
    pub(crate) fn count(&self) -> usize {
        self.listed.len()
    }

    /// Hands a member on, unless its name says that it is of no use to anybody or lies too deep.
    pub(crate) fn add(&mut self, found: &Found<'_>, content: &mut dyn Read) -> Result<()> {
        if names::is_system(found.name) {
            self.system_files += 1;
            return Ok(());
        }
        if self.listed.len() >= self.limits.max_members {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!(
                    "it holds more than {} files, or is itself within an archive that holds many; split it",
                    self.limits.max_members
                ),
            ));
        }
        let name = self.names.place(found.name);
        if self.limits.max_nesting == 0 {
            self.unread += 1;
            self.listed.push((name, found.declared));
            return Ok(());
        }
        match self.copy(&name, found, content)? {
            Copied::Whole(bytes) => self.listed.push((name, bytes)),
            Copied::Empty => self.pass_over(&name, "is empty"),
            Copied::LeftOut(reason) => self.skip(&name, reason),
        }
        Ok(())
    }

    /// Leaves a member out that would have been read, and tells why.
    pub(crate) fn skip(&mut self, name: &str, reason: impl Into<String>) {
        self.leave_out(WarningKind::Lost, name, reason.into());
    }

    /// Leaves a member out that holds nothing to read, and tells why.
    pub(crate) fn pass_over(&mut self, name: &str, reason: impl Into<String>) {
        self.leave_out(WarningKind::Note, name, reason.into());
    }

    fn leave_out(&mut self, kind: WarningKind, name: &str, reason: String) {
        if names::is_system(name) {
            self.system_files += 1;
        } else {
            self.skipped.push(Skipped { kind, name: names::clean(name), reason });
        }
    }

    /// Leaves out what only a machine needs.
    pub(crate) fn skip_system_file(&mut self) {
        self.system_files += 1;
    }

    fn copy(&mut self, name: &str, found: &Found<'_>, content: &mut dyn Read) -> Result<Copied> {
        let by_ratio = found.compressed.map_or(u64::MAX, |bytes| {
            bytes.max(1).saturating_mul(self.limits.max_inflation_ratio).max(RATIO_APPLIES_FROM)
        });
        let allowed = by_ratio.min(self.limits.max_part_bytes);
        let mut buffer = vec![0; PART];
        let mut copied = 0_u64;
        let left_out = loop {
            let read = match content.read(&mut buffer) {
                Ok(0) if found.compressed.is_none() && copied < found.declared => {
                    break Some("is cut short; pack it again".to_owned());
                }
                Ok(0) => break None,
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => return Err(self.too_much()),
                Err(error) => break Some(format!("is damaged ({error}); pack it again")),
            };
            if copied == 0 {
                self.output.start(name)?;
            }
            copied += read as u64;
            self.bytes += read as u64;
            if self.bytes > self.limits.max_members_bytes {
                return Err(self.too_much());
            }
            if copied > by_ratio {
                break Some(format!("inflates to more than {allowed} bytes, as a zip bomb does"));
            }
            if copied > allowed {
                break Some(format!("has more than {allowed} bytes; split it"));
            }
            self.output.part(&buffer[..read])?;
        };
        match left_out {
            None if copied == 0 => Ok(Copied::Empty),
            None => self.output.finish().map(|()| Copied::Whole(copied)),
            Some(reason) => {
                if copied > 0 {
                    self.output.discard()?;
                }
                Ok(Copied::LeftOut(reason))
            }
        }
    }

    /// The error for a file whose members are too long together.
    pub(crate) fn too_much(&self) -> Error {
        Error::new(
            ErrorKind::TooLarge,
            format!(
                "its files inflate to more than {} bytes in all, as a zip bomb does, or are within an archive that \
                 holds much; split it",
                self.limits.max_members_bytes.min(self.most_inflated)
            ),
        )
    }

    /// Tells in the file's own text what it holds, so that it can be found by that, and what was left out.
    pub(crate) fn describe(self, builder: &mut DocumentBuilder) {
        let mut rows = vec![vec!["Name".to_owned(), "Size".to_owned()]];
        rows.extend(
            self.listed.iter().take(MOST_LISTED).map(|(name, bytes)| vec![name.clone(), size(*bytes)]),
        );
        if rows.len() > 1 {
            builder.block(BlockKind::Table, 0, &to_markdown(&rows));
        }
        if self.listed.len() > MOST_LISTED {
            let message = format!("{} more files are not listed", self.listed.len() - MOST_LISTED);
            builder.warn(WarningKind::Note, None, message);
        }
        if self.unread > 0 {
            let unread = self.unread;
            builder.warn(
                WarningKind::Lost,
                None,
                format!(
                    "its {unread} files were not read: it lies too deep within archives; unpack the outer one"
                ),
            );
        }
        for Skipped { kind, name, reason } in self.skipped {
            builder.warn(kind, None, format!("{name:?} was skipped: it {reason}"));
        }
        if self.system_files > 0 {
            let count = self.system_files;
            let message = format!("{count} hidden or system files were skipped (.DS_Store, __MACOSX, …)");
            builder.warn(WarningKind::Note, None, message);
        }
    }

    /// Whether there was anything in it, useful or not.
    pub(crate) fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.skipped.is_empty() && self.system_files == 0
    }
}

/// A size as people say it.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["bytes", "KB", "MB", "GB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// A reader that fails, saying so by its error's kind, once it has given more than `left` bytes.
pub(crate) struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R> Bounded<R> {
    /// Gives at most `left` bytes of `inner`.
    pub(crate) fn new(inner: R, left: u64) -> Self {
        Self { inner, left }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "too many bytes")),
        }
        Ok(read)
    }
}

/// Opens a stored file that holds others.
pub(crate) fn open(path: &std::path::Path) -> Result<std::io::BufReader<fs_err::File>> {
    Ok(std::io::BufReader::new(fs_err::File::open(path).internal("cannot open the stored file")?))
}

#[cfg(test)]
pub(crate) mod tests;
