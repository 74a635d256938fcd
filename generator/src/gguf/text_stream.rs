//! Bytes of tokens in, whole characters out, up to a stop text.

/// Holds back what may still become part of a character or of a stop text.
pub(crate) struct TextStream {
    bytes: Vec<u8>,
    text: String,
    stops: Vec<String>,
    stopped: bool,
}

impl TextStream {
    pub(crate) fn new(stops: &[String]) -> Self {
        let stops = stops.iter().filter(|s| !s.is_empty()).cloned().collect();
        Self { bytes: Vec::new(), text: String::new(), stops, stopped: false }
    }

    /// Takes a token's bytes and gives the text that is certain by now.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> String {
        if self.stopped {
            return String::new();
        }
        self.bytes.extend_from_slice(bytes);
        self.decode(false);
        self.release(false)
    }

    /// Gives what was held back; bytes that are no character become U+FFFD. A character that the
    /// limit of tokens cut in two is left out.
    pub(crate) fn finish(&mut self) -> String {
        if self.stopped {
            return String::new();
        }
        self.decode(true);
        self.release(true)
    }

    /// Whether a stop text came. It is not part of the text given out.
    pub(crate) fn stopped(&self) -> bool {
        self.stopped
    }

    fn decode(&mut self, last: bool) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.text.push_str(chunk.valid());
            if chunk.invalid().is_empty() {
                continue;
            }
            // Only at the very end may more bytes complete the character.
            if chunks.peek().is_some() || !may_continue(chunk.invalid()) {
                self.text.push(char::REPLACEMENT_CHARACTER);
            } else if !last {
                self.bytes = chunk.invalid().to_vec();
            }
        }
    }

    fn release(&mut self, last: bool) -> String {
        if let Some(stop) = self.stops.iter().filter_map(|s| self.text.find(s.as_str())).min() {
            self.stopped = true;
            self.text.truncate(stop);
            return std::mem::take(&mut self.text);
        }
        let held = if last { 0 } else { self.possible_stop() };
        let rest = self.text.split_off(self.text.len() - held);
        std::mem::replace(&mut self.text, rest)
    }

    /// Bytes at the end of the text that may begin a stop text.
    fn possible_stop(&self) -> usize {
        let begins = |at: usize| self.stops.iter().any(|s| s.starts_with(&self.text[at..]));
        self.text.char_indices().map(|(at, _)| at).find(|&at| begins(at)).map_or(0, |at| self.text.len() - at)
    }
}

/// Whether the bytes are the beginning of some character's encoding.
fn may_continue(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(bytes: &[u8], cuts: &[usize], stops: &[String]) -> (Vec<String>, bool) {
        let mut stream = TextStream::new(stops);
        let mut given = Vec::new();
        let mut rest = bytes;
        for &cut in cuts {
            let (token, later) = rest.split_at(cut.min(rest.len()));
            given.push(stream.push(token));
            rest = later;
        }
        given.push(stream.push(rest));
        given.push(stream.finish());
        (given, stream.stopped())
    }

    #[test]
    fn half_a_character_at_the_end_is_left_out() {
        let text = "满十年".as_bytes();
        assert_eq!(run(&text[..text.len() - 1], &[1, 1], &[]).0.concat(), "满十");
        assert_eq!(run(b"a\xff", &[], &[]).0.concat(), "a\u{fffd}", "this never was one");
    }

    proptest! {
        #[test]
        fn any_cut_of_any_text_gives_the_text(text in "[ab年🙂é\u{301}]{0,40}", cuts in prop::collection::vec(0_usize..4, 0..40)) {
            let (given, _) = run(text.as_bytes(), &cuts, &[]);
            prop_assert_eq!(given.concat(), text);
        }

        #[test]
        fn any_bytes_give_what_lossy_decoding_gives(bytes in prop::collection::vec(any::<u8>(), 0..40), cuts in prop::collection::vec(0_usize..3, 0..40)) {
            let bytes = [bytes, b".".to_vec()].concat();
            let (given, _) = run(&bytes, &cuts, &[]);
            prop_assert_eq!(given.concat(), String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn text_ends_before_the_first_stop(text in "[ab年]{0,30}", stops in prop::collection::vec("[ab年]{1,3}", 1..3), cuts in prop::collection::vec(0_usize..4, 0..30)) {
            let (given, stopped) = run(text.as_bytes(), &cuts, &stops);
            let given = given.concat();
            prop_assert!(text.starts_with(&given));
            prop_assert!(stops.iter().all(|s| !given.contains(s.as_str())));
            prop_assert_eq!(stopped, stops.iter().any(|s| text.contains(s.as_str())));
            if !stopped {
                prop_assert_eq!(given, text);
            }
        }
    }
}
