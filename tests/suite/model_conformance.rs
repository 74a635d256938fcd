//! Every model runtime runs its seam's suite, over a small real model.

use footnote_api::app::{open_embedder, open_generator};
use footnote_api::config::{Config, ModelChoice};
use footnote_retriever::reranker::{OnnxReranker, RerankerConfig};
use footnote_tests::conformance;
use footnote_tests::support::models_folder;

#[path = "../../retriever/tests/tiny_onnx/mod.rs"]
mod tiny_onnx;

/// The configuration of the tests' models.
async fn config() -> Config {
    let mut config = Config::default();
    let folder = tokio::task::spawn_blocking(models_folder).await.unwrap();
    config.models.folder = folder.to_owned();
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn the_onnx_embedder_conforms() {
    let embedder = open_embedder(&config().await).unwrap();
    conformance::embedder::run(&*embedder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_onnx_reranker_conforms() {
    let folder = tempfile::tempdir().unwrap();
    tiny_onnx::write_reranker(folder.path());
    let runtime = config().await.models.onnxruntime_library();
    let reranker = OnnxReranker::open(RerankerConfig::new(folder.path(), runtime)).unwrap();
    conformance::reranker::run(&reranker, "dust", "gold gold", "dust dust").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gguf_generator_conforms() {
    let mut config = config().await;
    config.models.generator = ModelChoice::model("smollm2-135m-instruct");
    config.generator.queue = 1;
    let generator = open_generator(&config).unwrap().expect("the model is there");
    conformance::generator::run(&*generator).await;
}
