//! Tiny random models of real shape, written as GGUF, for tests.

use std::path::Path;

use candle_core::quantized::gguf_file::{Value, write};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::family::Metadata;
use super::tokenizer::byte_characters;

/// The first special token; all below are bytes and merges.
pub(crate) const IM_START: u32 = 260;
pub(crate) const IM_END: u32 = 261;
const VOCABULARY: usize = 263;
const HIDDEN: usize = 32;
const FFN: usize = 64;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const LAYERS: usize = 2;

pub(crate) fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn texts(texts: &[&str]) -> Value {
    Value::Array(texts.iter().map(|t| text(t)).collect())
}

/// Metadata of a two-layer model with a byte-level vocabulary and ChatML tokens.
pub(crate) fn metadata(architecture: &str) -> Metadata {
    let mut tokens: Vec<(u8, char)> = byte_characters().into_iter().map(|(c, b)| (b, c)).collect();
    tokens.sort_unstable();
    let mut tokens: Vec<String> = tokens.into_iter().map(|(_, c)| c.to_string()).collect();
    tokens
        .extend(["he", "ll", "hell", "Ġt", "<|im_start|>", "<|im_end|>", "<|endoftext|>"].map(str::to_owned));
    let kinds = (0..VOCABULARY).map(|i| Value::I32(if i >= IM_START as usize { 3 } else { 1 })).collect();
    let key = |name: &str| format!("{architecture}.{name}");
    let size = |n: usize| Value::U32(n as u32);
    Metadata::from([
        ("general.architecture".to_owned(), text(architecture)),
        (key("block_count"), size(LAYERS)),
        (key("context_length"), size(1024)),
        (key("embedding_length"), size(HIDDEN)),
        (key("attention.head_count"), size(HEADS)),
        (key("attention.head_count_kv"), size(KV_HEADS)),
        (key("attention.layer_norm_rms_epsilon"), Value::F32(1e-6)),
        ("tokenizer.ggml.model".to_owned(), text("gpt2")),
        ("tokenizer.ggml.pre".to_owned(), text("qwen2")),
        ("tokenizer.ggml.tokens".to_owned(), Value::Array(tokens.into_iter().map(Value::String).collect())),
        ("tokenizer.ggml.token_type".to_owned(), Value::Array(kinds)),
        ("tokenizer.ggml.merges".to_owned(), texts(&["h e", "l l", "he ll", "Ġ t"])),
        ("tokenizer.ggml.eos_token_id".to_owned(), Value::U32(IM_END)),
        ("tokenizer.ggml.bos_token_id".to_owned(), Value::U32(IM_END + 1)),
    ])
}

/// Writes a model with random weights; equal seeds give equal files.
pub(crate) fn write_model(path: &Path, architecture: &str, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut tensor = |shape: &[usize], scale: f32| {
        let values: Vec<f32> =
            (0..shape.iter().product()).map(|_| (random.random::<f32>() - 0.5) * scale).collect();
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
        QTensor::quantize(&tensor, GgmlDType::F32).unwrap()
    };
    let head = HIDDEN / HEADS;
    let mut tensors = vec![
        ("token_embd.weight".to_owned(), tensor(&[VOCABULARY, HIDDEN], 2.0)),
        ("output_norm.weight".to_owned(), tensor(&[HIDDEN], 2.0)),
        ("output.weight".to_owned(), tensor(&[VOCABULARY, HIDDEN], 2.0)),
    ];
    for layer in 0..LAYERS {
        let mut add = |name: &str, shape: &[usize]| {
            tensors.push((format!("blk.{layer}.{name}"), tensor(shape, 1.0)));
        };
        add("attn_norm.weight", &[HIDDEN]);
        add("ffn_norm.weight", &[HIDDEN]);
        add("attn_q.weight", &[HIDDEN, HIDDEN]);
        add("attn_k.weight", &[KV_HEADS * head, HIDDEN]);
        add("attn_v.weight", &[KV_HEADS * head, HIDDEN]);
        add("attn_output.weight", &[HIDDEN, HIDDEN]);
        add("ffn_gate.weight", &[FFN, HIDDEN]);
        add("ffn_up.weight", &[FFN, HIDDEN]);
        add("ffn_down.weight", &[HIDDEN, FFN]);
        if architecture == "qwen2" {
            add("attn_q.bias", &[HIDDEN]);
            add("attn_k.bias", &[KV_HEADS * head]);
            add("attn_v.bias", &[KV_HEADS * head]);
        }
        if architecture == "qwen3" {
            add("attn_q_norm.weight", &[head]);
            add("attn_k_norm.weight", &[head]);
        }
    }
    let metadata = metadata(architecture);
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(k, v)| (k.as_str(), v)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(k, v)| (k.as_str(), v)).collect();
    let mut file = fs_err::File::create(path).unwrap();
    write(&mut file, &metadata, &tensors).unwrap();
}
