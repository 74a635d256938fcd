//! Keys and values of tokens already read, and the few kept between prompts.
//!
//! Reuse is exact: a prompt is read in chunks, and only whole chunks are reused, those with the
//! same tokens and the same ends. The same numbers come out as if everything had been read anew.

use candle_core::{DType, Device, Result, Tensor};

use super::family::Shape;

/// Tokens read by one pass through the model.
const CHUNK: usize = 256;
/// Tokens by which a cache grows.
const GROWTH: usize = 512;

/// Keys and values per layer, each `[capacity, kv_heads, head_dim]`.
pub(crate) struct KvCache {
    layers: Vec<(Tensor, Tensor)>,
    len: usize,
}

impl KvCache {
    pub(crate) fn new(shape: &Shape, device: &Device) -> Result<Self> {
        let empty = || Tensor::zeros((GROWTH, shape.kv_heads, shape.head_dim), DType::F32, device);
        let layers =
            (0..shape.layers).map(|_| Ok((empty()?, empty()?))).collect::<Result<Vec<(Tensor, Tensor)>>>()?;
        Ok(Self { layers, len: 0 })
    }

    /// Tokens held.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Writes keys and values of the tokens after [`Self::len`] and gives those of all tokens back.
    /// They count only after [`Self::advance`].
    pub(crate) fn write(&mut self, layer: usize, k: &Tensor, v: &Tensor) -> Result<(Tensor, Tensor)> {
        let end = self.len + k.dim(0)?;
        let (keys, values) = &mut self.layers[layer];
        grow(keys, self.len, end)?;
        grow(values, self.len, end)?;
        keys.slice_set(k, 0, self.len)?;
        values.slice_set(v, 0, self.len)?;
        Ok((keys.narrow(0, 0, end)?, values.narrow(0, 0, end)?))
    }

    /// Counts `tokens` more, once every layer has written them.
    pub(crate) fn advance(&mut self, tokens: usize) {
        self.len += tokens;
    }

    fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Copies the first `len` tokens and gives back what later ones took.
    fn fork(&self, len: usize) -> Result<Self> {
        let len = len.min(self.len);
        let copy = |t: &Tensor| -> Result<Tensor> {
            let rows = len.div_ceil(GROWTH).max(1) * GROWTH;
            let (_, heads, dim) = t.dims3()?;
            let new = Tensor::zeros((rows, heads, dim), t.dtype(), t.device())?;
            if len > 0 {
                new.slice_set(&t.narrow(0, 0, len)?, 0, 0)?;
            }
            Ok(new)
        };
        let layers = self.layers.iter().map(|(k, v)| Ok((copy(k)?, copy(v)?))).collect::<Result<_>>()?;
        Ok(Self { layers, len })
    }
}

fn grow(tensor: &mut Tensor, len: usize, needed: usize) -> Result<()> {
    let (rows, heads, dim) = tensor.dims3()?;
    if needed <= rows {
        return Ok(());
    }
    let larger =
        Tensor::zeros((needed.div_ceil(GROWTH) * GROWTH, heads, dim), tensor.dtype(), tensor.device())?;
    if len > 0 {
        larger.slice_set(&tensor.narrow(0, 0, len)?, 0, 0)?;
    }
    *tensor = larger;
    Ok(())
}

/// Ends of the chunks in which a prompt is read. The shared part ends a chunk, so that prompts
/// which differ only after it have its chunks in common.
pub(crate) fn chunk_ends(tokens: usize, shared: usize) -> Vec<usize> {
    let shared = shared.min(tokens);
    let before = (CHUNK..shared).step_by(CHUNK).chain((shared > 0).then_some(shared));
    let after = (shared + CHUNK..tokens).step_by(CHUNK).chain((tokens > shared).then_some(tokens));
    before.chain(after).collect()
}

/// A cache with what it holds.
struct Entry {
    tokens: Vec<u32>,
    ends: Vec<usize>,
    shared: usize,
    cache: KvCache,
}

/// The caches kept between prompts, latest last. The latest is kept whole, older ones only as far
/// as other prompts can share them, and the oldest goes when there are too many.
pub(crate) struct PrefixCaches {
    entries: Vec<Entry>,
    most: usize,
}

