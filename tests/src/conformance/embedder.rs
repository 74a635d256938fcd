//! The suite of [`Embedder`]: for any real model that reads English.

use footnote_core::ErrorKind;
use footnote_core::ports::Embedder;

/// How far two vectors of one text may be apart, where runs of other lengths round differently.
const SAME: f32 = 0.999;

/// Runs the suite.
pub async fn run(embedder: &dyn Embedder) {
    assert!(!embedder.fingerprint().is_empty());
    vectors_have_length_one_and_the_dimension(embedder).await;
    order_and_neighbours_change_nothing(embedder).await;
    questions_are_nearest_to_their_answers(embedder).await;
    tokens_cover_the_text(embedder);
    what_max_tokens_promises_is_taken_and_more_is_refused(embedder).await;
    a_long_question_is_refused_or_read_to_its_end(embedder).await;
}

async fn vectors_have_length_one_and_the_dimension(embedder: &dyn Embedder) {
    let odd = ["", " \n", "a", "年假有十天。", "🙂", "a </s> <mask> [SEP] b"].map(str::to_owned);
    let mut vectors = embedder.embed_passages(odd.to_vec()).await.unwrap();
    assert_eq!(vectors.len(), odd.len());
    vectors.push(embedder.embed_query("How long is annual leave?").await.unwrap());
    for vector in vectors {
        assert_eq!(vector.len(), embedder.dimension());
        let length = cosine(&vector, &vector);
        assert!((length - 1.0).abs() < 1e-3, "the length is {length}");
    }
    assert!(embedder.embed_passages(Vec::new()).await.unwrap().is_empty());
}

async fn order_and_neighbours_change_nothing(embedder: &dyn Embedder) {
    let many: Vec<String> =
        (0..9).map(|n| format!("Section {n}. {}", "Words follow. ".repeat(n * 3))).collect();
    let together = embedder.embed_passages(many.clone()).await.unwrap();
    for (text, vector) in many.into_iter().zip(&together).step_by(4) {
        let alone = embedder.embed_passages(vec![text.clone()]).await.unwrap();
        let near = cosine(&alone[0], vector);
        assert!(near > SAME, "{text:?}: {near}");
    }
}

async fn questions_are_nearest_to_their_answers(embedder: &dyn Embedder) {
    let answers = [
        "Employees receive fifteen days of paid annual leave per calendar year.",
        "The cafeteria serves lunch between noon and two o'clock.",
        "The temperature of the server room is kept at 22 degrees.",
    ];
    let passages = embedder.embed_passages(answers.map(str::to_owned).to_vec()).await.unwrap();
    let questions = ["How many vacation days do I get?", "When can I eat?", "How warm is the server room?"];
    for (question, right) in questions.into_iter().zip(0..) {
        let vector = embedder.embed_query(question).await.unwrap();
        let near = |n: &usize| cosine(&vector, &passages[*n]);
        let nearest = (0..answers.len()).max_by(|a, b| near(a).total_cmp(&near(b)));
        assert_eq!(nearest, Some(right), "{question}");
    }
}

fn tokens_cover_the_text(embedder: &dyn Embedder) {
    for text in ["annual leave", "年假有十天。 Travel: 🙂 ok", "a"] {
        let ends = embedder.tokens().token_ends(text).unwrap();
        assert!(ends.windows(2).all(|pair| pair[0] <= pair[1]), "in order: {ends:?}");
        assert!(ends.iter().all(|&end| text.is_char_boundary(end)), "whole characters: {ends:?} of {text:?}");
        assert_eq!(ends.last(), Some(&text.len()), "to the end of {text:?}");
    }
    assert!(embedder.tokens().token_ends("").unwrap().is_empty());
}

async fn what_max_tokens_promises_is_taken_and_more_is_refused(embedder: &dyn Embedder) {
    let most = embedder.max_tokens();
    let long = "leave ".repeat(most + 8);
    let ends = embedder.tokens().token_ends(&long).unwrap();
    let fits = &long[..ends[most - 1]];
    embedder.embed_passages(vec![fits.to_owned()]).await.unwrap();
    let refused = embedder.embed_passages(vec!["short".to_owned(), long]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput, "never cut silently: {refused}");
}

async fn a_long_question_is_refused_or_read_to_its_end(embedder: &dyn Embedder) {
    let long = "annual leave ".repeat(embedder.max_tokens());
    let ends = [long.clone(), format!("{long} quantum chromodynamics of quarks and gluons")];
    let [plain, other] = match (embedder.embed_query(&ends[0]).await, embedder.embed_query(&ends[1]).await) {
        (Ok(plain), Ok(other)) => [plain, other],
        (plain, other) => {
            for refused in [plain, other] {
                assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
            }
            return;
        }
    };
    assert!((cosine(&plain, &plain) - 1.0).abs() < 1e-3);
    assert!(cosine(&plain, &other) < 0.999_99, "the end of a long question counts");
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
