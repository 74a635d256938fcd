//! XML of no more particular type, feeds among them: the text in reading order, titles as headings.
//!
//! DTDs are passed over: no entity of theirs is known here, none is resolved, nothing is fetched.

use footnote_core::Result;
use footnote_core::parsed::{ContentType, ParsedDocument, WarningKind};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::flow::Flow;
use super::html;
use super::limits::ParseLimits;
use super::table::one_line;
use super::text::{declared_in_xml, decode};

/// Longest text of a field that is written with its name: `price: 12.50`.
const MAX_FIELD_CHARS: usize = 300;
/// How deep elements may lie; what lies deeper is read as text of the one at this depth.
const MAX_DEPTH: usize = 256;

/// Reads XML.
pub(crate) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument> {
    let decoded = decode(bytes, declared_in_xml(bytes));
    let mut builder = decoded.builder(limits);
    let mut tree = Tree {
        flow: Flow::new(&mut builder),
        open: Vec::new(),
        deeper: 0,
        is_data: false,
        fields: Vec::new(),
        entities: 0,
        title: None,
    };
    let damage = read(&decoded.text, &mut tree)?;
    while tree.close()? {}
    tree.write_fields();
    let Tree { mut flow, entities, title, .. } = tree;
    flow.builder().title(&title.unwrap_or_default());
    if let Some(damage) = damage {
        builder.warn(
            WarningKind::Lost,
            None,
            format!("not well-formed XML, read up to the damage: {damage}"),
        );
    }
    if entities > 0 {
        builder.warn(
            WarningKind::Doubtful,
            None,
            format!("{entities} entities of a DTD are kept as they are written"),
        );
    }
    builder.finish(ContentType::Xml, "quick-xml 0.42")
}

/// Reads all events; gives what is wrong with the XML, should it not be well-formed.
fn read(text: &str, tree: &mut Tree<'_>) -> Result<Option<String>> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => tree.open(&start),
            Ok(Event::Empty(start)) => {
                tree.open(&start);
                tree.close()?;
            }
            Ok(Event::End(_)) => {
                tree.close()?;
            }
            Ok(Event::Text(text)) => tree.text(&text),
            Ok(Event::CData(text)) => tree.text(&text),
            Ok(Event::GeneralRef(entity)) => match entity.resolve_char_ref() {
                Ok(Some(c)) => tree.text(c.encode_utf8(&mut [0; 4])),
                _ => match resolve_predefined_entity(&entity) {
                    Some(resolved) => tree.text(resolved),
                    None => {
                        tree.entities += 1;
                        tree.text(&format!("&{};", &*entity));
                    }
                },
            },
            Ok(Event::Eof) => return Ok(None),
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
            Err(error) => return Ok(Some(error.to_string())),
        }
    }
}

/// The elements that are open, and where their text goes.
struct Tree<'b> {
    flow: Flow<'b>,
    open: Vec<Element>,
    /// Open elements below the deepest that is kept.
    deeper: usize,
    /// Whether attributes hold what people read, and not how a text is set.
    is_data: bool,
    /// Fields that follow each other, as lines.
    fields: Vec<String>,
    /// Entities that nothing defines.
    entities: usize,
    title: Option<String>,
}

#[derive(Default)]
struct Element {
    name: String,
    text: String,
    /// Attributes that are not written yet, as fields.
    attributes: Vec<String>,
    /// Whether elements lie in it that were no part of its text.
    has_children: bool,
}

