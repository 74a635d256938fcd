//! The yardstick: a bare ONNX Runtime session with the model's own tokenizer, mean pooling and
//! nothing else.

use std::path::Path;

use crate::runtime;
use footnote_core::error::Context as _;
use footnote_core::{Error, Result};
use ort::session::Session;
use ort::value::Tensor;
use tokenizers::Tokenizer;

/// A session with its tokenizer.
pub struct BareSession {
    session: Session,
    tokenizer: Tokenizer,
}

impl BareSession {
    /// Opens `model.onnx` and `tokenizer.json` of a folder.
    pub fn open(dir: &Path, onnxruntime: &Path) -> Result<Self> {
        let session = Session::builder(&runtime::environment(onnxruntime)?)
            .internal("cannot make a session builder")?
            .with_intra_threads(1)
            .map_err(|e| Error::internal(e.to_string()))?
            .commit_from_file(dir.join("model.onnx"))
            .internal("cannot open the model")?;
        let tokenizer =
            Tokenizer::from_file(dir.join("tokenizer.json")).internal("cannot read the tokenizer")?;
        Ok(Self { session, tokenizer })
    }

    /// Normalised mean-pooled vectors, one run per text.
    pub fn embed(&mut self, prefix: &str, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        texts.iter().map(|text| self.embed_one(&format!("{prefix}{text}"))).collect()
    }

    fn embed_one(&mut self, text: &str) -> Result<Vec<f32>> {
        let encoding = self.tokenizer.encode_fast(text, true).internal("cannot tokenize")?;
        let ids: Vec<i64> = encoding.get_ids().iter().map(|&id| i64::from(id)).collect();
        let length = ids.len();
        let tensor =
            |values: Vec<i64>| Tensor::from_array(([1, length], values)).internal("cannot make a tensor");
        let inputs = ort::inputs![
            "input_ids" => tensor(ids)?,
            "attention_mask" => tensor(vec![1; length])?,
            "token_type_ids" => tensor(vec![0; length])?,
        ];
        let outputs = self.session.run(inputs).internal("the model failed")?;
        let (_, values) = outputs[0].try_extract_tensor::<f32>().internal("no float output")?;
        let dimension = values.len() / length;
        let mut mean = vec![0.0; dimension];
        for token in values.chunks_exact(dimension) {
            for (sum, x) in mean.iter_mut().zip(token) {
                *sum += x;
            }
        }
        let norm = mean.iter().map(|x| x * x).sum::<f32>().sqrt();
        Ok(mean.into_iter().map(|x| x / norm).collect())
    }
}
