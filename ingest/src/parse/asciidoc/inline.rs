//! Inline markup of AsciiDoc: what a reader sees of it.

use std::collections::HashMap;

/// How far on the end of a marked stretch is looked for, in characters.
const MAX_STRETCH: usize = 2_000;
/// How often attributes within attributes are replaced.
const MAX_NESTED: usize = 4;

/// Values of `{name}`.
pub(crate) type Attributes = HashMap<String, String>;

/// The readable text of a stretch of AsciiDoc.
pub(crate) fn plain(text: &str, attributes: &Attributes) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_NESTED {
        match replaced(&text, attributes) {
            Some(changed) => text = changed,
            None => break,
        }
    }
    // What stands between `+++` is shown as it is.
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("+++") {
        let Some((raw, after)) =
            near(after).find("+++").and_then(|end| Some((after.get(..end)?, after.get(end + 3..)?)))
        else {
            break;
        };
        out.push_str(&without_marks(&without_macros(before)));
        out.push_str(raw);
        rest = after;
    }
    out.push_str(&without_marks(&without_macros(rest)));
    out
}

/// With the attributes replaced that are known; `None` where there are none.
fn replaced(text: &str, attributes: &Attributes) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut changed) = (text, false);
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let end = near(after).find('}');
        let value = end.and_then(|end| Some((value(after.get(..end)?, attributes)?, after.get(end + 1..)?)));
        match value.filter(|_| !before.ends_with('\\')) {
            Some((value, after)) => {
                out.push_str(&value);
                (rest, changed) = (after, true);
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
        // Attributes that hold one another grow without bound.
        if out.len() > text.len().saturating_mul(16) + (1 << 16) {
            return None;
        }
    }
    out.push_str(rest);
    changed.then_some(out)
}

fn value(name: &str, attributes: &Attributes) -> Option<String> {
    let known = match name {
        "nbsp" | "sp" => " ",
        "empty" | "blank" | "zwsp" => "",
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "plus" => "+",
        "asterisk" => "*",
        "backtick" => "`",
        "vbar" => "|",
        _ => attributes.get(name)?,
    };
    Some(known.to_owned())
}

/// Links, references and images as their text, footnotes in brackets.
fn without_macros(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let starts_word = !out.ends_with(|c: char| c.is_alphanumeric() || c == '\\');
        let found = reference(rest).or_else(|| if starts_word { macro_of(rest) } else { None });
        if let Some((shown, length)) = found {
            out.push_str(&shown);
            at += length;
            continue;
        }
        let Some(c) = rest.chars().next() else { break };
        out.push(c);
        at += c.len_utf8();
    }
    out
}

/// `<<id,text>>`, `[[id]]`, `((term))` and `(((index entry)))` at the beginning of `text`: what is shown and how
/// long it is.
fn reference(text: &str) -> Option<(String, usize)> {
    for (open, close) in [("<<", ">>"), ("[[", "]]"), ("(((", ")))"), ("((", "))")] {
        let Some(end) = text.strip_prefix(open).and_then(|after| near(after).find(close)) else { continue };
        let inner = text.get(open.len()..open.len() + end)?;
        if inner.contains('\n') || inner.is_empty() {
            return None;
        }
        let shown = match open {
            "<<" => inner.split_once(',').map_or(inner.trim_start_matches('#'), |(_, text)| text.trim()),
            "((" => inner,
            _ => "",
        };
        return Some((shown.to_owned(), open.len() + end + close.len()));
    }
    None
}

/// `name:target[text]` at the beginning of `text`.
fn macro_of(text: &str) -> Option<(String, usize)> {
    let name = text.get(..text.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit())?)?;
    let is_url = matches!(name, "http" | "https" | "ftp" | "irc");
    let is_known = matches!(
        name,
        "link"
            | "xref"
            | "image"
            | "icon"
            | "btn"
            | "kbd"
            | "menu"
            | "mailto"
            | "footnote"
            | "footnoteref"
            | "pass"
            | "stem"
            | "latexmath"
            | "asciimath"
            | "anchor"
            | "indexterm"
            | "indexterm2"
    );
    let after = text.get(name.len()..)?.strip_prefix(':').filter(|_| is_url || is_known)?;
    let end = near(after).find(|c: char| c.is_whitespace() || c == '[')?;
    let (target, inner) = (after.get(..end)?, after.get(end..)?.strip_prefix('[')?);
    let close = closing(inner)?;
    let shown = inner.get(..close)?.replace("\\]", "]");
    let length = name.len() + 1 + end + 1 + close + 1;
    // The first of several attributes is the text, unless there is but text.
    let first = match shown.split_once(',') {
        Some((first, others)) if others.contains('=') => first.trim_matches('"').to_owned(),
        _ => shown.trim_matches('"').trim_end_matches('^').to_owned(),
    };
    let shown = match name {
        "footnote" | "footnoteref" => format!(" ({shown})"),
        "anchor" | "indexterm" | "icon" => String::new(),
        "menu" => [target, &shown].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" > "),
        "xref" | "link" | "mailto" if first.is_empty() => target.to_owned(),
        _ if is_url && first.is_empty() => format!("{name}:{target}"),
        _ => first,
    };
    Some((shown, length))
}

