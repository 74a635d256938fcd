//! Knowledge bases: create, find, change, delete.

use footnote_core::ids::{ApiKeyId, GenerationId, KnowledgeBaseId};
use footnote_core::job::{Job, JobKind, JobState};
use footnote_core::knowledge_base::{ChunkerSettings, GenerationSpec, KnowledgeBase};
use footnote_core::ports::{ListRequest, Listing, NewKnowledgeBase};
use footnote_core::principal::{Principal, Role};
use footnote_core::settings::KnowledgeBaseSettings;
use footnote_core::{Error, ErrorKind, Result};
use serde_json::Value;

use super::{Name, chunks};
use crate::app::App;

/// Longest description, in scalar values.
const MAX_DESCRIPTION_CHARS: usize = 2_000;

/// What is to be changed of a knowledge base; the rest stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct KnowledgeBaseChanges<'c> {
    /// Free text for people.
    pub description: Option<&'c str>,
    /// A merge patch (RFC 7396) over the present settings.
    pub settings: Option<&'c Value>,
    /// How documents are cut.
    pub chunking: Option<ChunkingChanges>,
}

/// What is to be changed of how documents are cut; the rest stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChunkingChanges {
    /// Largest chunk, in tokens of the embedder.
    pub max_tokens: Option<usize>,
    /// Tokens repeated from the chunk before.
    pub overlap_tokens: Option<usize>,
}

/// Creates a knowledge base on the current index generation, or on one that cuts by `chunker`.
pub async fn create(
    app: &App,
    principal: &Principal,
    name: &str,
    description: &str,
    settings: Option<&Value>,
    chunker: Option<ChunkerSettings>,
) -> Result<KnowledgeBase> {
    principal.require(Role::Admin)?;
    if !principal.reaches_all() {
        return Err(Error::new(
            ErrorKind::Forbidden,
            "creating knowledge bases needs a key that reaches all of them",
        ));
    }
    let name = Name::parse("knowledge base", name)?;
    // `/v1` takes either for a model.
    if name.as_str() == app.config.models.embedder {
        return Err(Error::conflict(format!(
            "{:?} is the name of the embedder; choose another for the knowledge base",
            name.as_str()
        )));
    }
    check_description(description)?;
    let settings = patched(&KnowledgeBaseSettings::default(), settings)?;
    let new = NewKnowledgeBase {
        workspace: principal.workspace(),
        name: name.as_str().to_owned(),
        description: description.to_owned(),
        settings,
        generation: generation_for(app, chunker).await?,
    };
    app.store.documents.create_knowledge_base(new, app.now()).await
}

/// The generation that cuts by these settings: the current one, or one like it.
async fn generation_for(app: &App, chunker: Option<ChunkerSettings>) -> Result<GenerationId> {
    let Some(chunker) = chunker.filter(|chunker| *chunker != app.generation.spec.chunker) else {
        return Ok(app.generation.id);
    };
    let spec = GenerationSpec { chunker, ..app.generation.spec.clone() };
    let generation = app.store.documents.ensure_generation(&spec, app.now()).await?;
    app.store.vectors.ensure(&generation).await?;
    app.store.keywords.ensure(&generation).await?;
    Ok(generation.id)
}

/// Finds a knowledge base by id or exact name. One that is not the principal's is not found.
pub async fn reach(app: &App, principal: &Principal, reference: &str) -> Result<KnowledgeBase> {
    let documents = &app.store.documents;
    let found = match reference.parse::<KnowledgeBaseId>() {
        Ok(id) => documents.knowledge_base(id).await?,
        Err(_) => documents.knowledge_base_named(principal.workspace(), reference.trim()).await?,
    };
    let knowledge_base = found.ok_or_else(|| Error::not_found("knowledge base"))?;
    principal.scope(&knowledge_base)?;
    Ok(knowledge_base)
}

/// [`reach`] for whoever wants to change something in it. Existence comes first: an editor's right
/// is not asked for where the knowledge base is another's.
pub async fn reach_as(
    app: &App,
    principal: &Principal,
    reference: &str,
    needed: Role,
) -> Result<KnowledgeBase> {
    let knowledge_base = reach(app, principal, reference).await?;
    principal.require(needed)?;
    Ok(knowledge_base)
}

/// The key whose conversations and answers alone the principal may see; `None` for all.
pub(super) fn only_of(principal: &Principal) -> Option<ApiKeyId> {
    principal.key().filter(|_| principal.role() < Role::Admin)
}

/// Those the principal reaches, newest first.
pub async fn list(app: &App, principal: &Principal, list: ListRequest) -> Result<Listing<KnowledgeBase>> {
    let mut items: Vec<KnowledgeBase> = Vec::new();
    let mut after = list.after;
    loop {
        let request = ListRequest { after, limit: 200 };
        let part = app.store.documents.knowledge_bases(principal.workspace(), request).await?;
        for knowledge_base in part.items.into_iter().filter(|kb| principal.reaches(kb.id)) {
            if items.len() == list.limit as usize {
                let next = items.last().map(|last| last.id.0);
                return Ok(Listing { items, next });
            }
            items.push(knowledge_base);
        }
        after = part.next;
        if after.is_none() {
            return Ok(Listing { items, next: None });
        }
    }
}

