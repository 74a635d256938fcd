//! What lies within a file, as the parser's child hands it over: stored at once, a document later.

use async_trait::async_trait;
use footnote_core::document::NewMember;
use footnote_core::ports::{BlobStore, BlobWriter};
use footnote_core::{Error, Result};

use crate::source::file_name;

/// Takes members as they come, one after the other.
#[async_trait]
pub trait MemberSink: Send {
    /// What follows is the member of this name: a path below the file that holds it.
    async fn start(&mut self, name: String) -> Result<()>;
    /// Its next bytes.
    async fn part(&mut self, bytes: &[u8]) -> Result<()>;
    /// It is whole.
    async fn finish(&mut self) -> Result<()>;
    /// What came of it is to be forgotten.
    async fn discard(&mut self) -> Result<()>;
}

/// Keeps nothing: the caller wants the text only.
pub struct DropMembers;

#[async_trait]
impl MemberSink for DropMembers {
    async fn start(&mut self, _: String) -> Result<()> {
        Ok(())
    }
    async fn part(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
    async fn finish(&mut self) -> Result<()> {
        Ok(())
    }
    async fn discard(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Writes each member to a blob while it comes. Blobs that no document comes to name are collected as
/// garbage later.
pub(crate) struct StoredMembers<'b> {
    blobs: &'b dyn BlobStore,
    open: Option<(String, Box<dyn BlobWriter>)>,
    stored: Vec<NewMember>,
}

impl<'b> StoredMembers<'b> {
    /// Stores into `blobs`.
    pub(crate) fn new(blobs: &'b dyn BlobStore) -> Self {
        Self { blobs, open: None, stored: Vec::new() }
    }

    /// What was stored, in the order it came.
    pub(crate) fn stored(self) -> Vec<NewMember> {
        self.stored
    }
}

fn out_of_turn() -> Error {
    Error::internal("the parser sent a member out of turn")
}

#[async_trait]
impl MemberSink for StoredMembers<'_> {
    async fn start(&mut self, name: String) -> Result<()> {
        self.open = Some((name, self.blobs.writer().await?));
        Ok(())
    }

    async fn part(&mut self, bytes: &[u8]) -> Result<()> {
        let (_, blob) = self.open.as_mut().ok_or_else(out_of_turn)?;
        blob.write(bytes).await
    }

    async fn finish(&mut self) -> Result<()> {
        let (name, blob) = self.open.take().ok_or_else(out_of_turn)?;
        let (content, bytes) = blob.finish().await?;
        self.stored.push(NewMember { title: file_name(&name).to_owned(), name, content, bytes });
        Ok(())
    }

    async fn discard(&mut self) -> Result<()> {
        self.open = None;
        Ok(())
    }
}
