//! Front matter of a Markdown file: the metadata before its text, which is no text of its own.
//!
//! It is looked for at the very beginning only. Rules and slide breaks look the same, so lines
//! between `---` that are not all keys and values stay text: nothing is taken for metadata by mistake.

/// Front matter and what follows it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FrontMatter<'t> {
    /// Its `title`, if it has one.
    pub(crate) title: Option<String>,
    /// Its other top-level keys.
    pub(crate) other_keys: Vec<&'t str>,
    /// The text after it.
    pub(crate) body: &'t str,
}

/// Cuts YAML (between `---`) or TOML (between `+++`) front matter off the beginning of `text`.
pub(crate) fn split(text: &str) -> FrontMatter<'_> {
    let none = FrontMatter { body: text, ..FrontMatter::default() };
    for (fence, ends, assign) in [("---", ["---", "..."], ':'), ("+++", ["+++", "+++"], '=')] {
        let Some((metadata, body)) = fenced(text, fence, &ends) else { continue };
        let is_metadata = if assign == ':' { is_yaml(metadata) } else { true };
        if !is_metadata {
            return none;
        }
        let mut front = FrontMatter { body, ..FrontMatter::default() };
        for (key, value) in metadata.lines().filter_map(|line| key_value(line, assign)) {
            match key {
                "title" if front.title.is_none() => front.title = Some(unquoted(value)),
                _ => front.other_keys.push(key),
            }
        }
        return front;
    }
    none
}

/// What lies between a first line `fence` and the next line that is one of `ends`, and what follows.
fn fenced<'t>(text: &'t str, fence: &str, ends: &[&str]) -> Option<(&'t str, &'t str)> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().filter(|line| line.trim_end() == fence)?;
    let mut at = first.len();
    for line in lines {
        let after = at + line.len();
        if ends.contains(&line.trim_end()) {
            return Some((text.get(first.len()..at)?, text.get(after..)?));
        }
        at = after;
    }
    None
}

/// Whether every line is a key with its value, an item, a comment, or belongs to the one above.
fn is_yaml(metadata: &str) -> bool {
    let mut has_key = false;
    let sound = metadata.lines().all(|line| {
        let is_key = key_value(line, ':').is_some();
        has_key |= is_key;
        is_key || line.trim().is_empty() || line.starts_with([' ', '\t', '#', '-', ']', '}'])
    });
    sound && has_key && !metadata.lines().next().unwrap_or_default().trim().is_empty()
}

/// A line `key: value` (or `key = value`) that begins with its key.
fn key_value(line: &str, assign: char) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(assign)?;
    let (key, after) = (key.trim_end(), value.chars().next());
    let is_name = key.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    (is_name && (assign == '=' || after.is_none_or(char::is_whitespace))).then_some((key, value.trim()))
}

fn unquoted(value: &str) -> String {
    let inner = ['"', '\''].into_iter().find_map(|q| value.strip_prefix(q)?.strip_suffix(q));
    inner.unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, title: Option<&str>, other_keys: &[&str], body: &str) {
        let expected = FrontMatter { title: title.map(str::to_owned), other_keys: other_keys.to_vec(), body };
        assert_eq!(split(text), expected);
    }

    #[test]
    fn metadata_at_the_beginning_is_told_from_text() {
        check("---\ntitle: \"Leave\"\ntags:\n  - a\n- b\n# c\n---\nText", Some("Leave"), &["tags"], "Text");
        check("+++\r\ntitle = 'Pay'\r\ndraft = true\r\n+++\r\nText", Some("Pay"), &["draft"], "Text");
        check("---\ntitle: x\n...\nText", Some("x"), &[], "Text");
    }

    #[test]
    fn what_is_not_metadata_stays_text() {
        for text in [
            "---\nSlide one\n---\nSlide two",
            "---\n\nkey: after a blank line\n---\n",
            "---\nkey: never closed",
            "---\nkey: value\nand a sentence.\n---\n",
            "---\nhttp://example.com\n---\n",
            "\n---\ntitle: not at the beginning\n---\n",
            "----\ntitle: x\n----\n",
            "",
        ] {
            check(text, None, &[], text);
        }
    }
}
