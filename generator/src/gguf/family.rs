//! Which model a GGUF file holds: its family and dimensions, told by the file's own metadata.

use std::collections::HashMap;
use std::io::BufReader;
use std::path::Path;

use candle_core::quantized::gguf_file::{Content, Value};
use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};

/// A GGUF file's key-value pairs.
pub(crate) type Metadata = HashMap<String, Value>;

/// The model families that can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Llama, and what shares its layers: SmolLM2, Mistral, TinyLlama.
    Llama,
    /// Qwen2 and Qwen2.5.
    Qwen2,
    /// Qwen3.
    Qwen3,
}

impl Family {
    const ALL: [Self; 3] = [Self::Llama, Self::Qwen2, Self::Qwen3];

    /// The name in `general.architecture`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
        }
    }

    fn from_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name).ok_or_else(|| {
            let supported: Vec<_> = Self::ALL.iter().map(|f| f.name()).collect();
            Error::new(
                ErrorKind::Unsupported,
                format!(
                    "the model's architecture is {name:?}; supported are {}; choose another model",
                    supported.join(", ")
                ),
            )
        })
    }

    /// Whether rotary embeddings pair element i with i + d/2 (true) or 2i with 2i + 1 (false); see
    /// `llama_model_rope_type` in llama.cpp.
    pub(crate) fn rotates_halves(self) -> bool {
        self != Self::Llama
    }
}

/// The dimensions of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    pub(crate) layers: usize,
    pub(crate) hidden: usize,
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) head_dim: usize,
    pub(crate) context_length: usize,
    pub(crate) norm_epsilon: f64,
    pub(crate) rope_base: f32,
    /// Divides positions, where the model's context was stretched linearly.
    pub(crate) rope_scale: f32,
}

/// A GGUF file whose header was read and understood.
pub(crate) struct ModelFile {
    pub(crate) family: Family,
    pub(crate) shape: Shape,
    pub(crate) content: Content,
    pub(crate) reader: BufReader<fs_err::File>,
}

impl ModelFile {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let file = fs_err::File::open(path).context(ErrorKind::NotInstalled, || {
            format!("cannot open the generator's model {shown}; `footnote models pull` fetches it")
        })?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let content = Content::read(&mut reader)
            .context(ErrorKind::Corrupt, || format!("{shown} is not a readable GGUF file"))?;
        let family = Family::from_name(&text(&content.metadata, "general.architecture")?)?;
        let shape = Shape::read(&content.metadata, family)?;
        Ok(Self { family, shape, content, reader })
    }

    /// Bytes before the weights.
    pub(crate) fn head_bytes(&self) -> u64 {
        self.content.tensor_data_offset
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.content.metadata
    }
}

impl Shape {
    fn read(metadata: &Metadata, family: Family) -> Result<Self> {
        let arch = family.name();
        let size = |key: &str| count(metadata, &format!("{arch}.{key}"));
        let (hidden, heads) = (size("embedding_length")?, size("attention.head_count")?);
        let shape = Self {
            layers: size("block_count")?,
            hidden,
            heads,
            kv_heads: size("attention.head_count_kv").unwrap_or(heads),
            head_dim: size("attention.key_length").unwrap_or(hidden / heads.max(1)),
            context_length: size("context_length")?,
            norm_epsilon: f64::from(number(metadata, &format!("{arch}.attention.layer_norm_rms_epsilon"))?),
            rope_base: number(metadata, &format!("{arch}.rope.freq_base")).unwrap_or(10_000.0),
            rope_scale: rope_scale(metadata, arch)?,
        };
        if size("expert_count").is_ok_and(|n| n > 1) {
            return Err(unsupported("mixtures of experts"));
        }
        let sane = shape.layers > 0
            && shape.hidden > 0
            && shape.context_length > 0
            && shape.head_dim.is_multiple_of(2)
            && shape.head_dim > 0
            && shape.kv_heads > 0
            && shape.heads.is_multiple_of(shape.kv_heads);
        if !sane {
            return Err(Error::corrupt(format!("the model's dimensions make no sense: {shape:?}")));
        }
        if size("rope.dimension_count").is_ok_and(|n| n != shape.head_dim) {
            return Err(unsupported("rotary embeddings over a part of a head"));
        }
        Ok(shape)
    }
}

fn rope_scale(metadata: &Metadata, arch: &str) -> Result<f32> {
    match text(metadata, &format!("{arch}.rope.scaling.type")).as_deref() {
        Err(_) | Ok("none") => Ok(1.0),
        Ok("linear") => number(metadata, &format!("{arch}.rope.scaling.factor")),
        Ok(other) => Err(unsupported(&format!("{other} scaling of positions"))),
    }
}

fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("the model uses {what}, which is not supported"))
}

pub(crate) fn text(metadata: &Metadata, key: &str) -> Result<String> {
    match metadata.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        _ => Err(missing(key)),
    }
}

pub(crate) fn count(metadata: &Metadata, key: &str) -> Result<usize> {
    let value = metadata.get(key).ok_or_else(|| missing(key))?;
    let number = match *value {
        Value::U8(v) => u64::from(v),
        Value::U16(v) => u64::from(v),
        Value::U32(v) => u64::from(v),
        Value::U64(v) => v,
        Value::I32(v) => u64::try_from(v).map_err(|_| missing(key))?,
        Value::I64(v) => u64::try_from(v).map_err(|_| missing(key))?,
        _ => return Err(missing(key)),
    };
    // No dimension of a model is larger than this; a damaged file may say otherwise.
    usize::try_from(number).ok().filter(|&n| n <= 1 << 24).ok_or_else(|| missing(key))
}

pub(crate) fn flag(metadata: &Metadata, key: &str) -> Option<bool> {
    metadata.get(key).and_then(|v| v.to_bool().ok())
}

pub(crate) fn texts(metadata: &Metadata, key: &str) -> Result<Vec<String>> {
    let Some(Value::Array(values)) = metadata.get(key) else { return Err(missing(key)) };
    values.iter().map(|v| v.to_string().cloned().map_err(|_| missing(key))).collect()
}

pub(crate) fn numbers(metadata: &Metadata, key: &str) -> Result<Vec<f32>> {
    let Some(Value::Array(values)) = metadata.get(key) else { return Err(missing(key)) };
    let number = |v: &Value| match *v {
        Value::F32(v) => Some(v),
        Value::I32(v) => Some(v as f32),
        Value::U32(v) => Some(v as f32),
        _ => None,
    };
    values.iter().map(|v| number(v).ok_or_else(|| missing(key))).collect()
}

fn number(metadata: &Metadata, key: &str) -> Result<f32> {
    match metadata.get(key) {
        Some(&Value::F32(v)) if v.is_finite() && v > 0.0 => Ok(v),
        Some(&Value::F64(v)) if v.is_finite() && v > 0.0 => Ok(v as f32),
        _ => Err(missing(key)),
    }
}

fn missing(key: &str) -> Error {
    Error::corrupt(format!("the model's metadata lacks a usable {key}; fetch the file again"))
}
