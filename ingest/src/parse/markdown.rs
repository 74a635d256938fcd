//! Markdown by pulldown-cmark: readable text with block kinds; raw HTML goes to the HTML reader.

use footnote_core::Result;
use footnote_core::parsed::{ContentType, ParsedDocument, WarningKind};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::builder::DocumentBuilder;
use super::flow::Flow;
use super::front_matter;
use super::html;
use super::limits::ParseLimits;
use super::text::decode;

/// Reads Markdown.
pub(crate) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument> {
    let decoded = decode(bytes, None);
    let mut builder = decoded.builder(limits);
    let text = decoded.text.replace('\0', "");
    let front = front_matter::split(&text);
    if let Some(title) = &front.title {
        builder.title(title);
    }
    if !front.other_keys.is_empty() {
        let keys = front.other_keys.join(", ");
        let message = format!("the front matter is not indexed, but for a title: {keys}");
        builder.warn(WarningKind::Note, None, message);
    }
    append(front.body, &mut builder)?;
    builder.finish(ContentType::Markdown, "pulldown-cmark 0.13")
}

/// Appends Markdown to what is there; its first heading is the title of a document that has none yet.
pub(crate) fn append(text: &str, out: &mut DocumentBuilder) -> Result<()> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES;
    let mut reader =
        Reader { flow: Flow::new(out), html: String::new(), first_heading: None, in_heading: false };
    for event in Parser::new_ext(text, options) {
        reader.event(event)?;
    }
    let Reader { mut flow, first_heading, .. } = reader;
    flow.builder().title(&first_heading.unwrap_or_default());
    Ok(())
}

struct Reader<'b> {
    flow: Flow<'b>,
    html: String,
    first_heading: Option<String>,
    in_heading: bool,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag)?,
            Event::Text(text) => self.text(&text),
            Event::Code(text) => {
                self.heading_text(&text);
                self.flow.text(&text);
            }
            Event::InlineMath(text) | Event::DisplayMath(text) => self.flow.text(&text),
            Event::Html(text) => self.html.push_str(&text),
            Event::InlineHtml(tag) => self.inline_html(&tag),
            Event::FootnoteReference(_) => {}
            Event::SoftBreak => self.soft_break(),
            Event::HardBreak => self.flow.line_break(),
            Event::Rule => self.flow.flush(),
            Event::TaskListMarker(done) => self.flow.verbatim(if done { "[x] " } else { "[ ] " }),
        }
        Ok(())
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.flow.open_heading(heading_level(level));
                self.in_heading = self.first_heading.is_none();
            }
            Tag::BlockQuote(_) => self.flow.open_quote(),
            Tag::CodeBlock(kind) => {
                self.flow.open_code();
                if let CodeBlockKind::Fenced(language) = kind {
                    tracing::trace!(%language, "code block");
                }
            }
            Tag::HtmlBlock => {
                self.flow.flush();
                self.html.clear();
            }
            Tag::List(first) => self.flow.open_list(first),
            Tag::Item => self.flow.open_item(),
            Tag::FootnoteDefinition(_) => self.flow.set_footnote(true),
            Tag::Table(_) => self.flow.open_table(),
            Tag::TableHead | Tag::TableRow => self.flow.open_row(),
            Tag::TableCell => self.flow.open_cell(1, 1),
            Tag::Paragraph
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition => {
                self.flow.flush();
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) -> Result<()> {
        match tag {
            TagEnd::Heading(_) => {
                self.in_heading = false;
                self.flow.close_heading();
            }
            TagEnd::BlockQuote(_) => self.flow.close_quote(),
            TagEnd::CodeBlock => self.flow.close_code(),
            TagEnd::HtmlBlock => {
                let fragment = std::mem::take(&mut self.html);
                html::append_fragment(&fragment, &mut self.flow)?;
            }
            TagEnd::List(_) => self.flow.close_list(),
            TagEnd::Item => self.flow.close_item(),
            TagEnd::FootnoteDefinition => self.flow.set_footnote(false),
            TagEnd::Table => self.flow.close_table(),
            TagEnd::TableCell => self.flow.close_cell(),
            TagEnd::Paragraph
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition => self.flow.flush(),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        self.heading_text(text);
        self.flow.text(text);
    }

    fn heading_text(&mut self, text: &str) {
        if self.in_heading {
            self.first_heading.get_or_insert_default().push_str(text);
        }
    }

    /// A soft break is a blank, but none between Chinese characters.
    fn soft_break(&mut self) {
        self.flow.soft_break();
    }

    /// Tags of HTML go, a name in angle brackets that HTML does not know is text: `Vec<String>`.
    fn inline_html(&mut self, tag: &str) {
        let name = tag.trim_start_matches(['<', '/']);
        let name = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
        if name.eq_ignore_ascii_case("br") {
            self.flow.line_break();
        } else if tag.starts_with(['<'])
            && !tag.starts_with("<!")
            && !tag.starts_with("<?")
            && !html::is_element(name)
        {
            self.text(tag);
        }
    }
}

