//! Pictures: the directories of TIFF, what a picture says of itself, and small ones to their pixels.
#![no_main]

use footnote_ingest::parse::fuzzing::picture;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: footnote_fuzz::keep_panics_catchable(), |input: &[u8]| picture(input));
