//! From ranked candidates to the passages a model reads: duplicates folded, the budget kept,
//! neighbours merged. Every passage is a stretch of canonical text, taken whole.

use footnote_core::ids::VersionId;
use footnote_core::parsed::{Line, Page, ParsedDocument};
use footnote_core::passage::{Candidate, ConfirmedChunk, Passage, Section};
use footnote_core::settings::RetrievalSettings;
use footnote_core::text::{CanonicalText, Span};
use footnote_core::{Error, Result};

use crate::duplicates::{Fingerprint, same_as};
use crate::tables::header_before;

/// How the reason begins for which a candidate is left out for want of room.
const OVER_BUDGET: &str = "does not fit the passage budget";

/// Whether `dropped` is the reason of a candidate that was left out for want of room. Other reasons name documents, whose
/// names may say anything.
pub fn is_over_budget(dropped: &str) -> bool {
    dropped.starts_with(OVER_BUDGET)
}

/// Marks those of the ranked `candidates` that go no further, with the reason, and returns the
/// positions of the others, best first. The best candidate is always kept, however long it is.
pub fn select(candidates: &mut [Candidate], settings: &RetrievalSettings) -> Vec<usize> {
    let mut kept: Vec<(usize, Fingerprint)> = Vec::new();
    let mut length = 0;
    let mut is_full = false;
    for position in 0..candidates.len() {
        let (better, rest) = candidates.split_at_mut(position);
        let [candidate, ..] = rest else { break };
        if kept.len() >= settings.top_k {
            candidate.trace.dropped = Some(format!("beyond the {} best", settings.top_k));
            continue;
        }
        let fingerprint = Fingerprint::of(&candidate.chunk.text);
        if let Some((twin, _)) = kept.iter().find(|(_, other)| other.covers(&fingerprint)) {
            candidate.trace.dropped = Some(same_as(&better[*twin].chunk));
            continue;
        }
        let more = candidate.chunk.span.len();
        // Nothing passes a better candidate for being shorter.
        is_full |= !kept.is_empty() && length + more > settings.passage_budget;
        if is_full {
            candidate.trace.dropped =
                Some(format!("{OVER_BUDGET} of {} characters", settings.passage_budget));
            continue;
        }
        length += more;
        kept.push((position, fingerprint));
    }
    kept.into_iter().map(|(position, _)| position).collect()
}

/// The passages that candidates of one version make, in the order of the text. Chunks that touch,
/// overlap or have nothing but blanks between them become one. Numbers are given later.
pub fn merge_version(
    candidates: &[&Candidate],
    text: &CanonicalText,
    parsed: &ParsedDocument,
) -> Result<Vec<Passage>> {
    let mut sorted = candidates.to_vec();
    sorted.sort_by_key(|c| (c.chunk.span, c.chunk.ordinal));
    let mut passages: Vec<Passage> = Vec::new();
    for candidate in sorted {
        match passages.last_mut() {
            Some(last) if joins(last.span, candidate.chunk.span, text) => extend(last, candidate),
            _ => passages.push(begin(candidate)),
        }
    }
    for passage in &mut passages {
        let slice =
            text.slice(passage.span).ok_or_else(|| reaches_past_the_end(passage.version, passage.span))?;
        passage.text = slice.to_owned();
        passage.pages = pages_touched(parsed, passage.span);
        passage.ocr_lines = ocr_lines(parsed, passage.span);
        passage.sections = sections(parsed, passage.span);
        passage.table_header = header_before(passage.span, text, parsed);
    }
    Ok(passages)
}

fn joins(before: Span, after: Span, text: &CanonicalText) -> bool {
    if after.start <= before.end {
        return true;
    }
    text.slice(Span::new(before.end, after.start)).is_some_and(|between| between.trim().is_empty())
}

