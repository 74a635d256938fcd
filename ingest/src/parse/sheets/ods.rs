//! OpenDocument spreadsheets. Each cell carries the text that people see, so no number needs to be formatted.

use std::collections::HashSet;
use std::path::Path;

use footnote_core::parsed::{ContentType, ParsedDocument};
use footnote_core::{Error, Result};
use quick_xml::events::BytesStart;

use super::{Cell, CellBudget, Merge, Sheet, append_sheets, cell_name};
use crate::parse::builder::DocumentBuilder;
use crate::parse::limits::ParseLimits;
use crate::parse::odf::annotation::Annotation;
use crate::parse::odf::chart::Charts;
use crate::parse::package::Package;
use crate::parse::package::xml::{Xml, attribute, each_event};

const CONTENT: &str = "content.xml";

/// Reads the spreadsheet at `path`.
pub(crate) fn parse(path: &Path, limits: &ParseLimits) -> Result<ParsedDocument> {
    let mut package = Package::open(path, limits)?;
    let xml = package.xml(CONTENT)?.ok_or_else(|| {
        Error::invalid("the spreadsheet has no content.xml; save it again with LibreOffice")
    })?;
    let mut budget = CellBudget::new(limits);
    let charts = Charts::read(&mut package, &mut budget)?;
    let mut reader = Reader { charts, ..Reader::default() };
    each_event(CONTENT, &xml, |event| reader.event(&event, &mut budget))?;
    let mut builder = DocumentBuilder::new(limits.max_text_chars);
    append_sheets(&mut builder, reader.sheets, limits);
    builder.finish(ContentType::Ods, "quick-xml 0.42")
}

#[derive(Default)]
struct Reader {
    sheets: Vec<Sheet>,
    /// Names of the table styles that hide a sheet, and the style being defined.
    hiding: HashSet<String>,
    style: String,
    in_sheet: bool,
    row: u32,
    rows_repeated: u32,
    column: u32,
    /// The cells of the row so far.
    cells: Vec<Cell>,
    open: Option<OpenCell>,
    comment: Option<Annotation>,
    /// Charts that no sheet has drawn yet, and whether the open frame has one, with a picture of itself beside it.
    charts: Charts,
    in_chart: bool,
    /// Texts of shapes on the sheet, outside of its cells.
    in_shapes: bool,
    paragraph: Option<String>,
}

struct OpenCell {
    columns_repeated: u32,
    columns: u32,
    rows: u32,
    value: String,
    text: String,
    /// Whether it has a formula and, unless text follows, no result: an empty text would be one.
    needs_text: bool,
}

