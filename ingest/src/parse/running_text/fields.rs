//! Fields of Word: which of them show something else on other pages or days.

use super::Lines;

/// Fields whose result changes from page to page or with the day, or is a heading's text once more.
const COMPUTED: &[&str] =
    &["PAGE", "NUMPAGES", "SECTIONPAGES", "SECTION", "DATE", "TIME", "PRINTDATE", "SAVEDATE", "STYLEREF"];

/// Deepest nesting of fields that is told apart, and how much of a field's code is kept: its name comes first.
const MAX_FIELDS: usize = 64;
const MAX_CODE: usize = 100;

/// What tells a field what to show, as far as it is kept.
#[derive(Default)]
pub(crate) struct FieldCode(String);

impl FieldCode {
    /// Code that follows.
    pub(crate) fn add(&mut self, text: &str) {
        let left = MAX_CODE.saturating_sub(self.0.len());
        self.0.extend(text.chars().take(left));
    }

    /// Whether what the field shows is no text of the document.
    pub(crate) fn is_computed(&self) -> bool {
        let name = self.0.split_whitespace().next().unwrap_or_default().to_uppercase();
        COMPUTED.contains(&name.as_str())
    }
}

/// The fields that are open, the innermost last.
#[derive(Default)]
pub(crate) struct Fields(Vec<Field>);

#[derive(Default)]
struct Field {
    code: FieldCode,
    /// Whether its result has begun.
    shows: bool,
}

impl Fields {
    /// A field begins with its code.
    pub(crate) fn open(&mut self) {
        self.push(Field::default());
    }

    /// A field begins whose code is known.
    pub(crate) fn open_result(&mut self, code: &str) {
        let mut field = Field { shows: true, ..Field::default() };
        field.code.add(code);
        self.push(field);
    }

    /// The innermost field's code.
    pub(crate) fn add_code(&mut self, text: &str) {
        self.0.last_mut().into_iter().for_each(|field| field.code.add(text));
    }

    /// Whether the innermost field's code goes on.
    pub(crate) fn has_open_code(&self) -> bool {
        self.0.last().is_some_and(|field| !field.shows)
    }

    /// The innermost field's result begins.
    pub(crate) fn show(&mut self) {
        self.0.last_mut().into_iter().for_each(|field| field.shows = true);
    }

    /// The innermost field ends, which may have no result yet.
    pub(crate) fn end(&mut self, lines: &mut Lines) {
        if self.0.pop().is_some_and(|field| field.code.is_computed()) {
            lines.push_computed("");
        }
    }

    /// A field that nothing ended is of no other paragraph: it would take their text along.
    pub(crate) fn end_paragraph(&mut self) {
        self.0.clear();
    }

    /// Text that stands within these fields.
    pub(crate) fn write(&self, text: &str, lines: &mut Lines) {
        if self.0.iter().any(|field| !field.shows) {
            return;
        }
        match self.0.iter().any(|field| field.code.is_computed()) {
            true => lines.push_computed(text),
            false => lines.push(text),
        }
    }

    fn push(&mut self, field: Field) {
        if self.0.len() < MAX_FIELDS {
            self.0.push(field);
        }
    }
}