fn begin(candidate: &Candidate) -> Passage {
    let ConfirmedChunk { chunk, version, version_hash, document, title, document_key, span, .. } =
        &candidate.chunk;
    Passage {
        number: 0,
        version: *version,
        version_hash: *version_hash,
        document: *document,
        title: title.clone(),
        document_key: document_key.clone(),
        dated: None,
        span: *span,
        heading_path: candidate.chunk.heading_path.clone(),
        sections: Vec::new(),
        text: String::new(),
        pages: Vec::new(),
        score: candidate.score(),
        ocr_lines: Vec::new(),
        chunks: vec![*chunk],
        table_header: None,
    }
}

/// Headings that are not above the whole passage are no longer its headings.
fn extend(passage: &mut Passage, candidate: &Candidate) {
    let common = passage
        .heading_path
        .iter()
        .zip(&candidate.chunk.heading_path)
        .take_while(|(mine, theirs)| mine == theirs)
        .count();
    passage.heading_path.truncate(common);
    passage.span.end = passage.span.end.max(candidate.chunk.span.end);
    passage.score = passage.score.max(candidate.score());
    passage.chunks.push(candidate.chunk.chunk);
}

/// The pages under `span`, each with the part of its own span that lies within.
pub(crate) fn pages_touched(parsed: &ParsedDocument, span: Span) -> Vec<Page> {
    // Pages are in order, and records and tables may be very many.
    let first = parsed.pages.partition_point(|page| page.span.end <= span.start);
    let touched = parsed.pages.iter().skip(first).take_while(|page| page.span.start < span.end);
    touched
        .map(|page| {
            let part = Span::new(page.span.start.max(span.start), page.span.end.min(span.end));
            let before = page.first_row.map(|_| slice(&parsed.text, page.span.start, part.start));
            let first_row = before.and_then(|before| page.rows(&before, "")).map(|(row, _)| row);
            Page { span: part, first_row, ..page.clone() }
        })
        .collect()
}

fn ocr_lines(parsed: &ParsedDocument, span: Span) -> Vec<Line> {
    let read = parsed.lines.iter().filter(|line| line.confidence.is_some() && line.span.overlaps(span));
    read.cloned().collect()
}

fn slice(text: &str, start: usize, end: usize) -> String {
    text.chars().skip(start).take(end.saturating_sub(start)).collect()
}

/// Where the headings above the text change under `span`.
fn sections(parsed: &ParsedDocument, span: Span) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for block in parsed.blocks.iter().filter(|block| block.span.overlaps(span)) {
        if sections.last().is_none_or(|last| last.heading_path != block.heading_path) {
            let (start, heading_path) = (block.span.start, block.heading_path.clone());
            sections.push(Section { start, heading_path });
        }
    }
    sections
}

fn reaches_past_the_end(version: VersionId, span: Span) -> Error {
    Error::corrupt(format!("a chunk of version {version} lies at {span}, past the end of its text"))
}

#[cfg(test)]
mod tests {
    use footnote_core::hash::ContentHash;
    use footnote_core::ids::{ChunkId, DocumentId, SourceId};
    use footnote_core::parsed::{Block, BlockKind, ContentType};
    use footnote_core::passage::{StageScore, StageTrace};
    use proptest::prelude::*;

    use super::*;

    fn candidate(text: &CanonicalText, span: Span, ordinal: u32, score: f32, path: &[&str]) -> Candidate {
        Candidate {
            chunk: ConfirmedChunk {
                chunk: ChunkId::new(),
                version: VersionId(uuid::Uuid::from_u128(1)),
                version_hash: ContentHash::of(text.as_str().as_bytes()),
                document: DocumentId(uuid::Uuid::from_u128(2)),
                source: SourceId(uuid::Uuid::from_u128(3)),
                title: "Handbook".into(),
                document_key: "handbook.md".into(),
                ordinal,
                span,
                pages: None,
                heading_path: path.iter().map(|&h| h.to_owned()).collect(),
                embedded_text: ContentHash::of(b""),
                text: text.slice(span).unwrap_or_default().to_owned(),
            },
            trace: StageTrace { fused: Some(StageScore { rank: 1, score }), ..StageTrace::default() },
        }
    }

