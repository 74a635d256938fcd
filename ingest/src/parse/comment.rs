//! Comments on documents, of whatever format: who said what, and when.

/// What somebody said.
#[derive(Debug, Default)]
pub(crate) struct Comment {
    pub(crate) id: String,
    /// The cell it is about, in a workbook.
    pub(crate) place: String,
    pub(crate) author: String,
    pub(crate) time: String,
    pub(crate) text: String,
}

impl Comment {
    /// `Comment on B2 by Ann, 2026-06-18 17:15: why?`, where something was said.
    pub(crate) fn shown(&self) -> Option<String> {
        let mut shown = "Comment".to_owned();
        let time = minutes(&self.time).unwrap_or_default();
        for (word, value) in
            [(" on ", self.place.trim()), (" by ", self.author.trim()), (", ", time.as_str())]
        {
            if !value.is_empty() {
                shown.push_str(word);
                shown.push_str(value);
            }
        }
        let text = self.text.trim();
        (!text.is_empty()).then(|| format!("{shown}: {text}"))
    }
}

/// `2026-06-18T17:15:52.310` as `2026-06-18 17:15`.
fn minutes(time: &str) -> Option<String> {
    let minutes = time.get(..16)?;
    let (day, clock) = minutes.split_once('T')?;
    let is_time = minutes.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | 'T' | ':'));
    is_time.then(|| format!("{day} {clock}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_not_said() {
        let comment = |author: &str, time: &str, text: &str| {
            let [author, time, text] = [author, time, text].map(str::to_owned);
            Comment { place: "B2".to_owned(), author, time, text, ..Comment::default() }.shown()
        };
        assert_eq!(
            comment("Ann", "2026-06-18T17:15:52.310", " why?\n").as_deref(),
            Some("Comment on B2 by Ann, 2026-06-18 17:15: why?")
        );
        assert_eq!(comment(" ", "年年年年年年", "why?").as_deref(), Some("Comment on B2: why?"));
        assert_eq!(comment("Ann", "", " "), None);
    }
}
