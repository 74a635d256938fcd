//! Walks the text of an OpenDocument file: headings, paragraphs, lists, tables, charts and notes.

use footnote_core::parsed::BlockKind;
use quick_xml::events::BytesStart;

use super::ListStyles;
use super::annotation::Annotation;
use super::chart::Charts;
use crate::parse::alternative::alternative_text;
use crate::parse::builder::DocumentBuilder;
use crate::parse::flow::Flow;
use crate::parse::ooxml::Drawing;
use crate::parse::package::xml::{Xml, attribute};
use crate::parse::running_text::{Section, Sections};

/// Elements whose content is not the text: styles, deletions, scripts, forms, and the
/// alternatives of what is read already.
const SKIPPED: &[&str] = &[
    "tracked-changes",
    "automatic-styles",
    "font-face-decls",
    "scripts",
    "forms",
    "ruby-text",
    "note-citation",
    "index-title-template",
    "binary-data",
    "event-listeners",
];
/// Most times that a repeated cell or row that holds something is written.
const MAX_REPEATED: usize = 100;
const MAX_BLANKS: usize = 1_000;

/// The reader's state.
pub(super) struct Content<'b> {
    flow: Flow<'b>,
    styles: ListStyles,
    /// Names of the styles of the open lists.
    lists: Vec<String>,
    tables: usize,
    cell_repeats: usize,
    row_repeats: usize,
    paragraphs: usize,
    notes: Vec<String>,
    annotation: Option<Annotation>,
    /// What the pictures of the open frames show, and those of frames that ended.
    frames: Vec<Frame>,
    pictures: Vec<String>,
    /// Charts that no frame has drawn yet, and those of frames that ended.
    charts: Charts,
    drawn: Vec<Drawing>,
    /// The open note's text.
    note: Option<String>,
    skip: Option<(String, usize)>,
    sections: Sections,
    pub(super) title: bool,
}

/// A frame, in which a picture or a chart may lie; a chart has a picture of itself beside it.
#[derive(Default)]
struct Frame {
    is_picture: bool,
    chart: Option<Drawing>,
    in_text: bool,
    text: String,
}

impl<'b> Content<'b> {
    /// Appends to `out`, and begins the first of `sections`.
    pub(super) fn new(
        out: &'b mut DocumentBuilder,
        styles: ListStyles,
        charts: Charts,
        sections: Vec<Section>,
    ) -> Self {
        let mut content = Self {
            flow: Flow::new(out),
            styles,
            lists: Vec::new(),
            tables: 0,
            cell_repeats: 0,
            row_repeats: 0,
            paragraphs: 0,
            notes: Vec::new(),
            annotation: None,
            frames: Vec::new(),
            pictures: Vec::new(),
            charts,
            drawn: Vec::new(),
            note: None,
            skip: None,
            sections: Sections::new(sections),
            title: false,
        };
        content.next_section();
        content
    }

    /// What follows is of the next section.
    pub(super) fn next_section(&mut self) {
        self.sections.turn(self.flow.builder());
    }

    /// The builder, after what was collected has been appended.
    pub(super) fn builder(&mut self) -> &mut DocumentBuilder {
        self.flow.builder()
    }

    /// What follows are speaker notes.
    pub(super) fn open_quote(&mut self) {
        self.flow.open_quote();
    }

    /// The speaker notes end.
    pub(super) fn close_quote(&mut self) {
        self.flow.close_quote();
    }

    /// Appends what is still open.
    pub(super) fn finish(mut self) {
        self.flow.close_table();
        self.append_notes();
        self.sections.finish(self.flow.builder());
    }

    /// Takes the next event.
    pub(super) fn event(&mut self, event: Xml<'_>) {
        if self.skipping(&event) {
            return;
        }
        if let Some(annotation) = &mut self.annotation {
            if let Some(comment) = annotation.event(&event) {
                self.annotation = None;
                self.notes.extend(comment.shown());
                if self.paragraphs == 0 && self.tables == 0 {
                    self.append_notes();
                }
            }
            return;
        }
        match event {
            Xml::Start(start) => self.start(start),
            Xml::End(name) => self.end(name),
            Xml::Text(text) => match (&mut self.note, self.frames.last_mut()) {
                (_, Some(frame)) if frame.in_text => frame.text.push_str(text),
                (Some(note), _) => note.push_str(text),
                (None, _) if self.paragraphs > 0 => self.flow.text(text),
                (None, _) => {}
            },
        }
    }

