//! A PDF opened without PDFium: an encryption that stands in its trailer is given an object.
#![no_main]

use footnote_ingest::parse::fuzzing::open_pdf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: footnote_fuzz::keep_panics_catchable(), |input: &[u8]| open_pdf(input));
