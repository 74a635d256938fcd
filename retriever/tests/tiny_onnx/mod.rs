//! A cross-encoder small enough to write by hand: `logits = mean(input_ids)`, as ONNX protobuf.

use std::path::Path;

const WORDS: [&str; 6] = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "dust", "gold"];

/// Writes a model folder that a reranker opens; it takes 24 tokens.
pub(crate) fn write_reranker(dir: &Path) {
    let vocabulary: serde_json::Map<String, serde_json::Value> = (0..)
        .zip(WORDS)
        .map(|(id, word)| (word.to_owned(), if word == "gold" { 500.into() } else { serde_json::json!(id) }))
        .collect();
    let special = |id: u32, content: &str| {
        serde_json::json!({"id": id, "content": content, "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true})
    };
    let piece = |id: &str| serde_json::json!({"SpecialToken": {"id": id, "type_id": 0}});
    let sequence = |id: &str| serde_json::json!({"Sequence": {"id": id, "type_id": 0}});
    let tokenizer = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "decoder": null,
        "added_tokens": [special(1, "[CLS]"), special(2, "[SEP]"), special(3, "[PAD]")],
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [piece("[CLS]"), sequence("A"), piece("[SEP]")],
            "pair": [piece("[CLS]"), sequence("A"), piece("[SEP]"), sequence("B"), piece("[SEP]")],
            "special_tokens": {
                "[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]},
                "[SEP]": {"id": "[SEP]", "ids": [2], "tokens": ["[SEP]"]}}},
        "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": vocabulary},
    });
    let write =
        |name: &str, json: serde_json::Value| fs_err::write(dir.join(name), json.to_string()).unwrap();
    write("tokenizer.json", tokenizer);
    write("config.json", serde_json::json!({"pad_token_id": 3}));
    write("special_tokens_map.json", serde_json::json!({"pad_token": "[PAD]"}));
    write("tokenizer_config.json", serde_json::json!({"model_max_length": 24, "pad_token": "[PAD]"}));
    write("reranker.json", serde_json::json!({"name": "tiny", "max_tokens": 24}));
    fs_err::write(dir.join("model.onnx"), model()).unwrap();
}

/// `ModelProto`: IR version 8, opset 13.
fn model() -> Vec<u8> {
    let cast = node("Cast", "input_ids", "numbers", &attribute("to", 3, 1, 2));
    let axes = attribute("axes", 8, 1, 7);
    let mean = node("ReduceMean", "numbers", "logits", &axes);
    let graph = [
        bytes(1, &cast),
        bytes(1, &mean),
        bytes(2, b"mean"),
        bytes(11, &tensor("input_ids", 7, &["batch", "length"])),
        bytes(11, &tensor("attention_mask", 7, &["batch", "length"])),
        bytes(12, &tensor("logits", 1, &["batch", "one"])),
    ]
    .concat();
    [number(1, 8), bytes(8, &number(2, 13)), bytes(7, &graph)].concat()
}

fn node(operator: &str, input: &str, output: &str, attribute: &[u8]) -> Vec<u8> {
    [
        bytes(1, input.as_bytes()),
        bytes(2, output.as_bytes()),
        bytes(4, operator.as_bytes()),
        bytes(5, attribute),
    ]
    .concat()
}

/// An attribute whose value lies in `field` and whose type is `kind` (2 integer, 7 integers).
fn attribute(name: &str, field: u64, value: u64, kind: u64) -> Vec<u8> {
    [bytes(1, name.as_bytes()), number(field, value), number(20, kind)].concat()
}

/// A named tensor of element type `element` (1 float, 7 int64) with named dimensions.
fn tensor(name: &str, element: u64, dimensions: &[&str]) -> Vec<u8> {
    let shape: Vec<u8> = dimensions.iter().flat_map(|d| bytes(1, &bytes(2, d.as_bytes()))).collect();
    let typed = [number(1, element), bytes(2, &shape)].concat();
    [bytes(1, name.as_bytes()), bytes(2, &bytes(1, &typed))].concat()
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn bytes(field: u64, content: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}
