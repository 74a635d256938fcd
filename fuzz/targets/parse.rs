//! Each parser of ours: the first byte of the input chooses it.
#![no_main]

use footnote_ingest::parse::fuzzing::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: footnote_fuzz::keep_panics_catchable(), |input: &[u8]| parse(input));
