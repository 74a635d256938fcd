//! Pictures: decoded within limits, put upright, and read by OCR; every page of a TIFF is a page.

#[cfg(fuzzing)]
pub(super) mod fuzzing;

use std::io::Cursor;
use std::path::Path;

use footnote_core::parsed::{ContentType, ParsedDocument};
use footnote_core::{Error, ErrorKind, Result};
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, RgbImage};

use super::limits::{EngineConfig, ParseLimits};
use super::pdf::{PageText, PdfText, Scanner, assemble_pages};
use super::{OnPage, read};

/// Pixels per point: pictures are taken for scans at 200 dots per inch.
const PIXELS_PER_POINT: f32 = 200.0 / 72.0;
/// Most bytes a decoder may allocate for each pixel that is allowed: four colours of 16 bits.
const BYTES_PER_PIXEL: u64 = 8;

/// Reads the picture at `path`.
pub(crate) fn parse(
    path: &Path,
    limits: &ParseLimits,
    engines: &EngineConfig,
    on_page: OnPage<'_>,
) -> Result<ParsedDocument> {
    let mut bytes = read(path)?;
    let directories = tiff_directories(&bytes, limits)?;
    let count = u32::try_from(directories.len().max(1)).unwrap_or(u32::MAX);
    let mut scanner = Scanner::new(engines, limits, on_page);
    scanner.expect(count);
    if let Some(error) = scanner.unusable() {
        return Err(error);
    }
    for (number, index) in (1..=count).zip(0..) {
        if let Some(directory) = directories.get(index) {
            directory.make_first(&mut bytes);
        }
        if scanner.is_out_of_time() {
            scanner.push(PageText::out_of_time(number));
            continue;
        }
        match decode(&bytes, limits) {
            Ok(picture) => scanner.read(PageText::new(number, Vec::new()), picture, PIXELS_PER_POINT)?,
            Err(error) if count == 1 || error.kind() == ErrorKind::TooLarge => return Err(error),
            Err(error) => scanner.push(PageText::unreadable(number, error.message())),
        }
    }
    let pages = scanner.finish();
    if pages.iter().all(|page| page.lines.is_empty()) {
        return Err(Error::invalid("OCR finds no text in the picture; upload one with readable text"));
    }
    let text = PdfText::of_pictures(pages, engines.ocr_name());
    assemble_pages(text, ContentType::Image, limits)
}

fn decode(bytes: &[u8], limits: &ParseLimits) -> Result<RgbImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|e| Error::invalid(format!("the picture cannot be read: {e}")))?;
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.max_image_pixels.saturating_mul(BYTES_PER_PIXEL));
    reader.limits(bounds);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits.max_image_pixels {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!(
                "the picture has {width} × {height} pixels; at most {} are read, make it smaller",
                limits.max_image_pixels
            ),
        ));
    }
    let orientation = decoder.orientation().map_err(damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    Ok(on_white(picture))
}

fn damaged(error: ImageError) -> Error {
    match error {
        ImageError::Limits(error) => {
            Error::new(ErrorKind::TooLarge, format!("the picture is too large ({error}); make it smaller"))
        }
        error => Error::invalid(format!("the picture is damaged ({error}); save it again as PNG")),
    }
}

/// What can be seen through shows white paper.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let with_alpha = picture.into_rgba8();
    let (width, height) = with_alpha.dimensions();
    let blend = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        // Both are at most 255, and so is their blend.
        ((value * alpha + 255 * (255 - alpha)) / 255) as u8
    };
    RgbImage::from_fn(width, height, |x, y| {
        let [r, g, b, a] = with_alpha.get_pixel(x, y).0;
        image::Rgb([blend(r, a), blend(g, a), blend(b, a)])
    })
}

/// Where a page of a TIFF is described. The decoder reads the first page only, which the file's head names.
#[derive(Debug, Clone, Copy, PartialEq)]
struct TiffDirectory {
    at: u64,
    layout: TiffLayout,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct TiffLayout {
    little_endian: bool,
    big: bool,
}

impl TiffLayout {
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes.get(..4)? {
            b"II*\0" => Some(Self { little_endian: true, big: false }),
            b"II+\0" => Some(Self { little_endian: true, big: true }),
            b"MM\0*" => Some(Self { little_endian: false, big: false }),
            b"MM\0+" => Some(Self { little_endian: false, big: true }),
            _ => None,
        }
    }

    /// Where the place of the first directory stands, and how many bytes it takes.
    fn head(self) -> (usize, usize) {
        if self.big { (8, 8) } else { (4, 4) }
    }

    fn number(self, bytes: &[u8], at: usize, length: usize) -> Option<u64> {
        let digits = bytes.get(at..at.checked_add(length)?)?;
        let fold = |sum: u64, digit: &u8| sum << 8 | u64::from(*digit);
        Some(if self.little_endian { digits.iter().rev().fold(0, fold) } else { digits.iter().fold(0, fold) })
    }

    /// Where the place of the directory after the one at `at` stands.
    fn next(self, bytes: &[u8], at: usize) -> Option<usize> {
        let (count, entry) = if self.big { (8, 20) } else { (2, 12) };
        let entries = usize::try_from(self.number(bytes, at, count)?).ok()?;
        at.checked_add(count)?.checked_add(entries.checked_mul(entry)?)
    }
}

impl TiffDirectory {
    fn make_first(&self, bytes: &mut [u8]) {
        let (at, length) = self.layout.head();
        let Some(place) = bytes.get_mut(at..at + length) else { return };
        let little = self.at.to_le_bytes();
        let digits = little.iter().copied().take(length);
        if self.layout.little_endian {
            place.iter_mut().zip(digits).for_each(|(byte, digit)| *byte = digit);
        } else {
            place.iter_mut().rev().zip(digits).for_each(|(byte, digit)| *byte = digit);
        }
    }
}

/// The directories of a TIFF; none where it is another picture. A chain that comes back to itself ends there.
fn tiff_directories(bytes: &[u8], limits: &ParseLimits) -> Result<Vec<TiffDirectory>> {
    let Some(layout) = TiffLayout::of(bytes) else { return Ok(Vec::new()) };
    let (mut place, length) = layout.head();
    let mut directories: Vec<TiffDirectory> = Vec::new();
    while let Some(at) = layout.number(bytes, place, length).filter(|&at| at != 0) {
        if directories.iter().any(|known| known.at == at) {
            break;
        }
        if directories.len() >= limits.max_pages as usize {
            let message = format!("the picture has more than {} pages; split the file", limits.max_pages);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let next = usize::try_from(at).ok().and_then(|at| layout.next(bytes, at));
        directories.push(TiffDirectory { at, layout });
        match next {
            Some(next) => place = next,
            None => break,
        }
    }
    Ok(directories)
}

#[cfg(test)]
mod tests;
