//! Turns a flow of inline text and nested block markers (HTML, Markdown) into blocks.

use footnote_core::parsed::BlockKind;
use footnote_core::question::is_han;

use super::builder::DocumentBuilder;
use super::table::{TableGrid, to_markdown};

/// Collects inline text until a block boundary, then appends it as the kind its context says.
pub(crate) struct Flow<'b> {
    out: &'b mut DocumentBuilder,
    inline: String,
    soft_break: bool,
    heading: Option<u8>,
    lists: Vec<Option<u64>>,
    /// Per open list item: the marker not yet written.
    items: Vec<Option<String>>,
    quotes: usize,
    code: usize,
    footnote: bool,
    table: Option<OpenTable>,
}

struct OpenTable {
    grid: TableGrid,
    /// How many list items lie around it.
    items: usize,
    cell: Option<OpenCell>,
    caption: String,
}

struct OpenCell {
    text: String,
    columns: usize,
    rows: usize,
}

impl<'b> Flow<'b> {
    /// Writes into `out`.
    pub(crate) fn new(out: &'b mut DocumentBuilder) -> Self {
        Self {
            out,
            inline: String::new(),
            soft_break: false,
            heading: None,
            lists: Vec::new(),
            items: Vec::new(),
            quotes: 0,
            code: 0,
            footnote: false,
            table: None,
        }
    }

    /// The builder, after what was collected has been appended.
    pub(crate) fn builder(&mut self) -> &mut DocumentBuilder {
        self.flush();
        self.out
    }

