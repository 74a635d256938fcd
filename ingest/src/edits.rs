//! Edits of chunks: made on a chunk of the current version, and placed anew on the chunks of each later one.

use std::sync::Arc;

use footnote_core::chunk::{Chunk, ChunkEdit, EditAuthor, NewChunkEdit, StoredChunkEdit};
use footnote_core::hash::ContentHash;
use footnote_core::ids::{ChunkId, DocumentId, VersionId};
use footnote_core::job::Job;
use footnote_core::parsed::{ParseWarning, WarningKind};
use footnote_core::{Error, Result};

use crate::context::IngestContext;
use crate::entries::{Stretch, VersionEntries, compute};
use crate::jobs::resend_document;

mod placement;

pub(crate) use placement::{Placed, place, place_again};

/// Longest note, in scalar values.
pub const MAX_NOTE_CHARS: usize = 2_000;
/// Edits without a place that a version tells one by one.
const MOST_WARNINGS: usize = 20;
/// Characters of a text that are shown in a warning.
const SHOWN: usize = 60;

/// Tells of persons' edits that have no chunk any more. They stay with the document, and take their places again should
/// their text come back. A model's are not missed: it asks again about text that is new.
pub(crate) fn warnings(unplaced: &[StoredChunkEdit]) -> Vec<ParseWarning> {
    let warning = |message| ParseWarning { kind: WarningKind::Lost, page: None, message };
    let of_persons = || unplaced.iter().filter(|stored| stored.edit.author == EditAuthor::Person);
    let mut warnings: Vec<ParseWarning> = of_persons()
        .take(MOST_WARNINGS)
        .map(|stored| {
            let begin: String = stored.text.chars().take(SHOWN).collect();
            warning(format!("an edit is on no chunk, as the text that it was made on is gone: {begin:?}…"))
        })
        .collect();
    let more = of_persons().count().saturating_sub(MOST_WARNINGS);
    if more > 0 {
        warnings.push(warning(format!("{more} more edits are on no chunk, as their text is gone")));
    }
    warnings
}

/// An edit as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedEdit {
    /// The version whose chunks were looked at, where one was: of another the ordinal means another chunk.
    pub version: Option<VersionId>,
    /// Which chunk of the current version.
    pub ordinal: u32,
    /// Its id, where somebody looked at it: once the knowledge base is cut anew, the ordinal means another chunk.
    pub chunk: Option<ChunkId>,
    /// Words to find it by.
    pub note: Option<String>,
    /// Whether it is no longer to be found.
    pub hidden: bool,
    /// Who asks.
    pub author: EditAuthor,
}

/// An edit that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedChunk {
    /// The job that tells it to the indexes.
    pub job: Job,
    /// The end of a note for which the embedder has no room beside the chunk's text: it is found by its words alone.
    pub by_words_only: Option<String>,
}

/// Edits a chunk of a document's current version; `None` where there is none. An edit that says nothing removes the
/// one before.
pub async fn edit_chunk(
    ctx: &IngestContext,
    document: DocumentId,
    edit: WantedEdit,
) -> Result<Option<EditedChunk>> {
    let WantedEdit { version, ordinal, chunk: seen, note, hidden, author } = edit;
    let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    let chars = note.as_ref().map_or(0, |note| note.chars().count());
    if chars > MAX_NOTE_CHARS {
        return Err(Error::invalid(format!(
            "the note has {chars} characters; give at most {MAX_NOTE_CHARS}"
        )));
    }
    let Some((entries, mut chunk)) = find(ctx, document, version, ordinal).await? else { return Ok(None) };
    if seen.is_some_and(|seen| seen != chunk.id) {
        return Err(Error::conflict(format!(
            "chunk {ordinal} is another one by now, with the id {}: read the document's chunks again",
            chunk.id
        )));
    }
    let text = entries.text.slice(chunk.span).unwrap_or_default().to_owned();
    chunk.edit = note.clone().map(|note| ChunkEdit {
        id: footnote_core::ids::ChunkEditId::new(),
        note: Some(note),
        hidden,
        author,
    });
    let id = chunk.id;
    let (embedded_text, by_words_only) = compute(move || embedded(&entries, &chunk)).await?;
    let edit = NewChunkEdit { chunk: id, text, note, hidden, author, embedded_text };
    let job = ctx.documents.put_chunk_edit(document, edit, ctx.clock.now()).await?;
    Ok(job.map(|job| EditedChunk { job, by_words_only }))
}

/// The hash of what is embedded for a chunk, and what of its note is not.
fn embedded(entries: &VersionEntries, chunk: &Chunk) -> Result<(ContentHash, Option<String>)> {
    let noted = Stretch::of(chunk);
    let mut texts = Vec::with_capacity(2);
    entries.embedded_texts([Stretch { note: None, ..noted }, noted].into_iter(), |text| texts.push(text))?;
    let [plain, whole] = texts.as_slice() else {
        return Err(Error::internal("a chunk gave no text to embed"));
    };
    let of_note = whole.strip_prefix(plain.as_str()).unwrap_or_default().trim_start();
    let rest = noted.note.and_then(|note| note.strip_prefix(of_note)).map(str::trim_start);
    let rest = rest.filter(|rest| !rest.is_empty()).map(str::to_owned);
    Ok((ContentHash::of(whole.as_bytes()), rest))
}

async fn find(
    ctx: &IngestContext,
    document: DocumentId,
    wanted: Option<VersionId>,
    ordinal: u32,
) -> Result<Option<(Arc<VersionEntries>, Chunk)>> {
    let Some(document) = ctx.documents.document(document).await? else { return Ok(None) };
    let Some(version) = document.current else { return Ok(None) };
    if let Some(wanted) = wanted.filter(|wanted| *wanted != version) {
        return Err(Error::conflict(format!(
            "the document's current version is {version} and not {wanted}: read its chunks again"
        )));
    }
    let Some(knowledge_base) = ctx.documents.knowledge_base(document.knowledge_base).await? else {
        return Ok(None);
    };
    let generation = ctx.generation(knowledge_base.generation).await?;
    let Some(entries) = resend_document::load(ctx, &generation, version).await? else { return Ok(None) };
    let chunks = ctx.documents.chunks(version, generation.id).await?;
    Ok(chunks.into_iter().find(|chunk| chunk.ordinal == ordinal).map(|chunk| (Arc::new(entries), chunk)))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use footnote_core::ids::ChunkEditId;

    use super::*;

    #[test]
    fn persons_edits_without_a_place_are_told_and_not_without_end() {
        let stored = |author| {
            let edit =
                ChunkEdit { id: ChunkEditId::new(), note: Some("n".to_owned()), hidden: false, author };
            StoredChunkEdit { edit, text: "The canteen opens.".to_owned(), updated_at: DateTime::UNIX_EPOCH }
        };
        let told = |persons, models| {
            let mut unplaced = vec![stored(EditAuthor::Model); models];
            unplaced.extend(vec![stored(EditAuthor::Person); persons]);
            warnings(&unplaced).into_iter().map(|warning| warning.message).collect::<Vec<_>>()
        };
        assert!(told(0, 30).is_empty());
        assert_eq!(told(20, 1).len(), 20);
        assert!(told(1, 1)[0].contains("The canteen"));
        assert_eq!(told(25, 0).len(), 21);
        assert!(told(25, 0)[20].starts_with("5 more edits"));
    }
}
