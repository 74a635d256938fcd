//! What fastembed knows how to run: for users who reach the hub, so that `models pull` can fetch
//! any of these by name and write its card. Nothing here touches the network.

use fastembed::{EmbeddingModel, ModelInfo, OutputKey, RerankerModelInfo, TextEmbedding, TextRerank};

use crate::model_files::{
    EmbedderCard, GraphOutput, MODEL_FILE, PoolingKind, RerankerCard, TOKENIZER_COMPANIONS, TOKENIZER_FILE,
};

/// What cards say the models take: the positions that BERT-sized models have. Some of the
/// catalogue take more; chunks are not made longer for them.
const MAX_TOKENS: usize = 512;

/// A file of a catalogue model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueFile {
    /// Its path within the hub's repository.
    pub path: String,
    /// Its name in the model's folder.
    pub save_as: String,
}

/// A model that fastembed can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueModel {
    /// Unique short name: the repository's last part, with the variant where there are several.
    pub name: String,
    /// Repository on the hub, `owner/name`.
    pub repo: String,
    /// What it is.
    pub description: String,
    /// The files to fetch.
    pub files: Vec<CatalogueFile>,
    /// Length of its vectors; `None` for rerankers.
    pub dimension: Option<usize>,
    /// How token vectors become one; `None` for rerankers.
    pub pooling: Option<PoolingKind>,
    /// The card to write beside the files.
    pub card: CatalogueCard,
}

/// What to write as `embedder.json` or `reranker.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogueCard {
    /// `embedder.json`.
    Embedder(EmbedderCard),
    /// `reranker.json`.
    Reranker(RerankerCard),
}

/// The embedders for text. CLIP is left out: its text half is made for finding pictures.
pub fn embedders() -> Vec<CatalogueModel> {
    let known = TextEmbedding::list_supported_models();
    let mut models: Vec<_> =
        known.into_iter().filter(|m| m.model != EmbeddingModel::ClipVitB32).map(embedder).collect();
    models.sort_by(|a, b| a.name.cmp(&b.name));
    models
}

/// The rerankers.
pub fn rerankers() -> Vec<CatalogueModel> {
    let mut models: Vec<_> = TextRerank::list_supported_models().into_iter().map(reranker).collect();
    models.sort_by(|a, b| a.name.cmp(&b.name));
    models
}

fn embedder(info: ModelInfo<EmbeddingModel>) -> CatalogueModel {
    let name = short_name(&info.model_code, &info.model_file);
    let pooling = TextEmbedding::get_default_pooling_method(&info.model)
        .as_ref()
        .map_or(PoolingKind::Cls, PoolingKind::of);
    let (query_prefix, passage_prefix) = prefixes(&info.model);
    let output = match info.output_key {
        Some(OutputKey::ByName(output)) => GraphOutput::from_name(output),
        _ => None,
    };
    let card = EmbedderCard {
        name: name.clone(),
        pooling,
        query_prefix: query_prefix.to_owned(),
        passage_prefix: passage_prefix.to_owned(),
        max_tokens: MAX_TOKENS,
        dimension: info.dim,
        output,
        external_files: external_files(&info.additional_files),
    };
    CatalogueModel {
        name,
        repo: info.model_code,
        description: info.description,
        files: files(&info.model_file, &info.additional_files),
        dimension: Some(info.dim),
        pooling: Some(pooling),
        card: CatalogueCard::Embedder(card),
    }
}

fn reranker(info: RerankerModelInfo) -> CatalogueModel {
    let name = short_name(&info.model_code, &info.model_file);
    let card = RerankerCard {
        name: name.clone(),
        max_tokens: MAX_TOKENS,
        external_files: external_files(&info.additional_files),
    };
    CatalogueModel {
        name,
        repo: info.model_code,
        description: info.description,
        files: files(&info.model_file, &info.additional_files),
        dimension: None,
        pooling: None,
        card: CatalogueCard::Reranker(card),
    }
}

/// `owner/name` with `onnx/model_q4.onnx` becomes `name-q4`.
fn short_name(repo: &str, model_file: &str) -> String {
    let base = repo.rsplit('/').next().unwrap_or(repo).to_lowercase();
    let file = file_name(model_file);
    let variant = file.strip_suffix(".onnx").unwrap_or(file).trim_start_matches("model");
    let variant = variant.trim_start_matches(['_', '-']);
    if variant.is_empty() { base } else { format!("{base}-{}", variant.to_lowercase().replace('_', "-")) }
}