/// Changes description, settings and how documents are cut: a job cuts those that are there anew, and what is asked
/// meanwhile is answered from the chunks of before.
pub async fn update(
    app: &App,
    principal: &Principal,
    reference: &str,
    changes: KnowledgeBaseChanges<'_>,
) -> Result<KnowledgeBase> {
    let present = reach_as(app, principal, reference, Role::Admin).await?;
    let description = changes.description.unwrap_or(&present.description);
    check_description(description)?;
    let settings = patched(&present.settings, changes.settings)?;
    let generation = match changes.chunking {
        Some(chunking) => Some(changed_generation(app, &present, chunking).await?),
        None => None,
    };
    let documents = &app.store.documents;
    let mut updated = documents.update_knowledge_base(present.id, description, &settings, app.now()).await?;
    if let Some(generation) = generation {
        updated = documents.change_generation(present.id, generation, app.now()).await?;
    }
    app.wake_workers();
    updated.ok_or_else(|| Error::not_found("knowledge base"))
}

/// The generation that cuts as the knowledge base does, or is about to, but for the changes.
async fn changed_generation(
    app: &App,
    present: &KnowledgeBase,
    changes: ChunkingChanges,
) -> Result<GenerationId> {
    let generation = present.next_generation.unwrap_or(present.generation);
    let cut = chunks::settings_of(app, generation).await?;
    let (max_tokens, overlap_tokens) =
        (changes.max_tokens.unwrap_or(cut.max_tokens), changes.overlap_tokens.unwrap_or(cut.overlap_tokens));
    generation_for(app, Some(chunks::settings(Some(max_tokens), Some(overlap_tokens))?)).await
}

/// Why the change of how documents are cut that was asked for last failed for good, if it did.
pub async fn chunking_failure(app: &App, knowledge_base: &KnowledgeBase) -> Result<Option<String>> {
    let (id, Some(generation)) = (knowledge_base.id, knowledge_base.next_generation) else { return Ok(None) };
    let change = JobKind::RechunkDocuments { knowledge_base: id, generation };
    let Some(failed) = newest_job(app, id, JobState::Failed, &change).await? else { return Ok(None) };
    // Asked for again while a job of before, which was to stop, was still running: that one's failure tells nothing.
    for under_way in [JobState::Queued, JobState::Running] {
        if newest_job(app, id, under_way, &change).await?.is_some() {
            return Ok(None);
        }
    }
    Ok(Some(failed.error.unwrap_or_default()))
}

/// The newest job of the knowledge base that is of this very kind and in this state.
async fn newest_job(
    app: &App,
    knowledge_base: KnowledgeBaseId,
    state: JobState,
    kind: &JobKind,
) -> Result<Option<Job>> {
    let mut after = None;
    loop {
        let request = ListRequest { after, limit: 200 };
        let listing = app.store.jobs.jobs(Some(knowledge_base), Some(state), request).await?;
        after = listing.next;
        let found = listing.items.into_iter().find(|job| job.kind == *kind);
        if found.is_some() || after.is_none() {
            return Ok(found);
        }
    }
}

/// Hides a knowledge base with all it holds, at once.
pub async fn delete(app: &App, principal: &Principal, reference: &str) -> Result<()> {
    let knowledge_base = reach_as(app, principal, reference, Role::Admin).await?;
    if app.store.documents.delete_knowledge_base(knowledge_base.id, app.now()).await? {
        app.wake_workers();
        return Ok(());
    }
    Err(Error::not_found("knowledge base"))
}

fn check_description(description: &str) -> Result<()> {
    let chars = description.chars().count();
    if chars > MAX_DESCRIPTION_CHARS {
        return Err(Error::invalid(format!(
            "the description has {chars} characters; give at most {MAX_DESCRIPTION_CHARS}"
        )));
    }
    Ok(())
}

/// Applies a merge patch to settings and checks what comes of it.
fn patched(present: &KnowledgeBaseSettings, patch: Option<&Value>) -> Result<KnowledgeBaseSettings> {
    let Some(patch) = patch else { return Ok(present.clone()) };
    if !patch.is_object() {
        return Err(Error::invalid("settings is not an object"));
    }
    let mut merged = serde_json::to_value(present)
        .map_err(|e| Error::internal("cannot write the settings as JSON").with_source(e))?;
    merge(&mut merged, patch);
    let settings: KnowledgeBaseSettings =
        serde_json::from_value(merged).map_err(|e| Error::invalid(format!("settings: {e}")))?;
    settings.validate()?;
    Ok(settings)
}

/// RFC 7396. The depth is that of the patch, which serde_json limits to 128.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.shift_remove(key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_patched_not_replaced() {
        let present = KnowledgeBaseSettings::default();
        let patch = json!({"retrieval": {"top_k": 9}, "prompt": {"system": "be brief"}});
        let changed = patched(&present, Some(&patch)).unwrap();
        assert_eq!(changed.retrieval.top_k, 9);
        assert_eq!(changed.retrieval.candidates, present.retrieval.candidates);
        assert_eq!(changed.prompt.system.as_deref(), Some("be brief"));
        let back = patched(&changed, Some(&json!({"prompt": {"system": null}}))).unwrap();
        assert_eq!(back.prompt.system, None);
    }

    #[test]
    fn unknown_and_impossible_settings_are_named() {
        let present = KnowledgeBaseSettings::default();
        for (patch, named) in [
            (json!({"retrieval": {"topk": 9}}), "topk"),
            (json!({"retrieval": {"top_k": 0}}), "retrieval.top_k"),
            (json!({"sampling": {"temperature": "hot"}}), "hot"),
            (json!([]), "settings"),
        ] {
            let error = patched(&present, Some(&patch)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
