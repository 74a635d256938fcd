//! Writes an encoder as an ONNX graph whose bytes depend on its weights alone.
//!
//! Plain matrices become `MatMul`. Q4_0 matrices stay as they are, in ONNX Runtime's block-wise
//! operators `MatMulNBits` and `GatherBlockQuantized`, so that neither file nor memory holds a
//! dequantised copy. Activations stay f32 (`accuracy_level = 1`): measured against the dequantised
//! f32 graph that is exact (cosine 1.00000) at 0.95 of its speed and a quarter of its memory, and a
//! text's vector does not depend on what else is in its batch. Dynamic int8 was 1.5 times as fast
//! without VNNI, but moved vectors (cosine .991 to .996; another nearest neighbour for 13 of 100),
//! differently for every batch. Attention is ONNX Runtime's fused `MultiHeadAttention`.

use footnote_core::{Error, Result};
use prost::Message;

use super::bert::{Bert, BertShape, Head, Layer, Linear, Norm};
use super::matrix::{BLOCK, Matrix, Values};
use super::onnx_proto::{Attribute, DataType, Dimension, Graph, Model, Node, OperatorSet, Tensor, ValueInfo};

/// ONNX Runtime's own operators:
/// <https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md>.
const MICROSOFT: &str = "com.microsoft";
/// The first operator set with `LayerNormalization`.
const OPSET: i64 = 17;
const IR_VERSION: i64 = 8;
/// `accuracy_level` of `MatMulNBits`.
const F32_ACTIVATIONS: i64 = 1;

/// The model's file. Inputs `input_ids`, `attention_mask`, `token_type_ids` (int64, batch × seq);
/// output `last_hidden_state`, or `logits` where there is a head.
pub(crate) fn write(bert: &Bert) -> Result<Vec<u8>> {
    bert.shape.validate()?;
    let mut graph = GraphWriter::default();
    let embedded = graph.embeddings(bert)?;
    let mask = graph.cast("attention_mask", DataType::Int32);
    let mut hidden = embedded;
    for (index, layer) in bert.layers.iter().enumerate() {
        hidden = graph.layer(&format!("layer{index}"), layer, bert.shape, &hidden, &mask)?;
    }
    let output = match &bert.head {
        None => {
            graph.rename_last_output("last_hidden_state");
            output_info("last_hidden_state", &["batch", "seq"], bert.shape.hidden)
        }
        Some(head) => {
            graph.head(head, &hidden)?;
            graph.rename_last_output("logits");
            output_info("logits", &["batch"], head.classifier.weight.rows)
        }
    };
    Ok(graph.finish(output).encode_to_vec())
}

fn output_info(name: &str, free: &[&str], last: usize) -> ValueInfo {
    let mut dimensions: Vec<_> = free.iter().map(|name| Dimension::named(name)).collect();
    dimensions.push(Dimension::fixed(last));
    ValueInfo::tensor(name, DataType::Float, &dimensions)
}

/// Collects nodes and weights; every method that adds a node returns its output's name.
#[derive(Default)]
struct GraphWriter {
    nodes: Vec<Node>,
    weights: Vec<Tensor>,
}

impl GraphWriter {
    fn embeddings(&mut self, bert: &Bert) -> Result<String> {
        let words = self.embedding_rows("embeddings.word", &bert.words, "input_ids")?;
        let types = self.embedding_rows("embeddings.token_type", &bert.token_types, "token_type_ids")?;
        let positions = self.first_positions(&bert.positions);
        let words_and_types = self.node("Add", &[&words, &types]);
        let sum = self.node("Add", &[&words_and_types, &positions]);
        Ok(self.norm("embeddings.norm", &bert.norm, bert.shape.epsilon, &sum))
    }

    /// The rows of `matrix` that `ids` name.
    fn embedding_rows(&mut self, name: &str, matrix: &Matrix, ids: &str) -> Result<String> {
        match &matrix.values {
            Values::Full(values) => {
                let table = self.floats(name, &[matrix.rows, matrix.columns], values);
                Ok(self.node("Gather", &[&table, ids]))
            }
            Values::Q4 { nibbles, scales } => {
                let table = self.bytes(name, &[matrix.rows, matrix.columns / 2], nibbles);
                let scales =
                    self.floats(&format!("{name}.scales"), &[matrix.rows, matrix.columns / BLOCK], scales);
                Ok(self.microsoft(
                    "GatherBlockQuantized",
                    &[&table, ids, &scales],
                    vec![
                        Attribute::int("bits", 4),
                        Attribute::int("block_size", BLOCK as i64),
                        Attribute::int("gather_axis", 0),
                        Attribute::int("quantize_axis", 1),
                    ],
                ))
            }
        }
    }

