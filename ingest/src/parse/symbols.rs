//! Signs of symbol fonts, whose codes are those of letters: what is a tick or a box on the page is no `ü` or `o`.

/// What the code shows in the font of this name; `None` where the font is none of symbols, or the sign is unknown.
pub(crate) fn sign(font: &str, code: char) -> Option<char> {
    let font = font.trim().to_ascii_lowercase();
    let code = low_byte(code)?;
    match font.as_str() {
        "symbol" => symbol(code),
        "wingdings" => wingdings(code).or_else(|| more_of_wingdings(code)),
        "wingdings 2" => wingdings_2(code),
        "webdings" => webdings(code),
        _ => None,
    }
}

/// The code within the font: Word adds F000 to it, other programs do not.
fn low_byte(code: char) -> Option<u8> {
    match u32::from(code) {
        0xf000..=0xf0ff | 0x20..=0xff => Some(u32::from(code).to_le_bytes()[0]),
        _ => None,
    }
}

/// Marks of Wingdings that forms and lists use.
pub(crate) fn wingdings(code: u8) -> Option<char> {
    Some(match code {
        0x6f | 0x71 | 0x72 | 0xa8 => '☐',
        0x78 | 0xfd => '☒',
        0xfe => '☑',
        0xfb => '✗',
        0xfc => '✓',
        0x6c => '●',
        0x6e => '■',
        0x76 => '❖',
        0xd8 => '➢',
        0xdf | 0xe7 => '←',
        0xe0 | 0xe8 => '→',
        _ => return None,
    })
}

/// Further signs of Wingdings, which only a document that names the glyphs by their codes is sure to mean.
fn more_of_wingdings(code: u8) -> Option<char> {
    const CIRCLED: &str = "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿";
    const ARROWS: &str = "↑↓↖↗↙↘";
    Some(match code {
        0x22 => '✂',
        0x28 => '☎',
        0x2a => '✉',
        0x45..=0x48 => nth("☜☞☝☟", code - 0x45)?,
        0x4a => '☺',
        0x4c => '☹',
        0x6d => '❍',
        0x73 | 0x77 => '⬧',
        0x74 => '⧫',
        0x75 => '◆',
        0x80..=0x95 => nth(CIRCLED, code - 0x80)?,
        0x9e => '·',
        0x9f => '•',
        0xa1 => '○',
        0xa4 => '◉',
        0xa5 => '◎',
        0xa7 => '▪',
        0xab => '★',
        0xe1..=0xe6 => nth(ARROWS, code - 0xe1)?,
        0xe9..=0xee => nth(ARROWS, code - 0xe9)?,
        0xef..=0xf2 => nth("⇦⇨⇧⇩", code - 0xef)?,
        _ => return None,
    })
}

/// The ticks, crosses and boxes of Wingdings 2.
fn wingdings_2(code: u8) -> Option<char> {
    Some(match code {
        0x4f => '✗',
        0x50 => '✓',
        0x51 | 0x53 | 0x54 => '☒',
        0x52 => '☑',
        0x97 => '●',
        0xa3 => '☐',
        _ => return None,
    })
}

/// The ticks, crosses and boxes of Webdings.
fn webdings(code: u8) -> Option<char> {
    Some(match code {
        0x33 => '◀',
        0x34 => '▶',
        0x61 => '✓',
        0x63 => '□',
        0x67 => '■',
        0x6e => '●',
        0x72 => '✗',
        _ => return None,
    })
}

/// The encoding of Adobe's Symbol: Greek letters and mathematical signs. Parts of tall brackets and marks of
/// trademarks without serifs are written as what they are parts or forms of.
fn symbol(code: u8) -> Option<char> {
    const FROM_20: &str = " !∀#∃%&∋()∗+,−./0123456789:;<=>?\
                           ≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_\
                           ‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼";
    const FROM_A0: &str = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵\
                           ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓\
                           ◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪";
    const FROM_F1: &str = "〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭";
    match code {
        0x20..=0x7e => nth(FROM_20, code - 0x20),
        0xa0..=0xef => nth(FROM_A0, code - 0xa0),
        0xf1..=0xfe => nth(FROM_F1, code - 0xf1),
        _ => None,
    }
}

fn nth(signs: &str, index: u8) -> Option<char> {
    signs.chars().nth(index.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(font: &str, codes: impl IntoIterator<Item = u8>) -> String {
        codes.into_iter().map(|code| sign(font, char::from(code)).unwrap_or('?')).collect()
    }

    #[test]
    fn ticks_and_boxes_are_signs() {
        assert_eq!(
            signs("Wingdings", [0xfe, 0xa8, 0xfc, 0xfb, 0xe0, 0x81, 0x95, 0xee, 0xf2, 0x20]),
            "☑☐✓✗→①❿↘⇩?"
        );
        assert_eq!(signs("Wingdings 2", [0x50, 0x4f, 0x52, 0xa3, 0x30]), "✓✗☑☐?");
        assert_eq!(signs("Webdings", [0x61, 0x72]), "✓✗");
        assert_eq!(sign("wingdings", '\u{f0fc}'), Some('✓'));
        assert_eq!(sign("Wingdings", '年'), None);
        assert_eq!(sign("Arial", 'a'), None);
    }

    #[test]
    fn letters_of_the_symbol_font_are_greek_and_mathematics() {
        assert_eq!(signs("Symbol", *b"abgdmpsW@~"), "αβγδμπσΩ≅∼");
        assert_eq!(signs("Symbol", [0xa0, 0xa3, 0xb0, 0xb1, 0xb3, 0xb4, 0xb9, 0xbb, 0xbf]), "€≤°±≥×≠≈↵");
        assert_eq!(signs("Symbol", [0xc0, 0xce, 0xd0, 0xd6, 0xde, 0xdf]), "ℵ∈∠√⇒⇓");
        assert_eq!(signs("Symbol", [0xe0, 0xe5, 0xef, 0xf1, 0xf2, 0xfe, 0xf0, 0xff]), "◊∑⎪〉∫⎭??");
    }
}
