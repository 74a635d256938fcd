//! How deep does a page nest? The parser's rules look through all open elements at each one that is opened (HTML
//! Standard, "has an element in scope"), so that the time grows with the square of the depth.

use footnote_core::{Error, Result};

/// Deepest nesting that is read. Pages of people have some dozens of levels; broken ones, with tags that nobody
/// closed, some thousands.
const MOST: usize = 20_000;

/// Elements that stay open until they are closed.
const NESTING: [&[u8]; 18] = [
    b"a",
    b"article",
    b"b",
    b"blockquote",
    b"center",
    b"div",
    b"dl",
    b"em",
    b"font",
    b"i",
    b"nav",
    b"ol",
    b"section",
    b"small",
    b"span",
    b"strong",
    b"table",
    b"ul",
];

/// Refuses a page that nests too deep to be parsed in any sensible time.
pub(super) fn check(html: &[u8]) -> Result<()> {
    let (mut depth, mut deepest) = (0_usize, 0);
    for (at, _) in html.iter().enumerate().filter(|(_, byte)| **byte == b'<') {
        let rest = html.get(at + 1..).unwrap_or_default();
        let (closes, rest) = match rest.strip_prefix(b"/") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let end = rest.iter().take(12).position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(0);
        let name = rest.get(..end).unwrap_or_default();
        if !NESTING.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            continue;
        }
        depth = if closes { depth.saturating_sub(1) } else { depth + 1 };
        deepest = deepest.max(depth);
    }
    if deepest > MOST {
        return Err(Error::invalid(format!(
            "the page nests {deepest} elements in each other; at most {MOST} are read, save it again from a browser"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absurd_nesting_is_refused() {
        let nested = |levels: usize| format!("{}deep{}", "<DIV>".repeat(levels), "</div>".repeat(levels));
        check(nested(MOST).as_bytes()).unwrap();
        assert!(check(nested(MOST + 1).as_bytes()).unwrap_err().message().contains("nests 20001"));
        check("<p>one<br>".repeat(50_000).as_bytes()).unwrap();
        check("<div>flat</div>".repeat(50_000).as_bytes()).unwrap();
        check(b"<").unwrap();
        check(b"</").unwrap();
    }
}