    /// Positions 0 to the length of the input. A longer input than there are positions fails in the
    /// addition that follows; it is never cut.
    fn first_positions(&mut self, positions: &Matrix) -> String {
        let table =
            self.floats("embeddings.position", &[positions.rows, positions.columns], &positions.to_f32());
        let zero = self.integers("zero", &[0]);
        let one = self.integers("one", &[1]);
        let shape = self.node("Shape", &["input_ids"]);
        let length = self.node_with("Gather", &[&shape, &one], vec![Attribute::int("axis", 0)]);
        self.node("Slice", &[&table, &zero, &length, &zero])
    }

    fn layer(
        &mut self,
        name: &str,
        layer: &Layer,
        shape: BertShape,
        input: &str,
        mask: &str,
    ) -> Result<String> {
        let attention = self.attention(name, layer, shape, input, mask)?;
        let sum = self.node("Add", &[&attention, input]);
        let attended =
            self.norm(&format!("{name}.attention_norm"), &layer.attention_norm, shape.epsilon, &sum);
        let wide = self.linear(&format!("{name}.intermediate"), &layer.intermediate, &attended)?;
        let active = self.gelu(&wide);
        let narrow = self.linear(&format!("{name}.output"), &layer.output, &active)?;
        let sum = self.node("Add", &[&narrow, &attended]);
        Ok(self.norm(&format!("{name}.output_norm"), &layer.output_norm, shape.epsilon, &sum))
    }

    /// One product makes query, key and value.
    fn attention(
        &mut self,
        name: &str,
        layer: &Layer,
        shape: BertShape,
        input: &str,
        mask: &str,
    ) -> Result<String> {
        let parts = [&layer.query, &layer.key, &layer.value];
        let joined = Linear {
            weight: Matrix::stacked(&parts.map(|part| &part.weight))?,
            bias: parts.iter().flat_map(|part| part.bias.iter().copied()).collect(),
        };
        let projected = self.linear(&format!("{name}.query_key_value"), &joined, input)?;
        let widths = self.integers("query_key_value.widths", &[shape.hidden as i64; 3]);
        let [query, key, value] = self.split_in_three(&projected, &widths);
        let attended = self.microsoft(
            "MultiHeadAttention",
            &[&query, &key, &value, "", mask],
            vec![Attribute::int("num_heads", shape.heads as i64)],
        );
        self.linear(&format!("{name}.attention_output"), &layer.attention_output, &attended)
    }

    fn linear(&mut self, name: &str, linear: &Linear, input: &str) -> Result<String> {
        let Matrix { rows, columns, values } = &linear.weight;
        if linear.bias.len() != *rows {
            return Err(Error::corrupt(format!(
                "{name} has {} biases for {rows} outputs",
                linear.bias.len()
            )));
        }
        let bias = self.floats(&format!("{name}.bias"), &[*rows], &linear.bias);
        match values {
            Values::Full(values) => {
                let weight = self.floats(
                    &format!("{name}.weight"),
                    &[*columns, *rows],
                    &transposed(values, *rows, *columns),
                );
                let product = self.node("MatMul", &[input, &weight]);
                Ok(self.node("Add", &[&product, &bias]))
            }
            Values::Q4 { nibbles, scales } => {
                let weight =
                    self.bytes(&format!("{name}.weight"), &[*rows, columns / BLOCK, BLOCK / 2], nibbles);
                let scales = self.floats(&format!("{name}.scales"), &[*rows, columns / BLOCK], scales);
                Ok(self.microsoft(
                    "MatMulNBits",
                    &[input, &weight, &scales, "", "", &bias],
                    vec![
                        Attribute::int("K", *columns as i64),
                        Attribute::int("N", *rows as i64),
                        Attribute::int("bits", 4),
                        Attribute::int("block_size", BLOCK as i64),
                        Attribute::int("accuracy_level", F32_ACTIVATIONS),
                    ],
                ))
            }
        }
    }

    fn head(&mut self, head: &Head, hidden: &str) -> Result<String> {
        let zero = self.integers("first", &[]);
        let first = self.node_with("Gather", &[hidden, &zero], vec![Attribute::int("axis", 1)]);
        let pooled = self.linear("pooler", &head.pooler, &first)?;
        let active = self.node("Tanh", &[&pooled]);
        self.linear("classifier", &head.classifier, &active)
    }