fn files(model_file: &str, additional: &[String]) -> Vec<CatalogueFile> {
    let file =
        |path: &str, save_as: &str| CatalogueFile { path: path.to_owned(), save_as: save_as.to_owned() };
    let mut files = vec![file(model_file, MODEL_FILE), file(TOKENIZER_FILE, TOKENIZER_FILE)];
    files.extend(TOKENIZER_COMPANIONS.iter().map(|name| file(name, name)));
    files.extend(additional.iter().map(|path| file(path, file_name(path))));
    files
}

fn external_files(additional: &[String]) -> Vec<String> {
    additional.iter().map(|path| file_name(path).to_owned()).collect()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What the model's authors put before questions and passages, from their model cards.
fn prefixes(model: &EmbeddingModel) -> (&'static str, &'static str) {
    use EmbeddingModel as M;
    match model {
        M::MultilingualE5Small | M::MultilingualE5Base | M::MultilingualE5Large => ("query: ", "passage: "),
        M::NomicEmbedTextV1 | M::NomicEmbedTextV15 | M::NomicEmbedTextV15Q | M::ModernBertEmbedLarge => {
            ("search_query: ", "search_document: ")
        }
        M::BGEBaseENV15
        | M::BGEBaseENV15Q
        | M::BGELargeENV15
        | M::BGELargeENV15Q
        | M::BGESmallENV15
        | M::BGESmallENV15Q
        | M::MxbaiEmbedLargeV1
        | M::MxbaiEmbedLargeV1Q
        | M::SnowflakeArcticEmbedXS
        | M::SnowflakeArcticEmbedXSQ
        | M::SnowflakeArcticEmbedS
        | M::SnowflakeArcticEmbedSQ
        | M::SnowflakeArcticEmbedM
        | M::SnowflakeArcticEmbedMQ
        | M::SnowflakeArcticEmbedMLong
        | M::SnowflakeArcticEmbedMLongQ
        | M::SnowflakeArcticEmbedL
        | M::SnowflakeArcticEmbedLQ => ("Represent this sentence for searching relevant passages: ", ""),
        M::BGESmallZHV15 | M::BGELargeZHV15 => ("为这个句子生成表示以用于检索相关文章：", ""),
        M::EmbeddingGemma300M | M::EmbeddingGemma300MQ | M::EmbeddingGemma300MQ4 => {
            ("task: search result | query: ", "title: none | text: ")
        }
        M::AllMiniLML6V2
        | M::AllMiniLML6V2Q
        | M::AllMiniLML12V2
        | M::AllMiniLML12V2Q
        | M::AllMpnetBaseV2
        | M::ParaphraseMLMiniLML12V2
        | M::ParaphraseMLMiniLML12V2Q
        | M::ParaphraseMLMpnetBaseV2
        | M::BGEM3
        | M::GTEBaseENV15
        | M::GTEBaseENV15Q
        | M::GTELargeENV15
        | M::GTELargeENV15Q
        | M::ClipVitB32
        | M::JinaEmbeddingsV2BaseCode
        | M::JinaEmbeddingsV2BaseEN => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_files_land_in_one_folder() {
        for models in [embedders(), rerankers()] {
            assert!(!models.is_empty());
            let names: HashSet<&str> = models.iter().map(|m| m.name.as_str()).collect();
            assert_eq!(names.len(), models.len(), "{:?}", models.iter().map(|m| &m.name).collect::<Vec<_>>());
            for model in &models {
                assert!(model.repo.contains('/'));
                let saved: HashSet<&str> = model.files.iter().map(|f| f.save_as.as_str()).collect();
                assert_eq!(saved.len(), model.files.len(), "{}", model.name);
                assert!(saved.contains("model.onnx") && saved.contains("tokenizer.json"));
                assert!(saved.iter().all(|name| !name.contains('/')));
            }
        }
    }

    #[test]
    fn the_default_model_is_there_with_its_prefixes() {
        let models = embedders();
        let e5 = models.iter().find(|m| m.name == "multilingual-e5-small").unwrap();
        assert_eq!((e5.dimension, e5.pooling), (Some(384), Some(PoolingKind::Mean)));
        let CatalogueCard::Embedder(card) = &e5.card else { panic!("not an embedder") };
        assert_eq!((card.query_prefix.as_str(), card.passage_prefix.as_str()), ("query: ", "passage: "));
        assert!(rerankers().iter().any(|m| m.repo == "BAAI/bge-reranker-base"));
    }

    #[test]
    fn variants_have_names_of_their_own() {
        assert_eq!(short_name("onnx-community/Gemma", "onnx/model_q4.onnx"), "gemma-q4");
        assert_eq!(short_name("a/b", "model.onnx"), "b");
        assert_eq!(short_name("a/b", "model_optimized.onnx"), "b-optimized");
    }
}
