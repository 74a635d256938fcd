//! Slides of a presentation: their shapes are put in reading order before they are read.

use footnote_core::parsed::{Page, PageKind};
use quick_xml::events::BytesStart;

use super::content::Content;
use crate::parse::package::xml::{Xml, attribute};
use crate::parse::reading_order::{Placed, in_reading_order};

/// Shapes whose upper edges are this near stand beside each other, in hundredths of a centimetre.
const SAME_ROW: i64 = 100;

/// Collects the shapes of each slide.
pub(super) struct Slides<'b> {
    content: Content<'b>,
    number: u32,
    shapes: Vec<Shape>,
    /// Depth below the open slide; 0 outside of slides.
    depth: usize,
}

/// The events of a shape that lies directly on the slide.
struct Shape {
    kind: Kind,
    top: i64,
    left: i64,
    events: Vec<Event>,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Kind {
    Title,
    Other,
    Notes,
}

enum Event {
    Start(BytesStart<'static>),
    End(String),
    Text(String),
}

impl<'b> Slides<'b> {
    /// Reads slides by `content`.
    pub(super) fn new(content: Content<'b>) -> Self {
        Self { content, number: 0, shapes: Vec::new(), depth: 0 }
    }

    /// Takes the next event.
    pub(super) fn event(&mut self, event: Xml<'_>) {
        match event {
            Xml::Start(start) if self.depth == 0 => {
                if start.name().as_ref() == "draw:page" {
                    self.depth = 1;
                    self.number = self.number.saturating_add(1);
                    let page = Page { number: self.number, kind: PageKind::Slide, ..Page::default() };
                    self.content.builder().start(page);
                }
            }
            _ if self.depth == 0 => {}
            Xml::Start(start) => {
                if self.depth == 1 {
                    self.shapes.push(Shape::new(start));
                }
                self.depth += 1;
                self.keep(Event::Start(start.to_owned()));
            }
            Xml::End(name) => {
                self.depth -= 1;
                match self.depth {
                    0 => self.end_slide(),
                    _ => self.keep(Event::End(name.to_owned())),
                }
            }
            Xml::Text(text) if self.depth > 1 => self.keep(Event::Text(text.to_owned())),
            Xml::Text(_) => {}
        }
    }

    /// Appends what is still open.
    pub(super) fn finish(mut self) {
        self.end_slide();
        self.content.finish();
    }

    fn keep(&mut self, event: Event) {
        if let Some(shape) = self.shapes.last_mut() {
            shape.events.push(event);
        }
    }

    fn end_slide(&mut self) {
        let place = |shape: Shape| {
            let (rank, top, left) = (shape.kind as u8, shape.top, shape.left);
            Placed { rank, top, left, what: shape }
        };
        let placed = std::mem::take(&mut self.shapes).into_iter().map(place).collect();
        for shape in in_reading_order(placed, SAME_ROW) {
            self.content.title = shape.kind == Kind::Title;
            if shape.kind == Kind::Notes {
                self.content.open_quote();
            }
            for event in &shape.events {
                match event {
                    Event::Start(start) => self.content.event(Xml::Start(start)),
                    Event::End(name) => self.content.event(Xml::End(name)),
                    Event::Text(text) => self.content.event(Xml::Text(text)),
                }
            }
            self.content.title = false;
            if shape.kind == Kind::Notes {
                self.content.close_quote();
            }
        }
    }
}

impl Shape {
    fn new(start: &BytesStart<'_>) -> Self {
        let edge = |name| attribute(start, name).map_or(0, |length| hundredths(&length));
        let kind = match start.local_name().as_ref() {
            "notes" => Kind::Notes,
            _ if attribute(start, "class").as_deref() == Some("title") => Kind::Title,
            _ => Kind::Other,
        };
        Self { kind, top: edge("y"), left: edge("x"), events: Vec::new() }
    }
}

/// A length in hundredths of a centimetre.
fn hundredths(length: &str) -> i64 {
    let split = length.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(length.len());
    let (number, unit) = length.split_at(split);
    let centimetres = match unit {
        "mm" => 0.1,
        "in" => 2.54,
        "pt" => 2.54 / 72.0,
        "pc" => 2.54 / 6.0,
        _ => 1.0,
    };
    let hundredths = number.trim().parse::<f64>().unwrap_or(0.0) * centimetres * 100.0;
    #[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest integer there is")]
    let whole = hundredths as i64;
    whole
}
