//! Outlook messages: the properties of \[MS-OXMSG\] in the streams of a compound file.

use std::io::{Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};

use cfb::CompoundFile;
use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, SHIFT_JIS, UTF_8, UTF_16LE};
use footnote_core::error::Context;
use footnote_core::parsed::{ContentType, ParsedDocument, WarningKind};
use footnote_core::{Error, ErrorKind, Result};
use fs_err::File;

use super::letter::{Body, Letter};
use super::{compressed_rtf, encrypted};
use crate::parse::limits::ParseLimits;
use crate::parse::members::{Found, MemberOutput, Unpacking};
use crate::parse::rtf;
use crate::parse::text::decode;

/// The stream that every message has and no other compound file.
pub(crate) const PROPERTIES: &str = "__properties_version1.0";
/// The storages of people and of attachments.
const RECIPIENT: &str = "__recip_version1.0_";
const ATTACHMENT: &str = "__attach_version1.0_";
/// Most recipients and most attachments looked at.
const MOST_STORAGES: usize = 2_000;
/// Most entries that an attached message is copied with.
const MOST_COPIED: usize = 5_000;

/// Property ids, as \[MS-OXPROPS\] has them.
mod id {
    pub(super) const MESSAGE_CLASS: u16 = 0x001a;
    pub(super) const SUBJECT: u16 = 0x0037;
    pub(super) const SUBMITTED: u16 = 0x0039;
    pub(super) const SENT_FOR: u16 = 0x0042;
    pub(super) const RECIPIENT_KIND: u16 = 0x0c15;
    pub(super) const SENDER: u16 = 0x0c1a;
    pub(super) const SENDER_ADDRESS: u16 = 0x0c1f;
    pub(super) const DISPLAY_CC: u16 = 0x0e03;
    pub(super) const DISPLAY_TO: u16 = 0x0e04;
    pub(super) const DELIVERED: u16 = 0x0e06;
    pub(super) const BODY: u16 = 0x1000;
    pub(super) const HTML: u16 = 0x1013;
    pub(super) const RTF: u16 = 0x1009;
    pub(super) const DISPLAY_NAME: u16 = 0x3001;
    pub(super) const ADDRESS: u16 = 0x3003;
    pub(super) const SMTP_ADDRESS: u16 = 0x39fe;
    pub(super) const SENDER_SMTP_ADDRESS: u16 = 0x5d01;
    pub(super) const DATA: u16 = 0x3701;
    pub(super) const SHORT_NAME: u16 = 0x3704;
    pub(super) const METHOD: u16 = 0x3705;
    pub(super) const LONG_NAME: u16 = 0x3707;
    pub(super) const CODE_PAGE: u16 = 0x3ffd;
    pub(super) const INTERNET_CODE_PAGE: u16 = 0x3fde;
}

/// Reads the message at `path` and hands on what is attached to it.
pub(crate) fn parse(
    path: &Path,
    limits: &ParseLimits,
    output: &mut dyn MemberOutput,
) -> Result<ParsedDocument> {
    let file = File::open(path).internal("cannot open the stored file")?;
    let file = CompoundFile::open(file).context(ErrorKind::InvalidInput, || {
        "the Outlook message is damaged or cut short; save it again in Outlook".to_owned()
    })?;
    let mut outlook = Outlook { file, encoding: None, most_bytes: limits.max_part_bytes };
    let root = Storage { path: PathBuf::from("/"), properties: outlook.properties(Path::new("/"), 32)? };
    outlook.encoding = root
        .number(id::CODE_PAGE)
        .or_else(|| root.number(id::INTERNET_CODE_PAGE))
        .and_then(|page| encoding_of(page as u32));
    let class = outlook.text(&root, id::MESSAGE_CLASS)?.unwrap_or_default().to_ascii_lowercase();
    let is_smime = class.contains(".smime") && !class.contains("multipartsigned");
    if is_smime || class.contains("rpmsg") {
        return Err(encrypted());
    }
    let letter = outlook.letter(&root)?;
    let mut unpacking = Unpacking::new(limits, output);
    for storage in outlook.storages(ATTACHMENT)? {
        outlook.attach(&storage, &mut unpacking)?;
    }
    letter.write(unpacking, limits, ContentType::Msg, "cfb 0.14")
}

/// A storage and its properties of fixed length: id and value.
struct Storage {
    path: PathBuf,
    properties: Vec<(u16, u64)>,
}

impl Storage {
    fn number(&self, id: u16) -> Option<u64> {
        self.properties.iter().find(|(found, _)| *found == id).map(|(_, value)| *value)
    }
}

struct Outlook {
    file: CompoundFile<File>,
    /// What strings that are not Unicode are in, where the message says so.
    encoding: Option<&'static Encoding>,
    most_bytes: u64,
}

impl Outlook {
    /// The properties of a storage, whose list begins with a header of `header` bytes.
    fn properties(&mut self, storage: &Path, header: usize) -> Result<Vec<(u16, u64)>> {
        let bytes = self.stream(&storage.join(PROPERTIES))?.unwrap_or_default();
        let entries = bytes.get(header..).unwrap_or_default().chunks_exact(16);
        Ok(entries
            .map(|entry| {
                let (tag, value) = (&entry[..4], &entry[8..]);
                let number = value.iter().rev().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
                (u16::from_le_bytes([tag[2], tag[3]]), number)
            })
            .collect())
    }

