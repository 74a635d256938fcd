//! How is a canonical text cut into chunks?
//!
//! Structure first ([`sections`]): text under different headings is not joined, unless one of the
//! two is tiny, and text of different slides is not, but for a slide's bare title. Size second ([`atoms`]): a section that fits is one chunk; a larger one is packed from
//! atoms (blocks, table rows, sentences) into chunks of about equal size, stretch by stretch: a long
//! section is parted where its own text says ([`anchors`]), so that an edit changes the chunks of its
//! stretch and no others. No text is lost: the chunks together hold every non-blank scalar value. The
//! embedder's tokens are counted from one tokenization of the whole ([`tokens`]).

use std::ops::Range;

use footnote_core::knowledge_base::ChunkerSettings;
use footnote_core::parsed::{BlockKind, ParsedDocument};
use footnote_core::ports::TokenCounter;
use footnote_core::text::Span;
use footnote_core::{Error, Result};

mod anchors;
mod atoms;
mod embedded;
mod sections;
mod tokens;

pub(crate) use embedded::Composer;
pub use embedded::embedded_text;

use atoms::{Atom, Lead};
use sections::{Piece, Section, Walk};
use tokens::TokenIndex;

/// Most tokens of title and heading path in front of a chunk.
const CONTEXT_TOKENS: usize = 64;

/// Tokens kept free, because a slice tokenized by itself may give a few more than within its text.
const SLACK_TOKENS: usize = 8;

/// Fewer tokens than this are no room to work in.
const LEAST_TOKENS: usize = 16;

/// A stretch of the canonical text that becomes a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkDraft {
    /// Where it lies, in scalar values of the canonical text; neither end is blank.
    pub span: Span,
    /// Headings that hold for all of it, outermost first.
    pub heading_path: Vec<String>,
    /// First and last 1-based page; `None` where the format has no pages.
    pub pages: Option<(u32, u32)>,
}

/// How the embedder's tokens are shared out, so that what is embedded always fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkBudget {
    /// Most tokens of a chunk, with the table header and the row label that are repeated before it.
    pub chunk: usize,
    /// Most tokens of title and heading path.
    pub context: usize,
    /// Most tokens of a table header that is repeated before rows cut from it.
    pub table_header: usize,
    /// Most tokens of all that is embedded for a chunk, a note included.
    pub whole: usize,
}

impl ChunkBudget {
    /// The budget under `settings` for an embedder that takes `embedder_tokens`.
    pub fn new(settings: &ChunkerSettings, embedder_tokens: usize) -> Result<Self> {
        let context = CONTEXT_TOKENS.min(embedder_tokens / 4);
        let chunk = settings.max_tokens.min(embedder_tokens.saturating_sub(context + SLACK_TOKENS));
        if chunk < LEAST_TOKENS {
            return Err(Error::invalid(format!(
                "chunks of {chunk} tokens are too small; chunker.max_tokens is {}, and the embedder takes \
                 {embedder_tokens}; {LEAST_TOKENS} at least are needed",
                settings.max_tokens
            )));
        }
        Ok(Self { chunk, context, table_header: chunk / 3, whole: embedder_tokens })
    }

    /// Most tokens of the label of a row that was cut, which is repeated before each further piece of it.
    pub(crate) fn row_label(&self) -> usize {
        self.chunk / 8
    }
}

/// Cuts a parsed document. A document with any non-blank text gives at least one chunk.
pub fn chunk(
    parsed: &ParsedDocument,
    settings: &ChunkerSettings,
    budget: ChunkBudget,
    tokens: &dyn TokenCounter,
) -> Result<Vec<ChunkDraft>> {
    let index = TokenIndex::build(&parsed.text, tokens)?;
    let pieces = sections::pieces(parsed);
    let tiny = budget.chunk / 4;

    let mut cuts = Vec::new();
    for section in sections::sections(&pieces, &index, budget.chunk, tiny) {
        for bytes in cut_section(&section, &pieces, &index, budget, settings.overlap_tokens, tokens)? {
            cut_to_fit(bytes, &section.path, &index, budget, tokens, &mut cuts)?;
        }
    }
    Ok(drafts(parsed, cuts))
}

/// Bytes of a chunk, with its heading path.
type Cut = (Range<usize>, Vec<String>);

