//! What the fuzz targets `pdf`, `scan` and `trailer` reach: from characters and lines of a page to a document, without
//! PDFium; from what OCR's models say to a document, without the models; and how pdf-extract's reader opens a file.

use std::io::Write;

use footnote_core::parsed::is_address;

use super::blanks::Blanks;
use super::glyph::{Glyph, upright, without_false_blanks};
use super::layout::lines_and_tables;
use super::outline::Entry;
use super::rulings::Rulings;
use super::vertical::turn_columns;
use super::*;
use crate::parse::fuzzing::{assert_blames_the_file, judge, limits};

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
    /// Whether its font is monospaced.
    pub monospaced: bool,
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
    /// Its links: two corners each, and where they lead.
    pub links: Vec<([(f32, f32); 2], String)>,
    /// Where blanks begin that are objects of their own.
    pub blanks: Vec<(f32, f32)>,
}

/// What OCR's models say of a picture.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Pixels in a row.
    pub width: u8,
    /// How likely each pixel lies in a line of text, row by row.
    pub shares: Vec<f32>,
    /// What is read in the lines, one after the other: a text, its quarter turns, and how sure that is.
    pub texts: Vec<(String, u8, f32)>,
}

/// Lays pages out and assembles a document of them; `outline` has levels, titles and pages.
pub fn lay_out(pages: Vec<Drawn>, outline: Vec<(u8, String, u32)>) {
    let pages = (1..).zip(pages).map(|(number, page)| {
        let mut placed: Vec<Glyph> = page.signs.iter().map(glyph).collect();
        let mut blanks = Blanks::default();
        page.blanks.iter().for_each(|(x, y)| blanks.add(*x, *y));
        blanks.restore(&mut placed);
        turn_columns(&mut placed);
        let glyphs = upright(placed).into_iter().map(without_false_blanks).collect();
        let mut rulings = Rulings::default();
        page.lines.iter().for_each(|[from, to]| rulings.add(*from, *to));
        page.grounds.iter().for_each(|[one, other]| rulings.add_filled(*one, *other, None));
        let (lines, _) = lines_and_tables(glyphs, rulings);
        // PDFium's reader takes addresses alone.
        let links = page.links.into_iter().filter(|(_, address)| is_address(address)).collect();
        let frame = Frame::of_page(page.size.0, page.size.1, page.turns % 4).with_links(links);
        PageText { frame: Some(frame), ..PageText::new(number, lines) }
    });
    let outline = outline.into_iter().map(|(level, title, page)| Entry { level, title, page }).collect();
    let text = PdfText { title: None, outline, pages: pages.collect(), engine: "fuzzing".to_owned() };
    judge(assemble_pages(text, ContentType::Pdf, &limits()));
}

/// Makes a document of what OCR's models say of a picture, and of a text layer that has the next text at each place.
pub fn read_scan(seen: &Seen) {
    const PIXELS_PER_POINT: f32 = 2.0;
    let width = seen.width.max(1);
    let mut told = seen.texts.clone();
    let next = told.len().min(1);
    told.rotate_left(next);
    let [read, told] =
        [&seen.texts, &told].map(|texts| ocr::fuzzing::text(&seen.shares, usize::from(width), texts));
    let height = seen.shares.len().div_ceil(usize::from(width));
    let size = (u32::from(width), u32::try_from(height).unwrap_or(u32::MAX));
    let points = (size.0 as f32 / PIXELS_PER_POINT, size.1 as f32 / PIXELS_PER_POINT);
    let [read, told] = [read, told].map(|text| super::scan::page(1, text, size, PIXELS_PER_POINT));
    let layer = PageText { frame: Some(Frame::of_page(points.0, points.1, 0)), ..told };
    let page = super::scanner::settled(layer, read, points);
    let text = PdfText::of_pictures(vec![page], "fuzzing".to_owned());
    judge(assemble_pages(text, ContentType::Image, &limits()));
}

/// Opens a PDF as pdf-extract's reader does, up to the number of its pages: what is on them is read by others' code.
pub fn open_pdf(input: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(input).expect("a temporary file is written");
    let limits = ParseLimits { max_pages: 0, ..limits() };
    if let Err(error) = fallback::read(file.path(), &limits, &[], &|_, _| {}) {
        assert_blames_the_file(&error);
    }
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
        monospaced: sign.monospaced,
        generated: false,
    }
}
