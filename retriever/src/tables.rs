//! The tables of a document as a question over their rows needs them: whole, together with what may go on with them.
//!
//! A parser ends a table at a blank row of a sheet and at the end of a page. Whether the next one goes on with it is
//! told where rows are read (`generator::counting`); here those that may are kept in one passage.

use footnote_core::Result;
use footnote_core::chunk::Chunk;
use footnote_core::ids::VersionId;
use footnote_core::parsed::{Block, BlockKind, ParsedDocument};
use footnote_core::passage::{Passage, RowLabel, TableHeader};
use footnote_core::principal::Scope;
use footnote_core::text::{CanonicalText, Span};

use crate::hybrid::HybridRetriever;
use crate::passages::pages_touched;

/// Most blocks between two tables on pages that follow each other, and the longest of them: running headers and
/// footers, footnotes, numbers of pages.
const EDGE_BLOCKS: usize = 4;
const EDGE_CHARS: usize = 120;

/// Longest label of a row, in scalar values; of a longer one, so much of its beginning.
const LABEL_CHARS: usize = 80;

/// Documents whose tables are looked at, and tables of them; more are told in the log.
const TABLE_DOCUMENTS: usize = 8;
const MOST_TABLES: usize = 128;

impl HybridRetriever {
    /// The whole tables of the documents of `passages`, best document first, as passages numbered after them; where
    /// they are too many, those that passages lie in. A table of which a chunk is hidden is left out whole: its other
    /// rows add up to something else.
    pub async fn tables(&self, scope: Scope, passages: &[Passage]) -> Result<Vec<Passage>> {
        let mut tables: Vec<Passage> = Vec::new();
        let mut versions: Vec<VersionId> = Vec::new();
        for passage in passages {
            if versions.contains(&passage.version) {
                continue;
            }
            if versions.len() == TABLE_DOCUMENTS {
                tracing::info!(
                    documents = TABLE_DOCUMENTS,
                    "the tables of further documents are not looked at"
                );
                break;
            }
            versions.push(passage.version);
            let (text, parsed, chunks) = tokio::try_join!(
                self.documents.canonical_text(passage.version),
                self.documents.parsed(passage.version),
                self.documents.chunks(passage.version, scope.generation())
            )?;
            let (Some(text), Some(parsed)) = (text, parsed) else { continue };
            let hidden = |table: &Passage| {
                chunks.iter().any(|chunk| chunk.is_hidden() && chunk.span.overlaps(table.span))
            };
            tables.extend(whole_tables(passage, &text, &parsed).into_iter().filter(|t| !hidden(t)));
        }
        if tables.len() > MOST_TABLES {
            tracing::info!(tables = tables.len(), most = MOST_TABLES, "not all tables are looked at");
            let holds = |table: &Passage, passage: &Passage| {
                passage.version == table.version && passage.span.overlaps(table.span)
            };
            tables.sort_by_key(|table| !passages.iter().any(|passage| holds(table, passage)));
            tables.truncate(MOST_TABLES);
        }
        let last = passages.iter().map(|passage| passage.number).max().unwrap_or(0);
        for (number, table) in (last + 1..).zip(&mut tables) {
            table.number = number;
        }
        Ok(tables)
    }

    /// What somebody hid is not read, and that a row needs its header and its label makes no difference.
    pub(crate) async fn leave_out_hidden_header(&self, scope: Scope, passage: &mut Passage) -> Result<()> {
        let edits = self.documents.chunk_edits(passage.document).await?;
        if !edits.iter().any(|stored| stored.edit.hidden) {
            return Ok(());
        }
        let chunks = self.documents.chunks(passage.version, scope.generation()).await?;
        leave_out_hidden(&mut passage.table_header, &chunks);
        Ok(())
    }
}

/// The tables of the version that `of` is a passage of, each whole; those with nothing between them, or with the
/// edges of pages between them, in one passage.
pub fn whole_tables(of: &Passage, text: &CanonicalText, parsed: &ParsedDocument) -> Vec<Passage> {
    let passage = |(first, span): (&Block, Span)| {
        Some(Passage {
            number: 0,
            span,
            heading_path: first.heading_path.clone(),
            sections: Vec::new(),
            text: text.slice(span)?.to_owned(),
            pages: pages_touched(parsed, span),
            ocr_lines: Vec::new(),
            chunks: Vec::new(),
            table_header: None,
            ..of.clone()
        })
    };
    runs(&parsed.blocks, text).into_iter().filter_map(passage).collect()
}