impl PrefixCaches {
    pub(crate) fn new(most: usize) -> Self {
        Self { entries: Vec::new(), most: most.max(1) }
    }

    /// A cache that holds as many leading chunks of the prompt as any kept one, but never the last.
    pub(crate) fn take(&mut self, tokens: &[u32], ends: &[usize]) -> Result<Option<KvCache>> {
        let reusable = |e: &Entry| reusable(e, tokens, ends);
        let best = (0..self.entries.len()).max_by_key(|&i| reusable(&self.entries[i]));
        let Some((index, len)) = best.map(|i| (i, reusable(&self.entries[i]))).filter(|&(_, len)| len > 0)
        else {
            return Ok(None);
        };
        if len < self.entries[index].shared {
            // Another prompt family begins alike: leave its prefix to it.
            return self.entries[index].cache.fork(len).map(Some);
        }
        let mut cache = self.entries.remove(index).cache;
        cache.truncate(len);
        Ok(Some(cache))
    }

    /// Keeps a cache for later prompts. `tokens` are the prompt's; more may follow them in the cache.
    pub(crate) fn put(
        &mut self,
        tokens: Vec<u32>,
        ends: Vec<usize>,
        shared: usize,
        cache: KvCache,
    ) -> Result<()> {
        for older in &mut self.entries {
            if older.cache.len() > older.shared {
                older.cache = older.cache.fork(older.shared)?;
            }
        }
        self.entries.retain(|e| e.cache.len() > 0);
        while self.entries.len() >= self.most {
            self.entries.remove(0);
        }
        self.entries.push(Entry { tokens, ends, shared, cache });
        Ok(())
    }
}

fn reusable(entry: &Entry, tokens: &[u32], ends: &[usize]) -> usize {
    let same = entry.tokens.iter().zip(tokens).take_while(|(a, b)| a == b).count();
    let most = same.min(entry.cache.len()).min(tokens.len().saturating_sub(1));
    let common = entry.ends.iter().zip(ends).take_while(|(a, b)| a == b && **a <= most);
    common.last().map_or(0, |(&end, _)| end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(len: usize) -> KvCache {
        let tensor = Tensor::zeros((GROWTH, 1, 2), DType::F32, &Device::Cpu).unwrap();
        KvCache { layers: vec![(tensor.clone(), tensor)], len }
    }

    #[test]
    fn chunks_end_at_the_shared_part_and_cover_the_prompt() {
        assert_eq!(chunk_ends(1000, 300), [256, 300, 556, 812, 1000]);
        assert_eq!(chunk_ends(512, 256), [256, 512]);
        assert_eq!(chunk_ends(10, 0), [10]);
        assert_eq!(chunk_ends(10, 10), [10]);
    }

    #[test]
    fn whole_equal_chunks_are_reused_but_never_the_last() {
        let mut kept = PrefixCaches::new(2);
        let first: Vec<u32> = (0..700).collect();
        kept.put(first.clone(), chunk_ends(700, 100), 100, cache(400)).unwrap();
        let again = kept.take(&first, &chunk_ends(700, 100)).unwrap();
        assert_eq!(again.unwrap().len(), 356, "only what the cache holds");

        kept.put(first.clone(), chunk_ends(700, 100), 100, cache(700)).unwrap();
        let mut other = first.clone();
        other[150] = 9999;
        assert_eq!(kept.take(&other, &chunk_ends(700, 100)).unwrap().unwrap().len(), 100);

        kept.put(first.clone(), chunk_ends(100, 100), 100, cache(100)).unwrap();
        assert!(kept.take(&first[..100], &chunk_ends(100, 100)).unwrap().is_none());
        assert!(kept.take(&first, &chunk_ends(700, 50)).unwrap().is_none(), "other chunk ends");
    }

    #[test]
    fn older_caches_keep_their_shared_part_and_their_number_is_bounded() {
        let mut kept = PrefixCaches::new(2);
        for family in 0..3_u32 {
            let tokens: Vec<u32> = (0..300).map(|i| i + family * 1000).collect();
            kept.put(tokens, chunk_ends(300, 200), 200, cache(300)).unwrap();
        }
        let lens: Vec<_> = kept.entries.iter().map(|e| e.cache.len()).collect();
        assert_eq!(lens, [200, 300]);
        assert_eq!(kept.entries[0].tokens[0], 1000);
    }
}