impl Reader {
    fn event(&mut self, event: &Xml<'_>, budget: &mut CellBudget) -> Result<()> {
        if let Some(annotation) = &mut self.comment {
            if let Some(comment) = annotation.event(event) {
                self.comment = None;
                self.sheets.last_mut().into_iter().for_each(|sheet| sheet.comments.extend(comment.shown()));
            }
            return Ok(());
        }
        match event {
            Xml::Start(start) => self.start(start),
            Xml::Text(text) => {
                if let Some(paragraph) = &mut self.paragraph {
                    paragraph.push_str(text);
                }
            }
            Xml::End(name) => self.end(name, budget)?,
        }
        Ok(())
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        let count = |name: &str| attribute(start, name).and_then(|n| n.parse().ok()).unwrap_or(1_u32).max(1);
        match start.local_name().as_ref() {
            "style" => self.style = attribute(start, "name").unwrap_or_default(),
            "table-properties" if attribute(start, "display").as_deref() == Some("false") => {
                self.hiding.insert(self.style.clone());
            }
            "table" if !self.in_sheet => {
                let style = attribute(start, "style-name").unwrap_or_default();
                let hidden = self.hiding.contains(&style);
                let name = attribute(start, "name").unwrap_or_default();
                self.sheets.push(Sheet { name, hidden, ..Sheet::default() });
                (self.in_sheet, self.row) = (true, 0);
            }
            "shapes" => self.in_shapes = true,
            "table-row" => {
                (self.rows_repeated, self.column) = (count("number-rows-repeated"), 0);
                self.cells.clear();
            }
            "table-cell" | "covered-table-cell" => {
                self.open = Some(OpenCell {
                    columns_repeated: count("number-columns-repeated"),
                    columns: count("number-columns-spanned"),
                    rows: count("number-rows-spanned"),
                    value: value(start),
                    text: String::new(),
                    needs_text: attribute(start, "formula").is_some()
                        && attribute(start, "value-type").as_deref() != Some("string"),
                });
            }
            "annotation" => self.comment = Some(Annotation::on(cell_name(self.row, self.column))),
            "p" | "h" => self.paragraph = Some(String::new()),
            "s" => self.push(&" ".repeat(count("c").min(100) as usize)),
            "tab" | "line-break" => self.push(" "),
            "frame" => self.in_chart = false,
            "object" => {
                if let Some((chart, sheet)) = self.charts.take(start).zip(self.sheets.last_mut()) {
                    sheet.charts.push(chart);
                    self.in_chart = true;
                }
            }
            "image" if self.in_chart => {}
            "image" => self.sheets.last_mut().into_iter().for_each(|sheet| sheet.pictures += 1),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if let Some(paragraph) = &mut self.paragraph {
            paragraph.push_str(text);
        }
    }

    fn end(&mut self, name: &str, budget: &mut CellBudget) -> Result<()> {
        match name {
            "p" | "h" => self.end_paragraph(),
            "table-cell" | "covered-table-cell" => self.end_cell(budget)?,
            "table-row" => self.end_row(budget)?,
            "frame" => self.in_chart = false,
            "shapes" => self.in_shapes = false,
            "table" => self.in_sheet = false,
            _ => {}
        }
        Ok(())
    }

    fn end_paragraph(&mut self) {
        let Some(text) = self.paragraph.take() else { return };
        if let Some(open) = &mut self.open {
            open.text.push_str(&text);
            open.text.push('\n');
        } else if self.in_shapes && !text.trim().is_empty() {
            self.sheets.last_mut().into_iter().for_each(|sheet| sheet.drawn.push(text.clone()));
        }
    }

    fn end_cell(&mut self, budget: &mut CellBudget) -> Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let text = if open.text.trim().is_empty() { open.value } else { open.text };
        let first = self.column;
        self.column = self.column.saturating_add(open.columns_repeated);
        if text.trim().is_empty() {
            if open.needs_text
                && let Some(sheet) = self.sheets.last_mut()
            {
                let cells = open.columns_repeated.saturating_mul(self.rows_repeated);
                sheet.uncomputed = sheet.uncomputed.saturating_add(cells as usize);
            }
            return Ok(());
        }
        if (open.columns > 1 || open.rows > 1)
            && let Some(sheet) = self.sheets.last_mut()
        {
            let last = |first: u32, count: u32| first.saturating_add(count - 1);
            sheet.merges.push(Merge {
                rows: (self.row, last(self.row, open.rows)),
                columns: (first, last(first, open.columns)),
            });
        }
        for column in first..self.column {
            budget.take(&text)?;
            self.cells.push(Cell::new(self.row, column, text.clone()));
        }
        Ok(())
    }

    fn end_row(&mut self, budget: &mut CellBudget) -> Result<()> {
        let first = self.row;
        self.row = self.row.saturating_add(self.rows_repeated);
        if self.cells.is_empty() {
            return Ok(());
        }
        let Some(sheet) = self.sheets.last_mut() else { return Ok(()) };
        for row in first.saturating_add(1)..self.row {
            for cell in &self.cells {
                budget.take(&cell.text)?;
                sheet.cells.push(Cell { row, ..cell.clone() });
            }
        }
        sheet.cells.append(&mut self.cells);
        Ok(())
    }
}

