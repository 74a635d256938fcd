//! Rows of tables with their headers: without it, a row does not say what its figures are.

use std::borrow::Cow;
use std::ops::Range;

use footnote_core::citation::{Citation, RowRange};
use footnote_core::parsed::{LOW_CONFIDENCE, Page};
use footnote_core::passage::{Passage, RowLabel, TableHeader};
use footnote_core::text::Span;

use crate::support::Terms;
use crate::tables::Table;
use crate::verify::{Place, Sources};

/// Longest header that stands above a passage in the prompt, in scalar values: a longer one is mostly names that its first
/// rows do not need.
const SHOWN_CHARS: usize = 400;

/// Where the header of a row stands.
enum Header<'s> {
    /// In the passage that has the row.
    Within(Range<usize>),
    /// Before it: the passage begins within the table.
    Before(&'s TableHeader),
}

impl Sources {
    /// The citations of some places: each of its own, and for rows of a table those of their header, and of the label of
    /// one that is cut, behind them, once.
    pub(crate) fn citations<'p>(
        &self,
        places: impl IntoIterator<Item = &'p Place>,
        score: f32,
    ) -> Vec<Citation> {
        let mut citations: Vec<Citation> = Vec::new();
        let mut headers: Vec<Citation> = Vec::new();
        for place in places {
            let Some(own) = self.citation(place, score) else { continue };
            headers.extend(self.header_citation(place, &own));
            headers.extend(self.cut_row(place).map(|row| cited_label(row, &own)));
            citations.push(own);
        }
        for header in headers {
            let is_same = |known: &Citation| {
                known.version == header.version && known.source_span.contains(header.source_span)
            };
            if !citations.iter().any(is_same) {
                citations.push(header);
            }
        }
        citations
    }

    /// The header of the table whose row `place` is, as it stands in the source: where it is a whole row.
    pub(crate) fn header_of_row(&self, place: &Place) -> Option<String> {
        let text = self.text(place);
        let is_row = text.starts_with('|') && text.ends_with('|') && !text.contains('\n');
        self.header_text(place).filter(|_| is_row).map(str::to_owned)
    }

    /// The header of the table whose row `place` is or begins in.
    pub(crate) fn header_text(&self, place: &Place) -> Option<&str> {
        let passage = &self.passages().get(place.passage)?.passage;
        match self.header(place)? {
            Header::Within(bytes) => passage.text.get(bytes),
            Header::Before(header) => Some(&header.text),
        }
    }

    /// Whether nothing but the header of a table stands at `place`: it says nothing alone.
    pub(crate) fn is_header(&self, place: &Place) -> bool {
        let Some(indexed) = self.passages().get(place.passage) else { return false };
        let headers =
            indexed.tables.iter().filter(|table| !table.rows.is_empty()).filter_map(Table::header_bytes);
        headers.into_iter().any(|header| header.start <= place.bytes.start && place.bytes.end <= header.end)
    }

    /// Of several rows of tables, leaves those whose label `terms` have: a figure of one and the label of another are of
    /// nothing.
    pub(crate) fn leave_out_other_rows(&self, places: &mut Vec<Place>, terms: &Terms) {
        *places = places.iter().flat_map(|place| self.rows_apart(place)).collect();
        let label = |place: &Place| label_of_row(self.text(place)).map(Terms::of);
        if places.iter().filter_map(label).count() > 1 {
            places.retain(|place| label(place).is_none_or(|label| label.held_by(&[terms]) > 0.0));
        }
    }

    /// The rows of a place that is nothing but rows, or the place.
    fn rows_apart(&self, place: &Place) -> Vec<Place> {
        let text = self.text(place);
        if !text.contains('\n') || !text.lines().all(|line| line.starts_with('|')) {
            return vec![place.clone()];
        }
        let mut start = place.bytes.start;
        let mut rows = Vec::new();
        for line in text.split_inclusive('\n') {
            let end = start + line.trim_end().len();
            rows.push(Place { passage: place.passage, bytes: start..end });
            start += line.len();
        }
        rows
    }

    /// What a reader reads at a place: a row of a table below its header, a piece of one behind its label.
    pub(crate) fn read_at(&self, place: &Place) -> Cow<'_, str> {
        let text = self.text(place);
        let label = self.cut_row(place).map(shown_label).unwrap_or_default();
        match self.header_text(place) {
            Some(header) => Cow::Owned(format!("{header}\n{label}{text}")),
            None if label.is_empty() => Cow::Borrowed(text),
            None => Cow::Owned(label + text),
        }
    }

    /// The label of the row that `place` is a piece of, where its passage begins within that row.
    pub(crate) fn cut_row(&self, place: &Place) -> Option<&RowLabel> {
        let passage = &self.passages().get(place.passage)?.passage;
        let row = passage.table_header.as_ref()?.row.as_ref()?;
        passage.text.get(..place.bytes.start).filter(|before| !before.contains('\n')).map(|_| row)
    }

    fn header_citation(&self, place: &Place, own: &Citation) -> Option<Citation> {
        match self.header(place)? {
            Header::Within(bytes) => self.citation(&Place { passage: place.passage, bytes }, own.score),
            Header::Before(header) => Some(cited_before(
                header.span,
                &header.text,
                header.page.as_ref(),
                header.ocr_confidence,
                own,
            )),
        }
    }

    fn header(&self, place: &Place) -> Option<Header<'_>> {
        let indexed = self.passages().get(place.passage)?;
        if self.cut_row(place).is_some() {
            return before(&indexed.passage).map(Header::Before);
        }
        let at = place.bytes.start;
        let table = indexed.tables.iter().find(|table| table.bytes.contains(&at))?;
        match table.header_bytes() {
            Some(header) => (header.end <= at).then_some(Header::Within(header)),
            None => begins_within(&indexed.passage, table).map(Header::Before),
        }
    }
}