/// The header of the table within which `span` begins, where that is not in it.
pub(crate) fn header_before(
    span: Span,
    text: &CanonicalText,
    parsed: &ParsedDocument,
) -> Option<TableHeader> {
    let is_around = |block: &&Block| block.span.start < span.start && span.start < block.span.end;
    let table = parsed.blocks.iter().find(is_around).filter(|block| block.kind == BlockKind::Table)?;
    let mut lines = text.slice(table.span)?.lines();
    let header = lines.next().filter(|line| line.starts_with('|'))?;
    lines.next().filter(|rule| rule.starts_with("| ---"))?;
    let header_span = Span::new(table.span.start, table.span.start + header.chars().count());
    if header_span.end > span.start {
        return None;
    }
    let place = |span: Span| {
        let lines = parsed.lines.iter().filter(|line| line.span.overlaps(span));
        let ocr_confidence = lines.filter_map(|line| line.confidence).reduce(f32::min);
        (pages_touched(parsed, span).into_iter().next(), ocr_confidence)
    };
    let row = label_before(table.span.start, span.start, text).map(|(span, label)| {
        let (page, ocr_confidence) = place(span);
        RowLabel { span, text: label.to_owned(), page, ocr_confidence }
    });
    let (page, ocr_confidence) = place(header_span);
    Some(TableHeader { span: header_span, text: header.to_owned(), page, ocr_confidence, row })
}

/// Leaves out a header or a label of which a part is hidden, and where no chunk tells: those of a version of the past may be
/// of another generation.
fn leave_out_hidden(table_header: &mut Option<TableHeader>, chunks: &[Chunk]) {
    let is_hidden = |span: Span| {
        chunks.is_empty() || chunks.iter().any(|chunk| chunk.is_hidden() && chunk.span.overlaps(span))
    };
    if let Some(header) = table_header {
        header.row.take_if(|row| is_hidden(row.span));
    }
    table_header.take_if(|header| is_hidden(header.span));
}

/// The first cell that says anything of the row that is cut at `at`, of a table that begins at `table`; as much of it as
/// stands before `at`. `None` where a row begins there.
fn label_before(table: usize, at: usize, text: &CanonicalText) -> Option<(Span, &str)> {
    let before = text.slice(Span::new(table, at))?;
    let (_, row) = before.rsplit_once('\n')?;
    let mut is_escaped = false;
    let cells = row.split(|c: char| {
        let parts = c == '|' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        parts
    });
    let mut start = before.len() - row.len();
    for cell in cells {
        let label = cell.trim();
        if label.contains(char::is_alphanumeric) {
            start += cell.len() - cell.trim_start().len();
            let end = label.char_indices().nth(LABEL_CHARS).map_or(label.len(), |(end, _)| end);
            let label = label.get(..end)?.trim_end();
            let start = table + before.get(..start)?.chars().count();
            return Some((Span::new(start, start + label.chars().count()), label));
        }
        start += cell.len() + 1;
    }
    None
}

/// Tables that may be one, with the stretch from the first to the last.
fn runs<'b>(blocks: &'b [Block], text: &CanonicalText) -> Vec<(&'b Block, Span)> {
    let mut runs = Vec::new();
    let mut at = 0;
    while let Some(first) = blocks.get(at) {
        if first.kind != BlockKind::Table {
            at += 1;
            continue;
        }
        let mut last = at;
        while let Some(next) = next_table(blocks, last) {
            last = next;
        }
        let end = row_behind(blocks, last, text).or(blocks.get(last)).map_or(first.span.end, |b| b.span.end);
        runs.push((first, Span::new(first.span.start, end)));
        at = last + 1;
    }
    runs
}

/// The table that stands next to the one at `at`, or first on the page behind it.
fn next_table(blocks: &[Block], at: usize) -> Option<usize> {
    let between = blocks.get(at + 1..)?.iter().take_while(|block| block.kind != BlockKind::Table).count();
    let next = at + 1 + between;
    let (table, behind) = (blocks.get(at)?, blocks.get(next)?);
    let is_at_edge = |block: &Block| block.kind != BlockKind::Heading && block.span.len() <= EDGE_CHARS;
    let edges = blocks.get(at + 1..next)?;
    let is_over_page_end =
        between <= EDGE_BLOCKS && is_on_later_page(table, behind) && edges.iter().all(is_at_edge);
    (between == 0 || is_over_page_end).then_some(next)
}

