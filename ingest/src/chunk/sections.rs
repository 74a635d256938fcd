//! Structure: blocks as byte ranges, grouped into sections by their headings and slides.

use std::ops::Range;

use footnote_core::parsed::{Block, BlockKind, PageKind, ParsedDocument};

use super::tokens::TokenIndex;
use crate::parse::builder::MAX_PATH_CHARS;

/// A block as bytes of the text. Pieces are in order, do not overlap, and together hold every
/// non-blank scalar value.
#[derive(Debug, Clone)]
pub(crate) struct Piece<'a> {
    /// Bytes of the text.
    pub(crate) bytes: Range<usize>,
    /// What it is.
    pub(crate) kind: BlockKind,
    /// Headings above it.
    pub(crate) path: &'a [String],
    /// The slide on which it begins, in a presentation.
    slide: Option<u32>,
}

/// A run of pieces under the same headings, on one slide.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// Indices of its pieces.
    pub(crate) pieces: Range<usize>,
    /// Bytes from its first to its last piece.
    pub(crate) bytes: Range<usize>,
    /// Headings that hold for all of it, its own included.
    pub(crate) path: Vec<String>,
    /// The slide on which its last piece begins, in a presentation.
    slide: Option<u32>,
    /// Whether there is more to it than headings.
    has_body: bool,
}

/// The document's blocks as bytes. Text that no block covers becomes paragraphs, and overlaps are
/// clipped: a parser's slip must not lose text.
pub(crate) fn pieces(parsed: &ParsedDocument) -> Vec<Piece<'_>> {
    let mut walk = Walk::new(&parsed.text);
    let mut pieces = Pieces { text: &parsed.text, all: Vec::with_capacity(parsed.blocks.len()) };
    let has_slides = parsed.pages.iter().any(|page| page.kind == PageKind::Slide);
    let mut covered = 0;
    let mut place: (&[String], Option<u32>) = (&[], None);
    for block in &parsed.blocks {
        let start = walk.byte_at(block.span.start).max(covered);
        let end = walk.byte_at(block.span.end).max(start);
        pieces.push(covered..start, BlockKind::Paragraph, place);
        place = (block.heading_path.as_slice(), block.page.filter(|_| has_slides));
        pieces.push(start..end, block.kind, place);
        covered = end;
    }
    pieces.push(covered..parsed.text.len(), BlockKind::Paragraph, place);
    pieces.all
}

/// The pieces grouped by heading path. A heading without a body of its own goes with what it heads, a slide's bare
/// title with the next slide, and sections smaller than `tiny` tokens join a sibling, a parent or a child as long as the
/// whole stays within `max`. What stands on another slide does not, unless it is a bare title that ends the
/// presentation.
pub(crate) fn sections(
    pieces: &[Piece<'_>],
    index: &TokenIndex<'_>,
    max: usize,
    tiny: usize,
) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut rest = join_bare_headings(by_path(pieces, index.text())).into_iter().peekable();
    while let Some(section) = rest.next() {
        let Some(last) = sections.last_mut() else {
            sections.push(section);
            continue;
        };
        let size = |s: &Section| index.count(s.bytes.clone());
        let is_last_title = !section.has_body && rest.peek().is_none();
        let is_parted = last.slide != section.slide && !is_last_title;
        let related = common(&last.path, &section.path) + 1 >= last.path.len().min(section.path.len());
        let small = size(last) < tiny || size(&section) < tiny;
        if !is_parted && related && small && index.count(last.bytes.start..section.bytes.end) <= max {
            let shared = common(&last.path, &section.path);
            last.absorb(&section);
            last.path.truncate(shared);
        } else {
            sections.push(section);
        }
    }
    sections
}

impl Section {
    fn absorb(&mut self, next: &Self) {
        self.pieces.end = next.pieces.end;
        self.bytes.end = next.bytes.end;
        self.slide = next.slide;
        self.has_body |= next.has_body;
    }
}

