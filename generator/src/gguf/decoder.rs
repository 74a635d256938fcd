//! The transformer of the supported families, over quantized weights.
//!
//! Its structure follows candle-transformers' `quantized_llama`, `quantized_qwen2` and
//! `quantized_qwen3` (Hugging Face, MIT or Apache-2.0). It differs where a service needs more:
//! keys and values lie in a [`KvCache`] outside the model (theirs is private, so that a prefix
//! could not be kept, and grows by copying the whole of it for every token); token embeddings stay
//! quantized (theirs unfold to f32: 0.9 GB for Qwen2.5-1.5B); tables of rotary embeddings reach as
//! far as the context in use; attention multiplies grouped heads without repeating keys.

use std::sync::Arc;

use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{DType, Device, Module, Result, Tensor};
use candle_nn::attention::{AttnMask, flash_attn};
use candle_transformers::quantized_nn::RmsNorm;

use super::family::{Family, ModelFile, Shape};
use super::kv_cache::KvCache;

/// A model's weights.
pub(crate) struct Decoder {
    family: Family,
    shape: Shape,
    device: Device,
    embeddings: Arc<QTensor>,
    layers: Vec<Layer>,
    norm: RmsNorm,
    output: QMatMul,
    cos: Tensor,
    sin: Tensor,
}

struct Layer {
    attention_norm: RmsNorm,
    q: Projection,
    k: Projection,
    v: Projection,
    attention_output: QMatMul,
    /// Qwen3 normalises queries and keys per head.
    head_norms: Option<(RmsNorm, RmsNorm)>,
    ffn_norm: RmsNorm,
    gate: QMatMul,
    up: QMatMul,
    down: QMatMul,
}

struct Projection {
    weight: QMatMul,
    bias: Option<Tensor>,
}

impl Projection {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.weight.forward(x)?;
        match &self.bias {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        }
    }
}

impl Decoder {
    /// Reads the weights; `context` is the number of positions that will be used.
    pub(crate) fn load(file: &mut ModelFile, context: usize) -> Result<Self> {
        let device = Device::Cpu;
        let (family, shape) = (file.family, file.shape);
        let mut weights = Weights { file, device: &device };
        let embeddings = Arc::new(weights.tensor("token_embd.weight")?);
        let output = match weights.has("output.weight") {
            true => weights.matrix("output.weight")?,
            false => QMatMul::from_arc(embeddings.clone())?,
        };
        let norm = weights.norm("output_norm.weight")?;
        let (cos, sin) = rotary_tables(&mut weights, &shape, context)?;
        let layers = (0..shape.layers).map(|i| Layer::load(&mut weights, i)).collect::<Result<_>>()?;
        Ok(Self { family, shape, device, embeddings, layers, norm, output, cos, sin })
    }

    /// An empty cache for this model.
    pub(crate) fn new_cache(&self) -> Result<KvCache> {
        KvCache::new(&self.shape, &self.device)
    }

