//! Counting tokens, and cutting texts that are too long into windows that are not.

use std::path::Path;

use footnote_core::error::Context as _;
use footnote_core::ports::TokenCounter;
use footnote_core::{Error, ErrorKind, Result};
use tokenizers::Tokenizer;

/// A Hugging Face tokenizer that neither truncates nor pads. Special tokens written out in a text
/// (`</s>`, `[MASK]`) are counted as the ordinary characters they are: documents are data.
pub struct HuggingFaceTokens {
    tokenizer: Tokenizer,
}

impl HuggingFaceTokens {
    /// Reads a `tokenizer.json`.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = crate::model_files::read(path)?;
        let tokenizer = Tokenizer::from_bytes(bytes)
            .context(ErrorKind::Corrupt, || format!("{} is no tokenizer", path.display()))?;
        Self::new(tokenizer)
    }

    /// Takes a tokenizer as it is, without its truncation and padding.
    pub fn new(mut tokenizer: Tokenizer) -> Result<Self> {
        treat_texts_as_data(&mut tokenizer)?;
        tokenizer.with_padding(None);
        Ok(Self { tokenizer })
    }

    /// How many tokens `text` has, special tokens not counted.
    pub fn count(&self, text: &str) -> Result<usize> {
        let encoding = self.tokenizer.encode_fast(text, false);
        Ok(encoding.context(ErrorKind::InvalidInput, || "cannot tokenize the text".to_owned())?.len())
    }

    /// How many special tokens the model's template adds around one text.
    pub fn specials_around_one(&self) -> Result<usize> {
        Ok(self.tokenizer.encode_fast("", true).internal("cannot tokenize nothing")?.len())
    }

    /// How many special tokens the model's template adds around two texts.
    pub fn specials_around_two(&self) -> Result<usize> {
        Ok(self.tokenizer.encode_fast(("", ""), true).internal("cannot tokenize nothing")?.len())
    }

    /// `text` in consecutive windows of at most `limit` tokens each; the windows together are the
    /// whole text. One window where it fits.
    pub fn windows<'t>(&self, text: &'t str, limit: usize) -> Result<Vec<&'t str>> {
        let mut windows = Vec::new();
        let mut rest = vec![text];
        while let Some(part) = rest.pop() {
            let ends = self.token_ends(part)?;
            if ends.len() <= limit {
                windows.push(part);
                continue;
            }
            // Halves are cut again until they fit: a half tokenizes a little differently from its
            // place in the whole, so its count is taken anew.
            let middle = part.floor_char_boundary(ends[ends.len() / 2 - usize::from(ends.len() > 1)]);
            let middle = if middle == 0 || middle == part.len() {
                part.floor_char_boundary(part.len() / 2)
            } else {
                middle
            };
            if middle == 0 {
                return Err(Error::invalid(format!(
                    "{part:?} alone has more than the {limit} tokens that the model takes"
                )));
            }
            let (left, right) = part.split_at(middle);
            rest.push(right);
            rest.push(left);
        }
        Ok(windows)
    }
}

impl TokenCounter for HuggingFaceTokens {
    fn token_ends(&self, text: &str) -> Result<Vec<usize>> {
        let encoding = self
            .tokenizer
            .encode(text, false)
            .context(ErrorKind::InvalidInput, || "cannot tokenize the text".to_owned())?;
        Ok(encoding.get_offsets().iter().map(|&(_, end)| end).collect())
    }
}

/// Switches off silent truncation, and the reading of special tokens out of texts.
pub(crate) fn treat_texts_as_data(tokenizer: &mut Tokenizer) -> Result<()> {
    tokenizer.with_truncation(None).internal("cannot switch off truncation")?;
    tokenizer.set_encode_special_tokens(true);
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Words and punctuation become single tokens; a template adds `[CLS]` and `[SEP]`.
    pub(crate) fn word_tokenizer() -> Tokenizer {
        let json = r#"{
            "version": "1.0", "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
            "padding": null, "normalizer": null, "decoder": null,
            "added_tokens": [
                {"id": 1, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
                {"id": 2, "content": "[SEP]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
            "pre_tokenizer": {"type": "Whitespace"},
            "post_processor": {"type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
                "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
                "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [2], "tokens": ["[SEP]"]}}},
            "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "leave": 3, "年假": 4}}
        }"#;
        Tokenizer::from_bytes(json).unwrap()
    }

    fn words() -> HuggingFaceTokens {
        HuggingFaceTokens::new(word_tokenizer()).unwrap()
    }

    #[test]
    fn nothing_is_truncated_and_specials_are_not_counted() {
        let tokens = words();
        assert_eq!(tokens.count("one two three four five six").unwrap(), 6);
        assert_eq!(tokens.token_ends("leave 年假!").unwrap(), [5, 12, 13]);
        assert_eq!(tokens.specials_around_one().unwrap(), 2);
        assert_eq!(tokens.specials_around_two().unwrap(), 3);
    }

    #[test]
    fn special_tokens_in_a_text_are_plain_characters() {
        assert_eq!(words().count("[SEP]").unwrap(), 3, "a bracket, a word, a bracket");
    }

    #[test]
    fn a_broken_tokenizer_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), "{}").unwrap();
        let error = HuggingFaceTokens::open(file.path()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
    }

    proptest! {
        #[test]
        fn windows_fit_and_lose_nothing(text in "[a-z年假🙂 .]{0,200}", limit in 1_usize..9) {
            let tokens = words();
            let windows = tokens.windows(&text, limit).unwrap();
            prop_assert_eq!(windows.concat(), text.as_str());
            for window in windows {
                prop_assert!(tokens.count(window).unwrap() <= limit);
            }
        }
    }
}
