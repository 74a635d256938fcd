//! From what a caller wants hits to match to the tags that both indexes store; metadata's rules.

use std::collections::BTreeMap;

use footnote_core::chunk::Tag;
use footnote_core::document::Metadata;
use footnote_core::ids::{DocumentId, SourceId};
use footnote_core::parsed::ContentType;
use footnote_core::question::Filter;
use footnote_core::{Error, Result};

/// Most metadata facts of a document, and most values of one filter.
const MAX_FACTS: usize = 64;
/// Longest metadata key, in scalar values.
const MAX_KEY_CHARS: usize = 64;
/// Longest metadata value, in scalar values.
const MAX_VALUE_CHARS: usize = 1_000;

/// What hits must match: any of the values of every part that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterSpec {
    /// Any of these documents.
    pub documents: Option<Vec<DocumentId>>,
    /// Any of these sources.
    pub sources: Option<Vec<SourceId>>,
    /// Any of these content types.
    pub types: Option<Vec<ContentType>>,
    /// For each key any of the values.
    pub metadata: BTreeMap<String, Vec<String>>,
}

impl FilterSpec {
    /// Compiles it. An empty list is refused: it would match nothing, which nobody means.
    pub fn compile(&self) -> Result<Filter> {
        let mut all_of = Vec::new();
        push_group(&mut all_of, "document", &self.documents, |id| Tag::document(*id))?;
        push_group(&mut all_of, "source", &self.sources, |id| Tag::source(*id))?;
        push_group(&mut all_of, "type", &self.types, |t| Tag::content_type(*t))?;
        for (key, values) in &self.metadata {
            check_key(key)?;
            let values = Some(values.clone());
            push_group(&mut all_of, &format!("metadata.{key}"), &values, |v| Tag::metadata(key, v))?;
        }
        Ok(Filter { all_of })
    }
}

fn push_group<T>(
    all_of: &mut Vec<Vec<Tag>>,
    part: &str,
    values: &Option<Vec<T>>,
    tag: impl Fn(&T) -> Tag,
) -> Result<()> {
    let Some(values) = values else { return Ok(()) };
    if values.is_empty() || values.len() > MAX_FACTS {
        return Err(Error::invalid(format!(
            "filter.{part} has {} values; give 1 to {MAX_FACTS}, or leave it out",
            values.len()
        )));
    }
    all_of.push(values.iter().map(tag).collect());
    Ok(())
}

/// Checks the metadata of a document.
pub fn check_metadata(metadata: &Metadata) -> Result<()> {
    if metadata.len() > MAX_FACTS {
        return Err(Error::invalid(format!(
            "metadata has {} keys; give at most {MAX_FACTS}",
            metadata.len()
        )));
    }
    for (key, value) in metadata {
        check_key(key)?;
        if value.chars().count() > MAX_VALUE_CHARS || value.contains('\0') {
            return Err(Error::invalid(format!(
                "metadata.{key} is longer than {MAX_VALUE_CHARS} characters or contains a NUL; shorten it"
            )));
        }
    }
    Ok(())
}

/// Reads a JSON object of texts, naming what is none.
pub fn parse_metadata(json: &str) -> Result<Metadata> {
    let remedy = "give a JSON object of texts, like {\"year\": \"2026\"}";
    let value: serde_json::Value = serde_json::from_str(json)
        .map_err(|e| Error::invalid(format!("metadata is not JSON; {remedy}")).with_source(e))?;
    let serde_json::Value::Object(object) = value else {
        return Err(Error::invalid(format!("metadata is not an object; {remedy}")));
    };
    let mut metadata = Metadata::new();
    for (key, value) in object {
        let serde_json::Value::String(text) = value else {
            return Err(Error::invalid(format!("metadata.{key} is not a text; {remedy}")));
        };
        metadata.insert(key, text);
    }
    check_metadata(&metadata)?;
    Ok(metadata)
}

/// A key without `=`: a tag is `meta.key=value`, so that two facts never share a tag.
fn check_key(key: &str) -> Result<()> {
    let allowed = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if key.is_empty() || key.chars().count() > MAX_KEY_CHARS || !key.chars().all(allowed) {
        return Err(Error::invalid(format!(
            "metadata key {key:?} is not 1 to {MAX_KEY_CHARS} letters, digits, '-', '_' or '.'"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_a_group_of_alternatives() {
        let (a, b) = (DocumentId::new(), DocumentId::new());
        let spec = FilterSpec {
            documents: Some(vec![a, b]),
            types: Some(vec![ContentType::Pdf]),
            metadata: BTreeMap::from([("部门".to_owned(), vec!["人事".to_owned(), "财务".to_owned()])]),
            ..FilterSpec::default()
        };
        let expected = vec![
            vec![Tag::document(a), Tag::document(b)],
            vec![Tag::content_type(ContentType::Pdf)],
            vec![Tag::metadata("部门", "人事"), Tag::metadata("部门", "财务")],
        ];
        assert_eq!(spec.compile().unwrap().all_of, expected);
        assert!(FilterSpec::default().compile().unwrap().all_of.is_empty());
    }

    #[test]
    fn an_empty_list_is_refused_by_name() {
        let spec = FilterSpec { sources: Some(Vec::new()), ..FilterSpec::default() };
        let error = spec.compile().unwrap_err().to_string();
        assert!(error.contains("filter.source"), "{error}");
    }

    #[test]
    fn metadata_is_an_object_of_texts_with_plain_keys() {
        let metadata = parse_metadata(r#"{"year": "2026", "部门": "人事"}"#).unwrap();
        assert_eq!(metadata["部门"], "人事");
        for bad in ["", "[]", "{\"year\": 2026}", "{\"a=b\": \"c\"}", "{\"\": \"c\"}", "{\"a\": \"\\u0000\"}"]
        {
            let error = parse_metadata(bad).unwrap_err().to_string();
            assert!(error.contains("metadata"), "{bad}: {error}");
        }
    }
}
