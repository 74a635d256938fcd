//! Edits of chunks: made on a chunk of the current version, and placed anew on the chunks of each later one.

use std::collections::HashSet;
use std::sync::Arc;

use footnote_core::chunk::{Chunk, ChunkEdit, EditAuthor, NewChunkEdit, StoredChunkEdit};
use footnote_core::hash::ContentHash;
use footnote_core::ids::DocumentId;
use footnote_core::job::Job;
use footnote_core::parsed::ParseWarning;
use footnote_core::{Error, Result};

use crate::context::IngestContext;
use crate::entries::{Stretch, VersionEntries, compute};
use crate::jobs::resend_document;

/// Longest note, in scalar values.
pub const MAX_NOTE_CHARS: usize = 2_000;
/// Letters and digits of a shingle.
const SHINGLE: usize = 5;
/// Share of common shingles from which a chunk is taken for the one that was edited.
const SAME_FROM: f64 = 0.5;
/// Characters of a text that are shown in a warning.
const SHOWN: usize = 60;

/// Edits on the chunks of a version.
pub(crate) struct Placed {
    /// Per chunk, in order.
    pub(crate) on_chunks: Vec<Option<ChunkEdit>>,
    /// Those whose text is gone.
    pub(crate) unplaced: Vec<StoredChunkEdit>,
}

/// Places each edit on the chunk with its text, else on the one most like it that has none.
pub(crate) fn place(edits: Vec<StoredChunkEdit>, texts: &[&str]) -> Placed {
    let mut on_chunks: Vec<Option<ChunkEdit>> = vec![None; texts.len()];
    let mut changed = Vec::new();
    for stored in edits {
        match texts.iter().zip(&mut on_chunks).find(|(text, place)| **text == stored.text && place.is_none())
        {
            Some((_, place)) => *place = Some(stored.edit),
            None => changed.push(stored),
        }
    }
    if changed.is_empty() {
        return Placed { on_chunks, unplaced: changed };
    }
    let shingled: Vec<HashSet<String>> = texts.iter().map(|text| shingles(text)).collect();
    let mut unplaced = Vec::new();
    for stored in changed {
        let wanted = shingles(&stored.text);
        let free = on_chunks.iter().enumerate().filter(|(_, place)| place.is_none());
        let alike = free.map(|(at, _)| (likeness(&wanted, &shingled[at]), at));
        let best = alike.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        match best.filter(|(likeness, _)| *likeness >= SAME_FROM) {
            Some((_, at)) => on_chunks[at] = Some(stored.edit),
            None => unplaced.push(stored),
        }
    }
    Placed { on_chunks, unplaced }
}

/// Tells that an edit has no chunk any more. It stays with the document, and takes its place again should its text
/// come back.
pub(crate) fn warning(unplaced: &StoredChunkEdit) -> ParseWarning {
    let begin: String = unplaced.text.chars().take(SHOWN).collect();
    let message = format!("an edit is on no chunk, as the text that it was made on is gone: {begin:?}…");
    ParseWarning { page: None, message }
}

fn shingles(text: &str) -> HashSet<String> {
    let letters: Vec<char> = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    letters.windows(SHINGLE.min(letters.len()).max(1)).map(|window| window.iter().collect()).collect()
}

/// Jaccard similarity (Broder 1997).
fn likeness(a: &HashSet<String>, b: &HashSet<String>) -> f64 {
    let common = a.intersection(b).count();
    let all = a.len() + b.len() - common;
    if all == 0 { 0.0 } else { common as f64 / all as f64 }
}

/// An edit that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedChunk {
    /// The job that tells it to the indexes.
    pub job: Job,
    /// The end of a note for which the embedder has no room beside the chunk's text: it is found by its words alone.
    pub by_words_only: Option<String>,
}

/// Edits the chunk at `ordinal` of a document's current version; `None` where there is none. An edit that says
/// nothing removes the one before.
pub async fn edit_chunk(
    ctx: &IngestContext,
    document: DocumentId,
    ordinal: u32,
    note: Option<String>,
    hidden: bool,
    author: EditAuthor,
) -> Result<Option<EditedChunk>> {
    let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    let chars = note.as_ref().map_or(0, |note| note.chars().count());
    if chars > MAX_NOTE_CHARS {
        return Err(Error::invalid(format!(
            "the note has {chars} characters; give at most {MAX_NOTE_CHARS}"
        )));
    }
    let Some((entries, mut chunk)) = find(ctx, document, ordinal).await? else { return Ok(None) };
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
    ordinal: u32,
) -> Result<Option<(Arc<VersionEntries>, Chunk)>> {
    let Some(document) = ctx.documents.document(document).await? else { return Ok(None) };
    let Some(version) = document.current else { return Ok(None) };
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

    fn edit(text: &str, note: &str) -> StoredChunkEdit {
        let edit = ChunkEdit {
            id: ChunkEditId::new(),
            note: Some(note.to_owned()),
            hidden: false,
            author: EditAuthor::Person,
        };
        StoredChunkEdit { edit, text: text.to_owned(), updated_at: DateTime::UNIX_EPOCH }
    }

    fn notes(placed: &Placed) -> Vec<Option<&str>> {
        placed.on_chunks.iter().map(|edit| edit.as_ref().and_then(|e| e.note.as_deref())).collect()
    }

    #[test]
    fn an_edit_follows_its_text() {
        let rest = "a year, and days that nobody used may be carried over until the end of March";
        let annual = format!("Annual leave is fifteen days {rest}.");
        let texts = [annual.as_str(), "Sick leave is ten days.", "差旅费每天三百元。"];
        let edits = vec![
            edit("Sick leave is ten days.", "exact"),
            edit(&format!("Annual leave is twelve days {rest}."), "alike"),
            edit("The canteen opens at noon.", "gone"),
        ];
        let placed = place(edits, &texts);
        assert_eq!(notes(&placed), [Some("alike"), Some("exact"), None]);
        assert_eq!(placed.unplaced.len(), 1);
        assert!(warning(&placed.unplaced[0]).message.contains("The canteen"));
    }

    #[test]
    fn a_chunk_has_one_edit() {
        let placed =
            place(vec![edit("same text", "first"), edit("same text", "second")], &["same text", "else"]);
        assert_eq!((notes(&placed), placed.unplaced.len()), (vec![Some("first"), None], 1));
    }

    proptest::proptest! {
        #[test]
        fn no_edit_is_lost(
            edited in proptest::collection::vec("[ab年 ]{0,12}", 0..6),
            texts in proptest::collection::vec("[ab年 ]{0,12}", 0..6),
        ) {
            let count = edited.len();
            let edits = edited.iter().map(|text| edit(text, "n")).collect();
            let placed = place(edits, &texts.iter().map(String::as_str).collect::<Vec<_>>());
            let on_chunks = placed.on_chunks.iter().flatten().count();
            proptest::prop_assert_eq!(on_chunks + placed.unplaced.len(), count);
        }
    }
}
