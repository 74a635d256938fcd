//! A least-recently-used cache bounded by bytes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use footnote_core::hash::ContentHash;

/// Values by content hash. What is named by its content never goes stale, only out.
pub(super) struct ByteCache<V> {
    capacity: usize,
    state: Mutex<State<V>>,
}

struct State<V> {
    entries: HashMap<ContentHash, Entry<V>>,
    /// Hashes by the tick of their last use, oldest first.
    uses: BTreeMap<u64, ContentHash>,
    tick: u64,
    bytes: usize,
}

struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<V: Clone> ByteCache<V> {
    /// Holds `capacity` bytes at the most.
    pub(super) fn new(capacity: usize) -> Self {
        let state = State { entries: HashMap::new(), uses: BTreeMap::new(), tick: 0, bytes: 0 };
        Self { capacity, state: Mutex::new(state) }
    }

    /// The value, which becomes the most recently used.
    pub(super) fn get(&self, hash: ContentHash) -> Option<V> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let entry = state.entries.get_mut(&hash)?;
        state.uses.remove(&entry.used);
        state.tick += 1;
        entry.used = state.tick;
        state.uses.insert(state.tick, hash);
        Some(entry.value.clone())
    }

    /// Keeps a value of `bytes` bytes, in place of the least recently used. One that is larger than
    /// the whole cache is not kept.
    pub(super) fn insert(&self, hash: ContentHash, value: V, bytes: usize) {
        if bytes > self.capacity {
            return;
        }
        let mut guard = self.lock();
        let state = &mut *guard;
        state.remove(hash);
        while state.bytes + bytes > self.capacity {
            let Some((_, &oldest)) = state.uses.first_key_value() else { break };
            state.remove(oldest);
        }
        state.tick += 1;
        state.uses.insert(state.tick, hash);
        state.entries.insert(hash, Entry { value, bytes, used: state.tick });
        state.bytes += bytes;
    }

    /// A thread that panicked between two steps can at worst have lost an entry.
    fn lock(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> State<V> {
    fn remove(&mut self, hash: ContentHash) {
        if let Some(entry) = self.entries.remove(&hash) {
            self.uses.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hash(n: u8) -> ContentHash {
        ContentHash::of(&[n])
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let cache = ByteCache::new(10);
        cache.insert(hash(1), 1, 4);
        cache.insert(hash(2), 2, 4);
        assert_eq!(cache.get(hash(1)), Some(1));
        cache.insert(hash(3), 3, 4);
        assert_eq!((cache.get(hash(1)), cache.get(hash(2)), cache.get(hash(3))), (Some(1), None, Some(3)));
        cache.insert(hash(4), 4, 11);
        assert_eq!((cache.get(hash(4)), cache.get(hash(1))), (None, Some(1)));
    }

    proptest! {
        #[test]
        fn the_bound_holds_and_values_are_their_own(steps in prop::collection::vec((0_u8..20, 0_usize..40), 0..200)) {
            let cache = ByteCache::new(100);
            for (n, bytes) in steps {
                if bytes % 3 == 0 {
                    if let Some(found) = cache.get(hash(n)) {
                        prop_assert_eq!(found, n);
                    }
                } else {
                    cache.insert(hash(n), n, bytes);
                }
                let state = cache.lock();
                let held: usize = state.entries.values().map(|e| e.bytes).sum();
                prop_assert_eq!(held, state.bytes);
                prop_assert!(held <= 100);
                prop_assert_eq!(state.uses.len(), state.entries.len());
            }
        }
    }
}
