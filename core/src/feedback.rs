//! What people think of an answer.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{ApiKeyId, DocumentId, KnowledgeBaseId, MessageId, VersionId};
use crate::text::Span;

/// Thumbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    /// The answer is good.
    Up,
    /// It is not.
    Down,
}

/// A stretch of a document that should have been used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreferredPassage {
    /// The document.
    pub document: DocumentId,
    /// Its version.
    pub version: VersionId,
    /// Where it lies in the version's canonical text, in scalar values.
    pub span: Span,
    /// `canonical_text[span]`; empty once the document is deleted.
    pub text: String,
}

/// One person's opinion of an answer; a later one takes the place of an earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// The answer, by the id of its receipt.
    pub answer: MessageId,
    /// The knowledge base that answered.
    pub knowledge_base: KnowledgeBaseId,
    /// Who thinks so; `None` for the local operator.
    pub by: Option<ApiKeyId>,
    /// Thumbs, where they were given.
    pub rating: Option<Rating>,
    /// What the answer should have been.
    pub corrected: Option<String>,
    /// What it should have rested on.
    pub preferred: Vec<PreferredPassage>,
    /// Free text.
    pub comment: Option<String>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What the opinions on one answer come to: of each part the latest that somebody gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JointOpinion {
    /// The latest thumbs.
    pub rating: Option<Rating>,
    /// The latest correction.
    pub corrected: Option<String>,
    /// The latest passages that should have been used.
    pub preferred: Vec<PreferredPassage>,
}

impl JointOpinion {
    /// Joins the opinions on one answer, whatever their order.
    pub fn of(opinions: &[Feedback]) -> Self {
        let mut opinions: Vec<&Feedback> = opinions.iter().collect();
        opinions.sort_by_key(|opinion| opinion.updated_at);
        let mut joint = Self::default();
        for opinion in opinions {
            joint.rating = opinion.rating.or(joint.rating);
            if opinion.corrected.is_some() {
                joint.corrected.clone_from(&opinion.corrected);
            }
            if !opinion.preferred.is_empty() {
                joint.preferred.clone_from(&opinion.preferred);
            }
        }
        joint
    }

    /// Whether the answer was found good.
    pub fn is_good(&self) -> bool {
        self.rating == Some(Rating::Up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_part_the_latest_counts() {
        let at = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap();
        let opinion = |seconds, rating, corrected: Option<&str>| Feedback {
            answer: MessageId::new(),
            knowledge_base: KnowledgeBaseId::new(),
            by: None,
            rating,
            corrected: corrected.map(str::to_owned),
            preferred: Vec::new(),
            comment: None,
            updated_at: at(seconds),
        };
        let opinions = [
            opinion(3, None, Some("late")),
            opinion(1, Some(Rating::Up), Some("early")),
            opinion(2, Some(Rating::Down), None),
        ];
        let joint = JointOpinion::of(&opinions);
        assert_eq!((joint.rating, joint.corrected.as_deref()), (Some(Rating::Down), Some("late")));
        assert!(!joint.is_good() && JointOpinion::of(&opinions[1..2]).is_good());
        assert_eq!(JointOpinion::of(&[]), JointOpinion::default());
    }
}
