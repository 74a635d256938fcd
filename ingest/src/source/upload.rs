//! Uploaded files: checked at the door, streamed into a blob, stored with their job.

use footnote_core::document::Metadata;
use footnote_core::ids::KnowledgeBaseId;
use footnote_core::ports::{BlobWriter, NewVersion, StoredVersion};
use footnote_core::{Error, ErrorKind, Result};

use super::file_name;
use crate::context::IngestContext;

/// Longest key in bytes: what common file systems take for one name, for a whole path.
const MAX_KEY_BYTES: usize = 1024;

/// A document's key as an upload names it: a file name, or a relative path with `/` between. A key is
/// only ever a name, never a path on this machine; it is refused where it would mislead people.
pub fn upload_key(name: &str) -> Result<String> {
    let refuse = |why: &str| Err(Error::invalid(format!("file name {name:?} {why}; rename the file")));
    if name.trim().is_empty() {
        return Err(Error::invalid("the file has no name; give one, as in -F \"file=@report.pdf\""));
    }
    if name.len() > MAX_KEY_BYTES {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("a file name of {} bytes exceeds {MAX_KEY_BYTES}; rename the file", name.len()),
        ));
    }
    if name.chars().any(char::is_control) {
        return refuse("contains a control character");
    }
    if name.contains('\\') {
        return refuse("contains a backslash");
    }
    if name.split('/').any(|part| part.trim().is_empty() || part == "." || part == "..") {
        return refuse("is not a plain relative path");
    }
    Ok(name.to_owned())
}

/// A file while it arrives. Nothing is kept unless [`Upload::finish`] is called.
pub struct Upload {
    key: String,
    blob: Box<dyn BlobWriter>,
    bytes: u64,
    max_bytes: u64,
}

impl Upload {
    /// Opens the door for a file of this name, `max_bytes` long at the most.
    pub async fn begin(ctx: &IngestContext, name: &str, max_bytes: u64) -> Result<Self> {
        let key = upload_key(name)?;
        Ok(Self { key, blob: ctx.blobs.writer().await?, bytes: 0, max_bytes })
    }

    /// Takes the next bytes; too large as soon as there are more than allowed.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        if self.bytes > self.max_bytes {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!(
                    "{} exceeds the limit of {} bytes; split it or raise the limit",
                    self.key, self.max_bytes
                ),
            ));
        }
        self.blob.write(bytes).await
    }

    /// Stores blob, document, pending version and job.
    pub async fn finish(
        self,
        ctx: &IngestContext,
        knowledge_base: KnowledgeBaseId,
        title: Option<&str>,
        metadata: Option<Metadata>,
    ) -> Result<StoredVersion> {
        if self.bytes == 0 {
            return Err(Error::invalid(format!("{} is empty; upload a file with content", self.key)));
        }
        let source = ctx.documents.upload_source(knowledge_base).await?;
        let (content, bytes) = self.blob.finish().await?;
        let title = title.map(str::trim).filter(|t| !t.is_empty());
        let new = NewVersion {
            knowledge_base,
            source: source.id,
            title: title.unwrap_or(file_name(&self.key)).to_owned(),
            key: self.key,
            metadata,
            password: None,
            content,
            bytes,
        };
        let stored = ctx.documents.store_version(new, ctx.clock.now()).await?;
        ctx.wake.notify_waiters();
        Ok(stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::World;

    #[test]
    fn names_that_mislead_are_refused_with_a_remedy() {
        for name in ["../secret", "a/../b", "/etc/passwd", "a//b", "a\0b", "a\nb", "..\\b", "  ", "", "./a"] {
            let error = upload_key(name).unwrap_err().to_string();
            assert!(error.contains("rename") || error.contains("give one"), "{error}");
        }
        assert!(upload_key(&"长".repeat(600)).is_err());
        assert_eq!(upload_key("年报 2024.pdf").unwrap(), "年报 2024.pdf");
        assert_eq!(upload_key("reports/2024.pdf").unwrap(), "reports/2024.pdf");
    }

    #[tokio::test]
    async fn an_upload_becomes_a_version_with_a_job() {
        let world = World::new();
        let mut upload = Upload::begin(&world.ctx, "a/notes.txt", 100).await.unwrap();
        upload.write(b"Ten days ").await.unwrap();
        upload.write(b"of leave.").await.unwrap();
        let stored = upload.finish(&world.ctx, world.knowledge_base, None, None).await.unwrap();
        assert_eq!(stored.document.title, "notes.txt");
        assert_eq!(stored.version.bytes, 18);
        assert!(stored.job.is_some());
    }

    #[tokio::test]
    async fn empty_and_oversized_files_stop_at_the_door() {
        let world = World::new();
        let upload = Upload::begin(&world.ctx, "empty.txt", 10).await.unwrap();
        let error = upload.finish(&world.ctx, world.knowledge_base, None, None).await.unwrap_err();
        assert!(error.to_string().contains("empty.txt is empty"), "{error}");

        let mut upload = Upload::begin(&world.ctx, "big.txt", 10).await.unwrap();
        upload.write(b"0123456789").await.unwrap();
        let error = upload.write(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.to_string().contains("big.txt exceeds the limit of 10 bytes"), "{error}");
    }
}
