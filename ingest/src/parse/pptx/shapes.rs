//! Reads the shapes of a slide with their texts, tables and places, and puts them in reading order.

use std::collections::HashMap;

use footnote_core::Result;
use quick_xml::events::BytesStart;

use crate::parse::alternative::alternative_text;
use crate::parse::ooxml::relations::relation_id;
use crate::parse::package::xml::{Xml, attribute, each_event};
use crate::parse::reading_order::{Placed, in_reading_order};
use crate::parse::table::TableGrid;

/// Shapes whose upper edges are this near stand beside each other: 1 cm in English metric units.
const SAME_ROW: i64 = 360_000;

/// What a placeholder is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// A text box, a table, a picture.
    #[default]
    Free,
    /// The slide's title.
    Title,
    /// A subtitle.
    Subtitle,
    /// The outline of a slide, whose paragraphs have bullets unless they say otherwise.
    Body,
    /// Date, footer and slide number, which repeat on every slide.
    Running,
}

/// A paragraph of a shape.
#[derive(Default)]
pub(crate) struct Paragraph {
    pub(crate) text: String,
    /// Nesting, from 0.
    pub(crate) level: u8,
    pub(crate) marker: Option<Marker>,
}

/// What a paragraph says of its bullet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    None,
    Bullet,
    Number,
}

/// A shape, or what stands in its frame.
#[derive(Default)]
pub(crate) struct Shape {
    pub(crate) role: Role,
    placeholder: Option<(String, String)>,
    /// Upper and left edge.
    at: Option<(i64, i64)>,
    pub(crate) paragraphs: Vec<Paragraph>,
    pub(crate) table: Option<TableGrid>,
    /// Relationship of a chart, or of the data of a diagram.
    pub(crate) drawing: Option<String>,
    /// What somebody wrote a picture shows.
    pub(crate) alternative: Option<String>,
    is_picture: bool,
    /// Whether it is a file of another program (OLE).
    pub(crate) is_object: bool,
}

impl Shape {
    /// Whether it is a picture that nobody described.
    pub(crate) fn is_unread_picture(&self) -> bool {
        self.is_picture && self.alternative.is_none()
    }
}

/// A slide as read.
#[derive(Default)]
pub(crate) struct Slide {
    pub(crate) shapes: Vec<Shape>,
    pub(crate) hidden: bool,
    open: Option<Shape>,
    groups: usize,
    group_at: Option<(i64, i64)>,
    paragraph: Option<Paragraph>,
    cell: Option<Cell>,
    in_text: bool,
    fallbacks: usize,
}

struct Cell {
    text: String,
    columns: usize,
    rows: usize,
    covered: bool,
}

/// Where placeholders lie by type and index, as the layout says.
pub(crate) type Places = HashMap<(String, String), (i64, i64)>;

impl Slide {
    /// Reads the part called `part`.
    pub(crate) fn read(part: &str, xml: &str) -> Result<Self> {
        let mut slide = Self::default();
        each_event(part, xml, |event| {
            match event {
                Xml::Start(start) => slide.start(start),
                Xml::End(name) => slide.end(name),
                Xml::Text(text) if slide.in_text => slide.push(text),
                Xml::Text(_) => {}
            }
            Ok(())
        })?;
        slide.end_shape();
        Ok(slide)
    }

    /// Where its placeholders lie.
    pub(crate) fn places(&self) -> Places {
        self.shapes.iter().filter_map(|s| Some((s.placeholder.clone()?, s.at?))).collect()
    }

