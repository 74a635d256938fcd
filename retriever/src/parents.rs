//! Small to big: a chunk is found, its parent is read. A passage is widened by the neighbouring chunks of its section
//! while it stays within `retrieval.parent_tokens` and all passages within `retrieval.passage_budget`, the best first.
//! The rest of a table's row goes before what stands around it. What was found is never pushed out, and what somebody
//! hid is never read.

use std::collections::{BTreeMap, HashMap, HashSet};

use footnote_core::Result;
use footnote_core::chunk::Chunk;
use footnote_core::ids::{GenerationId, VersionId};
use footnote_core::passage::{Candidate, ConfirmedChunk, StageTrace};
use footnote_core::ports::DocumentStore;
use footnote_core::question::is_han;
use footnote_core::settings::RetrievalSettings;
use footnote_core::text::{CanonicalText, Span};
use futures::future::try_join_all;

/// Chunks that are read at once to each side of one that was found.
const REACH: u32 = 8;
/// Characters of a token at the most, as [`estimated_tokens`] counts.
const TOKEN_CHARS: usize = 4;

/// The chunks of each version, by ordinal, around those that were found.
pub(crate) type Near = HashMap<VersionId, BTreeMap<u32, Chunk>>;

/// Reads what stands around `kept`, as far as parents of `parent_tokens` may reach. Versions whose chunks are of another
/// generation have nothing near.
pub(crate) async fn near(
    documents: &dyn DocumentStore,
    generation: GenerationId,
    kept: &[&Candidate],
    parent_tokens: usize,
) -> Result<Near> {
    let reads = kept.iter().map(|candidate| async move {
        let chunks = around(documents, generation, &candidate.chunk, parent_tokens).await?;
        Ok::<_, footnote_core::Error>((candidate.chunk.version, chunks))
    });
    let mut near = Near::new();
    for (version, chunks) in try_join_all(reads).await? {
        let of_version = near.entry(version).or_default();
        of_version.extend(chunks.into_iter().map(|chunk| (chunk.ordinal, chunk)));
    }
    Ok(near)
}

/// The chunks around one that was found. However small they are, the last to each side is not to be read any more: what
/// comes behind it, which may be hidden, has nothing in common with those that are.
async fn around(
    documents: &dyn DocumentStore,
    generation: GenerationId,
    found: &ConfirmedChunk,
    parent_tokens: usize,
) -> Result<Vec<Chunk>> {
    let version = found.version;
    let (mut first, mut last) = (found.ordinal.saturating_sub(REACH), found.ordinal.saturating_add(REACH));
    let mut chunks = documents.chunks_between(version, generation, first..=last).await?;
    while let Some(end) = chunks.last()
        && end.ordinal == last
        && goes_on(found, end, chunks.iter().filter(|chunk| chunk.ordinal >= found.ordinal), parent_tokens)
    {
        // Twice as many each time.
        let more = last.saturating_add(last - found.ordinal);
        let behind = documents.chunks_between(version, generation, last.saturating_add(1)..=more).await?;
        chunks.extend(behind);
        last = more;
    }
    while let Some(end) = chunks.first()
        && first > 0
        && end.ordinal == first
        && goes_on(found, end, chunks.iter().filter(|chunk| chunk.ordinal <= found.ordinal), parent_tokens)
    {
        let more = first.saturating_sub(found.ordinal - first);
        let mut before = documents.chunks_between(version, generation, more..=first - 1).await?;
        before.append(&mut chunks);
        chunks = before;
        first = more;
    }
    Ok(chunks)
}

/// Whether a parent may reach beyond `end`: its section goes on, and the chunks up to there do not fill it.
fn goes_on<'c>(
    found: &ConfirmedChunk,
    end: &Chunk,
    up_to_there: impl Iterator<Item = &'c Chunk>,
    parent_tokens: usize,
) -> bool {
    let chars: usize = up_to_there.map(|chunk| chunk.span.len()).sum();
    end.heading_path == found.heading_path && chars <= parent_tokens.saturating_mul(TOKEN_CHARS)
}

