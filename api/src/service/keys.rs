//! API keys: create, list, revoke.

use footnote_core::ids::ApiKeyId;
use footnote_core::principal::{ApiKey, KeyScope, KeySecret, Principal, Role};
use footnote_core::{Error, ErrorKind, Result};

use super::{Name, knowledge_bases};
use crate::app::App;

/// Creates a key and gives its secret, which is stored nowhere and shown this once.
pub async fn create(
    app: &App,
    principal: &Principal,
    name: &str,
    role: Role,
    knowledge_bases: Option<&[String]>,
) -> Result<(ApiKey, KeySecret)> {
    require_keeper(principal)?;
    let name = Name::parse("key", name)?;
    let scope = match knowledge_bases {
        None => KeyScope::All,
        Some([]) => {
            return Err(Error::invalid(
                "knowledge_bases is empty; name at least one, or leave it out for all",
            ));
        }
        Some(references) => {
            let mut ids = Vec::with_capacity(references.len());
            for reference in references {
                ids.push(knowledge_bases::reach(app, principal, reference).await?.id);
            }
            KeyScope::KnowledgeBases(ids)
        }
    };
    let secret = KeySecret::from_random(rand::random());
    let key = ApiKey {
        id: ApiKeyId::new(),
        workspace: principal.workspace(),
        name: name.as_str().to_owned(),
        secret_hash: secret.hash(),
        role,
        scope,
        created_at: app.now(),
        revoked_at: None,
    };
    app.store.keys.create_key(key.clone()).await?;
    Ok((key, secret))
}

/// The keys of the workspace, revoked ones included.
pub async fn list(app: &App, principal: &Principal) -> Result<Vec<ApiKey>> {
    require_keeper(principal)?;
    app.store.keys.keys(principal.workspace()).await
}

/// Revokes a key at once.
pub async fn revoke(app: &App, principal: &Principal, id: ApiKeyId) -> Result<()> {
    require_keeper(principal)?;
    let known = app.store.keys.key(id).await?;
    if known.is_some_and(|key| key.workspace == principal.workspace())
        && app.store.keys.revoke_key(id, app.now()).await?
    {
        return Ok(());
    }
    Err(Error::not_found("api key"))
}

/// Fails where the principal's key was revoked after it was checked: for whoever stays long.
pub(super) async fn still_valid(app: &App, principal: &Principal) -> Result<()> {
    let Some(id) = principal.key() else { return Ok(()) };
    match app.store.keys.key(id).await? {
        Some(key) if key.revoked_at.is_none() => Ok(()),
        _ => Err(Error::new(ErrorKind::Unauthenticated, "the api key is not valid")),
    }
}

/// Keys are kept by admins that reach everything: a narrower key must not make a wider one.
fn require_keeper(principal: &Principal) -> Result<()> {
    principal.require(Role::Admin)?;
    if principal.reaches_all() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Forbidden, "managing keys needs a key that reaches all knowledge bases"))
}