/// What stands behind a table on a later page and may be its last row: one row by itself is no table.
fn row_behind<'b>(blocks: &'b [Block], at: usize, text: &CanonicalText) -> Option<&'b Block> {
    let (table, behind) = (blocks.get(at)?, blocks.get(at + 1)?);
    let said = text.slice(behind.span)?.trim_end();
    let is_row = behind.kind == BlockKind::Paragraph
        && behind.span.len() <= EDGE_CHARS
        && said.starts_with(char::is_alphabetic)
        && said.ends_with(|c: char| c.is_ascii_digit() || matches!(c, '%' | ')'))
        && said.split_whitespace().last().is_some_and(|word| word.contains(|c: char| c.is_ascii_digit()));
    let is_number_of_page = said.to_lowercase().starts_with("page ") || said.starts_with('第');
    (is_row && !is_number_of_page && is_on_later_page(table, behind)).then_some(behind)
}

fn is_on_later_page(before: &Block, behind: &Block) -> bool {
    before.page.zip(behind.page).is_some_and(|(before, behind)| behind > before)
}

#[cfg(test)]
mod tests {
    use footnote_core::chunk::{ChunkEdit, EditAuthor};
    use footnote_core::hash::ContentHash;
    use footnote_core::ids::{ChunkEditId, ChunkId, DocumentId, GenerationId, VersionId};
    use footnote_core::parsed::{ContentType, Page};

    use super::*;

    /// A document of blocks, each with its page.
    fn document(blocks: &[(BlockKind, u32, &str)]) -> (CanonicalText, ParsedDocument) {
        let (mut text, mut placed, mut pages) = (String::new(), Vec::new(), Vec::<Page>::new());
        for &(kind, page, said) in blocks {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            let start = text.chars().count();
            text.push_str(said);
            let span = Span::new(start, text.chars().count());
            placed.push(Block { kind, span, page: Some(page), heading_path: Vec::new(), level: 0 });
            match pages.last_mut().filter(|last| last.number == page) {
                Some(last) => last.span.end = span.end,
                None => pages.push(Page { number: page, span, ..Page::default() }),
            }
        }
        let parsed = ParsedDocument {
            content_type: ContentType::Pdf,
            title: None,
            text: text.clone(),
            pages,
            blocks: placed,
            lines: Vec::new(),
            warnings: Vec::new(),
            engine: "test".into(),
        };
        (CanonicalText::new(text), parsed)
    }

    fn whole(blocks: &[(BlockKind, u32, &str)]) -> Vec<String> {
        let (text, parsed) = document(blocks);
        let of = Passage {
            number: 1,
            version: VersionId::new(),
            version_hash: ContentHash::of(b""),
            document: DocumentId::new(),
            title: String::new(),
            document_key: String::new(),
            dated: None,
            span: Span::new(0, 1),
            heading_path: Vec::new(),
            sections: Vec::new(),
            text: String::new(),
            pages: Vec::new(),
            score: 1.0,
            ocr_lines: Vec::new(),
            chunks: Vec::new(),
            table_header: None,
        };
        let tables = whole_tables(&of, &text, &parsed);
        for table in &tables {
            assert_eq!(text.slice(table.span), Some(table.text.as_str()));
            assert!(!table.pages.is_empty());
        }
        tables.into_iter().map(|table| table.text).collect()
    }

    use BlockKind::{Footnote, Heading, Paragraph, Table};

    #[test]
    fn tables_that_may_be_one_are_one_passage() {
        assert_eq!(whole(&[(Table, 1, "| a |"), (Table, 1, "| b |")]), ["| a |\n\n| b |"]);
        assert_eq!(whole(&[(Table, 1, "| a |"), (Paragraph, 1, "x"), (Table, 1, "| b |")]).len(), 2);
        let over_page_end = [
            (Table, 1, "| a |"),
            (Footnote, 1, "1 Of the year."),
            (Paragraph, 2, "Report"),
            (Table, 2, "| b |"),
        ];
        assert_eq!(whole(&over_page_end), ["| a |\n\n1 Of the year.\n\nReport\n\n| b |"]);
        assert_eq!(whole(&[(Table, 1, "| a |"), (Heading, 2, "Other"), (Table, 2, "| b |")]).len(), 2);
        let long = "x".repeat(EDGE_CHARS + 1);
        assert_eq!(whole(&[(Table, 1, "| a |"), (Paragraph, 2, &long), (Table, 2, "| b |")]).len(), 2);
    }

