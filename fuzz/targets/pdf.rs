//! From the characters and lines of pages to a document: what is ours in reading PDF.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use footnote_ingest::parse::fuzzing::{Drawn, Sign, lay_out};
use libfuzzer_sys::fuzz_target;

/// Most characters and lines of a page.
const MOST: usize = 2_000;

#[derive(Debug)]
struct Pages(Vec<Drawn>, Vec<(u8, String, u32)>);

impl<'a> Arbitrary<'a> for Pages {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut pages = vec![Drawn::default()];
        let mut outline = Vec::new();
        let mut last = Sign {
            c: 'a',
            sides: [0.0; 4],
            origin: (0.0, 0.0),
            size: 10.0,
            clockwise: 0.0,
            bold: false,
            monospaced: false,
        };
        while let (false, Some(page)) = (u.is_empty(), pages.last_mut()) {
            match u.int_in_range(0_u8..=15)? {
                0 => pages.push(Drawn {
                    size: (number(u)?, number(u)?),
                    turns: u.arbitrary()?,
                    ..Drawn::default()
                }),
                1 => {
                    last.clockwise =
                        if u.arbitrary()? { u.arbitrary()? } else { f32::from(u.arbitrary::<u8>()?) }
                }
                2 => last.size = number(u)?,
                3 => (last.bold, last.monospaced) = (u.arbitrary()?, u.arbitrary()?),
                4 => last.origin = (number(u)?, number(u)?),
                5 | 6 if page.lines.len() < MOST => {
                    let (at, from, to) = (number(u)?, number(u)?, number(u)?);
                    page.lines.push(if u.arbitrary()? {
                        [(from, at), (to, at)]
                    } else {
                        [(at, from), (at, to)]
                    });
                }
                7 => page.grounds.push([(number(u)?, number(u)?), (number(u)?, number(u)?)]),
                8 if outline.len() < 20 => {
                    outline.push((u.arbitrary()?, u.arbitrary()?, u.int_in_range(0..=3)?))
                }
                9 => last.origin = (50.0, last.origin.1 - 12.0),
                10 if page.signs.len() < MOST => page.signs.push(Sign { c: ' ', ..last }),
                11 if page.links.len() < 20 => {
                    let corners = [(number(u)?, number(u)?), (number(u)?, number(u)?)];
                    page.links.push((corners, format!("https://{}", u.arbitrary::<&str>()?)));
                }
                12 if page.blanks.len() < MOST => page.blanks.push((number(u)?, number(u)?)),
                _ if page.signs.len() < MOST => {
                    last.c = match u.int_in_range(0_u8..=15)? {
                        0 => u.arbitrary()?,
                        1 | 2 => char::from_u32(u.int_in_range(0x4e00_u32..=0x9fa5)?).unwrap_or('中'),
                        _ => char::from(u.int_in_range(0x20_u8..=0x7e)?),
                    };
                    let (x, y) = last.origin;
                    last.sides = [x, y - last.size * 0.2, x + last.size * 0.5, y + last.size * 0.8];
                    last.origin.0 += last.size * 0.5;
                    page.signs.push(last);
                }
                _ => break,
            }
        }
        Ok(Self(pages, outline))
    }
}

/// Mostly a place on a page, sometimes anything.
fn number(u: &mut Unstructured<'_>) -> Result<f32> {
    if u.ratio(15, 16)? { Ok(f32::from(u.arbitrary::<u16>()? % 8_000) / 10.0) } else { u.arbitrary() }
}

fuzz_target!(|pages: Pages| lay_out(pages.0, pages.1));
