//! How deep does a page nest? The parser's rules look through all open elements at each one that is opened (HTML
//! Standard, "has an element in scope"), so that the time grows with the square of the depth.

use footnote_core::{Error, Result};

/// Deepest nesting that is read. Pages of people have some dozens of levels; broken ones, with tags that nobody
/// closed, some thousands.
const MOST: usize = 20_000;
/// How many open elements are looked at for the one that a tag closes.
const LOOK_BACK: usize = 64;
/// Longest name of an element that is told from others.
const MAX_NAME: usize = 32;
/// Longest tag whose end is looked for.
const MAX_TAG: usize = 4_096;

/// Elements that hold nothing, and paragraphs and parts of a document that end where others begin.
const NEVER_DEEP: &[&[u8]] = &[
    b"area",
    b"base",
    b"basefont",
    b"bgsound",
    b"body",
    b"br",
    b"col",
    b"colgroup",
    b"embed",
    b"frame",
    b"head",
    b"hr",
    b"html",
    b"img",
    b"input",
    b"keygen",
    b"link",
    b"meta",
    b"p",
    b"param",
    b"rb",
    b"rp",
    b"rt",
    b"rtc",
    b"source",
    b"track",
    b"wbr",
];

/// Elements whose content has no elements.
const RAW: &[&[u8]] = &[b"script", b"style", b"textarea", b"title", b"xmp"];

/// Refuses a page that nests too deep to be parsed in any sensible time.
pub(super) fn check(html: &[u8]) -> Result<()> {
    let mut open: Vec<&[u8]> = Vec::new();
    let mut drawings = 0_usize;
    let mut may_skip = true;
    let mut from = 0;
    while let Some(found) = html.get(from..).and_then(|rest| rest.iter().position(|&byte| byte == b'<')) {
        from += found + 1;
        let rest = html.get(from..).unwrap_or_default();
        if may_skip && rest.starts_with(b"!--") {
            may_skip = skip(&mut from, find(rest, |window| window == b"-->", 3));
            continue;
        }
        let (closes, rest) = match rest.strip_prefix(b"/") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        if !rest.first().is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let is_end = |byte: &u8| matches!(byte, b'>' | b'/') || byte.is_ascii_whitespace();
        let end = rest.iter().take(MAX_NAME).position(is_end).unwrap_or(MAX_NAME.min(rest.len()));
        let (name, after) = rest.split_at(end);
        if is(name, NEVER_DEEP) {
            continue;
        }
        if closes {
            close(&mut open, name);
            drawings -= usize::from(is(name, DRAWINGS)).min(drawings);
            continue;
        }
        if may_skip && drawings == 0 && is(name, RAW) {
            let is_end = |window: &[u8]| window.starts_with(b"</") && window[2..].eq_ignore_ascii_case(name);
            may_skip = skip(&mut from, find(rest, is_end, name.len() + 2));
            continue;
        }
        // In drawings and formulas an element may be empty; elsewhere the slash says nothing. Elements of pages end them.
        let is_drawn = is(name, DRAWINGS) || drawings > 0 && !ends_drawing(name);
        if is_drawn && is_self_closing(after) {
            continue;
        }
        if !is_drawn {
            drawings = 0;
        }
        close_implied(&mut open, name);
        drawings += usize::from(is(name, DRAWINGS));
        open.push(name);
        if open.len() > MOST {
            return Err(Error::invalid(format!(
                "the page nests more than {MOST} elements in each other; save it again from a browser"
            )));
        }
    }
    Ok(())
}

const DRAWINGS: &[&[u8]] = &[b"math", b"svg"];

/// Whether an element of this name is none of a drawing's or formula's, and so no part of it.
fn ends_drawing(name: &[u8]) -> bool {
    let is_shared = is(name, &[b"a", b"font", b"image", b"script", b"style", b"title"]);
    !is_shared && std::str::from_utf8(name).is_ok_and(super::is_element)
}