/// The citation of what stands before a passage, beside `own`, one of the passage.
fn cited_before(
    span: Span,
    text: &str,
    page: Option<&Page>,
    ocr_confidence: Option<f32>,
    own: &Citation,
) -> Citation {
    let rows = page.and_then(|page| page.rows("", text));
    Citation {
        page: page.map(|page| page.number),
        page_kind: page.map(|page| page.kind),
        page_label: page.and_then(|page| page.label.clone()),
        rows: rows.map(|(first, last)| RowRange { first, last }),
        ocr_confidence,
        low_confidence: ocr_confidence.is_some_and(|sure| sure < LOW_CONFIDENCE),
        source_span: span,
        quote: text.to_owned(),
        ..own.clone()
    }
}

fn cited_label(row: &RowLabel, own: &Citation) -> Citation {
    cited_before(row.span, &row.text, row.page.as_ref(), row.ocr_confidence, own)
}

/// The label of a row before a piece of it.
fn shown_label(row: &RowLabel) -> String {
    format!("| {} | … ", row.text)
}

/// The header of a table that begins before the passage, above its first rows: behind the rest of one that is cut.
fn begins_within<'p>(passage: &'p Passage, table: &Table) -> Option<&'p TableHeader> {
    let above = passage.text.get(..table.bytes.start)?.trim();
    let header = before(passage)?;
    (above.is_empty() || header.row.is_some() && !above.contains('\n')).then_some(header)
}

/// The header of the table within which the passage begins, where it names columns.
fn before(passage: &Passage) -> Option<&TableHeader> {
    let names_columns = |header: &&TableHeader| {
        let tables = Table::read(&format!("{}\n| --- | --- |", header.text));
        tables.first().is_some_and(|table| !table.header.is_empty())
    };
    passage.table_header.as_ref().filter(names_columns)
}

/// What the model is shown before the text of a passage that begins within a table: the header of its first rows, and the
/// label of a row that is cut, which it does not have itself.
pub(crate) fn lead_of(passage: &Passage) -> String {
    let header = before(passage).filter(|header| header.text.chars().count() <= SHOWN_CHARS);
    let header = header.map(|header| above_rows(&header.text) + "\n");
    let row = passage.table_header.as_ref().and_then(|header| header.row.as_ref());
    header.into_iter().chain(row.map(shown_label)).collect()
}

/// The first cell of a row of Markdown that is no number: what the row is about.
fn label_of_row(row: &str) -> Option<&str> {
    let cells = row.strip_prefix('|')?.split('|').map(str::trim);
    cells.into_iter().find(|cell| cell.chars().any(char::is_alphabetic))
}

/// A header as it stands above rows in Markdown: with the rule below it, which one of several lines has within it.
pub(crate) fn above_rows(header: &str) -> String {
    if header.contains('\n') {
        return header.to_owned();
    }
    let escaped = header.matches("\\|").count();
    let cells = header.matches('|').count().saturating_sub(escaped + 1);
    format!("{header}\n|{}", " --- |".repeat(cells))
}

#[cfg(test)]
mod tests {
    use footnote_core::parsed::PageKind;

    use super::*;
    use crate::cite::tests::passage;

    const SALES: &str = "Sales of 2025.\n\n| City | Units |\n| --- | --- |\n| Berlin | 120 |\n| Paris | 85 |\n\nThey were audited.";

