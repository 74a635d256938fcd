//! What paths and queries carry.

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// A knowledge base.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct KnowledgeBasePath {
    /// Id or exact name of the knowledge base.
    pub kb: String,
}

/// A document of a knowledge base.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct DocumentPath {
    /// Id or exact name of the knowledge base.
    pub kb: String,
    /// Id of the document.
    pub document: Uuid,
}

/// A chunk of a document's current version.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct ChunkPath {
    /// Id or exact name of the knowledge base.
    pub kb: String,
    /// Id of the document.
    pub document: Uuid,
    /// Position among the chunks of the document's current version, from 0.
    pub ordinal: u32,
}

/// A source of a knowledge base.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct SourcePath {
    /// Id or exact name of the knowledge base.
    pub kb: String,
    /// Id of the source.
    pub source: Uuid,
}

/// A schedule of a source.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct SchedulePath {
    /// Id or exact name of the knowledge base.
    pub kb: String,
    /// Id of the source.
    pub source: Uuid,
    /// Id of the schedule.
    pub schedule: Uuid,
}

/// A job of a knowledge base.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct JobPath {
    /// Id or exact name of the knowledge base.
    pub kb: String,
    /// Id of the job.
    pub job: Uuid,
}

/// Any job.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct AnyJobPath {
    /// Id of the job.
    pub job: Uuid,
}

/// A conversation of a knowledge base.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct ConversationPath {
    /// Id or exact name of the knowledge base.
    pub kb: String,
    /// Id of the conversation.
    pub conversation: Uuid,
}

/// An answer of a knowledge base.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct AnswerPath {
    /// Id or exact name of the knowledge base.
    pub kb: String,
    /// Id of the answer.
    pub answer: Uuid,
}

/// A part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    /// `next` of the part before; leave it out to start at the newest.
    pub cursor: Option<String>,
    /// Items at the most, 1 to 200; 50 by default.
    pub limit: Option<u32>,
}