impl Tree<'_> {
    fn open(&mut self, start: &BytesStart<'_>) {
        let local_name = start.local_name();
        let name = local_name.as_ref();
        if self.open.is_empty() {
            self.is_data = !is_prose_root(name);
        }
        if self.open.len() >= MAX_DEPTH {
            self.deeper += 1;
            return;
        }
        // An element within running text is a part of it.
        let in_text = self.open.last().is_some_and(|around| {
            !around.text.trim().is_empty()
                || is_inline(name)
                || is_prose(&around.name) && is_inline_in_prose(name)
        });
        if !in_text && let Some(around) = self.open.last_mut() {
            around.has_children = true;
            let attributes = std::mem::take(&mut around.attributes);
            if !attributes.is_empty() {
                self.write_fields();
                self.fields = attributes;
            }
        }
        let has_fields = self.is_data && !in_text && !is_prose(name);
        let attributes = if has_fields { attributes(start, name) } else { Vec::new() };
        let name = if in_text { String::new() } else { name.to_owned() };
        self.open.push(Element { name, attributes, ..Element::default() });
    }

    /// Closes the innermost element; false where none is open.
    fn close(&mut self) -> Result<bool> {
        if self.deeper > 0 {
            self.deeper -= 1;
            return Ok(true);
        }
        let Some(element) = self.open.pop() else { return Ok(false) };
        match self.open.last_mut().filter(|_| element.name.is_empty()) {
            Some(around) => around.text.push_str(&element.text),
            None => self.write(element)?,
        }
        Ok(true)
    }

    fn text(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }

    fn write(&mut self, element: Element) -> Result<()> {
        let text = element.text.trim();
        let name = element.name.as_str();
        if text.is_empty() {
            // Several attributes make a record of their own.
            let is_record = element.has_children || element.attributes.len() > 1;
            if is_record && !element.attributes.is_empty() {
                self.write_fields();
            }
            self.fields.extend(element.attributes);
            if is_record {
                self.write_fields();
            }
            return Ok(());
        }
        let is_title = matches!(name, "title" | "head" | "heading" | "titel" | "article-title");
        let is_prose = element.has_children || is_prose(name) || text.chars().count() > MAX_FIELD_CHARS;
        if is_title {
            self.write_fields();
            self.title.get_or_insert_with(|| text.to_owned());
            // The title of an item lies one element deeper than that of what holds the items.
            let level = u8::try_from(self.open.len().saturating_sub(1).max(1)).unwrap_or(6);
            self.flow.open_heading(level.min(6));
            self.flow.text(text);
            self.flow.close_heading();
            self.fields.extend(element.attributes);
        } else if is_markup(text) {
            self.fields.extend(element.attributes);
            self.write_fields();
            html::append_fragment(text, &mut self.flow)?;
            self.flow.flush();
        } else if is_prose {
            self.fields.extend(element.attributes);
            self.write_fields();
            self.flow.flush();
            self.flow.text(text);
            self.flow.flush();
        } else {
            self.fields.push(format!("{name}: {}", one_line(text)));
            self.fields.extend(element.attributes);
        }
        Ok(())
    }

    fn write_fields(&mut self) {
        let fields = std::mem::take(&mut self.fields);
        self.flow.builder().paragraph(&fields.join("\n"));
    }
}

/// The attributes of an element that say something, as fields; the only one of an element that is called `value`
/// or so has the element's name.
fn attributes(start: &BytesStart<'_>, element: &str) -> Vec<String> {
    let mut all = start.attributes();
    // Looking for attributes that stand twice takes the square of their number.
    all.with_checks(false);
    let told: Vec<_> = all
        .flatten()
        .filter(|attribute| !is_technical(attribute.key.as_ref()))
        .map(|attribute| {
            let value = unescape(&attribute.value).map_or_else(|_| attribute.value.to_string(), Into::into);
            (attribute.key.local_name().as_ref().to_owned(), one_line(&value))
        })
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let is_only_value =
        told.len() == 1 && matches!(told[0].0.as_str(), "value" | "val" | "v" | "text" | "content");
    let name = |name: String| if is_only_value { element.to_owned() } else { name };
    told.into_iter().map(|(key, value)| format!("{}: {value}", name(key))).collect()
}

/// Whether an attribute is for programs: what it belongs to, where it leads, how it is shown.
fn is_technical(name: &str) -> bool {
    const NAMES: &[&str] =
        &["class", "guid", "href", "id", "idref", "ref", "refid", "rel", "rid", "src", "style", "uuid"];
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    name == "xmlns"
        || matches!(prefix, "xmlns" | "xsi" | "xml" | "xlink")
        || NAMES.contains(&local.to_ascii_lowercase().as_str())
}

/// Whether elements below one of this name are a text that people wrote, whose attributes say how it is set.
fn is_prose_root(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "akomantoso",
        "appendix",
        "article",
        "book",
        "chapter",
        "concept",
        "feed",
        "html",
        "math",
        "rdf",
        "rss",
        "section",
        "svg",
        "tei",
        "teicorpus",
        "topic",
        "worddocument",
    ];
    NAMES.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether a text is HTML, as feeds have it.
fn is_markup(text: &str) -> bool {
    let closed = |(at, _): (usize, &str)| {
        let name = text[at + 2..].split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        html::is_element(name)
    };
    text.contains('<')
        && (text.match_indices("</").any(closed) || text.contains("<br") || text.contains("<p>"))
}

/// Elements of running text.
fn is_prose(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "p",
        "para",
        "simpara",
        "text",
        "content",
        "body",
        "description",
        "summary",
        "abstract",
        "encoded",
        "td",
        "entry",
        "li",
        "title",
    ];
    NAMES.contains(&name)
}

/// Elements that mark a part of running text, in DocBook, JATS, TEI and XHTML.
fn is_inline(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "b",
        "bold",
        "em",
        "emphasis",
        "hi",
        "i",
        "italic",
        "sc",
        "span",
        "strong",
        "sub",
        "sup",
        "tt",
        "u",
        "ulink",
        "underline",
    ];
    NAMES.contains(&name)
}

