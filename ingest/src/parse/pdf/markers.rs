//! Bullets, boxes and numbers that begin list items.

/// A bullet or an item's number: what follows after a wide gap is its text, not another cell.
pub(crate) fn is_marker(text: &str) -> bool {
    let text = text.trim();
    if let [c] = text.chars().collect::<Vec<_>>().as_slice() {
        return is_bullet(*c);
    }
    if let Some(number) = text.strip_prefix('.') {
        // `.1` counts within a section.
        return (1..=2).contains(&number.len())
            && !number.starts_with('0')
            && number.bytes().all(|c| c.is_ascii_digit());
    }
    let inner = text.strip_prefix(['(', '（']).unwrap_or(text);
    let Some(inner) = inner.strip_suffix(['.', ')', '）', '、']) else { return false };
    let short = inner.chars().count() <= 3;
    short
        && (!inner.is_empty())
        && (inner.chars().all(|c| c.is_ascii_digit())
            || inner.chars().all(|c| "ivxlc".contains(c))
            || inner.chars().all(|c| "一二三四五六七八九十".contains(c))
            || inner.len() == 1 && inner.chars().all(|c| c.is_ascii_alphabetic()))
}

/// Glyphs that begin a list item.
pub(crate) fn is_bullet(c: char) -> bool {
    matches!(
        c,
        '•' | '●'
            | '■'
            | '▪'
            | '◦'
            | '○'
            | '‣'
            | '►'
            | '▶'
            | '➢'
            | '✓'
            | '☐'
            | '☑'
            | '☒'
            | '□'
            | '❖'
            | '\u{f0b7}'
            | '\u{f0a7}'
            | '·'
            | '–'
            | '—'
            | '-'
            | '*'
    )
}

/// Bullets that nothing but an item follows, wherever they stand in a line.
pub(super) fn is_round_bullet(text: &str) -> bool {
    matches!(text, "•" | "●" | "○" | "◦" | "▪" | "■" | "\u{f0b7}" | "\u{f0a7}")
}

/// A number between dashes, as pages have it: `– 1 –`.
pub(super) fn is_page_number(text: &str) -> bool {
    const DASHES: [char; 3] = ['-', '–', '—'];
    let inner = text.trim().strip_prefix(DASHES).and_then(|rest| rest.strip_suffix(DASHES));
    inner.map(str::trim).is_some_and(|number| {
        let is_roman = number.chars().all(|c| "ivxlcIVXLC".contains(c));
        (1..=6).contains(&number.len()) && (is_roman || number.bytes().all(|c| c.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_between_dashes_are_those_of_pages() {
        assert!(["– 1 –", "-12-", "— xiv —"].into_iter().all(is_page_number));
        assert!(["– 1", "- 1 item -", "– –", "-", "1 – 2"].into_iter().all(|text| !is_page_number(text)));
    }
}
