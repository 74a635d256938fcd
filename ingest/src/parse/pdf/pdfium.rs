//! PDFium, bound at run time: characters with their boxes, page by page.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use footnote_core::parsed::WarningKind;
use footnote_core::password::Password;
use footnote_core::{Error, ErrorKind, Result};
use image::RgbImage;
use pdfium_render::prelude::*;

use super::blanks::Blanks;
use super::fonts::{Fonts, is_control};
use super::frame::Frame;
use super::glyph::{Glyph, upright, without_false_blanks};
use super::layout::Line;
use super::outline::{self, Entry, MAX_ENTRIES};
use super::rulings::{Colour, Rulings};
use super::scan::told_together;
use super::scanner::Scanner;
use super::symbols::symbol;
use super::vertical::turn_columns;
use super::{PageText, PdfText, sensible_title};
use super::{appearances, fields, links, shadows};
use crate::parse::limits::{EngineConfig, ParseLimits};
use crate::parse::members::{Found, Unpacking};

/// PDFium is initialised once per process, whatever path a later call names.
fn library(path: &Path) -> Result<&'static Pdfium> {
    static LIBRARY: OnceLock<(PathBuf, Pdfium)> = OnceLock::new();
    static LOADING: Mutex<()> = Mutex::new(());
    let missing = |cause: String| {
        let message = format!("PDFium cannot be loaded ({cause}); run `footnote models pull`");
        Error::not_installed(message)
    };
    if !path.is_file() {
        return Err(missing("there is no such file".to_owned()));
    }
    let _one_at_a_time = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if LIBRARY.get().is_none() {
        let bindings = Pdfium::bind_to_library(path).map_err(|e| missing(e.to_string()))?;
        return Ok(&LIBRARY.get_or_init(|| (path.to_owned(), Pdfium::new(bindings))).1);
    }
    LIBRARY.get().map(|(_, library)| library).ok_or_else(|| missing("it failed before".to_owned()))
}

/// Reads the PDF at `path` with the library at `library_path`, and tells what the whole file warns of; the files that
/// are embedded in it go to `embedded`.
pub(crate) fn read(
    path: &Path,
    library_path: &Path,
    engines: &EngineConfig,
    mut scanner: Scanner<'_>,
    embedded: &mut Unpacking<'_>,
) -> Result<(PdfText, Option<(WarningKind, String)>)> {
    let limits = &embedded.limits().clone();
    let document = open(library(library_path)?, path, &engines.passwords)?;
    let count = u32::try_from(document.pages().len()).unwrap_or(0);
    super::check_page_count(count, limits)?;
    let title = document.metadata().get(PdfDocumentMetadataTagType::Title);
    let title = title.map(|t| t.value().to_owned()).filter(|t| sensible_title(t));
    let (outline, has_more) = outline(&document);
    scanner.expect(count);
    let mut spent = Spent::default();
    for number in 1..=count {
        read_page(&document, number, &mut spent, limits, &mut scanner)?;
    }
    let pages = scanner.finish();
    unpack(&document, embedded)?;
    let engine = match pages.iter().any(PageText::is_ocr) {
        true => format!("{}, {}", engines.pdfium_name(), engines.ocr_name()),
        false => engines.pdfium_name(),
    };
    Ok((PdfText { title, outline, pages, engine }, has_more.then(outline::without_entries)))
}

/// What the pages have had so far.
#[derive(Default)]
struct Spent {
    chars: usize,
    objects: usize,
}