/// The chunks to be read with `kept`, which is in order of rank; `texts` has the text of each version.
pub(crate) fn widen(
    kept: &[&Candidate],
    near: &Near,
    texts: &HashMap<VersionId, CanonicalText>,
    settings: &RetrievalSettings,
) -> Vec<Candidate> {
    let place = |candidate: &Candidate| (candidate.chunk.version, candidate.chunk.ordinal);
    let mut taken: HashSet<(VersionId, u32)> = kept.iter().map(|candidate| place(candidate)).collect();
    let found: usize = kept.iter().map(|candidate| candidate.chunk.span.len()).sum();
    let mut room = settings.passage_budget.saturating_sub(found);
    let mut added = Vec::new();
    for candidate in kept {
        let version = candidate.chunk.version;
        let (Some(near), Some(text)) = (near.get(&version), texts.get(&version)) else { continue };
        let mut tokens = estimated_tokens(&candidate.chunk.text);
        let mut ends = [Some(candidate.chunk.ordinal), Some(candidate.chunk.ordinal)];
        // The rest of a row that was cut first, where all of it fits: other rows in its place say nothing of this one.
        for (end, step) in ends.iter_mut().zip([1, -1]) {
            let rest = rest_of_row(candidate.chunk.ordinal, step, near, text);
            let rest: Option<Vec<_>> =
                rest.into_iter().map(|chunk| readable(candidate, chunk, near, text)).collect();
            let Some(rest) = rest else { continue };
            let more: usize = rest.iter().map(|(_, _, slice)| estimated_tokens(slice)).sum();
            let is_new = |chunk: &Chunk| !taken.contains(&(version, chunk.ordinal));
            let new = rest.iter().filter(|(chunk, _, _)| is_new(chunk));
            if tokens + more > settings.parent_tokens
                || new.map(|(_, span, _)| span.len()).sum::<usize>() > room
            {
                continue;
            }
            tokens += more;
            for (chunk, span, slice) in rest {
                *end = Some(chunk.ordinal);
                if taken.insert((version, chunk.ordinal)) {
                    room -= span.len();
                    added.push(neighbour(candidate, chunk, span, slice));
                }
            }
        }
        // What follows first: a heading or a question is answered after it.
        while ends.iter().any(Option::is_some) {
            for (end, step) in ends.iter_mut().zip([1, -1]) {
                let next = end.and_then(|at| at.checked_add_signed(step)).and_then(|at| near.get(&at));
                let Some((chunk, span, slice)) =
                    next.and_then(|chunk| readable(candidate, chunk, near, text))
                else {
                    *end = None;
                    continue;
                };
                let more = estimated_tokens(slice);
                let is_new = !taken.contains(&(version, chunk.ordinal));
                if tokens + more > settings.parent_tokens || is_new && span.len() > room {
                    *end = None;
                    continue;
                }
                tokens += more;
                *end = Some(chunk.ordinal);
                if is_new {
                    room -= span.len();
                    taken.insert((version, chunk.ordinal));
                    added.push(neighbour(candidate, chunk, span, slice));
                }
            }
        }
    }
    added
}

/// The chunk with what of it may be read beside the candidate; `None` for one of another section, or hidden.
fn readable<'c>(
    of: &Candidate,
    chunk: &'c Chunk,
    near: &BTreeMap<u32, Chunk>,
    text: &'c CanonicalText,
) -> Option<(&'c Chunk, Span, &'c str)> {
    if chunk.is_hidden() || chunk.heading_path != of.chunk.heading_path {
        return None;
    }
    let span = visible_span(chunk, near)?;
    Some((chunk, span, text.slice(span)?))
}

/// The chunks in the direction of `step` that have the rest of the table's row which the chunk has a piece of.
fn rest_of_row<'c>(
    ordinal: u32,
    step: i32,
    near: &'c BTreeMap<u32, Chunk>,
    text: &CanonicalText,
) -> Vec<&'c Chunk> {
    let mut rest = Vec::new();
    let mut last = near.get(&ordinal);
    while let Some(this) = last {
        let next = this.ordinal.checked_add_signed(step).and_then(|at| near.get(&at));
        let goes_on = |next: &&Chunk| cuts_row(if step > 0 { this.span.end } else { next.span.end }, text);
        let Some(next) = next.filter(goes_on) else { break };
        rest.push(next);
        // Another row begins or ends in it.
        let is_within = text.slice(next.span).is_some_and(|slice| !slice.contains('\n'));
        last = is_within.then_some(next);
    }
    rest
}

/// Whether a row of a table goes on after `at`.
fn cuts_row(at: usize, text: &CanonicalText) -> bool {
    let Some((before, after)) = text.byte_of(at).and_then(|byte| text.as_str().split_at_checked(byte)) else {
        return false;
    };
    let begun = before.rsplit('\n').next().unwrap_or_default();
    let rest = after.lines().next().unwrap_or_default();
    begun.starts_with('|') && !rest.trim().is_empty()
}

