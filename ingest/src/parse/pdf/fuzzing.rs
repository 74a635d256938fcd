//! What the fuzz target `pdf` reaches: from characters and lines of a page to a document, without PDFium.

use super::glyph::{Glyph, upright};
use super::layout::lines_and_tables;
use super::outline::Entry;
use super::rulings::Rulings;
use super::*;
use crate::parse::fuzzing::{judge, limits};

/// A character on a page.
#[derive(Debug, Clone, Copy)]
pub struct Sign {
    /// The character.
    pub c: char,
    /// Left, bottom, right, top.
    pub sides: [f32; 4],
    /// Where it stands: x and y.
    pub origin: (f32, f32),
    /// Size of its font.
    pub size: f32,
    /// How far it is turned, in radians.
    pub clockwise: f32,
    /// Whether its font is bold.
    pub bold: bool,
}

/// A page as an engine gives it.
#[derive(Debug, Clone, Default)]
pub struct Drawn {
    /// Its characters.
    pub signs: Vec<Sign>,
    /// Its lines, as two points each.
    pub lines: Vec<[(f32, f32); 2]>,
    /// Its coloured grounds, as two corners each.
    pub grounds: Vec<[(f32, f32); 2]>,
    /// Width and height.
    pub size: (f32, f32),
    /// How far it is shown turned, in quarters.
    pub turns: u8,
}

/// Lays pages out and assembles a document of them; `outline` has levels, titles and pages.
pub fn lay_out(pages: Vec<Drawn>, outline: Vec<(u8, String, u32)>) {
    let pages = (1..).zip(pages).map(|(number, page)| {
        let glyphs = page.signs.iter().map(glyph).collect();
        let mut rulings = Rulings::default();
        page.lines.iter().for_each(|[from, to]| rulings.add(*from, *to));
        page.grounds.iter().for_each(|[one, other]| rulings.add_filled(*one, *other, None));
        let lines = lines_and_tables(upright(glyphs), rulings);
        let frame = Frame::of_page(page.size.0, page.size.1, page.turns % 4);
        PageText { frame: Some(frame), ..PageText::new(number, lines) }
    });
    let outline = outline.into_iter().map(|(level, title, page)| Entry { level, title, page }).collect();
    let text = PdfText { title: None, outline, pages: pages.collect(), engine: "fuzzing".to_owned() };
    judge(assemble_pages(text, ContentType::Pdf, &limits()));
}

fn glyph(sign: &Sign) -> Glyph {
    // As PDFium's reader does: blanks have no box.
    if sign.c.is_whitespace() || sign.c.is_control() {
        return Glyph::blank(sign.bold);
    }
    let [left, bottom, right, top] = sign.sides;
    Glyph {
        c: sign.c,
        left,
        right,
        bottom,
        top,
        baseline: sign.origin.1,
        origin_x: sign.origin.0,
        size: sign.size,
        clockwise: sign.clockwise,
        bold: sign.bold,
        generated: false,
    }
}