fn read_page(
    document: &PdfDocument<'_>,
    number: u32,
    spent: &mut Spent,
    limits: &ParseLimits,
    scanner: &mut Scanner<'_>,
) -> Result<()> {
    let index = PdfPageIndex::try_from(number - 1).unwrap_or(PdfPageIndex::MAX);
    let mut page = match document.pages().get(index) {
        Ok(page) => page,
        Err(error) => {
            scanner.push(PageText::unreadable(number, &format!("PDFium: {error}")));
            return Ok(());
        }
    };
    spent.objects += page.objects().len();
    super::check_object_count(spent.objects, limits)?;
    // Before the page's text is made, which objects without width are no part of.
    let (rulings, blanks) = drawn(&mut page);
    let text = match page.text() {
        Ok(text) => text,
        Err(error) => {
            scanner.push(PageText::unreadable(number, &format!("PDFium: {error}")));
            return Ok(());
        }
    };
    let (mut placed, unmapped) = glyphs(&text);
    let overlapping = shadows::restore(&page, &mut placed);
    blanks.restore(&mut placed);
    let (filled_in, unset) = fields::glyphs(&page);
    placed.extend(filled_in);
    let (comments, mut unread) = fields::comments(&page);
    let (links, has_more_links) = links::of(&page);
    drop(text);
    let shown = appearances::shown(document, index, &page, &placed, |text| glyphs(text).0);
    placed.extend(shown.glyphs);
    unread += shown.unread;
    let outside = take_unseen(&page, &mut placed);
    turn_columns(&mut placed);
    let glyphs: Vec<_> = upright(placed).into_iter().map(without_false_blanks).collect();
    spent.chars += glyphs.iter().map(Vec::len).sum::<usize>();
    spent.chars += comments.iter().map(|comment| comment.chars().count()).sum::<usize>();
    if spent.chars > limits.max_text_chars {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("the text is longer than {} characters; split the file", limits.max_text_chars),
        ));
    }
    let (lines, crowded) = super::layout::lines_and_tables(glyphs, rulings);
    let label = page.label().filter(|label| *label != number.to_string()).map(str::to_owned);
    let frame = Frame::of_page(page.width().value, page.height().value, shown_turns(&page));
    let frame = frame.with_links(links);
    let warnings = [
        (unmapped > 0).then(|| without_characters(unmapped)),
        (unset > 0).then(|| without_values(unset)),
        (unread > 0).then(|| without_remarks(unread)),
        links::left_out(has_more_links, frame.links_left_out(&lines)),
    ];
    let lost = warnings.into_iter().flatten().reduce(|one, other| format!("{one}; {other}"));
    let lost = lost.map(|lost| (WarningKind::Lost, lost));
    let unseen = (outside > 0).then(|| (WarningKind::Note, outside_of_page(outside)));
    let warning = told_together(told_together(lost, shadows::doubts(overlapping)), unseen);
    let read = PageText { label, frame: Some(frame), warning, comments, ..PageText::new(number, lines) };
    let page = shown.page.as_ref().unwrap_or(&page);
    match is_picture(page, &read.lines, unmapped) {
        true => from_picture(page, read, scanner)?,
        false => scanner.push(PageText { crowded, ..read }),
    }
    Ok(())
}

/// Hands on the embedded files.
fn unpack(document: &PdfDocument<'_>, embedded: &mut Unpacking<'_>) -> Result<()> {
    for file in document.attachments().iter() {
        let (name, bytes) = (file.name(), file.len() as u64);
        // Acrobat Distiller puts its own settings into what it makes.
        if name.to_ascii_lowercase().ends_with(".joboptions") {
            embedded.skip_system_file();
            continue;
        }
        if bytes > embedded.limits().max_part_bytes {
            embedded
                .skip(&name, format!("has more than {} bytes; split it", embedded.limits().max_part_bytes));
            continue;
        }
        match file.save_to_bytes() {
            Ok(content) => {
                let found = Found { name: &name, declared: content.len() as u64, compressed: None };
                embedded.add(&found, &mut content.as_slice())?;
            }
            Err(error) => embedded.skip(&name, format!("is damaged ({error})")),
        }
    }
    Ok(())
}

/// The outline's entries that lead to a page, in their order, and whether there are others.
fn outline(document: &PdfDocument<'_>) -> (Vec<Entry>, bool) {
    let mut entries = Vec::new();
    // A bookmark knows its parent, but the parent of that not.
    let mut levels: HashMap<PdfBookmark<'_>, u8> = HashMap::new();
    for (number, bookmark) in document.bookmarks().iter().enumerate() {
        if number == MAX_ENTRIES {
            return (entries, true);
        }
        let above = bookmark.parent().and_then(|parent| levels.get(&parent).copied());
        let level = above.unwrap_or(0).saturating_add(1);
        levels.insert(bookmark.clone(), level);
        let page = bookmark.destination().and_then(|place| place.page_index().ok());
        let page = page.and_then(|index| u32::try_from(index).ok());
        if let (Some(title), Some(page)) = (bookmark.title(), page) {
            entries.push(Entry { level, title, page: page + 1 });
        }
    }
    (entries, false)
}