/// Pieces of a text, in order.
struct Pieces<'a> {
    text: &'a str,
    all: Vec<Piece<'a>>,
}

impl<'a> Pieces<'a> {
    /// Adds one, unless it is blank.
    fn push(&mut self, bytes: Range<usize>, kind: BlockKind, (path, slide): (&'a [String], Option<u32>)) {
        if self.text.get(bytes.clone()).is_some_and(|text| !text.trim().is_empty()) {
            self.all.push(Piece { bytes, kind, path, slide });
        }
    }
}

fn by_path(pieces: &[Piece<'_>], text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        let is_heading = piece.kind == BlockKind::Heading;
        if let Some(last) = sections.last_mut()
            && !is_heading
            && last.path == piece.path
            && last.slide == piece.slide
        {
            last.pieces.end = i + 1;
            last.bytes.end = piece.bytes.end;
            last.has_body = true;
            continue;
        }
        let path = if is_heading { path_below(piece, pieces.get(i + 1), text) } else { piece.path.to_vec() };
        let (bytes, slide) = (piece.bytes.clone(), piece.slide);
        sections.push(Section { pieces: i..i + 1, bytes, path, slide, has_body: !is_heading });
    }
    sections
}

/// The path of what a heading heads: read off what follows, so that it is spelt as the parser
/// spells it; from the heading's own text where nothing follows.
fn path_below(heading: &Piece<'_>, next: Option<&Piece<'_>>, text: &str) -> Vec<String> {
    let depth = heading.path.len();
    if let Some(next) = next
        && next.path.len() > depth
        && next.path.starts_with(heading.path)
    {
        return next.path[..=depth].to_vec();
    }
    let own = text.get(heading.bytes.clone()).unwrap_or_default();
    let own = own.trim().trim_start_matches('#').trim();
    heading.path.iter().cloned().chain([own.chars().take(MAX_PATH_CHARS).collect()]).collect()
}

fn join_bare_headings(sections: Vec<Section>) -> Vec<Section> {
    let mut joined: Vec<Section> = Vec::with_capacity(sections.len());
    for mut section in sections {
        if let Some(above) = joined.last()
            && !above.has_body
            && (section.path.starts_with(&above.path) || above.slide != section.slide)
        {
            section.pieces.start = above.pieces.start;
            section.bytes.start = above.bytes.start;
            joined.pop();
        }
        joined.push(section);
    }
    joined
}

fn common(a: &[String], b: &[String]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Converts between scalar values and bytes in one forward pass. Going back stays where it is.
pub(crate) struct Walk<'a> {
    text: &'a str,
    bytes: usize,
    chars: usize,
}

impl<'a> Walk<'a> {
    /// Starts at the beginning.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, bytes: 0, chars: 0 }
    }

    /// The byte at which the scalar value `chars` begins; the end where there are fewer.
    pub(crate) fn byte_at(&mut self, chars: usize) -> usize {
        let rest = self.text.get(self.bytes..).unwrap_or_default();
        for c in rest.chars().take(chars.saturating_sub(self.chars)) {
            self.bytes += c.len_utf8();
            self.chars += 1;
        }
        self.bytes
    }

    /// The scalar value that begins at the byte `bytes`.
    pub(crate) fn char_at(&mut self, bytes: usize) -> usize {
        if let Some(passed) = self.text.get(self.bytes..bytes) {
            self.chars += passed.chars().count();
            self.bytes = bytes;
        }
        self.chars
    }
}

/// The table that `start` (a scalar value) lies inside of, after its beginning.
pub(crate) fn table_cut_at(blocks: &[Block], start: usize) -> Option<&Block> {
    let at = blocks.partition_point(|b| b.span.start < start).checked_sub(1)?;
    let block = &blocks[at];
    (block.kind == BlockKind::Table && block.span.end > start).then_some(block)
}
