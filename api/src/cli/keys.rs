//! `footnote keys`: create, list and revoke API keys.

use footnote_core::Result;
use footnote_core::principal::{ApiKey, KeyScope, Role};
use serde_json::{Value, json};

use super::args::{KeysCommand, OutputFormat, RoleArg};
use super::output;
use super::session::Session;
use crate::config::Config;
use crate::service::keys;

/// Runs one of the commands.
pub(crate) async fn run(config: Config, command: KeysCommand, format: OutputFormat) -> Result<()> {
    let session = Session::open(config).await?;
    let (app, principal) = (&session.app, &session.principal);
    match command {
        KeysCommand::Create { name, role, knowledge_bases } => {
            let scope = (!knowledge_bases.is_empty()).then_some(knowledge_bases.as_slice());
            let (key, secret) = keys::create(app, principal, &name, role_of(role), scope).await?;
            let mut shown = view(&key);
            shown["secret"] = Value::from(secret.reveal());
            output::print(format, &shown, |out| {
                writeln!(out, "{}", secret.reveal())?;
                writeln!(out, "{}", output::dim("keep it: it is not stored and cannot be shown again"))
            })?;
        }
        KeysCommand::List => {
            let all = keys::list(app, principal).await?;
            let shown: Vec<Value> = all.iter().map(view).collect();
            output::print(format, &shown, |out| {
                for key in &all {
                    let revoked = if key.revoked_at.is_some() { " (revoked)" } else { "" };
                    writeln!(out, "{}  {:6}  {}{revoked}", key.id, key.role.name(), key.name)?;
                }
                Ok(())
            })?;
        }
        KeysCommand::Revoke { id } => {
            keys::revoke(app, principal, id.parse()?).await?;
            output::print(format, &json!({"id": id, "revoked": true}), |out| writeln!(out, "revoked {id}"))?;
        }
    }
    session.close().await;
    Ok(())
}

fn role_of(role: RoleArg) -> Role {
    match role {
        RoleArg::Admin => Role::Admin,
        RoleArg::Editor => Role::Editor,
        RoleArg::Reader => Role::Reader,
    }
}

fn view(key: &ApiKey) -> Value {
    let knowledge_bases = match &key.scope {
        KeyScope::All => Value::from("all"),
        KeyScope::KnowledgeBases(ids) => ids.iter().map(ToString::to_string).collect(),
    };
    json!({
        "id": key.id,
        "name": key.name,
        "role": key.role.name(),
        "knowledge_bases": knowledge_bases,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    })
}
