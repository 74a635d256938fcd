//! Tells the type of a file by its content; its name only breaks ties between kinds of text.

use footnote_core::parsed::ContentType;
use footnote_core::{Error, ErrorKind, Result};

use super::archive::{GZIP_MAGIC, is_tar};
use super::code::is_code;
use super::mail;
use super::text::{decode, looks_like_text};
use super::{delimited, json};

/// How much of a file [`sniff`] wants to see.
pub const SNIFF_BYTES: usize = 64 * 1024;

/// How many lines are looked at for the signs of a kind of text.
const SIGNS_WITHIN: usize = 500;

/// How far into a file the first element of XML is looked for, where a namespace tells what it is.
const ROOT_WITHIN: usize = 4 * 1024;

/// How far into a file the PDF header may lie.
const PDF_HEADER_WITHIN: usize = 1024;

/// The type of the file that begins with `prefix` (its first [`SNIFF_BYTES`], or all of it).
/// Known types that no parser reads give [`ErrorKind::Unsupported`] with the remedy.
///
/// `entries` are the names in the file's table of contents, should it be an archive and whole: their
/// order in the file does not matter then.
pub fn sniff(prefix: &[u8], entries: Option<&[String]>, file_name: Option<&str>) -> Result<ContentType> {
    let shown = file_name.map_or_else(|| "the file".to_owned(), |name| format!("{name:?}"));
    if prefix.is_empty() {
        return Err(Error::invalid(format!("{shown} is empty; upload a file with content")));
    }
    // Attachments may lie in a message as they are: it need not look like text, and may look like a PDF.
    if mail::is_message(prefix, &extension(file_name)) {
        return Ok(ContentType::Eml);
    }
    if is_pdf(prefix) {
        return Ok(ContentType::Pdf);
    }
    if is_archive(prefix) {
        return sniff_zip(entries, prefix, file_name, &shown);
    }
    if prefix.starts_with(GZIP_MAGIC) || is_tar(prefix) {
        return Ok(ContentType::Archive);
    }
    if is_compound(prefix)
        && let Some(content_type) = sniff_compound(prefix, entries)
    {
        return Ok(content_type);
    }
    if prefix.starts_with(b"{\\rtf") {
        return Ok(ContentType::Rtf);
    }
    if is_image(prefix) {
        return Ok(ContentType::Image);
    }
    if let Some((what, remedy)) = known_binary(prefix) {
        return Err(unsupported(&shown, what, remedy));
    }
    if !looks_like_text(prefix) {
        return Err(unsupported(&shown, "binary data of an unknown type", "convert it to PDF, DOCX or text"));
    }
    if is_excel_2003(prefix) {
        let remedy = "open it in Excel or LibreOffice and save it as XLSX";
        return Err(unsupported(&shown, "Excel 2003 XML", remedy));
    }
    Ok(sniff_text(prefix, file_name))
}

/// A workbook as one XML file, mostly named `.xls`: read as XML in general, its rows would be lost.
fn is_excel_2003(prefix: &[u8]) -> bool {
    let text = decode(&prefix[..prefix.len().min(ROOT_WITHIN)], None).text;
    let Some(root) = skip_prolog(&text).strip_prefix('<').and_then(|root| root.split('>').next()) else {
        return false;
    };
    let name = root.split_whitespace().next().unwrap_or_default();
    name.rsplit(':').next() == Some("Workbook")
        && root.contains("urn:schemas-microsoft-com:office:spreadsheet")
}

/// The header may follow other bytes, but a text that mentions it is a text.
fn is_pdf(prefix: &[u8]) -> bool {
    let start = prefix.strip_prefix(b"\xef\xbb\xbf").unwrap_or(prefix).trim_ascii_start();
    let head = &prefix[..prefix.len().min(PDF_HEADER_WITHIN)];
    start.starts_with(b"%PDF-")
        || contains(head, b"%PDF-") && !start.starts_with(b"<") && !looks_like_text(prefix)
}

