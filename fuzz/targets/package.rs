//! Containers (ZIP, compound files) packed anew around the parts in the input, so that the parts are fuzzed.
#![no_main]

use footnote_ingest::parse::fuzzing::package;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: footnote_fuzz::keep_panics_catchable(), |input: &[u8]| package(input));
