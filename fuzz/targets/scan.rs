//! From what OCR's models say of a picture to a document: what is ours in reading scans.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use footnote_ingest::parse::fuzzing::{Seen, read_scan};
use libfuzzer_sys::fuzz_target;

/// Most texts, and most pixels.
const MOST_TEXTS: usize = 50;
const MOST_PIXELS: usize = 20_000;

#[derive(Debug)]
struct Picture(Seen);

impl<'a> Arbitrary<'a> for Picture {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (width, mut texts) = (u.arbitrary()?, Vec::new());
        while texts.len() < MOST_TEXTS && u.ratio(3, 4)? {
            texts.push((u.arbitrary()?, u.arbitrary()?, share(u.arbitrary()?)));
        }
        let pixels = u.bytes(u.len().min(MOST_PIXELS))?;
        let shares = pixels.iter().copied().map(share).collect();
        Ok(Self(Seen { width, shares, texts }))
    }
}

fn share(byte: u8) -> f32 {
    f32::from(byte) / 255.0
}

fuzz_target!(|picture: Picture| read_scan(&picture.0));