fn cut_section(
    section: &Section,
    pieces: &[Piece<'_>],
    index: &TokenIndex<'_>,
    budget: ChunkBudget,
    overlap: usize,
    tokens: &dyn TokenCounter,
) -> Result<Vec<Range<usize>>> {
    if index.count(section.bytes.clone()) <= budget.chunk {
        return Ok(vec![section.bytes.clone()]);
    }
    let pieces = pieces.get(section.pieces.clone()).unwrap_or_default();
    let mut all = Vec::new();
    let mut headings = 0;
    for piece in pieces {
        // Room for the headings above, so that they are not left alone.
        let max = budget.chunk - headings.min(budget.chunk / 2);
        let lead = match piece.kind {
            BlockKind::Table => {
                let table = index.text().get(piece.bytes.clone()).unwrap_or_default();
                let header = atoms::repeated_header(table, budget.table_header, tokens)?;
                Lead { header: header.map_or(0, |(_, count)| count), label: budget.row_label() }
            }
            _ => Lead::default(),
        };
        all.extend(atoms::atoms(index, piece.bytes.clone(), piece.kind, max, lead));
        let is_heading = piece.kind == BlockKind::Heading;
        headings = if is_heading { headings + index.count(piece.bytes.clone()) + 1 } else { 0 };
    }
    Ok(pack(&all, index, budget.chunk, overlap))
}

/// Packs atoms in order into chunks, none above `max`, none ending with a heading, those of a stretch
/// of about equal size. Each chunk but the first repeats up to `overlap` tokens of the one before.
fn pack(atoms: &[Atom], index: &TokenIndex<'_>, max: usize, overlap: usize) -> Vec<Range<usize>> {
    let size = |first: usize, last: usize| {
        atoms[first].lead + index.count(atoms[first].bytes.start..atoms[last].bytes.end)
    };

    let mut chunks = Vec::new();
    // `fresh` is the first atom that no chunk has yet; `first` may lie before it by the overlap.
    let (mut first, mut fresh) = (0, 0);
    for stretch in anchors::stretches(atoms, index, max) {
        let target =
            target(index.count(atoms[stretch.start].bytes.start..atoms[stretch.end - 1].bytes.end), max);
        while fresh < stretch.end {
            let mut last = fresh;
            while last + 1 < stretch.end
                && size(first, last + 1) <= max
                && (size(first, last) < target || atoms[last].heads)
            {
                last += 1;
            }
            while last > fresh && last + 1 < atoms.len() && atoms[last].heads {
                last -= 1;
            }
            chunks.push(atoms[first].bytes.start..atoms[last].bytes.end);
            let previous = first;
            fresh = last + 1;
            first = fresh;
            while fresh < atoms.len()
                && first > previous + 1
                && index.count(atoms[first - 1].bytes.start..atoms[last].bytes.end) <= overlap
                && size(first - 1, fresh) <= max
            {
                first -= 1;
            }
        }
    }
    chunks
}

/// The size to fill chunks to, for `total` tokens in chunks of about equal size. In coarse steps: an
/// edit that adds a word leaves it as it was, and with it the ends of the other chunks.
fn target(total: usize, max: usize) -> usize {
    let step = (max / 32).max(1);
    let equal = total.div_ceil(total.div_ceil(max).max(1));
    equal.next_multiple_of(step).min(max)
}

/// Trims, and makes sure of the size where the count is so near the embedder's limit that
/// tokenizing the slice by itself might exceed it.
fn cut_to_fit(
    bytes: Range<usize>,
    path: &[String],
    index: &TokenIndex<'_>,
    budget: ChunkBudget,
    tokens: &dyn TokenCounter,
    cuts: &mut Vec<Cut>,
) -> Result<()> {
    let Some(slice) = index.text().get(bytes.clone()) else {
        return Err(Error::internal(format!("chunk {bytes:?} is not a slice of its text")));
    };
    let start = bytes.start + (slice.len() - slice.trim_start().len());
    let slice = slice.trim();
    if slice.is_empty() {
        return Ok(());
    }
    let bytes = start..start + slice.len();
    let near = index.count(bytes.clone()) + SLACK_TOKENS > budget.chunk;
    if near && tokens.token_ends(slice)?.len() > budget.chunk {
        let half = budget.chunk.div_ceil(2);
        let parts = atoms::atoms(index, bytes, BlockKind::Paragraph, half, Lead::default());
        for part in pack(&parts, index, half, 0) {
            cut_to_fit(part, path, index, budget, tokens, cuts)?;
        }
        return Ok(());
    }
    cuts.push((bytes, path.to_vec()));
    Ok(())
}

fn drafts(parsed: &ParsedDocument, cuts: Vec<Cut>) -> Vec<ChunkDraft> {
    // Both ends only ever grow, so two forward passes convert them all.
    let (mut starts, mut ends) = (Walk::new(&parsed.text), Walk::new(&parsed.text));
    cuts.into_iter()
        .map(|(bytes, heading_path)| {
            let span = Span::new(starts.char_at(bytes.start), ends.char_at(bytes.end));
            ChunkDraft { span, heading_path, pages: parsed.pages_of(span) }
        })
        .collect()
}

#[cfg(test)]
mod tests;
