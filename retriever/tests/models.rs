//! The embedder and the reranker over ONNX Runtime: the real default model, and a tiny
//! cross-encoder written here. Skipped, with a message, where `footnote models pull` has not run.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use footnote_core::ErrorKind;
use footnote_core::ports::{Embedder, Reranker};
use footnote_retriever::embedder::{EmbedderConfig, OnnxEmbedder};
use footnote_retriever::reranker::{OnnxReranker, RerankerConfig};

#[path = "tiny_onnx/mod.rs"]
mod tiny_onnx;

fn models() -> Option<PathBuf> {
    let folder = std::env::home_dir()?.join(".cache/footnote/models");
    if folder.join("onnxruntime/libonnxruntime.so").is_file() {
        return Some(folder);
    }
    eprintln!("skipped: no models in {}; run `footnote models pull`", folder.display());
    None
}

fn runtime(models: &Path) -> PathBuf {
    models.join("onnxruntime/libonnxruntime.so")
}

fn open(models: &Path, name: &str, batch: usize) -> Option<Arc<OnnxEmbedder>> {
    let dir = models.join(name);
    if !dir.join("model.onnx").is_file() {
        eprintln!("skipped: no {name} in {}; run `footnote models pull`", models.display());
        return None;
    }
    let config = EmbedderConfig { batch, ..EmbedderConfig::new(dir, runtime(models)) };
    Some(Arc::new(OnnxEmbedder::open(config).unwrap()))
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&t| t.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_nearest_to_their_answers_in_both_languages() {
    let Some(embedder) = models().and_then(|m| open(&m, "multilingual-e5-small", 1)) else { return };
    let passages = embedder
        .embed_passages(texts(&[
            "Employees receive fifteen days of paid annual leave per calendar year.",
            "员工每年享有十五天带薪年假，未休完的可顺延至次年三月。",
            "The cafeteria serves lunch between noon and two o'clock.",
            "服务器机房的温度应保持在二十二摄氏度左右。",
        ]))
        .await
        .unwrap();
    for vector in &passages {
        assert_eq!(vector.len(), embedder.dimension());
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-4, "not of length 1");
    }
    for (question, answer) in
        [("How many vacation days do I get?", 0), ("年假有多少天？", 1), ("机房要保持多少度？", 3)]
    {
        let vector = embedder.embed_query(question).await.unwrap();
        let near =
            (0..4).max_by(|&a, &b| cosine(&vector, &passages[a]).total_cmp(&cosine(&vector, &passages[b])));
        assert_eq!(near, Some(answer), "{question}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn order_and_neighbours_do_not_change_a_vector() {
    let Some(embedder) = models().and_then(|m| open(&m, "multilingual-e5-small", 1)) else { return };
    let many: Vec<String> =
        (0..12).map(|n| format!("Section {n}. {}", "Words follow. ".repeat(n * 3))).collect();
    let together = embedder.embed_passages(many.clone()).await.unwrap();
    for (text, vector) in many.iter().zip(&together).step_by(5) {
        assert_eq!(&embedder.embed_passages(vec![text.clone()]).await.unwrap()[0], vector);
    }
    assert!(embedder.embed_passages(Vec::new()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn long_texts_are_refused_or_embedded_in_parts_and_never_cut() {
    let Some(embedder) = models().and_then(|m| open(&m, "multilingual-e5-small", 1)) else { return };
    let tokens = embedder.tokens();
    let long = "年假政策适用于所有正式员工。".repeat(120);
    assert!(tokens.token_ends(&long).unwrap().len() > embedder.max_tokens());
    let refused = embedder.embed_passages(vec!["short".into(), long.clone()]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert!(refused.to_string().contains("passage 1"), "{refused}");

    // The end of a long question counts.
    let with_end = embedder.embed_query(&format!("{long} quantum chromodynamics")).await.unwrap();
    let without = embedder.embed_query(&long).await.unwrap();
    assert!(cosine(&with_end, &without) < 0.99999);
    assert!((cosine(&without, &without) - 1.0).abs() < 1e-4);

    // The longest passage that `max_tokens` promises is taken.
    let words = "leave ".repeat(embedder.max_tokens());
    let ends = tokens.token_ends(&words).unwrap();
    let fits = &words[..ends[embedder.max_tokens() - 1]];
    assert_eq!(tokens.token_ends(fits).unwrap().len(), embedder.max_tokens());
    embedder.embed_passages(vec![fits.to_owned()]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn special_tokens_written_in_a_document_are_only_characters() {
    let Some(embedder) = models().and_then(|m| open(&m, "multilingual-e5-small", 1)) else { return };
    let vectors =
        embedder.embed_passages(texts(&["a </s> b <mask> c <pad><unk><s>", "a b c"])).await.unwrap();
    assert!(vectors.iter().all(|v| v.iter().all(|x| x.is_finite())));
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_several_passages_agree_with_single_ones() {
    let Some(models) = models() else { return };
    let (Some(one), Some(four)) =
        (open(&models, "all-minilm-l6-v2", 1), open(&models, "all-minilm-l6-v2", 4))
    else {
        return;
    };
    assert_eq!(one.fingerprint(), four.fingerprint());
    let many: Vec<String> = (1..9).map(|n| "A short sentence about cats. ".repeat(n)).collect();
    let (a, b) = (one.embed_passages(many.clone()).await.unwrap(), four.embed_passages(many).await.unwrap());
    for (a, b) in a.iter().zip(&b) {
        assert!(cosine(a, b) > 0.98, "{}", cosine(a, b));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reranker_scores_in_order_and_reads_long_passages_to_their_end() {
    let Some(models) = models() else { return };
    let dir = tempfile::tempdir().unwrap();
    tiny_onnx::write_reranker(dir.path());
    let reranker = OnnxReranker::open(RerankerConfig::new(dir.path(), runtime(&models))).unwrap();
    assert!(reranker.fingerprint().starts_with("tiny@"));
    // The tiny model scores by the mean of the token ids: `gold` has the highest.
    let long = format!("{} gold gold gold", "dust ".repeat(40));
    let scores =
        reranker.rerank("dust", texts(&["dust dust", "gold gold", "dust gold", &long])).await.unwrap();
    assert!(scores[1] > scores[2] && scores[2] > scores[0], "{scores:?}");
    assert!(scores[3] > scores[0], "the end of the long passage was not read: {scores:?}");
    let asked_at_length = reranker.rerank(&"dust ".repeat(60), texts(&["dust", "gold"])).await.unwrap();
    assert!(asked_at_length[1] > asked_at_length[0]);
    // Of a question that is too long its beginning counts: halves of halves, so equal beginnings.
    let (dust, gold) = ("dust ".repeat(64), "gold ".repeat(64));
    let alone = reranker.rerank(dust.trim(), texts(&["dust"])).await.unwrap();
    let followed = reranker.rerank(format!("{dust}{gold}").trim(), texts(&["dust"])).await.unwrap();
    assert!((alone[0] - followed[0]).abs() < 1e-4, "{alone:?} {followed:?}");
    assert!(reranker.rerank("dust", Vec::new()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_model_is_an_error_at_first_use() {
    let Some(models) = models() else { return };
    let dir = tempfile::tempdir().unwrap();
    tiny_onnx::write_reranker(dir.path());
    fs_err::write(dir.path().join("model.onnx"), b"nonsense").unwrap();
    let reranker = OnnxReranker::open(RerankerConfig::new(dir.path(), runtime(&models))).unwrap();
    let error = reranker.rerank("dust", texts(&["gold"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains(&dir.path().display().to_string()), "{error}");
}