/// Paths behind so many objects, and more points of paths, are not looked at on a page.
const MAX_OBJECTS: usize = 30_000;
const MAX_POINTS: u32 = 30_000;
/// A path with more points than this is a drawing.
const MAX_PATH_POINTS: u32 = 600;

/// The straight lines that the page draws, and its blanks that are objects of their own. Other text that has no width
/// gets one.
fn drawn(page: &mut PdfPage<'_>) -> (Rulings, Blanks) {
    page.set_content_regeneration_strategy(PdfPageContentRegenerationStrategy::Manual);
    let (mut rulings, mut blanks) = (Rulings::default(), Blanks::default());
    let mut left = MAX_POINTS;
    for (number, mut object) in page.objects().iter().enumerate() {
        if number >= MAX_OBJECTS && object.object_type() == PdfPageObjectType::Path {
            rulings.cut();
            continue;
        }
        let Ok(bounds) = object.bounds() else { continue };
        if let Some(text) = object.as_text_object_mut() {
            if bounds.width().value <= NO_WIDTH {
                let is_embedded = text.font().is_embedded().unwrap_or(true);
                match is_embedded {
                    true => blanks.note(text),
                    false => widen(text),
                }
            }
            continue;
        }
        let Some(path) = object.as_path_object() else { continue };
        let lower_left = (bounds.left().value, bounds.bottom().value);
        let upper_right = (bounds.right().value, bounds.top().value);
        rulings.add_square(lower_left, upper_right);
        if !path.is_stroked().unwrap_or(true) {
            rulings.add_filled(lower_left, upper_right, path.fill_color().ok().map(parts));
        } else if !rulings.add_thin(lower_left, upper_right) {
            let points = path.segments().len();
            match left.checked_sub(points) {
                _ if points > MAX_PATH_POINTS => {}
                Some(rest) => {
                    left = rest;
                    add_edges(path, &mut rulings);
                }
                None => rulings.cut(),
            }
        }
    }
    (rulings, blanks)
}

/// Gives a text object an edge. PDFium leaves what has no width out of the page's text: blanks, and single characters of
/// a font that is neither in the file nor on this machine, such as `STSong-Light`. The width is reckoned anew where the
/// object is moved, be it by nothing.
fn widen(text: &mut PdfPageTextObject<'_>) {
    if text.scaled_font_size().value >= LEAST_TEXT
        && text.set_render_mode(PdfPageTextRenderMode::FilledThenStroked).is_ok()
        && text.set_stroke_width(PdfPoints::new(0.1)).is_ok()
    {
        // Else it stays as it was.
        text.transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).ok();
    }
}

/// Red, green and blue.
fn parts(colour: PdfColor) -> Colour {
    [colour.red(), colour.green(), colour.blue()]
}

fn add_edges(path: &PdfPagePathObject<'_>, rulings: &mut Rulings) {
    let Ok(matrix) = path.matrix() else { return };
    let segments = path.segments().transform(matrix);
    let (mut start, mut from) = ((0.0, 0.0), (0.0, 0.0));
    for segment in segments.iter() {
        let (x, y) = segment.point();
        let to = (x.value, y.value);
        match segment.segment_type() {
            PdfPathSegmentType::LineTo => rulings.add(from, to),
            PdfPathSegmentType::MoveTo => start = to,
            _ => {}
        }
        if segment.is_close() {
            rulings.add(to, start);
        }
        from = to;
    }
}

/// Takes out what stands beside the part of the page that is shown, and tells how many characters that were.
fn take_unseen(page: &PdfPage<'_>, glyphs: &mut Vec<Glyph>) -> usize {
    let Ok(seen) = page.boundaries().bounding().map(|found| found.bounds) else { return 0 };
    // The boxes of a damaged file may have nothing in common.
    if seen.width().value <= 0.0 || seen.height().value <= 0.0 {
        return 0;
    }
    let before = glyphs.len();
    glyphs.retain(|glyph| {
        let (x, y) = ((glyph.left + glyph.right) / 2.0, (glyph.bottom + glyph.top) / 2.0);
        glyph.is_blank() || seen.contains(PdfPoints::new(x), PdfPoints::new(y))
    });
    before - glyphs.len()
}

/// Clockwise quarter turns with which viewers show the page.
fn shown_turns(page: &PdfPage<'_>) -> u8 {
    match page.rotation() {
        Ok(PdfPageRenderRotation::Degrees90) => 1,
        Ok(PdfPageRenderRotation::Degrees180) => 2,
        Ok(PdfPageRenderRotation::Degrees270) => 3,
        Ok(PdfPageRenderRotation::None) | Err(_) => 0,
    }
}

