//! The protocol of the parser's process, read by either side: the first byte chooses which.
#![no_main]

use footnote_ingest::parse::fuzzing::{answer, request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| match input.split_first() {
    Some((0..0x80, answered)) => answer(answered),
    Some((_, asked)) => request(asked),
    None => {}
});
