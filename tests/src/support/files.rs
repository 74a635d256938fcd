//! Files to feed in: the repository's samples, shared test data, and ones made up on the spot.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use encoding_rs::GBK;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files of `samples/` with their names, in order.
pub fn samples() -> Vec<(String, Vec<u8>)> {
    let entries = fs_err::read_dir(repository().join("samples")).expect("the repository has samples");
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("the folder is readable").path();
            let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
            (name, fs_err::read(path).expect("the sample is readable"))
        })
        .collect();
    files.sort();
    files
}

/// A file of the test data that lies beside the repository. Says that the test is skipped where it
/// is not there.
pub fn shared_data(path: &str) -> Option<Vec<u8>> {
    let path = repository().join("../shared/data").join(path);
    match fs_err::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            eprintln!("skipped, the shared test data is not here: {error}");
            None
        }
    }
}

/// A PDF in Helvetica with one page per text, one line per line of it.
pub fn pdf(pages: &[&str]) -> Vec<u8> {
    write_pdf(pages, None)
}

/// A PDF of one page that only `password` opens.
pub fn locked_pdf(text: &str, password: &str) -> Vec<u8> {
    use pdf_extract::{Document, EncryptionState, EncryptionVersion, Object, Permissions, StringFormat};
    let mut document = Document::load_mem(&pdf(&[text])).unwrap();
    let id = Object::String(b"0123456789abcdef".to_vec(), StringFormat::Hexadecimal);
    document.trailer.set("ID", Object::Array(vec![id.clone(), id]));
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "the owner's",
        user_password: password,
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

/// A PDF that only its password opens.
pub fn encrypted_pdf() -> Vec<u8> {
    let (owner, user) = ("41".repeat(32), "42".repeat(32));
    let handler = format!("<< /Filter /Standard /V 1 /R 2 /Length 40 /P -64 /O <{owner}> /U <{user}> >>");
    write_pdf(&["The plans are secret."], Some(&handler))
}

fn write_pdf(pages: &[&str], encrypt: Option<&str>) -> Vec<u8> {
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        String::new(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut kids = String::new();
    for page in pages {
        let lines: String = page.lines().map(|line| format!("({line}) Tj 0 -16 Td ")).collect();
        let content = format!("BT /F1 12 Tf 72 700 Td {lines}ET");
        let number = objects.len() + 1;
        kids.push_str(&format!("{number} 0 R "));
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R \
             /Resources << /Font << /F1 3 0 R >> >> >>",
            number + 1
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
    }
    objects[1] = format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", pages.len());
    let mut extra = String::new();
    if let Some(handler) = encrypt {
        objects.push(handler.to_owned());
        extra = format!("/Encrypt {} 0 R /ID [<00> <00>]", objects.len());
    }
    let mut out = "%PDF-1.4\n".to_owned();
    let mut table = String::new();
    for (index, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", out.len()));
        out.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
    }
    let (xref, size) = (out.len(), objects.len() + 1);
    out.push_str(&format!(
        "xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R {extra} >>\n\
         startxref\n{xref}\n%%EOF\n"
    ));
    out.into_bytes()
}

/// A DOCX with one paragraph.
pub fn docx(text: &str) -> Vec<u8> {
    zip_of(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", document_xml(text).as_bytes())])
}

/// A DOCX of less than half a megabyte whose text inflates to 400 megabytes.
pub fn zip_bomb() -> Vec<u8> {
    let xml = document_xml(&" ".repeat(400 << 20));
    zip_of(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", xml.as_bytes())])
}

fn document_xml(text: &str) -> String {
    let namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    format!(
        "<w:document xmlns:w=\"{namespace}\"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
    )
}

/// A ZIP archive of these files.
pub fn zip_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a part begins");
        zip.write_all(content).expect("a part is written");
    }
    zip.finish().expect("the archive is whole").into_inner()
}

/// A ZIP archive as old programs on Chinese Windows pack it: names in GBK, and nothing that says so.
pub fn zip_in_gbk(files: &[(&str, &[u8])]) -> Vec<u8> {
    let names: Vec<Vec<u8>> = files.iter().map(|(name, _)| GBK.encode(name).0.into_owned()).collect();
    // Packed under names of the same length, which are then written over.
    let stand_ins: Vec<String> =
        (1..).zip(&names).map(|(at, name)| format!("{at:0>width$}", width = name.len())).collect();
    let parts: Vec<(&str, &[u8])> =
        stand_ins.iter().zip(files).map(|(name, (_, content))| (name.as_str(), *content)).collect();
    let mut bytes = zip_of(&parts);
    for (stand_in, name) in stand_ins.iter().zip(&names) {
        for at in 0..bytes.len() - name.len() {
            if bytes[at..].starts_with(stand_in.as_bytes()) {
                bytes[at..at + name.len()].copy_from_slice(name);
            }
        }
    }
    bytes
}
