//! Opens a file beneath a folder without following any link: whoever can write to the folder cannot
//! make the service read what lies outside of it, whenever they swap a name for a link.

use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};
use rustix::fs::{Mode, OFlags, open, openat};

/// Opens the regular file at `below`, a plain relative path, beneath the folder `root`.
pub(crate) fn open_beneath(root: &Path, below: &Path) -> Result<std::fs::File> {
    let unreadable = || format!("cannot read {}", below.display());
    let folder = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    // A FIFO would block whoever opens it until somebody writes to it.
    let file = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;

    let mut at: OwnedFd = open(root, folder, Mode::empty()).context(ErrorKind::InvalidInput, unreadable)?;
    let mut components = below.components().peekable();
    while let Some(component) = components.next() {
        let Component::Normal(name) = component else {
            return Err(Error::invalid(format!("{} is not a plain relative path", below.display())));
        };
        let flags = if components.peek().is_some() { folder | OFlags::NOFOLLOW } else { file };
        at = openat(&at, name, flags, Mode::empty()).context(ErrorKind::InvalidInput, unreadable)?;
    }
    let opened = std::fs::File::from(at);
    if !opened.metadata().context(ErrorKind::InvalidInput, unreadable)?.is_file() {
        return Err(Error::invalid(format!("{} is not a regular file", below.display())));
    }
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_beneath_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs_err::create_dir_all(root.join("a/b")).unwrap();
        fs_err::write(root.join("a/b/c.txt"), "inside").unwrap();
        fs_err::write(outside.path().join("secret.txt"), "outside").unwrap();
        fs_err::write(dir.path().join("above.txt"), "above").unwrap();
        symlink(outside.path().join("secret.txt"), root.join("file")).unwrap();
        symlink(outside.path(), root.join("folder")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            root.join("fifo"),
            rustix::fs::FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .unwrap();

        let mut text = String::new();
        open_beneath(&root, Path::new("a/b/c.txt")).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "inside");
        for refused in
            ["file", "folder/secret.txt", "fifo", "a/b", "../above.txt", "a/../../above.txt", "gone", ""]
        {
            let error = open_beneath(&root, Path::new(refused)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{refused}: {error}");
        }
    }
}
