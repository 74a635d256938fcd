//! Jupyter notebooks: cells of Markdown and code with the texts they put out. Pictures are not read.

use footnote_core::Result;
use footnote_core::parsed::{BlockKind, ContentType, ParsedDocument, WarningKind};
use serde_json::Value;

use super::builder::DocumentBuilder;
use super::flow::Flow;
use super::limits::ParseLimits;
use super::text::decode;
use super::{html, json, markdown};

/// Reads a notebook of format 3 or 4; what is none is read as JSON.
pub(crate) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument> {
    let decoded = decode(bytes, None);
    let Ok(notebook) = serde_json::from_str::<Value>(decoded.text.trim_start_matches('\u{feff}').trim())
    else {
        return json::parse(bytes, limits);
    };
    // Format 3 has its cells in worksheets, of which there is one.
    let worksheets = notebook["worksheets"].as_array().into_iter().flatten();
    let lists = std::iter::once(&notebook).chain(worksheets).filter_map(|holder| holder["cells"].as_array());
    let lists: Vec<&Vec<Value>> = lists.collect();
    if lists.is_empty() {
        return json::parse(bytes, limits);
    }
    let mut builder = decoded.builder(limits);
    builder.title(notebook["metadata"]["title"].as_str().unwrap_or_default());
    let mut pictures = 0;
    for cell in lists.into_iter().flatten() {
        append_cell(&mut builder, cell, &mut pictures)?;
    }
    if pictures > 0 {
        let what = if pictures == 1 { "1 picture is".to_owned() } else { format!("{pictures} pictures are") };
        builder.warn(WarningKind::Lost, None, format!("{what} not read among the notebook's outputs"));
    }
    builder.finish(ContentType::Notebook, "serde_json 1, pulldown-cmark 0.13")
}

fn append_cell(out: &mut DocumentBuilder, cell: &Value, pictures: &mut usize) -> Result<()> {
    let source = if cell["source"].is_null() { &cell["input"] } else { &cell["source"] };
    let source = text(source);
    match cell["cell_type"].as_str() {
        Some("markdown") => markdown::append(&source.replace('\0', ""), out)?,
        Some("heading") => {
            let level = cell["level"].as_u64().and_then(|level| u8::try_from(level).ok()).unwrap_or(1);
            out.heading(level, &source);
        }
        Some("raw") => out.paragraph(&source),
        _ => {
            out.block(BlockKind::Code, 0, &source);
            for output in cell["outputs"].as_array().into_iter().flatten() {
                append_output(out, output, pictures)?;
            }
        }
    }
    Ok(())
}

/// The richest text of an output: a table of HTML, Markdown, plain text.
fn append_output(out: &mut DocumentBuilder, output: &Value, pictures: &mut usize) -> Result<()> {
    // In format 3 the kinds stand beside each other in the output itself.
    let data = if output["data"].is_object() { &output["data"] } else { output };
    let kind =
        |names: [&str; 2]| names.into_iter().map(|name| text(&data[name])).find(|text| !text.is_empty());
    let names = data.as_object().map_or(Vec::new(), |data| data.keys().map(String::as_str).collect());
    *pictures += usize::from(
        names.iter().any(|name| name.starts_with("image/") || matches!(*name, "png" | "jpeg" | "svg")),
    );
    if output["output_type"].as_str().is_some_and(|kind| kind == "error" || kind == "pyerr") {
        let error = format!("{}: {}", text(&output["ename"]), text(&output["evalue"]));
        out.block(BlockKind::Code, 0, &without_colours(&error));
    } else if let Some(table) = kind(["text/html", "html"]).filter(|html| html.contains("<table")) {
        let mut flow = Flow::new(out);
        html::append_fragment(&table, &mut flow)?;
        flow.flush();
    } else if let Some(rich) = kind(["text/markdown", "markdown"]) {
        markdown::append(&rich.replace('\0', ""), out)?;
    } else if let Some(plain) = kind(["text/plain", "text"]) {
        out.block(BlockKind::Code, 0, &without_colours(&plain));
    }
    Ok(())
}

/// A text that may be written as a list of lines.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// Without the codes that colour a terminal.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // The letter after the numbers ends the code.
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        out.push_str(rest.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ParsedDocument {
        parse(text.as_bytes(), &ParseLimits::default()).unwrap()
    }

    #[test]
    fn cells_and_their_texts_are_read() {
        let document = read(
            r##"{"nbformat":4,"cells":[{"cell_type":"markdown","source":["# Sales\n","\n","By *year*."]},
            {"cell_type":"code","source":"x = 1\nprint(x)","outputs":[{"output_type":"stream","name":"stdout","text":["1\n"]},
            {"output_type":"execute_result","data":{"text/html":"<table><tr><th>y</th><th>n</th></tr><tr><td>1</td><td>2</td></tr></table>","text/plain":"y n"}},
            {"output_type":"display_data","data":{"image/png":"aaaa","text/plain":"<Figure>"}},
            {"output_type":"error","ename":"KeyError","evalue":"\u001b[31m'a'\u001b[0m","traceback":[]}]},
            {"cell_type":"raw","source":"raw"}]}"##,
        );
        assert_eq!(
            document.text,
            "Sales\n\nBy year.\n\nx = 1\nprint(x)\n\n1\n\n| y | n |\n| --- | --- |\n| 1 | 2 |\n\n<Figure>\n\nKeyError: 'a'\n\nraw"
        );
        assert_eq!(document.title.as_deref(), Some("Sales"));
        assert_eq!(document.blocks[2].kind, BlockKind::Code);
        assert_eq!(document.blocks[2].heading_path, ["Sales"]);
        assert!(document.warnings[0].message.contains("1 picture"));
    }

    #[test]
    fn the_older_format_and_broken_notebooks_are_read() {
        let document = read(
            r#"{"nbformat":3,"worksheets":[{"cells":[{"cell_type":"heading","level":2,"source":"One"},
            {"cell_type":"code","input":"y","outputs":[{"output_type":"pyout","text":["2"]}]}]}]}"#,
        );
        assert_eq!(document.text, "One\n\ny\n\n2");
        assert_eq!(read("{\"nbformat\":4,\"cells\":[").content_type, ContentType::Json);
        assert!(read("{\"nbformat\":4,\"cells\":7}").text.contains("cells: 7"));
    }

    proptest::proptest! {
        #[test]
        fn no_escape_panics(text in "[\u{1b}\\[0-9;m年a]{0,20}") {
            let _ = without_colours(&text);
        }
    }
}
