//! The weights of a BERT-like encoder, whatever file they came from.

use footnote_core::{Error, Result};

use super::matrix::Matrix;

/// Sizes of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BertShape {
    /// Length of a token's vector.
    pub hidden: usize,
    /// Encoder layers.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Length of a vector inside the feed-forward part.
    pub intermediate: usize,
    /// Rows of the word embedding.
    pub vocabulary: usize,
    /// Longest input in tokens.
    pub positions: usize,
    /// Rows of the token type embedding.
    pub token_types: usize,
    /// Layer normalisation's epsilon.
    pub epsilon: f32,
}

impl BertShape {
    /// Refuses sizes that no model has.
    pub(super) fn validate(&self) -> Result<()> {
        let sizes = [
            ("hidden size", self.hidden),
            ("layers", self.layers),
            ("heads", self.heads),
            ("intermediate size", self.intermediate),
            ("vocabulary", self.vocabulary),
            ("positions", self.positions),
            ("token types", self.token_types),
        ];
        if let Some((name, size)) = sizes.iter().find(|(_, size)| *size == 0 || *size > 1 << 24) {
            return Err(Error::corrupt(format!("the model's {name} is {size}")));
        }
        if !self.hidden.is_multiple_of(self.heads) {
            return Err(Error::corrupt(format!(
                "a hidden size of {} does not divide into {} heads",
                self.hidden, self.heads
            )));
        }
        Ok(())
    }
}

/// An encoder: embeddings, layers and maybe a classification head.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bert {
    /// Sizes.
    pub shape: BertShape,
    /// Word embedding, a row per token.
    pub words: Matrix,
    /// Position embedding.
    pub positions: Matrix,
    /// Token type embedding.
    pub token_types: Matrix,
    /// Normalises the sum of the three.
    pub norm: Norm,
    /// Encoder layers in order.
    pub layers: Vec<Layer>,
    /// Makes it a cross-encoder.
    pub head: Option<Head>,
}

/// One encoder layer (post-layer-norm).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layer {
    /// Query projection.
    pub query: Linear,
    /// Key projection.
    pub key: Linear,
    /// Value projection.
    pub value: Linear,
    /// Projection of the attention's output.
    pub attention_output: Linear,
    /// Normalises attention plus its input.
    pub attention_norm: Norm,
    /// Widens.
    pub intermediate: Linear,
    /// Narrows.
    pub output: Linear,
    /// Normalises the feed-forward part plus its input.
    pub output_norm: Norm,
}

/// `BertForSequenceClassification`'s head: tanh pooler over the first token, then a classifier.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    /// Hidden to hidden, then tanh.
    pub pooler: Linear,
    /// Hidden to one logit per class.
    pub classifier: Linear,
}

/// A linear map with bias.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Linear {
    /// Outputs by inputs.
    pub weight: Matrix,
    /// One per output.
    pub bias: Vec<f32>,
}

/// Layer normalisation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Norm {
    /// Factors.
    pub weight: Vec<f32>,
    /// Summands.
    pub bias: Vec<f32>,
}