    fn norm(&mut self, name: &str, norm: &Norm, epsilon: f32, input: &str) -> String {
        let weight = self.floats(&format!("{name}.weight"), &[norm.weight.len()], &norm.weight);
        let bias = self.floats(&format!("{name}.bias"), &[norm.bias.len()], &norm.bias);
        let attributes = vec![Attribute::int("axis", -1), Attribute::float("epsilon", epsilon)];
        self.node_with("LayerNormalization", &[input, &weight, &bias], attributes)
    }

    /// GELU by the error function, as BERT has it.
    fn gelu(&mut self, input: &str) -> String {
        self.microsoft("Gelu", &[input], Vec::new())
    }

    fn cast(&mut self, input: &str, to: DataType) -> String {
        self.node_with("Cast", &[input], vec![Attribute::int("to", i64::from(to as i32))])
    }

    fn split_in_three(&mut self, input: &str, widths: &str) -> [String; 3] {
        let first = self.node_with("Split", &[input, widths], vec![Attribute::int("axis", -1)]);
        let outputs = [first.clone(), format!("{first}.second"), format!("{first}.third")];
        if let Some(node) = self.nodes.last_mut() {
            node.output = outputs.to_vec();
        }
        outputs
    }

    fn node(&mut self, operator: &str, inputs: &[&str]) -> String {
        self.node_with(operator, inputs, Vec::new())
    }

    fn node_with(&mut self, operator: &str, inputs: &[&str], attributes: Vec<Attribute>) -> String {
        self.push("", operator, inputs, attributes)
    }

    fn microsoft(&mut self, operator: &str, inputs: &[&str], attributes: Vec<Attribute>) -> String {
        self.push(MICROSOFT, operator, inputs, attributes)
    }

    fn push(&mut self, domain: &str, operator: &str, inputs: &[&str], attributes: Vec<Attribute>) -> String {
        let name = format!("{}_{operator}", self.nodes.len());
        self.nodes.push(Node {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: operator.to_owned(),
            attribute: attributes,
            domain: domain.to_owned(),
        });
        name
    }

    /// The last node makes the graph's output, which has a name of its own.
    fn rename_last_output(&mut self, name: &str) {
        if let Some(output) = self.nodes.last_mut().and_then(|node| node.output.first_mut()) {
            *output = name.to_owned();
        }
    }

    fn floats(&mut self, name: &str, dimensions: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.weight(name, dimensions, DataType::Float, bytes)
    }

    fn bytes(&mut self, name: &str, dimensions: &[usize], values: &[u8]) -> String {
        self.weight(name, dimensions, DataType::Uint8, values.to_vec())
    }

    /// A vector, or a scalar 0 where `values` is empty.
    fn integers(&mut self, name: &str, values: &[i64]) -> String {
        let dimensions = if values.is_empty() { vec![] } else { vec![values.len()] };
        let values = if values.is_empty() { &[0] } else { values };
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.weight(name, &dimensions, DataType::Int64, bytes)
    }

    fn weight(&mut self, name: &str, dimensions: &[usize], kind: DataType, bytes: Vec<u8>) -> String {
        if !self.weights.iter().any(|tensor| tensor.name == name) {
            self.weights.push(Tensor {
                dims: dimensions.iter().map(|&size| size as i64).collect(),
                data_type: kind as i32,
                name: name.to_owned(),
                raw_data: bytes,
            });
        }
        name.to_owned()
    }

    fn finish(self, output: ValueInfo) -> Model {
        let dimensions = [Dimension::named("batch"), Dimension::named("seq")];
        let inputs = ["input_ids", "attention_mask", "token_type_ids"];
        let version = |domain: &str, version| OperatorSet { domain: domain.to_owned(), version };
        Model {
            ir_version: IR_VERSION,
            producer_name: "footnote".to_owned(),
            graph: Some(Graph {
                node: self.nodes,
                name: "bert".to_owned(),
                initializer: self.weights,
                input: inputs
                    .iter()
                    .map(|name| ValueInfo::tensor(name, DataType::Int64, &dimensions))
                    .collect(),
                output: vec![output],
            }),
            opset_import: vec![version("", OPSET), version(MICROSOFT, 1)],
        }
    }
}

/// A `rows` × `columns` matrix the other way round.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|column| (0..rows).filter_map(move |row| values.get(row * columns + column).copied()))
        .collect()
}
