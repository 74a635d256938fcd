//! Which parser reads a file, and in which encoding its text is.
#![no_main]

use footnote_ingest::parse::fuzzing::sniff;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: footnote_fuzz::keep_panics_catchable(), |input: &[u8]| sniff(input));
