//! Reads a BERT encoder out of a safetensors file: u64 length of a JSON header, the header (per
//! tensor dtype, shape and offsets), the numbers. Every offset is checked.

use std::collections::HashMap;

use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::Value;

use super::bert::{Bert, BertShape, Layer, Linear, Norm};
use super::matrix::Matrix;

/// `config.json`, as far as the encoder's shape goes.
#[derive(Deserialize)]
struct Config {
    hidden_act: String,
    hidden_size: usize,
    intermediate_size: usize,
    layer_norm_eps: f32,
    max_position_embeddings: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    type_vocab_size: usize,
    vocab_size: usize,
}

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

/// The encoder that `config` describes, with f32 weights from `file`.
pub(super) fn read_bert(config: &[u8], file: &[u8]) -> Result<Bert> {
    let config: Config = serde_json::from_slice(config)
        .context(ErrorKind::Corrupt, || "config.json is not that of a BERT encoder".to_owned())?;
    if config.hidden_act != "gelu" {
        return Err(Error::corrupt(format!("the activation {:?} is not supported", config.hidden_act)));
    }
    let shape = BertShape {
        hidden: config.hidden_size,
        layers: config.num_hidden_layers,
        heads: config.num_attention_heads,
        intermediate: config.intermediate_size,
        vocabulary: config.vocab_size,
        positions: config.max_position_embeddings,
        token_types: config.type_vocab_size,
        epsilon: config.layer_norm_eps,
    };
    shape.validate()?;
    Tensors::open(file)?.bert(shape)
}

struct Tensors<'a> {
    entries: HashMap<String, Entry>,
    numbers: &'a [u8],
}

impl<'a> Tensors<'a> {
    fn open(file: &'a [u8]) -> Result<Self> {
        let (length, rest) = file.split_first_chunk::<8>().ok_or_else(cut_short)?;
        let length = usize::try_from(u64::from_le_bytes(*length))
            .context(ErrorKind::Corrupt, || "the header is too long".to_owned())?;
        let (header, numbers) = rest.split_at_checked(length).ok_or_else(cut_short)?;
        let header: HashMap<String, Value> = serde_json::from_slice(header)
            .context(ErrorKind::Corrupt, || "the header is not JSON".to_owned())?;
        let entries = header
            .into_iter()
            .filter(|(name, _)| name != "__metadata__")
            .map(|(name, entry)| {
                let entry = serde_json::from_value(entry)
                    .context(ErrorKind::Corrupt, || format!("tensor {name} is described wrongly"))?;
                Ok((name, entry))
            })
            .collect::<Result<_>>()?;
        Ok(Self { entries, numbers })
    }

    fn bert(&self, shape: BertShape) -> Result<Bert> {
        let table = |name: &str, rows| self.matrix(&format!("embeddings.{name}.weight"), rows, shape.hidden);
        Ok(Bert {
            words: table("word_embeddings", shape.vocabulary)?,
            positions: table("position_embeddings", shape.positions)?,
            token_types: table("token_type_embeddings", shape.token_types)?,
            norm: self.norm("embeddings.LayerNorm", shape.hidden)?,
            layers: (0..shape.layers).map(|index| self.layer(index, shape)).collect::<Result<_>>()?,
            head: None,
            shape,
        })
    }

    fn layer(&self, index: usize, shape: BertShape) -> Result<Layer> {
        let BertShape { hidden, intermediate, .. } = shape;
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        Ok(Layer {
            query: self.linear(&name("attention.self.query"), hidden, hidden)?,
            key: self.linear(&name("attention.self.key"), hidden, hidden)?,
            value: self.linear(&name("attention.self.value"), hidden, hidden)?,
            attention_output: self.linear(&name("attention.output.dense"), hidden, hidden)?,
            attention_norm: self.norm(&name("attention.output.LayerNorm"), hidden)?,
            intermediate: self.linear(&name("intermediate.dense"), intermediate, hidden)?,
            output: self.linear(&name("output.dense"), hidden, intermediate)?,
            output_norm: self.norm(&name("output.LayerNorm"), hidden)?,
        })
    }

    fn linear(&self, name: &str, rows: usize, columns: usize) -> Result<Linear> {
        Ok(Linear {
            weight: self.matrix(&format!("{name}.weight"), rows, columns)?,
            bias: self.values(&format!("{name}.bias"), &[rows])?,
        })
    }

    fn norm(&self, name: &str, hidden: usize) -> Result<Norm> {
        Ok(Norm {
            weight: self.values(&format!("{name}.weight"), &[hidden])?,
            bias: self.values(&format!("{name}.bias"), &[hidden])?,
        })
    }

    fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<Matrix> {
        Matrix::full(rows, columns, self.values(name, &[rows, columns])?)
    }

    fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let entry =
            self.entries.get(name).ok_or_else(|| Error::corrupt(format!("tensor {name} is missing")))?;
        if entry.dtype != "F32" || entry.shape != shape {
            return Err(Error::corrupt(format!(
                "tensor {name} is {} {:?} instead of F32 {shape:?}",
                entry.dtype, entry.shape
            )));
        }
        let (start, end) = entry.data_offsets;
        let bytes =
            self.numbers.get(start..end).filter(|bytes| bytes.len() == shape.iter().product::<usize>() * 4);
        let bytes = bytes.ok_or_else(|| Error::corrupt(format!("tensor {name} lies outside the file")))?;
        Ok(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    }
}

fn cut_short() -> Error {
    Error::corrupt("the safetensors file is cut short")
}