/// Whether the file begins as a ZIP archive does.
pub(crate) fn is_archive(prefix: &[u8]) -> bool {
    prefix.starts_with(b"PK") && prefix.len() >= 4 && matches!(prefix[2], 3 | 5 | 7)
}

/// Whether the file begins as a compound file does, the container of legacy Office documents and Outlook messages.
pub(crate) fn is_compound(prefix: &[u8]) -> bool {
    prefix.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
}

/// What a compound file is by the names of its streams; `None` where it is encrypted or of another kind.
fn sniff_compound(prefix: &[u8], streams: Option<&[String]>) -> Option<ContentType> {
    let has = |name: &str| match streams {
        Some(streams) => streams.iter().any(|stream| stream.eq_ignore_ascii_case(name)),
        None => contains_utf16(prefix, name),
    };
    match () {
        () if has("EncryptedPackage") => None,
        () if has(mail::PROPERTIES) => Some(ContentType::Msg),
        () if has("WordDocument") => Some(ContentType::Doc),
        () if has("PowerPoint Document") => Some(ContentType::Ppt),
        () if streams.is_some() && (has("Workbook") || has("Book")) => Some(ContentType::Xls),
        () => None,
    }
}

/// Pictures that the decoder reads, told by their first bytes.
fn is_image(prefix: &[u8]) -> bool {
    let starts = |magic: &[u8]| prefix.starts_with(magic);
    let tiff = [b"II*\0", b"II+\0", b"MM\0*", b"MM\0+"];
    starts(b"\x89PNG\r\n\x1a\n")
        || starts(b"\xff\xd8\xff")
        || starts(b"GIF87a")
        || starts(b"GIF89a")
        || tiff.iter().any(|magic| starts(*magic))
        || starts(b"RIFF") && prefix.get(8..12) == Some(b"WEBP")
        || starts(b"BM") && prefix.get(6..10) == Some(&[0; 4])
}

fn unsupported(shown: &str, what: &str, remedy: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{shown} is {what}, which cannot be read; {remedy}"))
}

/// What is not read, told by its first bytes, and what to do about it.
fn known_binary(prefix: &[u8]) -> Option<(&'static str, &'static str)> {
    const OFFICE: &str = "save it as DOCX or PDF";
    const ARCHIVE: &str = "pack its files as ZIP";
    const SOUND: &str = "upload a transcript";
    let starts = |magic: &[u8]| prefix.starts_with(magic);
    if is_compound(prefix) {
        return Some(match contains_utf16(prefix, "EncryptedPackage") {
            true => ("an Office document encrypted with a password", "remove the password and save it again"),
            false => ("a legacy Office file (DOC, XLS or PPT)", OFFICE),
        });
    }
    let riff = |kind: &[u8]| starts(b"RIFF") && prefix.get(8..12) == Some(kind);
    let id3 = starts(b"ID3") && prefix.get(3).is_some_and(|&version| version < 0x10);
    let ogg = starts(b"OggS\0");
    let known: [(bool, &'static str, &'static str); 7] = [
        (starts(b"7z\xbc\xaf") || starts(b"Rar!\x1a"), "an archive", ARCHIVE),
        (starts(b"BZh") && prefix.get(4..10) == Some(b"1AY&SY"), "an archive", ARCHIVE),
        (starts(b"\xfd7zXZ") || starts(b"\x28\xb5\x2f\xfd"), "an archive", ARCHIVE),
        (id3 || starts(b"\xff\xfb") || riff(b"WAVE") || ogg, "a sound file", SOUND),
        (starts(b"\0") && prefix.get(4..8) == Some(b"ftyp"), "a video, sound or HEIF file", SOUND),
        (starts(b"\x7fELF") || starts(b"MZ\x90"), "a program", "upload documents"),
        (starts(b"SQLite format 3\0"), "an SQLite database", "export what you need as text"),
    ];
    known.into_iter().find(|(is, _, _)| *is).map(|(_, what, remedy)| (what, remedy))
}

