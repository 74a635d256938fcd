//! API keys.

use chrono::{DateTime, Utc};
use footnote_core::principal::{ApiKey, KeyScope, KeySecret, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a key may do. Each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleView {
    /// Search, ask and read.
    Reader,
    /// Also add, change and remove documents and schedules.
    Editor,
    /// Also create knowledge bases, directory sources and keys.
    Admin,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        match role {
            Role::Reader => Self::Reader,
            Role::Editor => Self::Editor,
            Role::Admin => Self::Admin,
        }
    }
}

impl From<RoleView> for Role {
    fn from(role: RoleView) -> Self {
        match role {
            RoleView::Reader => Self::Reader,
            RoleView::Editor => Self::Editor,
            RoleView::Admin => Self::Admin,
        }
    }
}

/// An API key, never its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyView {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: RoleView,
    /// The knowledge bases it reaches; null for all, those of the future included.
    pub knowledge_bases: Option<Vec<Uuid>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.0,
            name: key.name,
            role: key.role.into(),
            knowledge_bases: match key.scope {
                KeyScope::All => None,
                KeyScope::KnowledgeBases(ids) => Some(ids.into_iter().map(|id| id.0).collect()),
            },
            created_at: key.created_at,
            revoked_at: key.revoked_at,
        }
    }
}

/// A key that was just created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedKeyView {
    /// The key.
    pub key: KeyView,
    /// Its secret: shown this once and stored nowhere.
    #[schema(example = "fn_…")]
    pub secret: String,
}

impl CreatedKeyView {
    /// Shows the secret, once.
    pub fn new(key: ApiKey, secret: &KeySecret) -> Self {
        Self { key: key.into(), secret: secret.reveal().to_owned() }
    }
}