    /// The shapes from top to bottom and left to right, the title first. Those without a place of their
    /// own stay behind the shape they follow.
    pub(crate) fn in_reading_order(self, layout: &Places) -> impl Iterator<Item = Shape> + use<> {
        let mut at = (0, 0);
        let mut placed = Vec::new();
        for shape in self.shapes {
            let by_layout = shape.placeholder.as_ref().and_then(|p| layout.get(p));
            at = shape.at.or(by_layout.copied()).unwrap_or(at);
            let rank = u8::from(shape.role != Role::Title);
            placed.push(Placed { rank, top: at.0, left: at.1, what: shape });
        }
        in_reading_order(placed, SAME_ROW)
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        let number = |name: &str| attribute(start, name).and_then(|v| v.parse().ok()).unwrap_or(0_i64);
        let name = start.local_name();
        if self.fallbacks > 0 || name.as_ref() == "Fallback" {
            self.fallbacks += usize::from(name.as_ref() == "Fallback");
            return;
        }
        match name.as_ref() {
            "sld" => self.hidden = matches!(attribute(start, "show").as_deref(), Some("0" | "false")),
            "grpSp" => self.groups += 1,
            "sp" | "graphicFrame" | "pic" | "cxnSp" => {
                self.end_shape();
                let at = if self.groups > 0 { self.group_at } else { None };
                let is_picture = name.as_ref() == "pic";
                self.open = Some(Shape { at, is_picture, ..Shape::default() });
            }
            "off" => {
                let at = (number("y"), number("x"));
                match &mut self.open {
                    Some(shape) => _ = shape.at.get_or_insert(at),
                    None if self.groups > 0 => _ = self.group_at.get_or_insert(at),
                    None => {}
                }
            }
            "cNvPr" => {
                let text = attribute(start, "descr").and_then(|text| alternative_text(&text));
                self.shape(|s| s.alternative = text.filter(|_| s.is_picture));
            }
            "ph" => self.placeholder(start),
            "p" if self.open.is_some() => self.paragraph = Some(Paragraph::default()),
            "pPr" => self.set(|p| p.level = u8::try_from(number("lvl")).unwrap_or(0).min(8)),
            "buNone" => self.set(|p| p.marker = Some(Marker::None)),
            "buChar" | "buBlip" => self.set(|p| p.marker = Some(Marker::Bullet)),
            "buAutoNum" => self.set(|p| p.marker = Some(Marker::Number)),
            "t" => self.in_text = true,
            "br" => self.push("\n"),
            "tbl" => self.shape(|s| s.table = Some(TableGrid::default())),
            "tr" => self.shape(|s| s.table.iter_mut().for_each(TableGrid::start_row)),
            "tc" => {
                let covered = |name| matches!(attribute(start, name).as_deref(), Some("1" | "true"));
                self.cell = Some(Cell {
                    text: String::new(),
                    columns: usize::try_from(number("gridSpan")).unwrap_or(1).max(1),
                    rows: usize::try_from(number("rowSpan")).unwrap_or(1).max(1),
                    covered: covered("hMerge") || covered("vMerge"),
                });
            }
            "oleObj" => self.shape(|s| s.is_object = true),
            "chart" => self.shape(|s| s.drawing = relation_id(start, "id")),
            "relIds" => self.shape(|s| s.drawing = relation_id(start, "dm")),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if self.fallbacks > 0 {
            self.fallbacks -= usize::from(name == "Fallback");
            return;
        }
        match name {
            "grpSp" => {
                self.groups = self.groups.saturating_sub(1);
                if self.groups == 0 {
                    self.group_at = None;
                }
            }
            "sp" | "graphicFrame" | "pic" | "cxnSp" => self.end_shape(),
            "t" => self.in_text = false,
            "p" => self.end_paragraph(),
            "tc" => {
                let Some(cell) = self.cell.take().filter(|cell| !cell.covered) else { return };
                self.shape(|s| {
                    if let Some(table) = &mut s.table {
                        table.cell(&cell.text, cell.columns, cell.rows);
                    }
                });
            }
            _ => {}
        }
    }

    fn placeholder(&mut self, start: &BytesStart<'_>) {
        let kind = attribute(start, "type").unwrap_or_else(|| "obj".to_owned());
        let index = attribute(start, "idx").unwrap_or_else(|| "0".to_owned());
        let role = match kind.as_str() {
            "title" | "ctrTitle" => Role::Title,
            "subTitle" => Role::Subtitle,
            "dt" | "ftr" | "sldNum" | "hdr" => Role::Running,
            "body" | "obj" => Role::Body,
            _ => Role::Free,
        };
        // The types may differ between a slide and its layout (`obj` and `body`); the index does not.
        let key = if role == Role::Title { "title".to_owned() } else { String::new() };
        let index = if role == Role::Title { String::new() } else { index };
        self.shape(|s| (s.role, s.placeholder) = (role, Some((key, index))));
    }

    fn shape(&mut self, change: impl FnOnce(&mut Shape)) {
        if let Some(shape) = &mut self.open {
            change(shape);
        }
    }

    fn set(&mut self, change: impl FnOnce(&mut Paragraph)) {
        if let Some(paragraph) = &mut self.paragraph {
            change(paragraph);
        }
    }

    fn push(&mut self, text: &str) {
        self.set(|p| p.text.push_str(text));
    }

    fn end_paragraph(&mut self) {
        let Some(paragraph) = self.paragraph.take().filter(|p| !p.text.trim().is_empty()) else { return };
        if let Some(cell) = &mut self.cell {
            cell.text.push_str(&paragraph.text);
            cell.text.push(' ');
        } else {
            self.shape(|s| s.paragraphs.push(paragraph));
        }
    }

    fn end_shape(&mut self) {
        self.end_paragraph();
        self.cell = None;
        self.shapes.extend(self.open.take());
    }
}