/// A chunk without what it has in common with hidden ones: chunks may repeat the end of the one before.
fn visible_span(chunk: &Chunk, near: &BTreeMap<u32, Chunk>) -> Option<Span> {
    let Span { mut start, mut end } = chunk.span;
    for hidden in near.values().filter(|other| other.is_hidden()) {
        match hidden.ordinal < chunk.ordinal {
            true => start = start.max(hidden.span.end),
            false => end = end.min(hidden.span.start),
        }
    }
    (start < end).then_some(Span { start, end })
}

/// A chunk of the candidate's version that was not found itself.
fn neighbour(of: &Candidate, chunk: &Chunk, span: Span, text: &str) -> Candidate {
    let chunk = ConfirmedChunk {
        chunk: chunk.id,
        ordinal: chunk.ordinal,
        span,
        pages: chunk.pages,
        heading_path: chunk.heading_path.clone(),
        embedded_text: chunk.embedded_text,
        text: text.to_owned(),
        ..of.chunk.clone()
    };
    Candidate { chunk, trace: StageTrace::default() }
}

/// About how many tokens a text has: one for four Latin characters, two for three Han characters.
fn estimated_tokens(text: &str) -> usize {
    let all = text.chars().count();
    let han = text.chars().filter(|&c| is_han(c)).count();
    (han * 2).div_ceil(3) + (all - han).div_ceil(TOKEN_CHARS)
}

#[cfg(test)]
mod tests {
    use footnote_core::chunk::{ChunkEdit, EditAuthor};
    use footnote_core::hash::ContentHash;
    use footnote_core::ids::{ChunkEditId, ChunkId, DocumentId, SourceId};
    use footnote_core::passage::StageScore;

    use super::*;

    const WORDS: usize = 40;

    /// A version of chunks of 40 characters, which are about ten tokens each, and the headings above each.
    struct Version {
        id: VersionId,
        text: CanonicalText,
        chunks: BTreeMap<u32, Chunk>,
    }

    impl Version {
        fn of(headings: &[&str]) -> Self {
            let (id, generation) = (VersionId::new(), GenerationId::new());
            let chunk = |ordinal: usize, heading: &str| Chunk {
                id: ChunkId::new(),
                version: id,
                generation,
                ordinal: ordinal as u32,
                span: Span::new(ordinal * WORDS, (ordinal + 1) * WORDS),
                pages: None,
                heading_path: vec![heading.to_owned()],
                embedded_text: ContentHash::of(b""),
                edit: None,
            };
            let chunks = headings.iter().enumerate().map(|(at, heading)| (at as u32, chunk(at, heading)));
            let text = CanonicalText::new("word ".repeat(8 * headings.len()));
            Self { id, text, chunks: chunks.collect() }
        }

        fn found(&self, ordinal: u32) -> Candidate {
            let chunk = &self.chunks[&ordinal];
            Candidate {
                chunk: ConfirmedChunk {
                    chunk: chunk.id,
                    version: self.id,
                    version_hash: ContentHash::of(b""),
                    document: DocumentId::new(),
                    source: SourceId::new(),
                    title: String::new(),
                    document_key: String::new(),
                    ordinal,
                    span: chunk.span,
                    pages: None,
                    heading_path: chunk.heading_path.clone(),
                    embedded_text: chunk.embedded_text,
                    text: self.text.slice(chunk.span).unwrap().to_owned(),
                },
                trace: StageTrace {
                    fused: Some(StageScore { rank: 1, score: 1.0 }),
                    ..StageTrace::default()
                },
            }
        }

        fn widened(&self, found: &[u32], parent_tokens: usize, passage_budget: usize) -> Vec<u32> {
            let found: Vec<Candidate> = found.iter().map(|&ordinal| self.found(ordinal)).collect();
            let near = Near::from([(self.id, self.chunks.clone())]);
            let texts = HashMap::from([(self.id, self.text.clone())]);
            let settings =
                RetrievalSettings { parent_tokens, passage_budget, ..RetrievalSettings::default() };
            let added = widen(&found.iter().collect::<Vec<_>>(), &near, &texts, &settings);
            assert!(added.iter().all(|it| self.text.slice(it.chunk.span) == Some(&it.chunk.text)));
            added.iter().map(|it| it.chunk.ordinal).collect()
        }
    }