    fn parsed(text: &str, pages: Vec<Page>) -> ParsedDocument {
        ParsedDocument {
            content_type: ContentType::Text,
            title: None,
            text: text.into(),
            pages,
            blocks: Vec::new(),
            lines: Vec::new(),
            warnings: Vec::new(),
            engine: "test".into(),
        }
    }

    #[test]
    fn every_place_of_a_passage_knows_the_headings_above_it() {
        let text = CanonicalText::new("Leave\n\nTen days.\n\nSick\n\nFive days.");
        let block = |kind, start, end, path: &[&str]| Block {
            kind,
            span: Span::new(start, end),
            page: None,
            heading_path: path.iter().map(|&h| h.to_owned()).collect(),
            level: 0,
        };
        let mut parsed = parsed(text.as_str(), Vec::new());
        parsed.blocks = vec![
            block(BlockKind::Heading, 0, 5, &[]),
            block(BlockKind::Paragraph, 7, 16, &["Leave"]),
            block(BlockKind::Heading, 18, 22, &["Leave"]),
            block(BlockKind::Paragraph, 24, 34, &["Leave", "Sick"]),
        ];
        let whole = candidate(&text, Span::new(0, 34), 0, 1.0, &[]);
        let passage = merge_version(&[&whole], &text, &parsed).unwrap().remove(0);
        assert!(passage.heading_path_at(0).is_empty());
        assert_eq!(passage.heading_path_at(7), ["Leave"]);
        assert_eq!(passage.heading_path_at(19), ["Leave"], "a heading is not above itself");
        assert_eq!(passage.heading_path_at(30), ["Leave", "Sick"]);
        let second = candidate(&text, Span::new(24, 34), 1, 1.0, &["Leave", "Sick"]);
        let passage = merge_version(&[&second], &text, &parsed).unwrap().remove(0);
        assert_eq!(passage.heading_path_at(24), ["Leave", "Sick"]);
    }

    #[test]
    fn the_pages_of_a_passage_are_those_that_it_overlaps() {
        let spans = [(0, 4), (4, 4), (6, 9), (9, 12), (14, 14), (14, 20)];
        let page = |(number, (start, end))| Page { number, span: Span::new(start, end), ..Page::default() };
        let parsed = parsed(&"x".repeat(20), (1..).zip(spans).map(page).collect());
        for (start, end) in (0..20).flat_map(|start| (start + 1..=20).map(move |end| (start, end))) {
            let span = Span::new(start, end);
            let overlapping = parsed.pages.iter().filter(|page| page.span.overlaps(span));
            let expected: Vec<u32> = overlapping.map(|page| page.number).collect();
            let touched: Vec<u32> = pages_touched(&parsed, span).iter().map(|page| page.number).collect();
            assert_eq!(touched, expected, "{span}");
        }
    }

    fn settings(top_k: usize, passage_budget: usize) -> RetrievalSettings {
        RetrievalSettings { top_k, passage_budget, ..RetrievalSettings::default() }
    }

    #[test]
    fn neighbours_merge_and_keep_only_common_headings() {
        let text = CanonicalText::new("年假十五天。\n\n病假十天。 More.");
        let pages = vec![
            Page { number: 4, span: Span::new(0, 7), ..Page::default() },
            Page { number: 5, span: Span::new(7, 19), ..Page::default() },
        ];
        let a = candidate(&text, Span::new(0, 6), 0, 0.4, &["Leave", "Annual"]);
        let b = candidate(&text, Span::new(8, 13), 1, 0.9, &["Leave", "Sick"]);
        let merged = merge_version(&[&b, &a], &text, &parsed(text.as_str(), pages.clone())).unwrap();
        assert_eq!(merged.len(), 1);
        let passage = &merged[0];
        assert_eq!(passage.text, "年假十五天。\n\n病假十天。");
        assert_eq!((passage.span, passage.score), (Span::new(0, 13), 0.9));
        assert_eq!(passage.heading_path, ["Leave"]);
        assert_eq!(passage.chunks, [a.chunk.chunk, b.chunk.chunk]);
        assert_eq!(
            passage.pages,
            [pages[0].clone(), Page { number: 5, span: Span::new(7, 13), ..Page::default() }]
        );

        let far = candidate(&text, Span::new(14, 19), 3, 0.1, &[]);
        let apart = merge_version(&[&a, &far], &text, &parsed(text.as_str(), pages)).unwrap();
        assert_eq!(apart.iter().map(|p| p.text.as_str()).collect::<Vec<_>>(), ["年假十五天。", "More."]);
    }

