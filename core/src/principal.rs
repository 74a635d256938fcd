//! Who asks, and what they may see.
//!
//! A [`Principal`] is made only by checking a presented secret against a record, or by the command
//! line that holds the data folder's lock. A [`Scope`] is made only by a principal. Records are plain
//! data, so these types do not see that they come from the store: `api::auth` and `api::service` read
//! them there and nowhere else.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::ids::{ApiKeyId, GenerationId, KnowledgeBaseId, WorkspaceId};
use crate::knowledge_base::KnowledgeBase;
use crate::{Error, ErrorKind, Result};

/// What a key may do. Each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Search, ask and read.
    Reader,
    /// Also add, change and remove documents, sources and schedules.
    Editor,
    /// Also create knowledge bases and keys.
    Admin,
}

impl Role {
    /// The name stored in SQL and shown by the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// The inverse of [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Reader, Self::Editor, Self::Admin].into_iter().find(|r| r.name() == name)
    }
}

/// The knowledge bases a key reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyScope {
    /// All of its workspace, those of the future included.
    All,
    /// Only these.
    KnowledgeBases(Vec<KnowledgeBaseId>),
}

/// An API key as stored: never the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The tenant.
    pub workspace: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the secret. The secret has 256 random bits, so a slow hash adds nothing.
    pub secret_hash: [u8; 32],
    /// What it may do.
    pub role: Role,
    /// What it reaches.
    pub scope: KeyScope,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A secret as the caller presents it: `fn_` and 43 characters of unpadded URL-safe base64.
#[derive(Clone)]
pub struct KeySecret(String);

impl KeySecret {
    /// What every secret starts with, so that scanners can find leaked ones.
    pub const PREFIX: &'static str = "fn_";

    /// Encodes 256 random bits. The caller draws them.
    pub fn from_random(bits: [u8; 32]) -> Self {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bits);
        Self(format!("{}{encoded}", Self::PREFIX))
    }

    /// Takes what a caller presented.
    pub fn presented(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What is stored and looked up.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The secret itself, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(hidden)")
    }
}

/// Somebody whose secret was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    key: Option<ApiKeyId>,
    workspace: WorkspaceId,
    role: Role,
    scope: KeyScope,
}

impl Principal {
    /// Checks `secret` against the record found under its hash.
    pub fn authenticate(secret: &KeySecret, record: &ApiKey) -> Result<Self> {
        let matches: bool = secret.hash().ct_eq(&record.secret_hash).into();
        if !matches || record.revoked_at.is_some() {
            return Err(Error::new(ErrorKind::Unauthenticated, "the api key is not valid"));
        }
        Ok(Self {
            key: Some(record.id),
            workspace: record.workspace,
            role: record.role,
            scope: record.scope.clone(),
        })
    }

    /// The operator at the command line of the machine that holds the data folder. A test of the
    /// repo sees to it that only `api/src/cli` calls this.
    pub fn local_operator() -> Self {
        Self { key: None, workspace: WorkspaceId::DEFAULT, role: Role::Admin, scope: KeyScope::All }
    }

    /// The key that was presented; `None` for the local operator.
    pub fn key(&self) -> Option<ApiKeyId> {
        self.key
    }

    /// The tenant.
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// The role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Fails where the role is below `needed`.
    pub fn require(&self, needed: Role) -> Result<()> {
        if self.role >= needed {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Forbidden,
            format!("this needs a key with the role {}; yours is {}", needed.name(), self.role.name()),
        ))
    }

    /// Whether the key reaches all knowledge bases, those of the future included.
    pub fn reaches_all(&self) -> bool {
        self.scope == KeyScope::All
    }

    /// Whether it may know of the knowledge base at all.
    pub fn reaches(&self, knowledge_base: KnowledgeBaseId) -> bool {
        match &self.scope {
            KeyScope::All => true,
            KeyScope::KnowledgeBases(ids) => ids.contains(&knowledge_base),
        }
    }

    /// The scope of this principal's queries in `knowledge_base`; not found where it is not theirs.
    pub fn scope(&self, knowledge_base: &KnowledgeBase) -> Result<Scope> {
        if knowledge_base.workspace != self.workspace || !self.reaches(knowledge_base.id) {
            return Err(Error::not_found("knowledge base"));
        }
        Ok(Scope {
            workspace: self.workspace,
            knowledge_base: knowledge_base.id,
            generation: knowledge_base.generation,
            as_of: None,
        })
    }
}

/// The part of the data that a query may touch: a required argument of every index and of the SQL
/// confirmation. It has no public constructor but [`Principal::scope`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    workspace: WorkspaceId,
    knowledge_base: KnowledgeBaseId,
    generation: GenerationId,
    as_of: Option<DateTime<Utc>>,
}

impl Scope {
    /// The same documents in the versions that were current at `as_of`; `None` is now. What has been deleted
    /// since stays deleted.
    pub fn at(self, as_of: Option<DateTime<Utc>>) -> Self {
        Self { as_of, ..self }
    }

    /// The time at which versions have to have been current; `None` is now.
    pub fn as_of(self) -> Option<DateTime<Utc>> {
        self.as_of
    }

    /// The tenant.
    pub fn workspace(self) -> WorkspaceId {
        self.workspace
    }

    /// The knowledge base.
    pub fn knowledge_base(self) -> KnowledgeBaseId {
        self.knowledge_base
    }

    /// The generation that answers.
    pub fn generation(self) -> GenerationId {
        self.generation
    }
}
