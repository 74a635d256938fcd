//! Glyphs of symbol fonts, whose codes are those of letters: what is a bullet or a box on the page is no `l` or `o`.

/// Whether the font's codes stand for symbols; of the fonts that have no names for their glyphs, it is the common one.
pub(super) fn is_symbol_font(name: &str) -> bool {
    name.to_ascii_lowercase().contains("wingdings")
}

/// What the code shows in Wingdings. Subsets number their glyphs as they like, so whatever is not known to be another
/// sign is a bullet.
pub(super) fn symbol(code: char) -> char {
    match u32::from(code) & 0xff {
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
        _ => '▪',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_symbol_fonts_are_signs() {
        assert!(is_symbol_font("ABCDEF+Wingdings-Regular") && !is_symbol_font("Symbol"));
        let shown: String = ['l', '\u{f06e}', 'o', 'þ', 'y', '\u{84}'].map(symbol).iter().collect();
        assert_eq!(shown, "●■☐☑▪▪");
    }
}
