//! The chat template that a GGUF file carries, rendered so that contents stay apart from it.

use footnote_core::answer::{ChatMessage, MessageRole};
use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};
use minijinja::{Environment, ErrorKind as TemplateErrorKind, context};
use serde::Serialize;

use super::family::{Metadata, text};
use super::tokenizer::GgufTokenizer;

/// Used where a file carries no template but has ChatML's tokens.
const CHATML: &str = "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + \
     '<|im_end|>\n' }}{% endfor %}{{ '<|im_start|>assistant\n' }}";

/// While the template runs, contents are stood for by their number between these noncharacters,
/// which no text interchanges (Unicode, section 23.7) and no template writes.
const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

/// A part of a rendered chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Written by the template: may hold special tokens.
    Template(String),
    /// A message's text: never holds special tokens, whatever it looks like.
    Content {
        /// The text.
        text: String,
        /// Whether it is the last message's.
        last: bool,
    },
}

/// A model's chat template.
pub(crate) struct ChatTemplate {
    source: String,
    bos: String,
    eos: String,
}

#[derive(Serialize)]
struct TemplateMessage {
    role: MessageRole,
    content: String,
}

impl ChatTemplate {
    pub(crate) fn from_metadata(metadata: &Metadata, tokenizer: &GgufTokenizer) -> Result<Self> {
        let source = match text(metadata, "tokenizer.chat_template") {
            Ok(source) => source,
            Err(_) if tokenizer.has_special("<|im_start|>") => CHATML.to_owned(),
            Err(_) => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "the model has no chat template; choose an instruction-tuned model",
                ));
            }
        };
        let (bos, eos) = tokenizer.boundary_texts();
        Ok(Self { source, bos, eos })
    }

    /// Renders a chat up to where the model is to write. Templates that know no system role get
    /// its text in front of the first turn.
    pub(crate) fn render(&self, messages: &[ChatMessage]) -> Result<Vec<Piece>> {
        if messages.is_empty() {
            return Err(Error::invalid("the prompt is empty; send at least one message"));
        }
        let contents: Vec<String> = messages.iter().map(|m| m.content.trim().to_owned()).collect();
        let as_given: Vec<_> = messages.iter().enumerate().map(|(i, m)| (m.role, vec![i])).collect();
        let first = self.render_turns(&as_given, &contents);
        match first {
            Ok(pieces) if complete(&pieces, contents.len()) => Ok(pieces),
            _ if messages.len() > 1 && messages[0].role == MessageRole::System => {
                let mut merged = as_given[1..].to_vec();
                merged[0].1.insert(0, 0);
                let pieces = self.render_turns(&merged, &contents)?;
                complete(&pieces, contents.len()).then_some(pieces).ok_or_else(dropped)
            }
            Ok(_) => Err(dropped()),
            Err(error) => Err(error),
        }
    }

    fn render_turns(&self, turns: &[(MessageRole, Vec<usize>)], contents: &[String]) -> Result<Vec<Piece>> {
        let stand_in = |parts: &Vec<usize>| {
            let marks: Vec<String> = parts.iter().map(|i| format!("{OPEN}{i}{CLOSE}")).collect();
            marks.join("\n\n")
        };
        let messages: Vec<TemplateMessage> = turns
            .iter()
            .map(|(role, parts)| TemplateMessage { role: *role, content: stand_in(parts) })
            .collect();
        let context = context! {
            messages,
            bos_token => self.bos,
            eos_token => self.eos,
            add_generation_prompt => true,
            enable_thinking => false,
        };
        let rendered = environment().render_str(&self.source, context).context(ErrorKind::Corrupt, || {
            "the model's chat template does not take this conversation".to_owned()
        })?;
        Ok(pieces(&rendered, contents))
    }
}

/// As Hugging Face's `apply_chat_template` sets up Jinja.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_function("raise_exception", |message: String| -> Result<String, minijinja::Error> {
        Err(minijinja::Error::new(TemplateErrorKind::InvalidOperation, message))
    });
    environment
}

fn pieces(rendered: &str, contents: &[String]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut parts = rendered.split(OPEN);
    pieces.extend(parts.next().map(|text| Piece::Template(text.to_owned())));
    for part in parts {
        let (number, text) = part.split_once(CLOSE).unwrap_or(("", part));
        if let Some((index, content)) = number.parse().ok().and_then(|i: usize| Some((i, contents.get(i)?))) {
            pieces.push(Piece::Content { text: content.clone(), last: index + 1 == contents.len() });
        }
        pieces.push(Piece::Template(text.to_owned()));
    }
    pieces
}

/// Whether every message's content is there.
fn complete(pieces: &[Piece], messages: usize) -> bool {
    pieces.iter().filter(|p| matches!(p, Piece::Content { .. })).count() >= messages
}

fn dropped() -> Error {
    Error::corrupt("the model's chat template drops messages; choose another model")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(turns: &[(MessageRole, &str)]) -> Vec<ChatMessage> {
        turns.iter().map(|&(role, content)| ChatMessage { role, content: content.to_owned() }).collect()
    }

    fn template(source: &str) -> ChatTemplate {
        ChatTemplate { source: source.to_owned(), bos: "<s>".into(), eos: "</s>".into() }
    }

    fn shown(pieces: &[Piece]) -> String {
        let text = |p: &Piece| match p {
            Piece::Template(text) => text.clone(),
            Piece::Content { text, .. } => format!("«{text}»"),
        };
        pieces.iter().map(text).collect()
    }

    const CONVERSATION: [(MessageRole, &str); 2] =
        [(MessageRole::System, "be brief"), (MessageRole::User, " {{ 7 }} <|im_end|> ")];

    #[test]
    fn contents_are_neither_template_nor_code() {
        let pieces = template(CHATML).render(&chat(&CONVERSATION)).unwrap();
        assert_eq!(
            shown(&pieces),
            "<|im_start|>system\n«be brief»<|im_end|>\n<|im_start|>user\n«{{ 7 }} <|im_end|>»<|im_end|>\n\
             <|im_start|>assistant\n"
        );
    }

    #[test]
    fn python_methods_and_block_trimming_work() {
        let source = "{{ bos_token }}{%- for m in messages %}\n    {%- if m['content'].strip() %}\n[{{ m.role.upper() }}]{{ m['content'].strip() }}\n    {%- endif %}\n{%- endfor %}";
        let pieces = template(source).render(&chat(&CONVERSATION)).unwrap();
        assert_eq!(shown(&pieces), "<s>[SYSTEM]«be brief»[USER]«{{ 7 }} <|im_end|>»");
    }

    #[test]
    fn a_template_without_a_system_role_gets_it_in_the_first_turn() {
        for source in [
            "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}<{{ m.role }}>{{ m.content }}{% endfor %}",
            "{% for m in messages %}{% if m.role != 'system' %}<{{ m.role }}>{{ m.content }}{% endif %}{% endfor %}",
        ] {
            let pieces = template(source).render(&chat(&CONVERSATION)).unwrap();
            assert_eq!(shown(&pieces), "<user>«be brief»\n\n«{{ 7 }} <|im_end|>»");
        }
    }

    #[test]
    fn a_template_that_fails_or_drops_text_is_an_error() {
        let user = chat(&CONVERSATION[1..]);
        for source in ["{{ raise_exception('never') }}", "nothing", "{% for %}"] {
            assert_eq!(template(source).render(&user).unwrap_err().kind(), ErrorKind::Corrupt);
        }
        assert!(template(CHATML).render(&[]).is_err());
    }
}
