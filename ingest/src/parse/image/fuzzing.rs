//! What the fuzz target `picture` reaches: the directories of a TIFF, heads of pictures, and small ones to their pixels.

use super::*;
use crate::parse::fuzzing::{assert_blames_the_file, limits};

/// Most directories of a file, most of its pages that are decoded, and most pixels of each: decoders are others' code,
/// and would take all the time.
const MAX_DIRECTORIES: u32 = 1_000;
const DECODED_PAGES: usize = 3;
const DECODED_PIXELS: u64 = 64 * 64;

/// Finds the pages of a picture, and decodes the first ones where they are small.
pub fn picture(input: &[u8]) {
    let limits = ParseLimits { max_pages: MAX_DIRECTORIES, max_image_pixels: DECODED_PIXELS, ..limits() };
    let mut bytes = input.to_vec();
    match tiff_directories(&bytes, &limits) {
        Ok(directories) if directories.is_empty() => decode_small(&bytes, &limits),
        Ok(directories) => {
            for directory in directories.iter().take(DECODED_PAGES) {
                directory.make_first(&mut bytes);
                let (place, length) = directory.layout.head();
                assert_eq!(directory.layout.number(&bytes, place, length), Some(directory.at));
                decode_small(&bytes, &limits);
            }
        }
        Err(error) => assert_blames_the_file(&error),
    }
}

fn decode_small(bytes: &[u8], limits: &ParseLimits) {
    if let Err(error) = decode(bytes, limits) {
        assert_blames_the_file(&error);
    }
}
