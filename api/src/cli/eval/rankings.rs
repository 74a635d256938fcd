//! What search finds for every query of a data set, in order, kept so that a broken run goes on.

use std::collections::HashMap;

use footnote_core::Result;
use footnote_core::settings::RetrievalSettings;
use footnote_retriever::hybrid::SearchMode;
use futures::{StreamExt, stream};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

use super::dataset::Dataset;
use super::questions::DocumentPage;
use super::report::Evidence;
use super::results::Results;
use super::system::{Hit, Search, System};

/// Documents, and pages, that are judged.
const JUDGED: usize = 10;
/// Chunks of a ranking that a case shows, and their longest text in scalar values.
const SHOWN: usize = 3;
const SHOWN_CHARS: usize = 400;
/// Queries under way at once: enough to keep both cores busy.
const CONCURRENT_QUERIES: usize = 4;

/// What one search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ranking {
    /// What was searched for.
    searched: String,
    /// The first documents in the order of their best chunks, each once, by the data set's ids.
    pub(crate) documents: Vec<String>,
    /// The first pages in the order of the chunks that touch them, each once.
    pub(crate) pages: Vec<DocumentPage>,
    /// The first chunks.
    pub(crate) shown: Vec<Evidence>,
}

impl Ranking {
    /// `ids` are those of the data set's documents by their keys; a document of another kind keeps its key.
    fn of(searched: &str, hits: &[Hit], ids: &HashMap<&str, &str>) -> Self {
        let (mut documents, mut pages): (Vec<String>, Vec<DocumentPage>) = (Vec::new(), Vec::new());
        for hit in hits {
            let key = hit.document_key.as_str();
            let id = ids.get(key).copied().unwrap_or(key);
            add(&mut documents, id.to_owned());
            if let Some((first, last)) = hit.pages {
                (first..=last)
                    .for_each(|page| add(&mut pages, DocumentPage { document: id.to_owned(), page }));
            }
        }
        let shown = hits.iter().take(SHOWN).map(|hit| Evidence {
            title: hit.title.clone(),
            page: hit.pages.map(|(first, _)| first),
            quote: hit.text.chars().take(SHOWN_CHARS).collect(),
        });
        Self { searched: searched.to_owned(), documents, pages, shown: shown.collect() }
    }
}

/// Adds what is new, as long as it is judged.
fn add<T: PartialEq>(found: &mut Vec<T>, item: T) {
    if found.len() < JUDGED && !found.contains(&item) {
        found.push(item);
    }
}

/// A mode as results and the API call it.
pub(crate) fn mode_name(mode: SearchMode) -> &'static str {
    match mode {
        SearchMode::Keyword => "keyword",
        SearchMode::Dense => "vector",
        SearchMode::Hybrid => "hybrid",
    }
}

/// The rankings of all queries, in their order; what is not known yet is searched.
pub(crate) async fn rank_all(
    system: &dyn System,
    dataset: &Dataset,
    mode: SearchMode,
    settings: &RetrievalSettings,
    results: &mut Results<Ranking>,
    bar: &ProgressBar,
) -> Result<Vec<Ranking>> {
    let ids: HashMap<&str, &str> = dataset.corpus.iter().map(|d| (d.key.as_str(), d.id.as_str())).collect();
    let ids = &ids;
    let mut queries = Vec::with_capacity(dataset.queries.len());
    for query in &dataset.queries {
        let key = format!("{} {}", mode_name(mode), query.id);
        let text = query.searched()?;
        let known = results.get(&key).filter(|known| known.searched == text.as_str()).cloned();
        queries.push((key, text, known));
    }
    let searches = queries.into_iter().map(|(key, text, known)| async move {
        if let Some(known) = known {
            return Ok((known, None));
        }
        let searched = text.as_str().to_owned();
        let hits = system.search(Search { text, mode, settings: settings.clone() }).await?;
        Result::Ok((Ranking::of(&searched, &hits, ids), Some(key)))
    });
    let mut searches = stream::iter(searches).buffered(CONCURRENT_QUERIES);
    let mut rankings = Vec::with_capacity(dataset.queries.len());
    while let Some(ranked) = searches.next().await {
        let (ranking, new) = ranked?;
        if let Some(key) = new {
            results.add(&key, ranking.clone())?;
        }
        rankings.push(ranking);
        bar.inc(1);
    }
    Ok(rankings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(key: &str, pages: Option<(u32, u32)>) -> Hit {
        let (document_key, text) = (key.to_owned(), "字".repeat(SHOWN_CHARS + 1));
        Hit { document_key, title: String::new(), pages, text }
    }

    #[test]
    fn documents_and_pages_are_counted_once_where_they_first_come() {
        let hits = [
            hit("a.pdf", Some((3, 4))),
            hit("b.txt", None),
            hit("a.pdf", Some((4, 5))),
            hit("other", Some((1, 1))),
        ];
        let ids = HashMap::from([("a.pdf", "a.pdf"), ("b.txt", "b")]);
        let ranking = Ranking::of("q", &hits, &ids);
        assert_eq!(ranking.documents, ["a.pdf", "b", "other"]);
        let pages: Vec<(&str, u32)> = ranking.pages.iter().map(|p| (p.document.as_str(), p.page)).collect();
        assert_eq!(pages, [("a.pdf", 3), ("a.pdf", 4), ("a.pdf", 5), ("other", 1)]);
        assert_eq!((ranking.shown.len(), ranking.shown[0].page), (SHOWN, Some(3)));
        assert_eq!(ranking.shown[0].quote.chars().count(), SHOWN_CHARS);
    }

    #[test]
    fn no_more_is_kept_than_is_judged() {
        let hits: Vec<Hit> = (0..20).map(|n| hit(&format!("{n}"), Some((1, 2)))).collect();
        let ranking = Ranking::of("q", &hits, &HashMap::new());
        assert_eq!((ranking.documents.len(), ranking.pages.len()), (JUDGED, JUDGED));
    }
}
