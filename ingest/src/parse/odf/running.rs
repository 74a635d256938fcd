//! Headers and footers of a text's pages: which master pages the text uses, and where.

mod masters;

use std::collections::HashMap;

use footnote_core::Result;
use quick_xml::events::BytesStart;

use self::masters::{DEFAULT, MasterPages};
use crate::parse::package::xml::{Xml, attribute, each_event};
use crate::parse::running_text::Section;

/// Most styles that a style is based on, each on the next.
const MAX_PARENTS: usize = 32;

/// The sections of a text: stretches that begin on a new page, with its master page.
#[derive(Default)]
pub(super) struct Running {
    pub(super) sections: Vec<Section>,
    /// Which events of the text's part the sections after the first begin with.
    pub(super) starts: Vec<usize>,
}

/// What `styles.xml` says of pages: what stands on them, and which styles begin one.
#[derive(Default)]
pub(super) struct PageSetup {
    masters: MasterPages,
    styles: PageStyles,
}

impl PageSetup {
    /// Reads what comes before damage; whether there is none.
    pub(super) fn read(&mut self, part: &str, xml: &str) -> bool {
        let mut masters = masters::Reader::default();
        let read = each_event(part, xml, |event| {
            if let Xml::Start(start) = &event {
                self.styles.add(start);
            }
            masters.event(&event);
            Ok(())
        });
        self.masters = masters.finish();
        read.is_ok()
    }

    /// The sections of the text in this part.
    pub(super) fn sections_of(self, part: &str, xml: &str) -> Result<Running> {
        if self.masters.is_empty() {
            return Ok(Running::default());
        }
        let mut text =
            Text { styles: self.styles, begins: Vec::new(), starts: Vec::new(), in_body: false, inner: 0 };
        let mut index = 0;
        each_event(part, xml, |event| {
            text.event(index, &event);
            index += 1;
            Ok(())
        })?;
        if text.begins.is_empty() {
            text.begins.push(DEFAULT.to_owned());
        }
        Ok(Running { sections: self.masters.keep_once(&text.begins), starts: text.starts })
    }
}

/// Styles of paragraphs and of tables, by their names.
#[derive(Default)]
struct PageStyles {
    paragraphs: HashMap<String, PageStyle>,
    tables: HashMap<String, PageStyle>,
}

/// What a style says of the page that it is used on.
struct PageStyle {
    /// The master page that begins with it; an empty name takes back what the parent says.
    master: Option<String>,
    parent: Option<String>,
}

impl PageStyles {
    fn add(&mut self, start: &BytesStart<'_>) {
        if start.local_name().as_ref() != "style" {
            return;
        }
        let styles = match attribute(start, "family").as_deref() {
            Some("paragraph") => &mut self.paragraphs,
            Some("table") => &mut self.tables,
            _ => return,
        };
        let master = attribute(start, "master-page-name");
        let parent = attribute(start, "parent-style-name");
        styles.insert(attribute(start, "name").unwrap_or_default(), PageStyle { master, parent });
    }
}

/// The master page that what has this style begins.
fn master_of<'s>(styles: &'s HashMap<String, PageStyle>, name: &str) -> Option<&'s str> {
    let chain = std::iter::successors(styles.get(name), |style| styles.get(style.parent.as_deref()?));
    let master = chain.take(MAX_PARENTS).find_map(|style| style.master.as_deref())?;
    (!master.is_empty()).then_some(master)
}

/// Looks for where the sections of a text begin.
struct Text {
    styles: PageStyles,
    /// The master page that each section begins with.
    begins: Vec<String>,
    starts: Vec<usize>,
    in_body: bool,
    /// Elements that are open in a paragraph, a table or what else no page begins within.
    inner: usize,
}

impl Text {
    fn event(&mut self, index: usize, event: &Xml<'_>) {
        match event {
            Xml::Start(_) if self.inner > 0 => self.inner += 1,
            Xml::Start(start) => self.start(index, start),
            Xml::End(_) => self.inner = self.inner.saturating_sub(1),
            Xml::Text(_) => {}
        }
    }

    fn start(&mut self, index: usize, start: &BytesStart<'_>) {
        self.styles.add(start);
        let name = start.local_name();
        let styles = match name.as_ref() {
            "body" => {
                self.in_body = true;
                return;
            }
            _ if !self.in_body => return,
            "p" | "h" => &self.styles.paragraphs,
            "table" => &self.styles.tables,
            name => {
                let is_apart = matches!(name, "tracked-changes" | "forms");
                self.inner = usize::from(is_apart || start.name().as_ref().starts_with("draw:"));
                return;
            }
        };
        self.inner = 1;
        let style = attribute(start, "style-name").unwrap_or_default();
        match master_of(styles, &style) {
            Some(master) => {
                if !self.begins.is_empty() {
                    self.starts.push(index);
                }
                self.begins.push(master.to_owned());
            }
            None if self.begins.is_empty() => self.begins.push(DEFAULT.to_owned()),
            None => {}
        }
    }
}
