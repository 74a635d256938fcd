//! Pictures made here: limits, directions, pages of a TIFF, and text where the models are.

use image::{ImageFormat, Rgb, Rgba, RgbaImage};
use proptest::prelude::*;

use super::*;
use crate::ocr::OcrConfig;
use crate::parse::pdf;
use crate::tests::installed;

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 7) as u8, (y * 11) as u8, 100]))
}

#[test]
fn every_format_is_decoded() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::Tiff,
        ImageFormat::WebP,
        ImageFormat::Bmp,
    ] {
        let bytes = encoded(gradient(20, 10), format);
        assert_eq!(crate::parse::sniff(&bytes, None, None).unwrap(), ContentType::Image, "{format:?}");
        assert_eq!(decode(&bytes, &ParseLimits::default()).unwrap().dimensions(), (20, 10), "{format:?}");
    }
}

#[test]
fn pixels_are_bounded_before_they_are_decoded() {
    let bytes = encoded(gradient(40, 40), ImageFormat::Png);
    let few = ParseLimits { max_image_pixels: 1_599, ..ParseLimits::default() };
    let error = decode(&bytes, &few).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("40 × 40 pixels"), "{error}");
    // A head that claims 4 billion pixels.
    let mut claims = bytes;
    claims[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    assert!(decode(&claims, &ParseLimits::default()).is_err());
}

#[test]
fn what_can_be_seen_through_is_white() {
    let picture = RgbaImage::from_fn(2, 1, |x, _| Rgba([0, 0, 0, if x == 0 { 0 } else { 255 }]));
    let decoded = decode(&encoded(picture, ImageFormat::Png), &ParseLimits::default()).unwrap();
    assert_eq!([decoded.get_pixel(0, 0).0, decoded.get_pixel(1, 0).0], [[255; 3], [0; 3]]);
}

#[test]
fn a_photo_is_put_upright_as_its_camera_says() {
    let jpeg = encoded(gradient(20, 10), ImageFormat::Jpeg);
    // Orientation 6: turn by a quarter.
    let exif = b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let turned = [&jpeg[..2], exif, &jpeg[2..]].concat();
    assert_eq!(decode(&turned, &ParseLimits::default()).unwrap().dimensions(), (10, 20));
}

/// Two TIFFs in one: the second's directory is appended, with its places moved, and the first names it.
fn two_pages() -> Vec<u8> {
    // One grey pixel each, uncompressed, written by hand.
    let directory = |data: u32, next: u32| {
        let entries: [(u16, u16, u32, u32); 9] = [
            (256, 4, 1, 1),
            (257, 4, 1, 1),
            (258, 3, 1, 8),
            (259, 3, 1, 1),
            (262, 3, 1, 1),
            (273, 4, 1, data),
            (277, 3, 1, 1),
            (278, 4, 1, 1),
            (279, 4, 1, 1),
        ];
        let mut bytes = 9_u16.to_le_bytes().to_vec();
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(next.to_le_bytes());
        bytes
    };
    let mut bytes = b"II*\0\x0a\0\0\0\x10\xd0".to_vec();
    bytes.extend(directory(8, 124));
    bytes.extend(directory(9, 10));
    bytes
}

#[test]
fn every_page_of_a_tiff_is_found_and_a_ring_ends() {
    let mut bytes = two_pages();
    let directories = tiff_directories(&bytes, &ParseLimits::default()).unwrap();
    assert_eq!(directories.iter().map(|d| d.at).collect::<Vec<_>>(), [10, 124]);
    let mut greys = Vec::new();
    for directory in directories {
        directory.make_first(&mut bytes);
        greys.push(decode(&bytes, &ParseLimits::default()).unwrap().get_pixel(0, 0).0[0]);
    }
    assert_eq!(greys, [0x10, 0xd0]);
    let few = ParseLimits { max_pages: 1, ..ParseLimits::default() };
    assert_eq!(tiff_directories(&two_pages(), &few).unwrap_err().kind(), ErrorKind::TooLarge);
}

fn parse_bytes(bytes: &[u8], engines: &EngineConfig) -> Result<ParsedDocument> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), bytes).unwrap();
    crate::parse::parse_file(file.path(), "scan", &ParseLimits::default(), engines)
}

#[test]
fn without_models_the_command_is_named() {
    let bytes = encoded(gradient(20, 10), ImageFormat::Png);
    let missing = OcrConfig { models: "/nowhere".into(), onnxruntime: "/nowhere/lib.so".into(), threads: 1 };
    for ocr in [None, Some(missing)] {
        let error = parse_bytes(&bytes, &EngineConfig { ocr, ..EngineConfig::default() }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotInstalled);
        assert!(error.message().contains("footnote models pull pp-ocrv5"), "{error}");
    }
}

/// OCR with the PDFium beside its models.
fn engines() -> Option<EngineConfig> {
    let pdfium = Some(installed::models()?.join("pdfium/libpdfium.so"));
    Some(EngineConfig {
        pdfium,
        ocr: installed::ocr(),
        pdfium_version: Some("8149".to_owned()),
        onnxruntime_version: Some("1.32.0".to_owned()),
        passwords: Vec::new(),
    })
}

const POLICY: &str = "BT /F1 20 Tf 72 740 Td (Leave policy) Tj ET BT /F1 11 Tf 72 700 Td (Annual leave is ten days a year.) Tj 0 -14 Td \
                      (It is agreed in advance.) Tj ET";

