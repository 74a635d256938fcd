//! What callers narrow and override in a search or a question.

use std::collections::BTreeMap;

use footnote_core::Result;
use footnote_core::ids::{DocumentId, SourceId};
use footnote_core::question::Filter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ContentTypeView;
use crate::service::ask::SamplingOverrides;
use crate::service::filter::FilterSpec;

/// One value, or several of which any may match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// Any of these; not empty.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

/// What hits must match: every part that is given, any value of a part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FilterBody {
    /// Ids of documents.
    pub document: Option<OneOrMany<Uuid>>,
    /// Ids of sources.
    pub source: Option<OneOrMany<Uuid>>,
    /// Content types.
    #[serde(rename = "type")]
    pub content_type: Option<OneOrMany<ContentTypeView>>,
    /// Metadata facts, by key.
    pub metadata: BTreeMap<String, OneOrMany<String>>,
}

impl FilterBody {
    /// Compiles it for the indexes.
    pub fn compile(self) -> Result<Filter> {
        let ids = |ids: OneOrMany<Uuid>| ids.into_vec();
        let spec = FilterSpec {
            documents: self.document.map(|d| ids(d).into_iter().map(DocumentId).collect()),
            sources: self.source.map(|s| ids(s).into_iter().map(SourceId).collect()),
            types: self.content_type.map(|t| t.into_vec().into_iter().map(Into::into).collect()),
            metadata: self.metadata.into_iter().map(|(key, values)| (key, values.into_vec())).collect(),
        };
        spec.compile()
    }
}

/// Sampling settings of one question; what is left out is as in the knowledge base.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingBody {
    /// 0 is greedy; up to 2.
    pub temperature: Option<f32>,
    /// Keeps the k likeliest tokens; 0 keeps all.
    pub top_k: Option<usize>,
    /// Keeps the likeliest tokens up to this mass, above 0 up to 1.
    pub top_p: Option<f32>,
    /// Divides the logits of tokens seen lately; 1 is off, up to 2.
    pub repetition_penalty: Option<f32>,
    /// Seed of the sampler.
    pub seed: Option<u64>,
    /// Most tokens generated, 1 to 8192.
    pub max_tokens: Option<usize>,
    /// Texts at which generation ends; up to 8.
    pub stop: Option<Vec<String>>,
}

impl From<SamplingBody> for SamplingOverrides {
    fn from(body: SamplingBody) -> Self {
        let SamplingBody { temperature, top_k, top_p, repetition_penalty, seed, max_tokens, stop } = body;
        Self { temperature, top_k, top_p, repetition_penalty, seed, max_tokens, stop }
    }
}

#[cfg(test)]
mod tests {
    use footnote_core::chunk::Tag;
    use footnote_core::parsed::ContentType;
    use serde_json::json;

    use super::*;

    #[test]
    fn one_value_or_a_list_of_them_filters() {
        let id = Uuid::now_v7();
        let body = json!({"document": id, "type": ["pdf", "docx"], "metadata": {"year": "2026", "dept": ["a", "b"]}});
        let filter = serde_json::from_value::<FilterBody>(body).unwrap().compile().unwrap();
        assert_eq!(
            filter.all_of,
            vec![
                vec![Tag::document(DocumentId(id))],
                vec![Tag::content_type(ContentType::Pdf), Tag::content_type(ContentType::Docx)],
                vec![Tag::metadata("dept", "a"), Tag::metadata("dept", "b")],
                vec![Tag::metadata("year", "2026")],
            ]
        );
    }

    #[test]
    fn unknown_parts_and_empty_lists_are_errors() {
        assert!(serde_json::from_value::<FilterBody>(json!({"documents": []})).is_err());
        assert!(serde_json::from_value::<FilterBody>(json!({"type": "exe"})).is_err());
        let empty = serde_json::from_value::<FilterBody>(json!({"document": []})).unwrap();
        assert!(empty.compile().unwrap_err().to_string().contains("filter.document"));
    }
}