    #[test]
    fn a_row_alone_on_the_next_page_stays_with_its_table() {
        let behind = |page, said| whole(&[(Table, 1, "| a |"), (Paragraph, page, said)]).remove(0);
        assert_eq!(behind(2, "Lyon 9"), "| a |\n\nLyon 9");
        for (page, said) in [(1, "Lyon 9"), (2, "Page 9"), (2, "9"), (2, "It was seen in 2019.")] {
            assert_eq!(behind(page, said), "| a |", "{said}");
        }
    }

    #[test]
    fn the_header_of_a_table_is_known_to_what_begins_within_it() {
        let (text, parsed) =
            document(&[(Paragraph, 1, "x"), (Table, 1, "| City | Units |\n| --- | --- |\n| Rome | 1 |")]);
        let at = |part: &str| {
            let byte = text.as_str().find(part).unwrap();
            let start = text.char_of(byte).unwrap();
            header_before(Span::new(start, start + 1), &text, &parsed)
        };
        let header = at("| Rome").unwrap();
        assert_eq!(
            (header.text.as_str(), text.slice(header.span)),
            ("| City | Units |", Some("| City | Units |"))
        );
        assert_eq!(header.page.unwrap().number, 1);
        assert_eq!((at("| City"), at("x")), (None, None));
    }

    #[test]
    fn what_is_hidden_is_no_header_and_no_label() {
        let chunk = |ordinal: u32, span: Span, hidden: bool| {
            let (version, generation) = (VersionId::new(), GenerationId::new());
            Chunk {
                id: ChunkId::derive(version, generation, ordinal),
                version,
                generation,
                ordinal,
                span,
                pages: None,
                heading_path: Vec::new(),
                embedded_text: ContentHash::of(b""),
                edit: Some(ChunkEdit {
                    id: ChunkEditId::new(),
                    note: None,
                    hidden,
                    author: EditAuthor::Person,
                }),
            }
        };
        let left = |header_hidden: bool, row_hidden: bool| {
            let row =
                RowLabel { span: Span::new(20, 24), text: "Rome".into(), page: None, ocr_confidence: None };
            let (span, text) = (Span::new(0, 10), "| City |".to_owned());
            let mut header =
                Some(TableHeader { span, text, page: None, ocr_confidence: None, row: Some(row) });
            let chunks = [chunk(0, Span::new(0, 15), header_hidden), chunk(1, Span::new(15, 30), row_hidden)];
            leave_out_hidden(&mut header, &chunks);
            header.map(|header| header.row.is_some())
        };
        assert_eq!(left(false, false), Some(true));
        assert_eq!(left(false, true), Some(false));
        assert_eq!(left(true, false), None);
        let (span, text) = (Span::new(0, 10), "| City |".to_owned());
        let mut unknown = Some(TableHeader { span, text, page: None, ocr_confidence: None, row: None });
        leave_out_hidden(&mut unknown, &[]);
        assert_eq!(unknown, None, "its chunks are of another generation");
    }

    #[test]
    fn a_piece_of_a_row_knows_its_label() {
        let long = "ä".repeat(LABEL_CHARS + 1);
        let rows =
            format!("|  | Pump \\| A | It is oiled. It is red. |\n| {long} | It is blue. |\n| - | Off. |");
        let table = format!("| no. | item | care |\n| --- | --- | --- |\n{rows}");
        let (text, parsed) = document(&[(Paragraph, 1, "年假"), (Table, 2, &table)]);
        let label = |part: &str| {
            let start = text.char_of(text.as_str().find(part).unwrap()).unwrap();
            let row = header_before(Span::new(start, start + 1), &text, &parsed).unwrap().row?;
            assert_eq!(text.slice(row.span), Some(row.text.as_str()));
            assert_eq!(row.page.unwrap().number, 2);
            Some(row.text)
        };
        assert_eq!(label("It is oiled").as_deref(), Some("Pump \\| A"));
        assert_eq!(label("It is red").as_deref(), Some("Pump \\| A"));
        assert_eq!(label("It is blue").unwrap(), "ä".repeat(LABEL_CHARS));
        assert_eq!((label("|  | Pump"), label("Off")), (None, None));
    }
}