#[test]
fn ocr_reads_pictures_scans_and_turned_pages() {
    let Some(engines) = engines() else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), pdf::tests::pdf(&[POLICY])).unwrap();
    let library = engines.pdfium.clone().unwrap();
    let picture = pdf::tests::picture_of(file.path(), &library);
    let document = parse_bytes(&encoded(picture.clone(), ImageFormat::Png), &engines).unwrap();
    let expected = "Leave policy\n\nAnnual leave is ten days a year. It is agreed in advance.";
    assert_eq!(document.text, expected);
    assert_eq!(document.engine, "PP-OCRv5 (onnxruntime 1.32.0)");
    assert!(document.pages[0].ocr);
    assert_eq!(document.lines.len(), 3);
    let line = &document.lines[1];
    assert!(line.confidence.unwrap() > 0.9, "{line:?}");
    // x 72 of 612 points; baseline 92 of 792 from the top.
    assert!((line.bounds[0] - 0.118).abs() < 0.01 && line.bounds[1] < 92.0 / 792.0, "{line:?}");
    assert!(line.bounds[3] > 91.0 / 792.0 && line.bounds[3] < 97.0 / 792.0, "{line:?}");

    let scan = pdf::tests::pdf_of_picture(&picture);
    let document = parse_bytes(&scan, &engines).unwrap();
    assert_eq!((document.text.as_str(), document.content_type), (expected, ContentType::Pdf));
    assert!(document.pages[0].ocr);
    assert_eq!(document.engine, "pdfium 8149, PP-OCRv5 (onnxruntime 1.32.0)");
    let without = EngineConfig { ocr: None, ..engines.clone() };
    let error = parse_bytes(&scan, &without).unwrap_err();
    assert!(error.message().contains("models pull pp-ocrv5"), "{error}");

    for turned in [image::imageops::rotate90(&picture), image::imageops::rotate180(&picture)] {
        let document = parse_bytes(&encoded(turned, ImageFormat::Png), &engines).unwrap();
        assert_eq!(document.text, expected);
    }
    let blank = RgbImage::from_pixel(300, 300, Rgb([255; 3]));
    let error = parse_bytes(&encoded(blank, ImageFormat::Png), &engines).unwrap_err();
    assert!(error.message().contains("no text"), "{error}");
}

#[test]
fn pages_read_at_the_same_time_are_those_read_one_by_one() {
    let Some(engines) = engines() else { return };
    let library = engines.pdfium.clone().unwrap();
    let pictures: Vec<RgbImage> = (1..=5)
        .map(|number| {
            let words = ["one line", "two lines", "three lines", "four lines", "five lines"][number - 1];
            let content = format!("BT /F1 14 Tf 20 740 Td (Page with {words} of text) Tj ET");
            let file = tempfile::NamedTempFile::new().unwrap();
            fs_err::write(file.path(), pdf::tests::pdf(&[content.as_str()])).unwrap();
            // Only the part with text; pages of different heights take different times.
            let picture = pdf::tests::picture_of(file.path(), &library);
            image::imageops::crop_imm(&picture, 0, 0, 800, 900 / number as u32).to_image()
        })
        .collect();
    let scan = pdf::tests::pdf_of_pictures(&pictures.iter().collect::<Vec<_>>());
    let read = |threads: usize| {
        let ocr = engines.ocr.clone().map(|ocr| OcrConfig { threads, ..ocr });
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), &scan).unwrap();
        let reported = std::cell::RefCell::new(Vec::new());
        let document = crate::parse::parse_file_reporting(
            file.path(),
            "scan.pdf",
            &ParseLimits::default(),
            &EngineConfig { ocr, ..engines.clone() },
            &|done, of| reported.borrow_mut().push((done, of)),
            &mut crate::parse::members::Unkept,
        );
        (document.unwrap(), reported.into_inner())
    };
    let (one, reported) = read(1);
    assert_eq!(reported, [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]);
    let paragraphs: Vec<&str> = one.text.split("\n\n").collect();
    assert_eq!(paragraphs.len(), 5, "{}", one.text);
    assert!(paragraphs[2].ends_with("three lines of text"), "{}", one.text);
    assert_eq!(read(2), (one, reported));
}

#[test]
fn a_page_whose_time_did_not_come_is_told() {
    let Some(engines) = engines() else { return };
    let picture = RgbImage::from_pixel(200, 100, Rgb([255; 3]));
    let scan = pdf::tests::pdf_of_pictures(&[&picture, &picture]);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), scan).unwrap();
    let none = ParseLimits { cpu_seconds: 0, ..ParseLimits::default() };
    let warnings = pdf::tests::warnings(file.path(), &none, &engines);
    assert_eq!(warnings.len(), 2);
    assert!(warnings.iter().all(|warning| warning.contains("took all the time")), "{warnings:?}");
}

proptest! {
    #[test]
    fn no_bytes_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        head in 0_usize..8,
        tear in 0_usize..400,
    ) {
        let heads: [&[u8]; 8] = [
            b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0",
            b"RIFF\x40\0\0\0WEBPVP8 ", b"BM\0\0\0\0\0\0\0\0",
        ];
        let limits = ParseLimits { max_image_pixels: 100_000, ..ParseLimits::default() };
        let mut made = [heads[head], &bytes].concat();
        for directory in tiff_directories(&made.clone(), &limits).unwrap_or_default() {
            directory.make_first(&mut made);
        }
        let _ = decode(&made, &limits);
        let mut whole = two_pages();
        let at = tear % whole.len();
        whole[at] ^= bytes.first().copied().unwrap_or(1);
        let _ = tiff_directories(&whole, &limits);
        let _ = decode(&whole, &limits);
    }
}
