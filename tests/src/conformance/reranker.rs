//! The suite of [`Reranker`].

use footnote_core::ports::Reranker;

/// Runs the suite. `better` answers `query` better than `worse`, and the model can tell.
pub async fn run(reranker: &dyn Reranker, query: &str, better: &str, worse: &str) {
    assert!(!reranker.fingerprint().is_empty());
    assert!(reranker.rerank(query, Vec::new()).await.unwrap().is_empty());

    let texts = [worse, better, worse, better].map(str::to_owned).to_vec();
    let scores = reranker.rerank(query, texts.clone()).await.unwrap();
    assert_eq!(scores.len(), texts.len(), "one score per text");
    assert!(scores.iter().all(|score| score.is_finite()), "{scores:?}");
    assert!(scores[1] > scores[0] && scores[3] > scores[2], "in order, higher is better: {scores:?}");
    assert_eq!(reranker.rerank(query, texts.clone()).await.unwrap(), scores, "the same every time");

    for (text, score) in texts.into_iter().zip(&scores) {
        let alone = reranker.rerank(query, vec![text]).await.unwrap();
        assert!((alone[0] - score).abs() < 1e-2, "neighbours change nothing: {alone:?} and {score}");
    }
    let long = format!("{} {better}", format!("{worse} ").repeat(400));
    let read = reranker.rerank(query, vec![long, worse.to_owned()]).await.unwrap();
    assert!(read[0] > read[1], "a long text is read to its end: {read:?}");
}