/// ZIP containers, told by the names of their entries; where those do not tell (the archive is cut short
/// and the parts of the document lie further back), the extension is believed and the parser verifies it.
fn sniff_zip(
    entries: Option<&[String]>,
    prefix: &[u8],
    file_name: Option<&str>,
    shown: &str,
) -> Result<ContentType> {
    let names = entries.map_or_else(|| entry_names(prefix), <[String]>::to_vec);
    let has = |start: &str| names.iter().any(|name| name.starts_with(start));
    let has_entry = |entry: &str| names.iter().any(|name| name.eq_ignore_ascii_case(entry));
    let extension = extension(file_name);
    let typed = has_entry("[Content_Types].xml");
    let office = typed || has_entry("_rels/.rels");
    // A folder of documents may be called `word`, too: the list of types tells, which may be what is cut off.
    let has_part = |folder: &str| has(folder) && (typed || entries.is_none());
    let (word, sheets, slides) = (has_part("word/"), has_part("xl/"), has_part("ppt/"));
    if word || (office && extension == "docx" && !sheets && !slides) {
        return Ok(ContentType::Docx);
    }
    if sheets || (office && matches!(extension.as_str(), "xlsx" | "xlsm" | "xlsb") && !slides) {
        return Ok(ContentType::Xlsx);
    }
    if slides || (office && extension == "pptx") {
        return Ok(ContentType::Pptx);
    }
    let head = &prefix[..prefix.len().min(256)];
    let mimetype = has_entry("mimetype");
    let media = |name: &str| mimetype && contains(head, name.as_bytes());
    let book = || extension == "epub" || names.iter().any(|name| name.ends_with(".opf"));
    if media("application/epub+zip") || has_entry("META-INF/container.xml") && book() {
        return Ok(ContentType::Epub);
    }
    let open_document = has("content.xml") && has("META-INF/");
    if media("opendocument.text") || open_document && extension == "odt" {
        return Ok(ContentType::Odt);
    }
    if media("opendocument.presentation") || open_document && extension == "odp" {
        return Ok(ContentType::Odp);
    }
    if media("opendocument.spreadsheet") || open_document && extension == "ods" {
        return Ok(ContentType::Ods);
    }
    let (what, remedy) = match () {
        () if mimetype => ("an OpenDocument file", "save it as DOCX or PDF"),
        () if office => ("an Office file other than DOCX", "save it as DOCX or PDF"),
        () if extension == "docx" => {
            ("a ZIP archive without a Word document in it", "save it again with Word")
        }
        () => return Ok(ContentType::Archive),
    };
    Err(unsupported(shown, what, remedy))
}

/// Names in the local headers that lie within `prefix`.
fn entry_names(prefix: &[u8]) -> Vec<String> {
    const HEADER: usize = 30;
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(found) = find(&prefix[at..], b"PK\x03\x04") {
        let start = at + found;
        let length =
            prefix.get(start + 26..start + 28).map_or(0, |b| usize::from(u16::from_le_bytes([b[0], b[1]])));
        if let Some(name) = prefix.get(start + HEADER..start + HEADER + length) {
            names.push(String::from_utf8_lossy(name).replace('\\', "/"));
        }
        at = start + 4;
    }
    names
}