/// Elements that do so within paragraphs, and are fields elsewhere.
fn is_inline_in_prose(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "a",
        "abbr",
        "acronym",
        "citation",
        "code",
        "ext-link",
        "filename",
        "link",
        "literal",
        "monospace",
        "ref",
        "xref",
    ];
    NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(xml: &str) -> ParsedDocument {
        parse(xml.as_bytes(), &ParseLimits::default()).unwrap()
    }

    #[test]
    fn a_feed_reads_as_its_items() {
        let document = read(
            "<?xml version='1.0'?><rss><channel><title>News &amp; more</title><link>https://x.org</link><item><title>年假</title>\
             <pubDate>Mon, 09 Dec 2024</pubDate><dc:creator>Ann</dc:creator>\
             <description>&lt;p&gt;Ten &lt;b&gt;days&lt;/b&gt;&lt;/p&gt;&lt;script&gt;x&lt;/script&gt;</description>\
             <content:encoded><![CDATA[<ul><li>one</li></ul>]]></content:encoded></item></channel></rss>",
        );
        assert_eq!(
            document.text,
            "News & more\n\nlink: https://x.org\n\n年假\n\npubDate: Mon, 09 Dec 2024\ncreator: Ann\n\nTen days\n\n- one"
        );
        assert_eq!(document.title.as_deref(), Some("News & more"));
        assert_eq!(document.blocks[3].heading_path, ["News & more", "年假"]);
    }

    #[test]
    fn records_keep_their_names_and_prose_its_inline_elements() {
        assert_eq!(
            read(
                "<list><book id='1'><name>A</name><price>4.5</price></book><book><name>B</name></book></list>"
            )
            .text,
            "name: A\nprice: 4.5\n\nname: B"
        );
        assert_eq!(
            read("<article><para>Run <emphasis>it</emphasis> as <x>root</x>.</para><para><b>Or</b> not</para></article>").text,
            "Run it as root.\n\nOr not"
        );
    }

    #[test]
    fn attributes_of_data_are_fields() {
        let document = read(
            "<?xml version='1.0'?><staff xmlns:x='urn:x' date='2026-11-28'><title>Staff list</title>\
             <employee id='e1' name='Ann Lee' days='10'/><employee name='Bo &amp; Chen' days='12'><note>part time</note></employee>\
             <limit value='3'/><pay currency='EUR'>4.50</pay></staff>",
        );
        assert_eq!(
            document.text,
            "date: 2026-11-28\n\nStaff list\n\nname: Ann Lee\ndays: 10\n\nname: Bo & Chen\ndays: 12\nnote: part time\n\n\
             limit: 3\npay: 4.50\ncurrency: EUR"
        );
        assert_eq!(
            read("<staff><employee name='Ann Lee' days='10'/></staff>").text,
            "name: Ann Lee\ndays: 10"
        );
        let names = "<staff xmlns='urn:x'><item r:id='rId7' name='A' xml='B' xml:lang='en'/></staff>";
        assert_eq!(read(names).text, "name: A\nxml: B");
        let text =
            read("<article role='x'><para n='1'>Run it.</para><graphic fileref='a.png'/></article>").text;
        assert_eq!(text, "Run it.");
        let many: String = (0..100_000).map(|n| format!(" a{n}='x'")).collect();
        assert!(read(&format!("<a{many}>t</a>")).text.contains("a99999: x"));
    }

    #[test]
    fn a_dtd_is_passed_over() {
        let document = read(
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'><!ENTITY l 'lol'>]><a><p>&x;&l;&#65;</p></a>",
        );
        assert_eq!(document.text, "&x;&l;A");
        assert!(document.warnings[0].message.contains("2 entities"), "{:?}", document.warnings);
    }

    #[test]
    fn damaged_xml_is_read_as_far_as_it_goes() {
        let document = read("<a><p>one</p><p>two</b></a><<<");
        assert!(document.text.contains("one") && document.text.contains("two"), "{document:?}");
        assert!(read(&"<a>".repeat(100_000)).text.is_empty());
        assert!(read(&format!("{}deep", "<a>x".repeat(20_000))).text.contains("deep"));
        let gbk = encoding_rs::GBK.encode("<?xml version='1.0' encoding=\"gb2312\"?><a><p>年假</p></a>").0;
        assert_eq!(parse(&gbk, &ParseLimits::default()).unwrap().text, "年假");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text in "(<a>|</a>|<p x='|&#1;|&lt;|<!\\[CDATA\\[|\\]\\]>|<!DOCTYPE|年|[ -~]){0,40}") {
            prop_assert!(parse(text.as_bytes(), &ParseLimits::default()).is_ok());
        }
    }
}
