//! Encrypted files without PDFium.

use super::*;

/// A PDF that this password opens. As some programs write it, its trailer holds what it is encrypted with, instead of
/// naming an object.
fn encrypted(user_password: &str) -> Vec<u8> {
    let mut document = Document::load_mem(&pdf(&[HELLO])).unwrap();
    let id = Object::String(b"0123456789abcdef".to_vec(), StringFormat::Hexadecimal);
    document.trailer.set("ID", Object::Array(vec![id.clone(), id]));
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "the owner's",
        user_password,
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    let id = document.trailer.get(b"Encrypt").unwrap().as_reference().unwrap();
    let encryption = document.objects.remove(&id).unwrap();
    document.trailer.set("Encrypt", encryption);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

#[test]
fn what_only_its_owner_may_change_is_read() {
    assert_eq!(read(&encrypted("")).unwrap().text, "Annual leave is ten days.");
}

#[test]
fn a_password_is_said_to_need_pdfium() {
    let error = read(&encrypted("open sesame")).unwrap_err();
    for part in ["encrypted with a password", "upload it with its password", "footnote models pull pdfium"] {
        assert!(error.message().contains(part), "{error}");
    }
}