fn sniff_text(prefix: &[u8], file_name: Option<&str>) -> ContentType {
    // A prefix may end within a character.
    let cut = match std::str::from_utf8(prefix) {
        Ok(_) => 0,
        Err(_) => prefix.utf8_chunks().last().map_or(0, |chunk| chunk.invalid().len().min(3)),
    };
    let decoded = decode(&prefix[..prefix.len() - cut], None).text;
    // So may it within a line.
    let whole_lines = match decoded.rsplit_once('\n') {
        Some((whole, _)) if prefix.len() >= SNIFF_BYTES => whole,
        _ => decoded.as_str(),
    };
    let text = skip_prolog(&decoded).to_ascii_lowercase();
    if text.starts_with("<!doctype html") || starts_with_tag(&text, &["html", "head", "body"]) {
        return ContentType::Html;
    }
    let name = file_name.unwrap_or_default();
    let extension = extension(file_name);
    let marks = !matches!(extension.as_str(), "txt" | "text" | "log");
    if json::is_notebook(&text, &extension) {
        return ContentType::Notebook;
    }
    let is_record = json::looks_like_json(&text);
    match extension.as_str() {
        "csv" | "tsv" | "tab" | "psv" if is_record => ContentType::Json,
        "csv" | "tsv" | "tab" | "psv" => ContentType::Csv,
        "xls" | "xlsx" | "et" if is_record => ContentType::Json,
        "xls" | "xlsx" | "et" if !text.starts_with('<') && is_exported_sheet(whole_lines) => ContentType::Csv,
        "json" | "jsonl" | "ndjson"
            if !text.starts_with(['{', '[', '"']) && delimited::has_columns(whole_lines) =>
        {
            ContentType::Csv
        }
        "json" | "jsonl" | "ndjson" | "geojson" => ContentType::Json,
        "" | "txt" if is_record => ContentType::Json,
        "" | "txt" if delimited::looks_delimited(whole_lines) => ContentType::Csv,
        "" | "txt" if looks_like_asciidoc(&decoded) => ContentType::Asciidoc,
        "" | "txt" if looks_like_rst(&decoded) => ContentType::Rst,
        // Notes in plain text have dashes and hashes, too: more signs are asked for than without a name.
        "txt" if markdown_signs(&decoded) >= 3 => ContentType::Markdown,
        "md" | "markdown" | "mdown" | "mkd" | "mdx" => ContentType::Markdown,
        "html" | "htm" | "xhtml" if has_html_tag(&text) => ContentType::Html,
        "adoc" | "asciidoc" | "asc" if !is_armor(&text) => ContentType::Asciidoc,
        "rst" | "rest" => ContentType::Rst,
        _ if marks && is_code(name, &decoded) => ContentType::Code,
        _ if marks && is_xml(&decoded, &extension) => ContentType::Xml,
        "txt" | "text" | "log" => ContentType::Text,
        _ if starts_with_tag(&text, HTML_TAGS) => ContentType::Html,
        // Other names are of formats where `#` and `-` mean something else: YAML, source code.
        "" if markdown_signs(&decoded) >= 2 => ContentType::Markdown,
        _ => ContentType::Text,
    }
}

/// Whether a text with the name of a workbook has rows of values, as business systems write what they call a file of
/// Excel: tabs in half of its lines, or everywhere as many values.
fn is_exported_sheet(whole_lines: &str) -> bool {
    let lines = || whole_lines.lines().filter(|line| !line.trim().is_empty());
    let tabbed = lines().filter(|line| line.contains('\t')).count();
    tabbed > 1 && tabbed * 2 >= lines().count() || delimited::has_columns(whole_lines)
}

/// An XML declaration with an element, a feed, or an element where the name says so.
fn is_xml(text: &str, extension: &str) -> bool {
    let is_named =
        matches!(extension, "xml" | "rss" | "atom" | "rdf" | "opml" | "dbk" | "tei" | "xsd" | "xsl" | "xslt");
    let root = skip_prolog(text);
    let has_element = root
        .strip_prefix('<')
        .is_some_and(|r| r.starts_with(|c: char| c.is_alphabetic() || "!_".contains(c)));
    let declared = text.trim_start_matches('\u{feff}').trim_start().starts_with("<?xml");
    has_element
        && (is_named
            || declared
            || starts_with_tag(&root.to_ascii_lowercase(), &["rss", "feed", "rdf", "opml"]))
}

/// Whether a text is a signature or key in ASCII armor, which shares the extension `asc`.
fn is_armor(text: &str) -> bool {
    text.starts_with("-----begin pgp")
}

const HTML_TAGS: &[&str] = &[
    "article", "div", "h1", "h2", "h3", "main", "meta", "p", "section", "span", "style", "table", "title",
    "ul",
];