    fn skipping(&mut self, event: &Xml<'_>) -> bool {
        match (&mut self.skip, event) {
            (Some((name, depth)), Xml::Start(start)) => {
                *depth += usize::from(start.local_name().as_ref() == name.as_str());
            }
            (Some((name, depth)), Xml::End(end)) => {
                *depth -= usize::from(name == end);
                if *depth == 0 {
                    self.skip = None;
                }
            }
            (Some(_), Xml::Text(_)) => {}
            (None, Xml::Start(start)) if SKIPPED.contains(&start.local_name().as_ref()) => {
                self.skip = Some((start.local_name().as_ref().to_owned(), 1));
            }
            (None, _) => return false,
        }
        true
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        let count = |name: &str| attribute(start, name).and_then(|v| v.parse().ok()).unwrap_or(1_usize);
        let name = start.local_name();
        match name.as_ref() {
            "h" | "p" if self.note.is_none() => {
                self.paragraphs += 1;
                self.flow.flush();
                if self.title {
                    self.flow.open_heading(1);
                } else if name.as_ref() == "h" {
                    self.flow.open_heading(u8::try_from(count("outline-level")).unwrap_or(6));
                }
            }
            "s" => self.blanks(count("c").min(MAX_BLANKS)),
            "tab" => self.push("\t"),
            "line-break" => self.push("\n"),
            "annotation" => self.annotation = Some(Annotation::default()),
            "frame" => self.frames.push(Frame::default()),
            "image" => self.frame(|frame| frame.is_picture = true),
            "object" => {
                if let Some(chart) = self.charts.take(start) {
                    self.frame(|frame| frame.chart = Some(chart));
                }
            }
            // A description says more than a title, which is a name mostly.
            "desc" if start.name().as_ref() == "svg:desc" => {
                self.frame(|frame| (frame.in_text, frame.text) = (true, String::new()));
            }
            // A field of a text has the same local name.
            "title" if start.name().as_ref() == "svg:title" => {
                self.frame(|frame| frame.in_text = frame.text.is_empty());
            }
            "list" if self.note.is_none() => self.open_list(start),
            "list-item" | "list-header" if self.note.is_none() => self.flow.open_item(),
            "note" => self.note = Some(String::new()),
            "table" if self.note.is_none() => {
                self.tables += 1;
                self.flow.open_table();
            }
            "table-row" if self.tables == 1 => {
                self.row_repeats = count("number-rows-repeated").min(MAX_REPEATED);
                self.flow.open_row();
            }
            "table-cell" if self.tables == 1 => {
                self.cell_repeats = count("number-columns-repeated").min(MAX_REPEATED);
                self.flow.open_cell(count("number-columns-spanned"), count("number-rows-spanned"));
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "h" | "p" if self.note.is_some() => self.push(" "),
            "h" | "p" => {
                self.paragraphs = self.paragraphs.saturating_sub(1);
                self.flow.close_heading();
                if self.paragraphs == 0 && self.tables == 0 {
                    self.append_notes();
                }
            }
            "list" if self.note.is_none() => {
                self.lists.pop();
                self.flow.close_list();
            }
            "list-item" | "list-header" if self.note.is_none() => self.flow.close_item(),
            "desc" | "title" => self.frame(|frame| frame.in_text = false),
            "frame" => self.end_frame(),
            "note" => {
                let note = self.note.take().unwrap_or_default();
                self.notes.push(note);
            }
            "table" if self.note.is_none() => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.flow.close_table();
                    self.append_notes();
                }
            }
            "table-row" if self.tables == 1 => {
                let times = std::mem::take(&mut self.row_repeats);
                self.flow.repeat_row(times.saturating_sub(1));
            }
            // Places without a cell of their own in this row that a repeat stands for are blank ones nearly
            // always: the repeats keep the columns in line.
            "table-cell" if self.tables == 1 => {
                self.flow.close_cell();
                for _ in 1..self.cell_repeats {
                    self.flow.open_cell(1, 1);
                    self.flow.close_cell();
                }
                self.cell_repeats = 0;
            }
            _ => {}
        }
    }

    /// A list within a list has its style unless it names one.
    fn open_list(&mut self, start: &BytesStart<'_>) {
        let named = attribute(start, "style-name").or_else(|| self.lists.last().cloned());
        let style = named.unwrap_or_default();
        let levels = self.styles.get(&style);
        let numbered = levels.and_then(|levels| levels.get(self.lists.len())).copied().unwrap_or(false);
        self.flow.open_list(numbered.then_some(1));
        self.lists.push(style);
    }

    fn push(&mut self, text: &str) {
        match (&mut self.note, text) {
            (Some(note), text) => note.push_str(text),
            (None, _) if self.paragraphs == 0 => {}
            (None, "\n") => self.flow.line_break(),
            (None, text) => self.flow.verbatim(text),
        }
    }

    fn blanks(&mut self, count: usize) {
        self.push(&" ".repeat(count));
    }

    fn frame(&mut self, change: impl FnOnce(&mut Frame)) {
        if let Some(frame) = self.frames.last_mut() {
            change(frame);
        }
    }

    fn end_frame(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        let is_shown = frame.is_picture || frame.chart.is_some();
        self.drawn.extend(frame.chart);
        match alternative_text(&frame.text).filter(|_| is_shown) {
            Some(text) if self.tables > 0 && self.paragraphs > 0 => self.flow.text(&format!(" {text} ")),
            Some(text) => self.pictures.push(text),
            None => {}
        }
        if self.paragraphs == 0 && self.tables == 0 && self.note.is_none() {
            self.append_notes();
        }
    }

    fn append_notes(&mut self) {
        for text in std::mem::take(&mut self.pictures) {
            self.flow.builder().paragraph(&text);
        }
        for chart in std::mem::take(&mut self.drawn) {
            chart.append(self.flow.builder());
        }
        for note in std::mem::take(&mut self.notes) {
            self.flow.builder().block(BlockKind::Footnote, 0, note.trim());
        }
    }
}
