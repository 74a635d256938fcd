//! Glyphs of symbol fonts, whose codes are those of letters: what is a bullet or a box on the page is no `l` or `o`.

use crate::parse::symbols::wingdings;

/// Whether the font's codes stand for symbols; of the fonts that have no names for their glyphs, it is the common one.
pub(super) fn is_symbol_font(name: &str) -> bool {
    name.to_ascii_lowercase().contains("wingdings")
}

/// What the code shows in Wingdings. Subsets number their glyphs as they like, so whatever is not known to be another
/// sign is a bullet.
pub(super) fn symbol(code: char) -> char {
    wingdings(u32::from(code).to_le_bytes()[0]).unwrap_or('▪')
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
