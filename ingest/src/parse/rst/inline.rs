//! Inline markup of reStructuredText: what a reader sees of it.

use std::cell::Cell;
use std::collections::HashMap;

/// How far on the end of a marked stretch is looked for, in bytes.
const MAX_STRETCH: usize = 4_000;

/// Values of `|name|`, and how many bytes of them may still be written: a long value that stands in a text thousands
/// of times would grow without bound.
#[derive(Default)]
pub(crate) struct Substitutions {
    values: HashMap<String, String>,
    left: Cell<usize>,
}

impl Substitutions {
    /// These values, of which `most` bytes are written in all.
    pub(crate) fn new(values: HashMap<String, String>, most: usize) -> Self {
        Self { values, left: Cell::new(most) }
    }

    /// The value of `name`, while it may be written.
    fn take(&self, name: &str) -> Option<String> {
        let value = self.values.get(name)?;
        self.left.set(self.left.get().checked_sub(value.len())?);
        Some(value.clone())
    }
}

/// The readable text of a stretch of reStructuredText.
pub(crate) fn plain(text: &str, substitutions: &Substitutions) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    // Marks begin where words begin.
    let mut may_start = true;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let found = if may_start { marked(rest, substitutions).or_else(|| reference(rest)) } else { None };
        if let Some((shown, length)) = found {
            out.push_str(&shown);
            at += length;
            may_start = false;
            continue;
        }
        let Some(c) = rest.chars().next() else { break };
        at += c.len_utf8();
        may_start = !c.is_ascii_alphanumeric();
        if c != '\\' {
            // `word_` refers to a target of that name.
            let ends_word =
                rest.get(1..).is_none_or(|r| !r.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
            let is_reference = c == '_' && ends_word && out.ends_with(|c: char| c.is_ascii_alphanumeric());
            if !is_reference {
                out.push(c);
            }
        } else if let Some(escaped) = rest.chars().nth(1) {
            // An escaped blank parts nothing.
            may_start = escaped.is_whitespace();
            if !may_start {
                out.push(escaped);
            }
            at += escaped.len_utf8();
        }
    }
    out
}

/// A marked stretch at the beginning of `text`: what is shown and how long it is.
fn marked(text: &str, substitutions: &Substitutions) -> Option<(String, usize)> {
    if let Some(inner) = between(text, "``", "``") {
        return Some((inner.to_owned(), inner.len() + 4));
    }
    if let Some(inner) = between(text, "**", "**") {
        return Some((plain_within(inner), inner.len() + 4));
    }
    if let Some((inner, value)) =
        between(text, "|", "|").and_then(|inner| Some((inner, substitutions.take(inner)?)))
    {
        let length = inner.len() + 2;
        let tail = text.get(length..)?.bytes().take_while(|b| *b == b'_').count();
        return Some((value, length + tail));
    }
    if let Some(inner) = between(text, "*", "*") {
        return Some((plain_within(inner), inner.len() + 2));
    }
    // `:role:`, a backtick, text, a backtick, up to two underscores
    let near = text.get(..text.floor_char_boundary(MAX_STRETCH))?;
    let role = near.strip_prefix(':').and_then(|t| t.split_once(":`")).map(|(role, _)| role);
    let role =
        role.filter(|r| !r.is_empty() && r.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:+".contains(c)));
    let before = role.map_or(0, |role| role.len() + 2);
    let inner = between(text.get(before..)?, "`", "`")?;
    let length = before + inner.len() + 2;
    let tail = text.get(length..)?.bytes().take_while(|b| *b == b'_').take(2).count();
    let target = inner.strip_suffix('>').and_then(|i| i.rsplit_once('<'));
    let shown = match target {
        Some((shown, target)) if shown.trim().is_empty() => target,
        Some((shown, _)) => shown.trim_end(),
        // Sphinx shows the last part of `~package.module.Class`.
        None if role.is_some() && inner.starts_with('~') => inner.rsplit('.').next().unwrap_or(inner),
        None => inner,
    };
    Some((plain_within(shown), length + tail))
}

fn plain_within(text: &str) -> String {
    text.replace("\\*", "*").replace("\\`", "`").replace("\\_", "_")
}

/// `[1]_` and `[#name]_`, which stand for a footnote: the label without its mark.
fn reference(text: &str) -> Option<(String, usize)> {
    let inner = between(text, "[", "]_")?;
    let is_label = inner.chars().all(|c| c.is_alphanumeric() || "#*-_.".contains(c));
    let shown = inner.trim_start_matches('#');
    is_label.then(|| (if shown.is_empty() { String::new() } else { format!("[{shown}]") }, inner.len() + 3))
}

/// What stands between two marks, where no blank lies inside at either end.
fn between<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    let after = text.strip_prefix(open)?;
    if after.starts_with(char::is_whitespace) || after.starts_with(close) {
        return None;
    }
    let near = after.get(..after.floor_char_boundary(MAX_STRETCH))?;
    let mut from = 0;
    while let Some(found) = near.get(from..)?.find(close) {
        let end = from + found;
        let inner = after.get(..end)?;
        let follows = after.get(end + close.len()..)?;
        let is_end = !inner.ends_with(char::is_whitespace)
            && (close == "``" || !inner.ends_with('\\'))
            && !follows.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '*' && close == "*");
        if is_end {
            return Some(inner);
        }
        from = end + close.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let values = HashMap::from([("name".to_owned(), "Footnote".to_owned())]);
        let substitutions = Substitutions::new(values, 100);
        assert_eq!(plain(text, &substitutions), expected, "{text}");
    }

    #[test]
    fn marks_roles_and_references_show_their_text() {
        check("*em* **strong** ``co *de* \\n``", "em strong co *de* \\n");
        check("**粗体**文字", "粗体文字");
        check("2 * 3 * 4, a*b, snake_case", "2 * 3 * 4, a*b, snake_case");
        check(
            "`The docs <https://x.org>`_ and `other page`__ or target_.",
            "The docs and other page or target.",
        );
        check(":ref:`Section <sec>` :py:class:`~a.b.C` :kbd:`Ctrl+S`", "Section C Ctrl+S");
        check("see [1]_ and [#note]_, |name| |unknown|", "see [1] and [note], Footnote |unknown|");
        check("\\*not em\\* H\\ :sub:`2`\\ O", "*not em* H2O");
    }

    #[test]
    fn values_are_written_up_to_a_bound() {
        let substitutions = Substitutions::new(HashMap::from([("a".to_owned(), "x".repeat(100))]), 250);
        let text = plain(&"|a| ".repeat(5), &substitutions);
        assert_eq!((text.matches('x').count(), text.matches("|a|").count()), (200, 3));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "([*`|:_\\\\<>\\[\\] 年]|:r:`|[a-c]){0,60}") {
            let _ = plain(&text, &Substitutions::default());
        }
    }
}