    /// Inline text: runs of blanks become one, except within code.
    pub(crate) fn text(&mut self, text: &str) {
        if self.code > 0 {
            self.inline.push_str(text);
            return;
        }
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            // The ideographic space indents Chinese paragraphs and is kept out like other blanks.
            if c.is_whitespace() {
                let mut ends_line = c == '\n';
                while let Some(next) = chars.next_if(|next| next.is_whitespace()) {
                    ends_line |= next == '\n';
                }
                self.blank(ends_line);
            } else {
                self.settle_soft_break(c);
                self.inline.push(c);
            }
        }
    }

    fn blank(&mut self, ends_line: bool) {
        if self.inline.is_empty() || self.inline.ends_with([' ', '\n']) {
            return;
        }
        self.soft_break |= ends_line && self.inline.chars().last().is_some_and(joins_without_blank);
        if !self.soft_break {
            self.inline.push(' ');
        }
    }

    /// The line end before `next` is a blank, but not between Chinese or Japanese characters.
    fn settle_soft_break(&mut self, next: char) {
        if std::mem::take(&mut self.soft_break) && !joins_without_blank(next) {
            self.inline.push(' ');
        }
    }

    /// Text as it is.
    pub(crate) fn verbatim(&mut self, text: &str) {
        text.chars().take(1).for_each(|first| self.settle_soft_break(first));
        self.inline.push_str(text);
    }

    /// A line break within a block.
    pub(crate) fn line_break(&mut self) {
        self.soft_break = false;
        while self.inline.ends_with(' ') {
            self.inline.pop();
        }
        self.inline.push('\n');
    }

    /// A line end of the source: a blank, but none after a Chinese or Japanese character where the
    /// next one is too (that is seen when it comes).
    pub(crate) fn soft_break(&mut self) {
        self.blank(true);
    }

    /// Ends the block that was collected, if any.
    pub(crate) fn flush(&mut self) {
        let text = std::mem::take(&mut self.inline);
        self.soft_break = false;
        if text.trim().is_empty() {
            return;
        }
        if let Some(table) = &mut self.table {
            let target = table.cell.as_mut().map_or(&mut table.caption, |cell| &mut cell.text);
            if !target.is_empty() {
                target.push(' ');
            }
            let own_items = self.items.get_mut(table.items..).unwrap_or_default();
            target.push_str(&own_items.last_mut().and_then(Option::take).unwrap_or_default());
            target.push_str(text.trim_start());
            return;
        }
        if let Some(level) = self.heading {
            self.out.heading(level, &text.split_whitespace().collect::<Vec<_>>().join(" "));
        } else if self.code > 0 {
            self.out.block(BlockKind::Code, 0, &text);
        } else if self.footnote {
            self.out.block(BlockKind::Footnote, 0, &text);
        } else if !self.items.is_empty() {
            let depth = u8::try_from(self.items.len()).unwrap_or(u8::MAX);
            let marker = self.items.last_mut().and_then(Option::take);
            let marker = marker.unwrap_or_default();
            self.out.block(BlockKind::ListItem, depth, &format!("{marker}{}", text.trim_start()));
        } else if self.quotes > 0 {
            self.out.block(BlockKind::Quote, 0, &text);
        } else {
            self.out.paragraph(&text);
        }
    }

    /// Starts a heading of `level`.
    pub(crate) fn open_heading(&mut self, level: u8) {
        self.flush();
        self.heading = Some(level);
    }

    /// Ends the heading.
    pub(crate) fn close_heading(&mut self) {
        self.flush();
        self.heading = None;
    }

    /// Starts a list; `first` numbers an ordered one.
    pub(crate) fn open_list(&mut self, first: Option<u64>) {
        self.flush();
        self.lists.push(first);
    }

    /// Ends the list.
    pub(crate) fn close_list(&mut self) {
        self.flush();
        self.lists.pop();
    }

    /// Starts a list item.
    pub(crate) fn open_item(&mut self) {
        self.flush();
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                marker
            }
            _ => "- ".to_owned(),
        };
        self.items.push(Some(marker));
    }

    /// Ends the list item.
    pub(crate) fn close_item(&mut self) {
        self.flush();
        self.items.pop();
    }

    /// Starts a quotation.
    pub(crate) fn open_quote(&mut self) {
        self.flush();
        self.quotes += 1;
    }

    /// Ends the quotation.
    pub(crate) fn close_quote(&mut self) {
        self.flush();
        self.quotes = self.quotes.saturating_sub(1);
    }

    /// Starts preformatted text.
    pub(crate) fn open_code(&mut self) {
        self.flush();
        self.code += 1;
    }

    /// Ends preformatted text.
    pub(crate) fn close_code(&mut self) {
        self.flush();
        self.code = self.code.saturating_sub(1);
    }

    /// Starts or ends a footnote.
    pub(crate) fn set_footnote(&mut self, inside: bool) {
        self.flush();
        self.footnote = inside;
    }

    /// Starts a table. A table within a table is read as part of its cell.
    pub(crate) fn open_table(&mut self) {
        self.flush();
        if self.table.is_none() {
            let items = self.items.len();
            self.table =
                Some(OpenTable { grid: TableGrid::default(), items, cell: None, caption: String::new() });
        }
    }

    /// Starts a row.
    pub(crate) fn open_row(&mut self) {
        self.close_cell();
        if let Some(table) = &mut self.table {
            table.grid.start_row();
        }
    }

    /// Ends the row and writes it so many times more, unless it is blank.
    pub(crate) fn repeat_row(&mut self, times: usize) {
        self.close_cell();
        if let Some(table) = &mut self.table {
            table.grid.repeat_row(times);
        }
    }

    /// Starts a cell that covers `columns` × `rows` places.
    pub(crate) fn open_cell(&mut self, columns: usize, rows: usize) {
        self.close_cell();
        if let Some(table) = &mut self.table {
            table.cell = Some(OpenCell { text: String::new(), columns, rows });
        }
    }

    /// Ends the cell.
    pub(crate) fn close_cell(&mut self) {
        self.flush();
        if let Some(table) = &mut self.table
            && let Some(cell) = table.cell.take()
        {
            table.grid.cell(&cell.text, cell.columns, cell.rows);
        }
    }

    /// Ends the table.
    pub(crate) fn close_table(&mut self) {
        self.close_cell();
        let Some(table) = self.table.take() else { return };
        self.out.paragraph(&table.caption);
        append_table(self.out, table.grid);
    }
}

/// Whether lines that end or begin with `c` are joined without a blank: Han, kana, and their
/// punctuation (Hangul has blanks).
pub(crate) fn joins_without_blank(c: char) -> bool {
    is_han(c)
        || matches!(c, '\u{3000}'..='\u{30ff}' | '\u{ff00}'..='\u{ff60}' | '—' | '…' | '“' | '”' | '‘' | '’')
}

/// Appends a table; one without columns gives paragraphs.
pub(crate) fn append_table(out: &mut DocumentBuilder, grid: TableGrid) {
    let rows = grid.into_table();
    if rows.iter().map(Vec::len).max().unwrap_or(0) > 1 {
        out.block(BlockKind::Table, 0, &to_markdown(&rows));
        return;
    }
    for cell in rows.iter().flatten() {
        out.paragraph(cell);
    }
}