/// Widest text object that PDFium leaves out of the page's text, and least size that it is kept with.
const NO_WIDTH: f32 = 0.01;
const LEAST_TEXT: f32 = 1.0;

/// Dots per inch of a page's picture; fewer where the page is large.
const RESOLUTION: f32 = 200.0;
const MAX_PIXELS: f32 = 16e6;
const MAX_SIDE: f32 = 10_000.0;
/// A page with fewer characters than this, and a picture over most of it, may be a scan with a stamp.
const STAMP_CHARS: usize = 60;
/// The share of the page that such a picture covers.
const PICTURE_SHARE: f32 = 0.6;
/// Characters in a hundred that mean nothing, from which a text layer is no text.
const MAX_GARBLED_PERCENT: usize = 30;

/// Whether the page shows something that its text layer does not tell. `unmapped` characters were left out of it.
fn is_picture(page: &PdfPage<'_>, lines: &[Line], unmapped: usize) -> bool {
    let garbled = || unmapped + visible(lines).filter(|c| means_nothing(*c)).count();
    match visible(lines).count() + unmapped {
        0 => !page.objects().is_empty(),
        count if garbled() * 100 > count * MAX_GARBLED_PERCENT => true,
        count if count < STAMP_CHARS => picture_share(page) >= PICTURE_SHARE,
        _ => false,
    }
}

/// Fonts without a map to Unicode give characters of private use, or none.
fn means_nothing(c: char) -> bool {
    matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)
}

fn without_characters(unmapped: usize) -> String {
    format!("{unmapped} characters were left out, as their fonts do not tell which ones they are")
}

fn outside_of_page(outside: usize) -> String {
    format!("{outside} characters were left out, as they stand outside of what is seen of the page")
}

fn without_values(unset: usize) -> String {
    format!(
        "{unset} characters of form fields and notes were left out, as these are too long or too many; split the file"
    )
}

fn without_remarks(unread: usize) -> String {
    format!(
        "{unread} remarks on the page or stamps were left out, as it has too many or they are damaged; split the file"
    )
}

/// The share of the page that its largest picture covers.
fn picture_share(page: &PdfPage<'_>) -> f32 {
    let pictures = page.objects().iter().filter(|o| o.object_type() == PdfPageObjectType::Image);
    let areas = pictures.filter_map(|o| o.bounds().ok()).map(|b| b.width().value * b.height().value);
    areas.fold(0.0, f32::max) / (page.width().value * page.height().value).max(1.0)
}

/// Has OCR read what the page shows, where it can.
fn from_picture(page: &PdfPage<'_>, layer: PageText, scanner: &mut Scanner<'_>) -> Result<()> {
    match scanner.unusable() {
        Some(error) if error.kind() == ErrorKind::NotInstalled => {
            let warning = match layer.warning {
                Some((WarningKind::Lost, warning)) => {
                    let remedy = format!("run {} to have the page read as it looks", crate::ocr::INSTALL);
                    Some((WarningKind::Lost, format!("{warning}; {remedy}")))
                }
                other => other,
            };
            scanner.push(PageText { needs_ocr: true, warning, ..layer });
            return Ok(());
        }
        Some(error) => return Err(error),
        None => {}
    }
    let number = layer.number;
    let drawn = if scanner.is_out_of_time() { Err(None) } else { render(page).map_err(Some) };
    match drawn {
        Ok((picture, pixels_per_point)) => return scanner.read(layer, picture, pixels_per_point),
        Err(None) => scanner.push(layer.unless_read(PageText::out_of_time(number))),
        Err(Some(cause)) => scanner.push(layer.unless_read(PageText::unreadable(number, &cause))),
    }
    Ok(())
}

/// The characters of lines and tables, without blanks.
pub(super) fn visible(lines: &[Line]) -> impl Iterator<Item = char> {
    let texts = lines.iter().flat_map(|line| {
        let cells = line.cells.iter().map(|cell| cell.text.as_str());
        cells.chain(line.grid.iter().flatten().flatten().map(String::as_str))
    });
    texts.flat_map(str::chars).filter(|c| *c != ' ')
}