    fn stream(&mut self, path: &Path) -> Result<Option<Vec<u8>>> {
        if !self.file.is_stream(path) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let read = self
            .file
            .open_stream(path)
            .and_then(|stream| stream.take(self.most_bytes + 1).read_to_end(&mut bytes));
        let what = path.display();
        read.context(ErrorKind::InvalidInput, || {
            format!("the part {what} of the Outlook message is damaged; save it again in Outlook")
        })?;
        if bytes.len() as u64 > self.most_bytes {
            let message = format!("the part {what} of the message has more than {} bytes", self.most_bytes);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(Some(bytes))
    }

    /// The stream of a property that has no fixed length.
    fn long(&mut self, storage: &Storage, id: u16, kind: u16) -> Result<Option<Vec<u8>>> {
        self.stream(&storage.path.join(format!("__substg1.0_{id:04X}{kind:04X}")))
    }

    fn binary(&mut self, storage: &Storage, id: u16) -> Result<Option<Vec<u8>>> {
        self.long(storage, id, 0x0102)
    }

    fn text(&mut self, storage: &Storage, id: u16) -> Result<Option<String>> {
        let text = match self.long(storage, id, 0x001f)? {
            Some(bytes) => UTF_16LE.decode_without_bom_handling(&bytes).0.into_owned(),
            None => match self.long(storage, id, 0x001e)? {
                Some(bytes) => decode(&bytes, self.encoding).text,
                None => return Ok(None),
            },
        };
        let text = text.trim_end_matches('\0');
        Ok((!text.trim().is_empty()).then(|| text.to_owned()))
    }

    /// The first of these properties that says something.
    fn any_text(&mut self, storage: &Storage, ids: &[u16]) -> Result<Option<String>> {
        for &id in ids {
            if let Some(text) = self.text(storage, id)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// Storages of the root whose name begins so, with their properties.
    fn storages(&mut self, prefix: &str) -> Result<Vec<Storage>> {
        let mut paths: Vec<PathBuf> = self
            .file
            .read_root_storage()
            .filter(|entry| entry.is_storage() && entry.name().starts_with(prefix))
            .map(|entry| entry.path().to_owned())
            .take(MOST_STORAGES)
            .collect();
        paths.sort();
        paths.into_iter().map(|path| Ok(Storage { properties: self.properties(&path, 8)?, path })).collect()
    }

    fn letter(&mut self, root: &Storage) -> Result<Letter> {
        let mut letter =
            Letter { subject: self.text(root, id::SUBJECT)?.unwrap_or_default(), ..Letter::default() };
        let sender = self.any_text(root, &[id::SENT_FOR, id::SENDER])?;
        let address = self.any_text(root, &[id::SENDER_SMTP_ADDRESS, id::SENDER_ADDRESS])?;
        letter.people("From", &[person(sender, address)]);
        self.recipients(root, &mut letter)?;
        let sent = root.number(id::SUBMITTED).or_else(|| root.number(id::DELIVERED));
        letter.line("Date", &sent.and_then(date_of).unwrap_or_default());

        let html = match self.binary(root, id::HTML)? {
            Some(bytes) => Some(decode(&bytes, self.encoding).text),
            None => self.text(root, id::HTML)?,
        };
        let plain = self.text(root, id::BODY)?;
        let best = match html {
            Some(html) => Some(Body::Html(html)),
            None => self.rich_text(root, plain.as_deref(), &mut letter)?,
        };
        letter.instead.extend(plain.map(Body::Plain));
        letter.bodies.extend(best);
        Ok(letter)
    }

    /// The text as RTF, or as the HTML that it was made from; `plain` is read where that fails.
    fn rich_text(
        &mut self,
        root: &Storage,
        plain: Option<&str>,
        letter: &mut Letter,
    ) -> Result<Option<Body>> {
        let Some(compressed) = self.binary(root, id::RTF)? else { return Ok(None) };
        let most = usize::try_from(self.most_bytes).unwrap_or(usize::MAX);
        let Some(bytes) = compressed_rtf::inflate(&compressed, most) else {
            letter.warnings.push(match plain.is_some_and(|plain| !plain.trim().is_empty()) {
                true => (
                    WarningKind::Doubtful,
                    "its text as RTF is damaged or too long; its plain text was read instead",
                ),
                false => (WarningKind::Lost, "its text as RTF is damaged or too long and was left out"),
            });
            return Ok(None);
        };
        Ok(Some(rtf::html_within(&bytes).map_or(Body::Rtf(bytes), Body::Html)))
    }

    fn recipients(&mut self, root: &Storage, letter: &mut Letter) -> Result<()> {
        let (mut to, mut cc) = (Vec::new(), Vec::new());
        for storage in self.storages(RECIPIENT)? {
            let name = self.text(&storage, id::DISPLAY_NAME)?;
            let address = self.any_text(&storage, &[id::SMTP_ADDRESS, id::ADDRESS])?;
            match storage.number(id::RECIPIENT_KIND).map(|kind| kind & 0xf) {
                Some(2) => cc.push(person(name, address)),
                // A blind copy is nobody's business.
                Some(3) => {}
                _ => to.push(person(name, address)),
            }
        }
        for (label, people, display) in [("To", to, id::DISPLAY_TO), ("Cc", cc, id::DISPLAY_CC)] {
            match people.is_empty() {
                true => letter.line(label, &self.text(root, display)?.unwrap_or_default()),
                false => letter.people(label, &people),
            }
        }
        Ok(())
    }

    fn attach(&mut self, storage: &Storage, unpacking: &mut Unpacking<'_>) -> Result<()> {
        const EMBEDDED_MESSAGE: u64 = 5;
        let name = self.any_text(storage, &[id::LONG_NAME, id::SHORT_NAME, id::DISPLAY_NAME])?;
        let embedded = storage.path.join(format!("__substg1.0_{:04X}000D", id::DATA));
        let method = storage.number(id::METHOD).map(|method| method & 0xffff_ffff);
        let (name, content) = match self.binary(storage, id::DATA)? {
            Some(content) => (name, content),
            None if method == Some(EMBEDDED_MESSAGE) && self.file.is_storage(&embedded) => {
                let subject = Storage { path: embedded.clone(), properties: Vec::new() };
                let subject = self.text(&subject, id::SUBJECT)?.or(name);
                (subject.map(|subject| format!("{subject}.msg")), self.copy_message(&embedded)?)
            }
            // By reference, in three ways.
            None if matches!(method, Some(2..=4)) => {
                unpacking.pass_over(&name.unwrap_or_default(), "is a link to another file");
                return Ok(());
            }
            None => {
                unpacking.skip(&name.unwrap_or_default(), "is an embedded object and no file");
                return Ok(());
            }
        };
        let name = name.unwrap_or_else(|| format!("attachment {}.bin", unpacking.count() + 1));
        let name = name.trim_start_matches('.').replace(['/', '\\'], "_");
        let found = Found { name: &name, declared: content.len() as u64, compressed: None };
        unpacking.add(&found, &mut &content[..])
    }

    /// An attached message as a file of its own: its storage is the root, and the header of its list of
    /// properties has the eight bytes more that a root's has.
    fn copy_message(&mut self, storage: &Path) -> Result<Vec<u8>> {
        let damaged = || "an attached message is damaged; save it again in Outlook".to_owned();
        let entries: Vec<(PathBuf, bool)> = self
            .file
            .walk_storage(storage)
            .context(ErrorKind::InvalidInput, damaged)?
            .take(MOST_COPIED)
            .map(|entry| (entry.path().to_owned(), entry.is_stream()))
            .collect();
        let mut copy = CompoundFile::create(Cursor::new(Vec::new())).internal("cannot copy a message")?;
        for (path, is_stream) in entries {
            let Some(below) = path.strip_prefix(storage).ok().filter(|b| !b.as_os_str().is_empty()) else {
                continue;
            };
            let target = Path::new("/").join(below);
            if !is_stream {
                copy.create_storage_all(&target).context(ErrorKind::InvalidInput, damaged)?;
                continue;
            }
            let mut bytes = self.stream(&path)?.unwrap_or_default();
            if below == Path::new(PROPERTIES) && bytes.len() >= 24 {
                bytes.splice(24..24, [0; 8]);
            }
            write(&mut copy, &target, &bytes).context(ErrorKind::InvalidInput, damaged)?;
        }
        copy.flush().internal("cannot copy the attached message")?;
        Ok(copy.into_inner().into_inner())
    }
}

fn write<F: Read + Write + Seek>(
    file: &mut CompoundFile<F>,
    path: &Path,
    bytes: &[u8],
) -> std::io::Result<()> {
    file.create_stream(path)?.write_all(bytes)
}

/// Exchange names people by a path in its directory, which tells nobody anything.
fn person(name: Option<String>, address: Option<String>) -> String {
    let address = address.filter(|address| address.contains('@'));
    match (name, address) {
        (Some(name), Some(address)) if name != address => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default(),
    }
}

/// A FILETIME: tenths of microseconds since 1601.
fn date_of(file_time: u64) -> Option<String> {
    const SECONDS_BEFORE_1970: i64 = 11_644_473_600;
    let seconds = i64::try_from(file_time / 10_000_000).ok()? - SECONDS_BEFORE_1970;
    let time = chrono::DateTime::from_timestamp(seconds, 0)?;
    Some(time.format("%Y-%m-%d %H:%M:%S +00:00").to_string())
}

/// A Windows code page.
fn encoding_of(page: u32) -> Option<&'static Encoding> {
    match page {
        936 | 54936 => Some(GBK),
        950 => Some(BIG5),
        932 => Some(SHIFT_JIS),
        949 => Some(EUC_KR),
        65001 => Some(UTF_8),
        _ => Encoding::for_label(format!("windows-{page}").as_bytes()),
    }
}