    #[test]
    fn a_span_past_the_end_is_corrupt_and_no_panic() {
        let text = CanonicalText::new("short");
        let bad = candidate(&text, Span::new(2, 50), 0, 0.5, &[]);
        let error = merge_version(&[&bad], &text, &parsed("short", Vec::new())).unwrap_err();
        assert_eq!(error.kind(), footnote_core::ErrorKind::Corrupt);
    }

    #[test]
    fn duplicates_budget_and_rank_each_give_their_reason() {
        let text = CanonicalText::new("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddAAAAAAAAAA");
        let at = |n: usize| candidate(&text, Span::new(n * 10, n * 10 + 10), n as u32, 0.5, &[]);
        let mut candidates = vec![at(0), at(4), at(1), at(2), at(3)];
        candidates[0].chunk.document_key = "passage budget.md".to_owned();
        candidates[3].chunk.span = Span::new(20, 40);
        assert_eq!(select(&mut candidates, &settings(3, 30)), [0, 2]);
        let reasons: Vec<_> = candidates.iter().map(|c| c.trace.dropped.clone()).collect();
        assert!(reasons[1].as_ref().unwrap().contains("chunk 0 of passage budget.md"));
        assert!(reasons[3].as_ref().unwrap().contains("budget of 30"));
        assert!(reasons[4].is_some(), "a shorter one does not pass");
        let over_budget = reasons.iter().map(|reason| reason.as_deref().is_some_and(is_over_budget));
        assert!(over_budget.eq([false, false, false, true, true]), "a document's name tells nothing");

        let mut candidates = vec![at(0), at(1)];
        assert_eq!(select(&mut candidates, &settings(1, 5)), [0], "the best is kept whole");
        assert!(candidates[1].trace.dropped.as_ref().unwrap().contains("beyond the 1 best"));
    }

    proptest! {
        #[test]
        fn passages_cover_exactly_their_chunks(
            words in prop::collection::vec("[a-z年假]{1,5}", 1..20),
            picks in prop::collection::vec((0_usize..20, 1_usize..4), 1..8),
        ) {
            let joined = words.join(" ");
            let text = CanonicalText::new(joined.as_str());
            let mut starts = vec![0];
            for word in &words {
                starts.push(starts[starts.len() - 1] + word.chars().count() + 1);
            }
            let chunks: Vec<_> = picks.iter().enumerate().map(|(i, &(at, count))| {
                let first = at % words.len();
                let end = starts[(first + count).min(words.len())] - 1;
                candidate(&text, Span::new(starts[first], end), i as u32, 0.5, &[])
            }).collect();
            let merged = merge_version(&chunks.iter().collect::<Vec<_>>(), &text, &parsed(&joined, Vec::new())).unwrap();
            for passage in &merged {
                prop_assert_eq!(text.slice(passage.span), Some(passage.text.as_str()));
            }
            for pair in merged.windows(2) {
                prop_assert!(pair[0].span.end + 1 < pair[1].span.start, "neighbours were not merged");
            }
            for chunk in &chunks {
                let homes = merged.iter().filter(|p| p.chunks.contains(&chunk.chunk.chunk)).collect::<Vec<_>>();
                prop_assert_eq!(homes.len(), 1);
                prop_assert!(homes[0].span.contains(chunk.chunk.span));
            }
        }
    }
}