    /// Reads `tokens` after those in `cache` and gives the logits of what follows the last one.
    /// `None` where `cancelled` said so between two layers; the cache is then as before.
    pub(crate) fn forward(
        &self,
        tokens: &[u32],
        cache: &mut KvCache,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Tensor>> {
        let (new, position) = (tokens.len(), cache.len());
        let ids = Tensor::new(tokens, &self.device)?;
        let mask = causal_mask(new, position, &self.device)?;
        let mut x = self.embeddings.embedding(&ids)?;
        for (index, layer) in self.layers.iter().enumerate() {
            if cancelled() {
                return Ok(None);
            }
            let attended = self.attention(index, &layer.attention_norm.forward(&x)?, cache, mask.as_ref())?;
            let residual = (x + attended)?;
            let normed = layer.ffn_norm.forward(&residual)?;
            let gated =
                (candle_nn::ops::silu(&layer.gate.forward(&normed)?)? * layer.up.forward(&normed)?)?;
            x = (residual + layer.down.forward(&gated)?)?;
        }
        cache.advance(new);
        let last = self.norm.forward(&x.narrow(0, new - 1, 1)?.contiguous()?)?;
        self.output.forward(&last)?.squeeze(0).map(Some)
    }

    fn attention(
        &self,
        index: usize,
        x: &Tensor,
        cache: &mut KvCache,
        mask: Option<&Tensor>,
    ) -> Result<Tensor> {
        let Shape { heads, kv_heads, head_dim, .. } = self.shape;
        let layer = &self.layers[index];
        let (new, position) = (x.dim(0)?, cache.len());
        let mut q = layer.q.forward(x)?.reshape((new, heads, head_dim))?;
        let mut k = layer.k.forward(x)?.reshape((new, kv_heads, head_dim))?;
        let v = layer.v.forward(x)?.reshape((new, kv_heads, head_dim))?;
        if let Some((q_norm, k_norm)) = &layer.head_norms {
            (q, k) = (q_norm.forward(&q)?, k_norm.forward(&k)?);
        }
        let (q, k) = (self.rotate(&q, position)?, self.rotate(&k, position)?);
        let (k, v) = cache.write(index, &k, &v)?;
        let attended = match mask {
            Some(mask) => self.attend_many(&q, &k, &v, mask)?,
            None => {
                let scale = 1.0 / (head_dim as f32).sqrt();
                let mask = AttnMask::causal_with_offset(position);
                let (q, k, v) = (q.unsqueeze(0)?, k.unsqueeze(0)?, v.unsqueeze(0)?);
                flash_attn::<f32>(&q, &k, &v, scale, mask, None, None)?
            }
        };
        layer.attention_output.forward(&attended.reshape((new, heads * head_dim))?)
    }

    /// Attention of several new tokens: queries of the heads that share keys lie below each other
    /// in one matrix, so that keys and values need no copies.
    fn attend_many(&self, q: &Tensor, k: &Tensor, v: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let Shape { heads, kv_heads, head_dim, .. } = self.shape;
        let (new, all, group) = (q.dim(0)?, k.dim(0)?, heads / kv_heads);
        let q = (q * (1.0 / (head_dim as f64).sqrt()))?
            .reshape((new, kv_heads, group, head_dim))?
            .permute((1, 2, 0, 3))?
            .contiguous()?
            .reshape((kv_heads, group * new, head_dim))?;
        let scores = q.matmul(&k.permute((1, 2, 0))?)?.reshape((heads, new, all))?;
        let weights = candle_nn::ops::softmax_last_dim(&scores.broadcast_add(mask)?)?;
        let weights = weights.reshape((kv_heads, group * new, all))?;
        weights.matmul(&v.transpose(0, 1)?)?.reshape((heads, new, head_dim))?.transpose(0, 1)?.contiguous()
    }

    /// Rotary embeddings of `[tokens, heads, head_dim]`.
    fn rotate(&self, x: &Tensor, position: usize) -> Result<Tensor> {
        let new = x.dim(0)?;
        let (cos, sin) = (self.cos.narrow(0, position, new)?, self.sin.narrow(0, position, new)?);
        let x = x.unsqueeze(0)?;
        if self.family.rotates_halves() {
            return candle_nn::rotary_emb::rope_thd(&x, &cos, &sin)?.squeeze(0);
        }
        let by_head = x.transpose(1, 2)?.contiguous()?;
        candle_nn::rotary_emb::rope_i(&by_head, &cos, &sin)?.transpose(1, 2)?.contiguous()?.squeeze(0)
    }
}

impl Layer {
    fn load(weights: &mut Weights<'_>, index: usize) -> Result<Self> {
        let name = |part: &str| format!("blk.{index}.{part}");
        let head_norms = match weights.has(&name("attn_q_norm.weight")) {
            true => {
                Some((weights.norm(&name("attn_q_norm.weight"))?, weights.norm(&name("attn_k_norm.weight"))?))
            }
            false => None,
        };
        Ok(Self {
            attention_norm: weights.norm(&name("attn_norm.weight"))?,
            q: weights.projection(&name("attn_q"))?,
            k: weights.projection(&name("attn_k"))?,
            v: weights.projection(&name("attn_v"))?,
            attention_output: weights.matrix(&name("attn_output.weight"))?,
            head_norms,
            ffn_norm: weights.norm(&name("ffn_norm.weight"))?,
            gate: weights.matrix(&name("ffn_gate.weight"))?,
            up: weights.matrix(&name("ffn_up.weight"))?,
            down: weights.matrix(&name("ffn_down.weight"))?,
        })
    }
}

struct Weights<'a> {
    file: &'a mut ModelFile,
    device: &'a Device,
}

impl Weights<'_> {
    fn has(&self, name: &str) -> bool {
        self.file.content.tensor_infos.contains_key(name)
    }

    fn tensor(&mut self, name: &str) -> Result<QTensor> {
        self.file.content.tensor(&mut self.file.reader, name, self.device)
    }

    fn matrix(&mut self, name: &str) -> Result<QMatMul> {
        QMatMul::from_qtensor(self.tensor(name)?)
    }

    fn norm(&mut self, name: &str) -> Result<RmsNorm> {
        let epsilon = self.file.shape.norm_epsilon;
        RmsNorm::from_qtensor(self.tensor(name)?, epsilon)
    }

    fn projection(&mut self, name: &str) -> Result<Projection> {
        let bias = match self.has(&format!("{name}.bias")) {
            true => Some(self.tensor(&format!("{name}.bias"))?.dequantize(self.device)?),
            false => None,
        };
        Ok(Projection { weight: self.matrix(&format!("{name}.weight"))?, bias })
    }
}

/// Cosines and sines, `[context, head_dim / 2]`.
fn rotary_tables(weights: &mut Weights<'_>, shape: &Shape, context: usize) -> Result<(Tensor, Tensor)> {
    let mut frequencies: Vec<f32> = (0..shape.head_dim)
        .step_by(2)
        .map(|i| shape.rope_base.powf(-(i as f32) / shape.head_dim as f32) / shape.rope_scale)
        .collect();
    // Llama 3.1 and later stretch low frequencies; the factors lie in the file.
    if weights.has("rope_freqs.weight") {
        let factors = weights.tensor("rope_freqs.weight")?.dequantize(weights.device)?.to_vec1::<f32>()?;
        frequencies.iter_mut().zip(factors).for_each(|(frequency, factor)| *frequency /= factor);
    }
    let frequencies = Tensor::from_vec(frequencies, (1, shape.head_dim / 2), weights.device)?;
    let positions = Tensor::arange(0_u32, context as u32, weights.device)?.to_dtype(DType::F32)?;
    let angles = positions.reshape((context, 1))?.matmul(&frequencies)?;
    Ok((angles.cos()?, angles.sin()?))
}

/// What the new tokens must not see is minus infinity; `None` for a single token, which sees all.
fn causal_mask(new: usize, position: usize, device: &Device) -> Result<Option<Tensor>> {
    if new == 1 {
        return Ok(None);
    }
    let all = position + new;
    let mask: Vec<f32> = (0..new)
        .flat_map(|i| (0..all).map(move |j| if j > position + i { f32::NEG_INFINITY } else { 0.0 }))
        .collect();
    Tensor::from_vec(mask, (new, all), device).map(Some)
}