/// The page's picture, and how many of its pixels a point takes.
fn render(page: &PdfPage<'_>) -> std::result::Result<(RgbImage, f32), String> {
    let (width, height) = (page.width().value, page.height().value);
    let scale =
        (RESOLUTION / 72.0).min((MAX_PIXELS / (width * height)).sqrt()).min(MAX_SIDE / width.max(height));
    let size = |points: f32| (points * scale).round();
    if !(size(width) >= 1.0 && size(height) >= 1.0) {
        return Err(format!("it is {width} × {height} points large"));
    }
    // `as` saturates; both are bounded.
    let config = PdfRenderConfig::new().set_fixed_size(size(width) as Pixels, size(height) as Pixels);
    let bitmap = page.render_with_config(&config).map_err(|e| format!("PDFium: {e}"))?;
    let sides = u32::try_from(bitmap.width()).ok().zip(u32::try_from(bitmap.height()).ok());
    let (width, height) = sides.ok_or_else(|| "its picture has no size".to_owned())?;
    let mut pixels = bitmap.as_rgba_bytes();
    drop_alpha(&mut pixels);
    let picture = RgbImage::from_raw(width, height, pixels);
    picture.map(|picture| (picture, scale)).ok_or_else(|| "its picture is cut short".to_owned())
}

/// Four bytes a pixel to three, in place.
fn drop_alpha(pixels: &mut Vec<u8>) {
    let count = pixels.len() / 4;
    for index in 0..count {
        pixels.copy_within(index * 4..index * 4 + 3, index * 3);
    }
    pixels.truncate(count * 3);
}

/// Opens the file without a password, else with the first of `passwords` that fits.
fn open<'a>(library: &'a Pdfium, path: &Path, passwords: &'a [Password]) -> Result<PdfDocument<'a>> {
    let tried = std::iter::once(None).chain(passwords.iter().map(|password| Some(password.reveal())));
    for password in tried {
        match library.load_pdf_from_file(path, password) {
            Ok(document) => return Ok(document),
            Err(PdfiumError::PdfiumLibraryInternalError(
                PdfiumInternalError::PasswordError | PdfiumInternalError::SecurityError,
            )) => {}
            Err(error) => return Err(Error::invalid(format!("PDFium cannot open it: {error}"))),
        }
    }
    Err(super::encrypted(passwords))
}

/// Every character of the page in the order of the content stream, and how many were left out because their fonts do
/// not tell them.
fn glyphs(text: &PdfPageText<'_>) -> (Vec<Glyph>, usize) {
    let mut glyphs: Vec<Glyph> = Vec::with_capacity(usize::try_from(text.len()).unwrap_or(0));
    let mut fonts = Fonts::default();
    let mut font_of: Vec<Option<usize>> = Vec::with_capacity(glyphs.capacity());
    let mut font = 0;
    let mut bold = false;
    let mut word_start = true;
    let mut high_surrogate = None;
    let mut same_word: Option<(f32, f32, f32)> = None;
    for char in text.chars().iter() {
        if let [.., one, other] = glyphs.as_mut_slice() {
            part_ligature(one, other);
        }
        let code = char.unicode_value();
        if is_control(code) {
            font = fonts.number(char.font_name());
            fonts.count(font, code);
            word_start = true;
        }
        let is_nameless = (0x80..0xa0).contains(&code);
        let decoded =
            decode_unit(code, &mut high_surrogate).or_else(|| char::from_u32(code).filter(|_| is_nameless));
        let Some(mut c) = decoded else { continue };
        if c.is_whitespace() {
            word_start = true;
            same_word = None;
            glyphs.push(Glyph::blank(char.is_generated().unwrap_or(false)));
            font_of.push(None);
            continue;
        }
        let (Ok(bounds), Ok((origin_x, baseline))) = (char.loose_bounds(), char.origin()) else { continue };
        if word_start || is_nameless {
            // Asking for the font's name costs an allocation, so it is asked once a word.
            font = fonts.number(char.font_name());
            bold = fonts.is_bold(font);
            // A box stands before its label without a blank between.
            word_start = fonts.any_has_symbols();
        }
        if fonts.has_symbols(font) {
            c = symbol(c);
        } else if is_nameless {
            continue;
        }
        fonts.count(font, code);
        font_of.push(Some(font));
        // Upright boxes of one height in one word are of one size, which is three calls fewer for most characters.
        let height = bounds.top().value - bounds.bottom().value;
        let alike = same_word.filter(|(before, ..)| (before - height).abs() < 1e-3);
        let (size, clockwise, lean) = alike.map_or_else(
            || {
                let (clockwise, lean) = turn_and_lean(&char);
                (scaled_size(&char), clockwise, lean)
            },
            |(_, size, lean)| (size, 0.0, lean),
        );
        same_word = (clockwise == 0.0).then_some((height, size, lean));
        if clockwise == 0.0 {
            fonts.measure(font, c, (bounds.right().value - bounds.left().value) / size);
        }
        glyphs.push(Glyph {
            c,
            left: if lean > 0.0 { origin_x.value } else { bounds.left().value },
            right: bounds.right().value - lean * (bounds.top().value - baseline.value).max(0.0),
            bottom: bounds.bottom().value,
            top: bounds.top().value,
            baseline: baseline.value,
            origin_x: origin_x.value,
            size,
            clockwise,
            bold,
            monospaced: false,
            generated: false,
        });
        // Behind a hyphen at a line's end, which PDFium marks so, no end of a line is told.
        word_start |= code == 2;
    }
    let before = glyphs.len();
    let monospaced = fonts.monospaced();
    let mut fonts_of = font_of.into_iter();
    glyphs.retain_mut(|glyph| {
        let Some(font) = fonts_of.next().flatten() else { return true };
        glyph.monospaced = monospaced.get(font).copied().unwrap_or_default();
        !fonts.is_unmapped(font)
    });
    let left_out = before - glyphs.len();
    (glyphs, left_out)
}

