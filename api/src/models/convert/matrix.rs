//! Weight matrices, plain or as ggml's Q4_0 blocks, and how one becomes the other.

use footnote_core::{Error, Result};
use half::f16;

/// Values per Q4_0 block.
pub(crate) const BLOCK: usize = 32;
/// Bytes per Q4_0 block: an f16 scale and 32 nibbles (ggml `block_q4_0`).
const BLOCK_BYTES: usize = 2 + BLOCK / 2;

/// A matrix of `rows` outputs by `columns` inputs, row-major.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matrix {
    /// Outputs.
    pub rows: usize,
    /// Inputs.
    pub columns: usize,
    /// The numbers.
    pub values: Values,
}

/// The numbers of a [`Matrix`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    /// One f32 each.
    Full(Vec<f32>),
    /// Blocks of 32 along a row: value = (nibble - 8) × scale. Nibbles in order, the low one first,
    /// which is what ONNX Runtime's block-wise operators read.
    Q4 {
        /// Two values per byte.
        nibbles: Vec<u8>,
        /// One scale per block.
        scales: Vec<f32>,
    },
}

impl Matrix {
    /// A plain matrix; an error where `values` has another length.
    pub(super) fn full(rows: usize, columns: usize, values: Vec<f32>) -> Result<Self> {
        if rows.checked_mul(columns) != Some(values.len()) {
            return Err(Error::corrupt(format!(
                "{} values are not a {rows} × {columns} matrix",
                values.len()
            )));
        }
        Ok(Self { rows, columns, values: Values::Full(values) })
    }

    /// Reads ggml Q4_0 blocks, whose byte i holds the values i (low nibble) and i + 16 (high).
    pub(super) fn from_q4_0(rows: usize, columns: usize, bytes: &[u8]) -> Result<Self> {
        let expected = rows
            .checked_mul(columns)
            .filter(|_| columns.is_multiple_of(BLOCK))
            .and_then(|values| (values / BLOCK).checked_mul(BLOCK_BYTES));
        if expected != Some(bytes.len()) {
            return Err(Error::corrupt(format!(
                "{} bytes are not a {rows} × {columns} matrix of Q4_0 blocks",
                bytes.len()
            )));
        }
        let blocks = bytes.len() / BLOCK_BYTES;
        let mut nibbles = Vec::with_capacity(blocks * BLOCK / 2);
        let mut scales = Vec::with_capacity(blocks);
        for block in bytes.chunks_exact(BLOCK_BYTES) {
            let (scale, packed) = block.split_at(2);
            scales.push(f16::from_le_bytes([scale[0], scale[1]]).to_f32());
            nibbles.extend(packed.chunks_exact(2).map(|pair| (pair[0] & 15) | ((pair[1] & 15) << 4)));
            nibbles.extend(packed.chunks_exact(2).map(|pair| (pair[0] >> 4) | (pair[1] & 0xf0)));
        }
        Ok(Self { rows, columns, values: Values::Q4 { nibbles, scales } })
    }

    /// The matrices below each other; all must have the same width and the same kind of values.
    pub(super) fn stacked(parts: &[&Self]) -> Result<Self> {
        let mut parts = parts.iter();
        let first = parts.next().ok_or_else(|| Error::internal("no matrices to stack"))?;
        let mut whole = (*first).clone();
        for part in parts {
            if part.columns != whole.columns {
                return Err(Error::corrupt("matrices of one layer differ in width"));
            }
            whole.rows += part.rows;
            match (&mut whole.values, &part.values) {
                (Values::Full(values), Values::Full(more)) => values.extend_from_slice(more),
                (Values::Q4 { nibbles, scales }, Values::Q4 { nibbles: more, scales: more_scales }) => {
                    nibbles.extend_from_slice(more);
                    scales.extend_from_slice(more_scales);
                }
                _ => return Err(Error::corrupt("matrices of one layer differ in type")),
            }
        }
        Ok(whole)
    }

    /// The values as f32, row-major.
    pub(super) fn to_f32(&self) -> Vec<f32> {
        match &self.values {
            Values::Full(values) => values.clone(),
            Values::Q4 { nibbles, scales } => nibbles
                .chunks_exact(BLOCK / 2)
                .zip(scales)
                .flat_map(|(block, scale)| {
                    block.iter().flat_map(move |byte| {
                        [byte & 15, byte >> 4].map(|nibble| (f32::from(nibble) - 8.0) * scale)
                    })
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q4_0_is_read_as_ggml_wrote_it() {
        let mut block = f16::from_f32(0.5).to_le_bytes().to_vec();
        // Value i is the nibble i % 16 for the first half and 15 - i % 16 for the second.
        block.extend((0..16_u8).map(|i| i | ((15 - i) << 4)));
        let matrix = Matrix::from_q4_0(1, 32, &block).unwrap();
        let expected: Vec<f32> = (0..16).chain((0..16).rev()).map(|n| (n as f32 - 8.0) * 0.5).collect();
        assert_eq!(matrix.to_f32(), expected);
        assert!(Matrix::from_q4_0(1, 32, &block[1..]).is_err());
        assert!(Matrix::from_q4_0(2, 16, &block).is_err(), "a block never spans two rows");
    }

    #[test]
    fn stacking_keeps_rows_in_order_and_refuses_other_widths() {
        let one = Matrix::full(1, 2, vec![1.0, 2.0]).unwrap();
        let two = Matrix::full(2, 2, vec![3.0, 4.0, 5.0, 6.0]).unwrap();
        let whole = Matrix::stacked(&[&one, &two]).unwrap();
        assert_eq!((whole.rows, whole.to_f32()), (3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        assert!(Matrix::stacked(&[&one, &Matrix::full(1, 1, vec![0.0]).unwrap()]).is_err());
        assert!(Matrix::full(2, 2, vec![0.0; 3]).is_err());
    }
}