fn heading_level(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

#[cfg(test)]
mod tests {
    use footnote_core::parsed::BlockKind;

    use super::*;

    fn read(text: &str) -> ParsedDocument {
        parse(text.as_bytes(), &ParseLimits::default()).unwrap()
    }

    #[test]
    fn blocks_are_readable_text_with_kinds() {
        let document = read(
            "---\ntitle: \"Leave policy\"\n---\n# 休假 *policy*\n\nFirst line\nsecond line[^1], 中文\n换行.\n\n\
             1. one\n   - [x] nested `code`\n2. two\n\n> quoted\n\n| a | b |\n|---|---|\n| 1 \\| 2 | **3** |\n\n\
             ```rust\nfn  x() {}\n```\n\n<div>raw <b>html</b><script>x</script></div>\n\n[^1]: the note\n",
        );
        assert_eq!(document.title.as_deref(), Some("Leave policy"));
        let blocks: Vec<_> = document
            .blocks
            .iter()
            .map(|b| {
                (b.kind, document.text.chars().skip(b.span.start).take(b.span.len()).collect::<String>())
            })
            .collect();
        let expected = [
            (BlockKind::Heading, "休假 policy"),
            (BlockKind::Paragraph, "First line second line, 中文换行."),
            (BlockKind::ListItem, "1. one"),
            (BlockKind::ListItem, "- [x] nested code"),
            (BlockKind::ListItem, "2. two"),
            (BlockKind::Quote, "quoted"),
            (BlockKind::Table, "| a | b |\n| --- | --- |\n| 1 \\| 2 | 3 |"),
            (BlockKind::Code, "fn  x() {}"),
            (BlockKind::Paragraph, "raw html"),
            (BlockKind::Footnote, "the note"),
        ];
        let expected: Vec<_> = expected.map(|(k, t)| (k, t.to_owned())).to_vec();
        assert_eq!(blocks, expected);
        assert_eq!(document.blocks[3].level, 2);
        assert!(document.blocks[1..].iter().all(|b| b.heading_path == ["休假 policy"]));
    }

    #[test]
    fn names_in_angle_brackets_are_text() {
        let document = read(
            "# Vec<String>\n\nRun `x` --out <file> or <b>bold</b><br>x<sup>2</sup> <!-- no --> <my-tag a=1>.",
        );
        assert_eq!(document.text, "Vec<String>\n\nRun x --out <file> or bold\nx2 <my-tag a=1>.");
        assert_eq!(document.title.as_deref(), Some("Vec<String>"));
    }

    #[test]
    fn rules_are_no_metadata_and_metadata_is_told() {
        let slides = "Intro.\n\n---\nSlide two text\n\nmore\n---\nrest\n\n+++\nplus\n+++\n";
        let document = read(slides);
        for text in ["Intro.", "Slide two text", "more", "rest", "plus"] {
            assert!(document.text.contains(text), "{text} is lost: {:?}", document.text);
        }
        assert!(document.warnings.is_empty());
        let document = read("---\ntitle: Leave\nauthor: Ann\ndate: 2026-11-24\n---\nTen days.");
        assert_eq!((document.title.as_deref(), &*document.text), (Some("Leave"), "Ten days."));
        assert!(document.warnings[0].message.ends_with("author, date"), "{:?}", document.warnings);
    }

    #[test]
    fn malformed_input_is_read_as_far_as_it_goes() {
        assert_eq!(read("a\0b").text, "ab");
        assert_eq!(read("").text, "");
        assert!(read("```\nnever closed").text.contains("never closed"));
        let deep = format!("{}deep", "> ".repeat(20_000));
        assert!(read(&deep).text.contains("deep"));
        let nested = "- ".repeat(5_000) + "item";
        assert!(read(&nested).text.contains("item"));
        assert!(read(&"<div>".repeat(3_000)).text.is_empty());
        assert!(read(&"word ".repeat(1_000_000)).text.len() > 4_000_000);
        assert_eq!(
            parse(
                &encoding_rs::GBK.encode("# 年假制度说明\n\n员工每年享有十天年假。").0,
                &ParseLimits::default()
            )
            .unwrap()
            .text,
            "年假制度说明\n\n员工每年享有十天年假。"
        );
    }
}