/// A value whose text is not written out.
fn value(start: &BytesStart<'_>) -> String {
    let names = ["string-value", "date-value", "time-value", "boolean-value", "value"];
    names.into_iter().find_map(|name| attribute(start, name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::tests::package;
    use super::*;

    fn read(body: &str) -> Result<ParsedDocument> {
        let xml = format!(
            "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\" xmlns:style=\"s\">\
             <style:style style:name=\"ta2\"><style:table-properties table:display=\"false\"/></style:style>\
             <office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
        );
        parse(package(&[("content.xml", &xml)]).path(), &ParseLimits::default())
    }

    #[test]
    fn cells_are_read_as_they_are_shown() {
        let document = read(
            "<table:table table:name=\"Pay\"><table:table-row><table:table-cell><text:p>Name</text:p></table:table-cell>\
             <table:table-cell><text:p>Share<text:s text:c=\"2\"/>of</text:p><text:p>all</text:p></table:table-cell></table:table-row>\
             <table:table-row table:number-rows-repeated=\"2\"><table:table-cell><text:p>Ann</text:p>\
             <office:annotation><dc:creator>Bo</dc:creator><text:p>new</text:p></office:annotation></table:table-cell>\
             <table:table-cell office:value-type=\"percentage\" office:value=\"0.256\"><text:p>25.6%</text:p></table:table-cell></table:table-row>\
             <table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>\
             </table:table><table:table table:name=\"Old\" table:style-name=\"ta2\"><table:table-row>\
             <table:table-cell table:number-columns-spanned=\"2\"><text:p>2023</text:p></table:table-cell><table:covered-table-cell/></table:table-row>\
             <table:table-row><table:table-cell office:value=\"1\"/><table:table-cell office:value=\"2\"/></table:table-row></table:table>",
        )
        .unwrap();
        assert_eq!(
            document.text,
            "Pay\n\n| Name | Share of all |\n| --- | --- |\n| Ann | 25.6% |\n| Ann | 25.6% |\n\n\
             Comment on A2 by Bo: new\n\nOld\n\n2023\n\n| 1 | 2 |\n| --- | --- |"
        );
        assert!(document.warnings[0].message.contains("hidden sheets are read, too: Old"));
        assert_eq!(
            document.pages.iter().map(|p| p.first_row).collect::<Vec<_>>(),
            [None, Some(1), None, None, Some(1), Some(2)]
        );
    }

    #[test]
    fn charts_are_tables_unless_they_are_large() {
        let chart = |rows: usize| {
            let cell = "<table:table-cell><text:p>EUR</text:p></table:table-cell>";
            let row = "<table:table-row><table:table-cell/><table:table-cell office:value=\"2.5\"/></table:table-row>";
            format!(
                "<chart:chart chart:class=\"chart:bar\"><chart:title><text:p>Pay</text:p></chart:title><table:table>\
                 <table:table-row><table:table-cell/>{cell}</table:table-row>{}</table:table></chart:chart>",
                row.repeat(rows)
            )
        };
        let frame = |number: usize| {
            format!(
                "<draw:frame><draw:object xlink:href=\"./Object {number}\"/><draw:image xlink:href=\"./ObjectReplacements/{number}\"/></draw:frame>"
            )
        };
        let content = format!(
            "<office:spreadsheet><table:table table:name=\"Pay\"><table:shapes>{}{}<draw:frame><draw:image/></draw:frame></table:shapes>\
             <table:table-row><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>",
            frame(1),
            frame(2)
        );
        let (small, large) = (chart(2), chart(41));
        let parts = [
            ("content.xml", content.as_str()),
            ("Object 1/content.xml", &small),
            ("Object 2/content.xml", &large),
        ];
        let document = parse(package(&parts).path(), &ParseLimits::default()).unwrap();
        assert_eq!(
            document.text,
            "Pay\n\nx\n\nBar chart: Pay\n\n|  | EUR |\n| --- | --- |\n| 1 | 2.5 |\n| 2 | 2.5 |\n\nBar chart: Pay\n\nEUR"
        );
        let warnings: Vec<&str> = document.warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(warnings, ["1 picture is not read on the sheet \"Pay\""]);
        let few = ParseLimits { max_cells: 20, ..ParseLimits::default() };
        assert_eq!(
            parse(package(&parts).path(), &few).unwrap_err().kind(),
            footnote_core::ErrorKind::TooLarge
        );
    }

    #[test]
    fn formulas_without_a_result_are_told() {
        let document = read(
            "<table:table><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell>\
             <table:table-cell table:formula=\"of:=1+2\" table:number-columns-repeated=\"2\"/>\
             <table:table-cell table:formula=\"of:=&quot;&quot;\" office:value-type=\"string\" office:string-value=\"\"/>\
             <table:table-cell table:formula=\"of:=1+2\" office:value-type=\"float\" office:value=\"3\"/>\
             </table:table-row></table:table>",
        )
        .unwrap();
        assert_eq!(document.warnings.len(), 1);
        assert!(document.warnings[0].message.starts_with("2 formulas have no stored result and are blank; "));
    }

    #[test]
    fn repetition_is_bounded_and_damage_is_told() {
        let bomb = "<table:table><table:table-row table:number-rows-repeated=\"1048576\">\
                    <table:table-cell table:number-columns-repeated=\"16384\"><text:p>x</text:p></table:table-cell>\
                    </table:table-row></table:table>";
        assert_eq!(read(bomb).unwrap_err().kind(), footnote_core::ErrorKind::TooLarge);
        let cut_short = read("<table:table><table:table-row>").unwrap_err();
        assert_eq!(cut_short.kind(), footnote_core::ErrorKind::InvalidInput);
        assert!(parse(package(&[("other.xml", "<x/>")]).path(), &ParseLimits::default()).is_err());
    }
}