fn is(name: &[u8], names: &[&[u8]]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Takes the element of this name and those within it from the open ones. A tag that closes none of the last ones
/// closes nothing.
fn close(open: &mut Vec<&[u8]>, name: &[u8]) {
    let last = open.len().saturating_sub(LOOK_BACK);
    if let Some(at) = open[last..].iter().rposition(|known| known.eq_ignore_ascii_case(name)) {
        open.truncate(last + at);
    }
}

/// Takes what ends where an element of this name begins, as entries of lists and tables do.
fn close_implied(open: &mut Vec<&[u8]>, name: &[u8]) {
    let (ended, within): (&[&[u8]], &[&[u8]]) = match () {
        () if is(name, &[b"li"]) => (&[b"li"], LISTS),
        () if is(name, &[b"dd", b"dt"]) => (&[b"dd", b"dt"], LISTS),
        () if is(name, &[b"option", b"optgroup"]) => (&[b"option"], &[b"select", b"datalist"]),
        () if is(name, &[b"td", b"th"]) => (&[b"td", b"th"], &[b"table", b"tr"]),
        () if is(name, &[b"tr"]) => (&[b"tr"], &[b"table"]),
        () if is(name, PARTS) => (PARTS, &[b"table"]),
        () => return,
    };
    let last = open.len().saturating_sub(LOOK_BACK);
    let stop = open[last..].iter().rposition(|known| is(known, ended) || is(known, within));
    if let Some(at) = stop.filter(|&at| is(open[last + at], ended)) {
        open.truncate(last + at);
    }
}

const PARTS: &[&[u8]] = &[b"caption", b"tbody", b"tfoot", b"thead"];

/// Elements around an entry of a list behind which no other entry is ended. An entry of the other kind is one.
const LISTS: &[&[u8]] = &[
    b"article",
    b"aside",
    b"blockquote",
    b"button",
    b"center",
    b"dd",
    b"details",
    b"dir",
    b"dl",
    b"dt",
    b"fieldset",
    b"figure",
    b"footer",
    b"form",
    b"header",
    b"li",
    b"main",
    b"menu",
    b"nav",
    b"object",
    b"ol",
    b"section",
    b"table",
    b"td",
    b"th",
    b"ul",
];

fn is_self_closing(after_name: &[u8]) -> bool {
    let end = after_name.iter().take(MAX_TAG).position(|&byte| byte == b'>');
    end.is_some_and(|end| end > 0 && after_name[end - 1] == b'/')
}

fn find(bytes: &[u8], is_end: impl Fn(&[u8]) -> bool, width: usize) -> Option<usize> {
    bytes.windows(width).position(is_end)
}

/// Moves on to what ends a comment or a script. False where nothing does: then no other end is looked for, which would
/// take the square of the page's length.
fn skip(from: &mut usize, end: Option<usize>) -> bool {
    *from += end.unwrap_or(0);
    end.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_nested(unit: &str, deepest: usize) {
        check(unit.repeat(MOST / deepest).as_bytes()).unwrap();
        let error = check(unit.repeat(MOST / deepest + 1).as_bytes()).unwrap_err();
        assert!(error.message().contains("more than 20000"), "{unit}");
    }

    #[test]
    fn only_absurd_nesting_is_refused() {
        let nested = |levels: usize| format!("{}deep{}", "<DIV>".repeat(levels), "</div>".repeat(levels));
        check(nested(MOST).as_bytes()).unwrap();
        check(nested(MOST + 1).as_bytes()).unwrap_err();
        for cut in ["<", "</", "<!--", "<script", "<svg><a/"] {
            check(cut.as_bytes()).unwrap();
        }
        check("<script>".repeat(100_000).as_bytes()).unwrap_err();
    }

    #[test]
    fn whatever_stays_open_nests() {
        for unit in ["<details>", "<button>", "<x-card>", "<code>", "<div></b>"] {
            check_nested(unit, 1);
        }
        check_nested("<li><dd>", 2);
        check_nested("<ul><li>", 2);
        check_nested("<table><tr><td>", 3);
    }

    #[test]
    fn what_html_closes_by_itself_does_not() {
        for unit in [
            "<p>one<br>",
            "<div>flat</div>",
            "<li>one<b>two</b>",
            "<dt>one<dd>two",
            "<ul><li>one<li>two</ul>",
            "<table><thead><tr><th>a<tbody><tr><td>b<td>c</table>",
            "<script>if (a<b && c<d) x('<div>')</script>",
            "<svg><g><path d='M1'/></g></svg>",
            "<div><b><i>x</div>",
            "<!-- <div> --><style>a<b</style>",
        ] {
            check(unit.repeat(30_000).as_bytes()).unwrap();
        }
        check("<svg/>".repeat(30_000).as_bytes()).unwrap();
        check(format!("<svg>{}", "<div/>".repeat(30_000)).as_bytes()).unwrap_err();
        check(format!("<svg>{}</svg>", "<path d='M1'/>".repeat(30_000)).as_bytes()).unwrap();
        check(format!("<table>{}", "<tr><td>a<td>b".repeat(30_000)).as_bytes()).unwrap();
    }
}