/// The height of the character's line on the page. PDFium's bindings tell 0 for text that is turned by a quarter, as
/// they look at one number of its matrix.
fn scaled_size(char: &PdfPageTextChar<'_>) -> f32 {
    let scale = char.matrix().map_or(0.0, |matrix| matrix.c().abs().max(matrix.d().abs()));
    char.unscaled_font_size().value.abs() * scale
}

/// The turn of the character's baseline, in radians, and how far a letter of an italic that is made of upright ones
/// leans over, per point of its height. PDFium takes those for turned ones; their baseline is level.
fn turn_and_lean(char: &PdfPageTextChar<'_>) -> (f32, f32) {
    const LEVEL: f32 = 0.02;
    let angle = char.angle_radians().unwrap_or(0.0);
    if angle == 0.0 {
        return (0.0, 0.0);
    }
    let is_level = |m: &PdfMatrix| m.a() > 0.0 && m.d() > 0.0 && m.b().abs() <= LEVEL * m.a();
    let leant = char.matrix().ok().filter(is_level);
    leant.map_or((angle, 0.0), |matrix| (0.0, (matrix.c() / matrix.d()).clamp(0.0, 1.0)))
}

/// PDFium turns the two letters of the one sign for lam and alef around, as if they were two signs.
fn part_ligature(one: &mut Glyph, other: &mut Glyph) {
    let is_alef = matches!(one.c, '\u{622}' | '\u{623}' | '\u{625}' | '\u{627}');
    let one_place = (one.origin_x - other.origin_x).abs() < 0.01 && (one.left - other.left).abs() < 0.01;
    if is_alef && other.c == '\u{644}' && one_place && one.right > one.left {
        std::mem::swap(&mut one.c, &mut other.c);
    }
}

/// PDFium gives UTF-16 units on some platforms, and marks of its own for hyphens at line ends.
fn decode_unit(unit: u32, high_surrogate: &mut Option<u16>) -> Option<char> {
    let unit16 = u16::try_from(unit).ok();
    if let Some(high @ 0xd800..0xdc00) = unit16 {
        *high_surrogate = Some(high);
        return None;
    }
    if let (Some(low @ 0xdc00..0xe000), Some(high)) = (unit16, high_surrogate.take()) {
        return char::decode_utf16([high, low]).next()?.ok();
    }
    match char::from_u32(unit)? {
        '\u{2}' | '\u{ad}' | '\u{fffe}' => Some('-'),
        c if c.is_control() && !c.is_whitespace() => None,
        c => Some(c),
    }
}

#[cfg(test)]
pub(super) fn picture_of(path: &Path, library_path: &Path) -> RgbImage {
    let document = library(library_path).unwrap().load_pdf_from_file(path, None).unwrap();
    render(&document.pages().get(0).unwrap()).unwrap().0
}
