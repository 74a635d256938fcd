//! Threads that work on what one caller hands out, piece by piece.
//!
//! Nothing is queued: a piece that no thread is free for stays with the caller, who waits. So there are never
//! more pieces alive than threads, and the one in the caller's hand.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use footnote_core::{Error, Result};

/// At most so many threads, started when all others are busy. They end when this is dropped.
pub(super) struct Workers<T, R> {
    most: usize,
    started: usize,
    /// Pieces whose results were not taken.
    open: usize,
    pieces: SyncSender<(usize, T)>,
    taken_from: Arc<Mutex<Receiver<(usize, T)>>>,
    done: Sender<(usize, R)>,
    results: Receiver<(usize, R)>,
}

impl<T: Send + 'static, R: Send + 'static> Workers<T, R> {
    /// Starts nothing yet.
    pub(super) fn new(most: usize) -> Self {
        let (pieces, taken_from) = sync_channel(0);
        let (done, results) = channel();
        let taken_from = Arc::new(Mutex::new(taken_from));
        Self { most: most.max(1), started: 0, open: 0, pieces, taken_from, done, results }
    }

    /// Hands out piece number `index`, when a thread is free; a new thread works with what `start` gives, which
    /// must not panic.
    pub(super) fn give<W>(&mut self, index: usize, piece: T, start: impl FnOnce() -> W) -> Result<()>
    where
        W: FnMut(T) -> R + Send + 'static,
    {
        if self.started <= self.open && self.started < self.most {
            self.start(start())?;
        }
        let ended = |_| Error::internal("the threads that read pictures ended");
        self.pieces.send((index, piece)).map_err(ended)?;
        self.open += 1;
        Ok(())
    }

    /// A result that is there.
    pub(super) fn take(&mut self) -> Option<(usize, R)> {
        let result = self.results.try_recv().ok()?;
        self.open = self.open.saturating_sub(1);
        Some(result)
    }

    /// The next result, whenever it comes; none where nothing is worked on.
    pub(super) fn wait(&mut self) -> Option<(usize, R)> {
        if self.open == 0 {
            return None;
        }
        self.open -= 1;
        self.results.recv().ok()
    }

    fn start<W>(&mut self, mut work: W) -> Result<()>
    where
        W: FnMut(T) -> R + Send + 'static,
    {
        let (pieces, done) = (self.taken_from.clone(), self.done.clone());
        let thread = thread::Builder::new().name("ocr".to_owned()).spawn(move || {
            loop {
                let piece = pieces.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok((index, piece)) = piece else { return };
                if done.send((index, work(piece))).is_err() {
                    return;
                }
            }
        });
        match thread {
            Ok(_) => self.started += 1,
            // With fewer it takes longer.
            Err(_) if self.started > 0 => self.most = self.started,
            Err(error) => return Err(Error::internal(format!("cannot start a thread for OCR: {error}"))),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    static MOST_ALIVE: AtomicUsize = AtomicUsize::new(0);

    struct Picture(usize);

    impl Picture {
        fn new(number: usize) -> Self {
            MOST_ALIVE.fetch_max(ALIVE.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            Self(number)
        }
    }

    impl Drop for Picture {
        fn drop(&mut self) {
            ALIVE.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn no_more_pieces_are_alive_than_threads_and_one() {
        for threads in [1, 2, 3] {
            MOST_ALIVE.store(0, Ordering::SeqCst);
            let mut workers = Workers::new(threads);
            let mut results = Vec::new();
            let mut started = 0;
            for number in 0..40 {
                let work = |picture: Picture| {
                    // The later ones are done first.
                    std::thread::sleep(Duration::from_micros(400 * (picture.0 % 3) as u64));
                    picture.0 * 2
                };
                let start = || {
                    started += 1;
                    work
                };
                workers.give(number, Picture::new(number), start).unwrap();
                results.extend(std::iter::from_fn(|| workers.take()));
            }
            results.extend(std::iter::from_fn(|| workers.wait()));
            results.sort_unstable();
            assert_eq!(results, (0..40).map(|number| (number, number * 2)).collect::<Vec<_>>());
            // Fewer, where the machine is so busy that a thread is done before the next piece comes.
            assert!((1..=threads + 1).contains(&MOST_ALIVE.load(Ordering::SeqCst)));
            assert!((1..=threads).contains(&started));
            assert_eq!(ALIVE.load(Ordering::SeqCst), 0);
        }
    }

    #[test]
    fn one_piece_starts_one_thread() {
        let mut workers = Workers::new(8);
        workers.give(0, 20, || |piece: i32| piece + 1).unwrap();
        assert_eq!(workers.wait(), Some((0, 21)));
        assert_eq!((workers.wait(), workers.started), (None, 1));
    }
}
