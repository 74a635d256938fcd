//! The parent's side of members: a child that was taken over by what it reads gets no further than this.

use footnote_core::{Error, Result};

use crate::members::MemberSink;
use crate::parse::limits::ParseLimits;
use crate::parse::members::names::clean;

/// Checks what the child sends before it is handed on: order, names, number and length.
pub(super) struct Incoming<'m> {
    members: &'m mut dyn MemberSink,
    is_open: bool,
    started: usize,
    bytes: u64,
    most: usize,
    most_bytes: u64,
}

impl<'m> Incoming<'m> {
    pub(super) fn new(members: &'m mut dyn MemberSink, limits: &ParseLimits) -> Self {
        Self {
            members,
            is_open: false,
            started: 0,
            bytes: 0,
            // Those that are discarded are among them: as many entries as an archive may have.
            most: limits.max_archive_entries.max(limits.max_members),
            most_bytes: limits.max_members_bytes,
        }
    }

    pub(super) async fn start(&mut self, name: String) -> Result<()> {
        self.started += 1;
        if self.is_open || self.started > self.most || clean(&name) != name {
            return Err(broken());
        }
        self.is_open = true;
        self.members.start(name).await
    }

    pub(super) async fn part(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        if !self.is_open || self.bytes > self.most_bytes {
            return Err(broken());
        }
        self.members.part(bytes).await
    }

    pub(super) async fn end(&mut self, is_whole: bool) -> Result<()> {
        if !std::mem::take(&mut self.is_open) {
            return Err(broken());
        }
        if is_whole { self.members.finish().await } else { self.members.discard().await }
    }
}

fn broken() -> Error {
    Error::internal("the parser handed over a member that breaks the rules; the file is not trusted")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::DropMembers;

    #[tokio::test]
    async fn a_child_that_breaks_the_rules_is_not_believed() {
        let limits = ParseLimits { max_members_bytes: 10, ..ParseLimits::default() };
        let mut sink = DropMembers;
        let mut incoming = Incoming::new(&mut sink, &limits);
        for name in ["../up.md", "/root.md", "a\\b.md", "a\0.md", ""] {
            assert!(incoming.start(name.to_owned()).await.is_err(), "{name:?}");
        }
        assert!(incoming.part(b"x").await.is_err() && incoming.end(true).await.is_err(), "nothing is open");
        incoming.start("a.md".to_owned()).await.unwrap();
        assert!(incoming.start("b.md".to_owned()).await.is_err(), "one at a time");
        incoming.part(b"12345").await.unwrap();
        assert!(incoming.part(b"123456").await.is_err(), "more than allowed");
        incoming.end(true).await.unwrap();
        assert!(incoming.end(true).await.is_err());
    }
}