    fn place(sources: &Sources, text: &str) -> Place {
        let start = sources.passages()[0].passage.text.find(text).unwrap();
        Place { passage: 0, bytes: start..start + text.len() }
    }

    fn quotes(sources: &Sources, texts: &[&str]) -> Vec<String> {
        let places: Vec<Place> = texts.iter().map(|text| place(sources, text)).collect();
        sources.citations(&places, 1.0).into_iter().map(|citation| citation.quote).collect()
    }

    #[test]
    fn a_row_is_cited_with_its_header_and_other_text_without() {
        let sources = Sources::new(&[passage(1, SALES)]);
        assert_eq!(quotes(&sources, &["| Paris | 85 |"]), ["| Paris | 85 |", "| City | Units |"]);
        let both = ["| Berlin | 120 |", "| Paris | 85 |"];
        assert_eq!(quotes(&sources, &both), ["| Berlin | 120 |", "| Paris | 85 |", "| City | Units |"]);
        for text in
            ["They were audited.", "| City | Units |", "| City | Units |\n| --- | --- |\n| Berlin | 120 |"]
        {
            assert_eq!(quotes(&sources, &[text]), [text]);
        }
        assert!(sources.is_header(&place(&sources, "| City | Units |")));
        assert!(!sources.is_header(&place(&sources, "| Paris | 85 |")));
        let figures = Sources::new(&[passage(1, "| Fees | 3 |\n| --- | --- |\n| Tax | 4 |")]);
        assert_eq!(quotes(&figures, &["| Tax | 4 |"]), ["| Tax | 4 |"], "no header");
        assert_eq!(above_rows("| a \\| b | c |"), "| a \\| b | c |\n| --- | --- |");
        let double = "| a | b | b |\n| --- | --- | --- |\n| a | x | y |";
        assert_eq!(above_rows(double), double);
    }

    #[test]
    fn the_header_is_cited_from_before_the_passage() {
        let page = Page { number: 2, kind: PageKind::Sheet, first_row: Some(4), ..Page::default() };
        let header = TableHeader {
            span: Span::new(0, 16),
            text: "| City | Units |".into(),
            page: Some(page),
            ocr_confidence: Some(0.4),
            row: None,
        };
        let rows = |text: &str| {
            let table_header = Some(header.clone());
            Sources::new(&[Passage { table_header, ..passage(1, text) }])
        };
        let sources = rows("| Paris | 85 |\n| Rome | 40 |\n\nElsewhere.\n\n| a | b |");
        let paris = place(&sources, "| Paris | 85 |");
        let cited = sources.citations([&paris], 1.0);
        assert_eq!((cited[1].quote.as_str(), cited[1].source_span), ("| City | Units |", Span::new(0, 16)));
        assert_eq!((cited[1].ocr_confidence, cited[1].low_confidence), (Some(0.4), true));
        assert_eq!((cited[1].page, cited[1].rows.unwrap().first, cited[1].number), (Some(2), 4, 1));
        assert_eq!(quotes(&sources, &["Elsewhere."]), ["Elsewhere."]);
        assert_eq!(quotes(&sources, &["| a | b |"]), ["| a | b |"], "another table");
        assert_eq!(sources.header_of_row(&paris).as_deref(), Some("| City | Units |"));
    }

    #[test]
    fn a_piece_of_a_row_is_read_behind_its_label_and_cited_with_it() {
        let row = RowLabel { span: Span::new(2, 4), text: "Pump A".into(), page: None, ocr_confidence: None };
        let (span, text) = (Span::new(0, 2), "| Item | Care |".to_owned());
        let header = TableHeader { span, text, page: None, ocr_confidence: None, row: Some(row) };
        let piece = "It is oiled weekly. It is red. |\n| Pump B | It is blue. |\n\nElsewhere.";
        let sources = Sources::new(&[Passage { table_header: Some(header), ..passage(1, piece) }]);
        let oiled = place(&sources, "It is oiled weekly.");
        assert_eq!(sources.read_at(&oiled), "| Item | Care |\n| Pump A | … It is oiled weekly.");
        let cited = sources.citations([&oiled], 1.0);
        let quoted: Vec<_> = cited.iter().map(|c| (c.quote.as_str(), c.source_span.start)).collect();
        assert_eq!(quoted[1..], [("| Item | Care |", 0), ("Pump A", 2)]);
        assert_eq!(quotes(&sources, &["It is red."]), ["It is red.", "| Item | Care |", "Pump A"]);
        let next = "| Pump B | It is blue. |";
        assert_eq!(quotes(&sources, &[next]), [next, "| Item | Care |"], "of another row");
        assert_eq!(quotes(&sources, &["Elsewhere."]), ["Elsewhere."]);
    }
}