/// Where the bracket closes that opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut before = ' ';
    for (at, c) in text.char_indices().take(MAX_STRETCH) {
        if c == ']' && before != '\\' {
            return Some(at);
        }
        before = c;
    }
    None
}

/// The beginning of `text`, as far as the end of a stretch is looked for: the rest of a long text is not searched
/// again for every mark in it.
fn near(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_STRETCH)]
}

/// Without the marks around bold, italic, monospaced, highlighted, raised and lowered text.
fn without_marks(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut dropped = vec![false; chars.len()];
    let mut at = 0;
    while let Some(&mark) = chars.get(at) {
        if matches!(mark, '*' | '_' | '`' | '#' | '^' | '~' | '+') && !dropped[at] {
            let width = if chars.get(at + 1) == Some(&mark) { 2 } else { 1 };
            if let Some(close) = closing_mark(&chars, at, mark, width) {
                dropped[at..at + width].fill(true);
                dropped[close..close + width].fill(true);
            }
            at += width;
        } else {
            at += 1;
        }
    }
    let escapes = |at: usize| {
        chars[at] == '\\'
            && chars.get(at + 1).is_some_and(|c| matches!(c, '*' | '_' | '`' | '#' | '^' | '~' | '{' | '<'))
    };
    (0..chars.len()).filter(|&at| !dropped[at] && !escapes(at)).map(|at| chars[at]).collect()
}

/// Where the stretch ends that a mark at `at` begins, if it begins one.
fn closing_mark(chars: &[char], at: usize, mark: char, width: usize) -> Option<usize> {
    let is_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let before = at.checked_sub(1).and_then(|before| chars.get(before));
    // Between words only, unless the marks are doubled; raised and lowered text stands within words.
    let anywhere = width == 2 || matches!(mark, '^' | '~');
    let opens = chars.get(at + width).is_some_and(|c| !c.is_whitespace() && *c != mark)
        && before != Some(&'\\')
        && (anywhere || !is_word(before) || before.is_some_and(|c| footnote_core::question::is_han(*c)));
    if !opens {
        return None;
    }
    let end = chars.len().min(at + MAX_STRETCH);
    // Raised and lowered text holds no blank.
    let blank =
        if matches!(mark, '^' | '~') { chars[at..end].iter().position(|c| c.is_whitespace()) } else { None };
    let end = blank.map_or(end, |blank| at + blank);
    (at + width + 1..end).find(|&close| {
        let marks = chars.get(close..close + width).is_some_and(|m| m.iter().all(|c| *c == mark));
        let after = chars.get(close + width);
        marks
            && !chars[close - 1].is_whitespace()
            && (anywhere || !is_word(after) || after.is_some_and(|c| footnote_core::question::is_han(*c)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let attributes = Attributes::from([
            ("product".to_owned(), "Footnote".to_owned()),
            ("a".to_owned(), "{a}{a}".to_owned()),
        ]);
        assert_eq!(plain(text, &attributes), expected, "{text}");
    }

    #[test]
    fn marks_and_macros_show_their_text() {
        check("*bold* _it_ `code` #hi# **B**old H~2~O x^2^", "bold it code hi Bold H2O x2");
        check("2 * 3 * 4 and snake_case_name, a_b", "2 * 3 * 4 and snake_case_name, a_b");
        check("*粗体*文字", "粗体文字");
        check("*a* +++raw *b*+++ *c* +++", "a raw *b* c +++");
        check("see <<sec,Section 2>> and <<other>>", "see Section 2 and other");
        check(
            "link:a.html[The page] https://x.org[X] https://x.org/y xref:b.adoc#c[C^]",
            "The page X https://x.org/y C",
        );
        check("Click btn:[Rename]. kbd:[Ctrl+S] menu:File[Save]", "Click Rename. Ctrl+S File > Save");
        check("Days.footnote:[In 2024.] image:a.png[Logo,width=20]", "Days. (In 2024.) Logo");
        check("{product}{nbsp}1 {unknown} \\{product}", "Footnote 1 {unknown} {product}");
        check("[[id]]Text (((x))) ((term))", "Text  term");
        assert!(plain("{a}", &Attributes::from([("a".to_owned(), "{a}{a}".to_owned())])).len() < 100);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "([*_`#^~+\\\\{}<>\\[\\]():,年 ]|link:|<<|>>|[a-c]){0,60}") {
            let _ = plain(&text, &Attributes::new());
        }
    }
}