/// `text` after blanks, comments and XML declaration.
fn skip_prolog(text: &str) -> &str {
    let mut rest = text.trim_start_matches(['\u{feff}']).trim_start();
    loop {
        let end = match () {
            () if rest.starts_with("<!--") => rest.find("-->").map(|at| at + 3),
            () if rest.starts_with("<?") => rest.find("?>").map(|at| at + 2),
            () => None,
        };
        let Some(after) = end.and_then(|at| rest.get(at..)) else { return rest };
        rest = after.trim_start();
    }
}

fn starts_with_tag(text: &str, tags: &[&str]) -> bool {
    let Some(rest) = text.strip_prefix('<') else { return false };
    let name = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    tags.contains(&name)
}

fn has_html_tag(text: &str) -> bool {
    text.match_indices('<')
        .any(|(at, _)| starts_with_tag(&text[at..], HTML_TAGS) || text[at..].starts_with("<a "))
}

/// How many different signs of Markdown a text has.
fn markdown_signs(text: &str) -> usize {
    let has_line = |test: fn(&str) -> bool| text.lines().take(SIGNS_WITHIN).any(test);
    let signs = [
        has_line(|l| l.starts_with("# ") || l.starts_with("## ") || l.starts_with("### ")),
        has_line(|l| l.starts_with("```")),
        has_line(|l| l.starts_with("|") && l.contains("---")),
        has_line(|l| l.starts_with("- ") || l.starts_with("* ")),
        has_line(|l| l.contains("](") && l.contains('[')),
        has_line(|l| l.matches("**").count() >= 2),
    ];
    signs.iter().filter(|&&s| s).count()
}

/// A title `= Title` and something else that AsciiDoc alone has.
fn looks_like_asciidoc(text: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| line.trim().is_empty());
    // Wikis close their titles.
    let has_title = lines.next().is_some_and(|l| l.starts_with("= ") && !l.trim_end().ends_with(" ="));
    has_title
        && lines.take(SIGNS_WITHIN).any(|l| {
            let is_attribute =
                l.strip_prefix(':').and_then(|l| l.split_once(':')).is_some_and(|(name, rest)| {
                    is_name(name) && (rest.trim_end().is_empty() || rest.starts_with(' '))
                });
            l.starts_with("== ") || l.starts_with("[source") || l.starts_with("image::") || is_attribute
        })
}

/// Two different signs of reStructuredText, of which one is no sign of Markdown.
fn looks_like_rst(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().take(SIGNS_WITHIN).map(str::trim_end).collect();
    let is_title = |pair: &[&str]| {
        let (title, below) = (pair[0], pair[1]);
        let mark = below.chars().next().filter(|c| "=-~^\"'*+#".contains(*c));
        let is_line = mark.is_some_and(|mark| below.len() >= 3 && below.chars().all(|c| c == mark));
        is_line && title.starts_with(char::is_alphanumeric) && below.len() >= title.chars().count()
    };
    let is_directive = |line: &&str| {
        let head = line.trim_start().strip_prefix(".. ").and_then(|head| head.split_once("::"));
        head.is_some_and(|(name, _)| is_name(name))
    };
    let is_role = |line: &&str| {
        let role = line.split_once(":`").and_then(|(before, _)| before.rsplit_once(':'));
        role.is_some_and(|(_, name)| is_name(name)) || line.contains(">`_")
    };
    let signs = [lines.windows(2).any(is_title), lines.iter().any(is_directive), lines.iter().any(is_role)];
    signs.iter().filter(|&&s| s).count() >= 2
}

/// Whether this may be the name of an attribute, a directive or a role.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_:.!".contains(c))
}

/// What follows the last dot in lower case, where it is one word: `Notes on 1.5 changes` has none.
fn extension(file_name: Option<&str>) -> String {
    let after_dot = file_name.and_then(|name| name.rsplit_once('.')).map(|(_, after)| after);
    let word = after_dot.filter(|e| e.chars().all(|c| c.is_ascii_alphanumeric()));
    word.unwrap_or_default().to_ascii_lowercase()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    find(haystack, needle).is_some()
}

fn contains_utf16(haystack: &[u8], needle: &str) -> bool {
    contains(haystack, &needle.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