    #[test]
    fn a_passage_grows_within_its_section_what_follows_first() {
        let version = Version::of(&["a", "b", "b", "b", "b", "c"]);
        assert_eq!(version.widened(&[2], 320, 6_000), [3, 1, 4]);
        assert_eq!(version.widened(&[2], 20, 6_000), [3]);
        assert_eq!(version.widened(&[2], 30, 6_000), [3, 1]);
        assert!(version.widened(&[2], 19, 6_000).is_empty());
        assert!(version.widened(&[2], 0, 6_000).is_empty());
        assert!(version.widened(&[0], 320, 6_000).is_empty());
    }

    #[test]
    fn a_row_that_was_cut_is_read_whole_before_the_next_one() {
        let row = |name: &str, chars: usize| format!("{:<1$}|\n", format!("| {name} |"), chars - 2);
        let mut version = Version::of(&["a", "a", "a", "a", "a"]);
        let table = [row("one", WORDS), row("two", 3 * WORDS), row("three", WORDS)].concat();
        version.text = CanonicalText::new(table);
        assert_eq!(version.widened(&[3], 30, 6_000), [2, 1]);
        assert_eq!(version.widened(&[1], 30, 6_000), [2, 3]);
        assert_eq!(version.widened(&[2], 30, 6_000), [3, 1]);
        assert_eq!(version.widened(&[3], 320, 6_000), [2, 1, 4, 0]);
        assert_eq!(version.widened(&[3], 29, 6_000), [4], "the row does not fit");
    }

    #[test]
    fn what_was_found_keeps_its_room_and_the_best_grows_first() {
        let version = Version::of(&["a", "a", "a", "b", "b", "b"]);
        assert_eq!(version.widened(&[4, 1], 320, 4 * WORDS), [5, 3]);
        assert_eq!(version.widened(&[4, 1], 320, 3 * WORDS), [5]);
        assert!(version.widened(&[4, 1], 320, 2 * WORDS).is_empty());
        assert_eq!(version.widened(&[0, 2], 320, 6_000), [1], "each is added once");
    }

    #[test]
    fn a_hidden_chunk_is_not_read_nor_passed() {
        let mut version = Version::of(&["a", "a", "a", "a"]);
        let author = EditAuthor::Person;
        let hidden = ChunkEdit { id: ChunkEditId::new(), note: None, hidden: true, author };
        version.chunks.get_mut(&2).unwrap().edit = Some(hidden);
        assert_eq!(version.widened(&[1], 320, 6_000), [0]);
    }

    #[test]
    fn what_a_chunk_has_in_common_with_a_hidden_one_is_not_read() {
        let mut version = Version::of(&["a", "a", "a"]);
        let (author, note) = (EditAuthor::Person, None);
        version.chunks.get_mut(&0).unwrap().edit =
            Some(ChunkEdit { id: ChunkEditId::new(), note, hidden: true, author });
        let visible = |version: &Version, ordinal| visible_span(&version.chunks[&ordinal], &version.chunks);
        assert_eq!(visible(&version, 1), Some(Span::new(WORDS, 2 * WORDS)));
        version.chunks.get_mut(&1).unwrap().span.start = WORDS / 2;
        assert_eq!(visible(&version, 1), Some(Span::new(WORDS, 2 * WORDS)));
        assert_eq!(version.widened(&[2], 320, 6_000), [1]);
        version.chunks.get_mut(&1).unwrap().span.end = WORDS;
        assert_eq!(visible(&version, 1), None);
        assert!(version.widened(&[2], 320, 6_000).is_empty());
    }

    #[test]
    fn what_is_read_goes_on_until_the_section_ends_or_the_parent_is_full() {
        let version = Version::of(&["a", "a", "a", "a", "b"]);
        let found = version.found(0).chunk;
        let goes_on_behind = |ordinal: u32, parent_tokens| {
            let end = &version.chunks[&ordinal];
            goes_on(&found, end, version.chunks.values().filter(|c| c.ordinal <= ordinal), parent_tokens)
        };
        assert!(goes_on_behind(3, 40), "four chunks of ten tokens just fit");
        assert!(!goes_on_behind(3, 39));
        assert!(!goes_on_behind(4, 4_000), "it is of another section");
        assert!(goes_on_behind(0, usize::MAX));
    }

    #[test]
    fn tokens_are_estimated_by_script() {
        assert_eq!(estimated_tokens("four Latin characters for one"), 8);
        assert_eq!(estimated_tokens("三个汉字两个词"), 5);
        assert_eq!(estimated_tokens(""), 0);
    }
}
