//! Several copies of a model, each on its own thread, shared by people who wait and by bulk work.
//!
//! One-thread sessions side by side beat one session with many threads (measured for BERT-sized
//! models). Bulk work holds at most one place per session, in the queue or running: a question
//! waits behind one small piece of it, never behind a whole document.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use footnote_core::error::Context as _;
use footnote_core::model_thread::{LazyModel, ModelThread};
use footnote_core::{Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const RETRY_AFTER: Duration = Duration::from_secs(2);

pub(crate) struct SessionPool<M: 'static> {
    name: &'static str,
    sessions: Vec<Session<M>>,
    /// As many permits as sessions: whoever holds one finds a session in `free`.
    bulk: Arc<Semaphore>,
    /// Sessions without bulk work.
    free: Arc<Mutex<Vec<usize>>>,
    queue: usize,
}

struct Session<M: 'static> {
    thread: ModelThread<LazyModel<M>>,
    questions: Arc<Semaphore>,
}

/// A place of bulk work. It travels with the work, so that a caller who leaves early does not free
/// a place on which the thread is still busy.
struct BulkPlace {
    session: usize,
    free: Arc<Mutex<Vec<usize>>>,
    /// Released after `drop` gave the session back.
    _permit: OwnedSemaphorePermit,
}

impl Drop for BulkPlace {
    fn drop(&mut self) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.session);
    }
}

impl<M: 'static> SessionPool<M> {
    /// Starts the threads; each loads its copy with `load` when it is first needed. `queue` bounds
    /// the questions that wait or run per session.
    pub(crate) fn start(
        name: &'static str,
        sessions: usize,
        queue: usize,
        load: impl Fn() -> Result<M> + Clone + Send + 'static,
    ) -> Result<Self> {
        let (count, queue) = (sessions.max(1), queue.max(1));
        let mut sessions = Vec::with_capacity(count);
        for number in 0..count {
            // Room for every question that holds a permit and for the one piece of bulk work.
            let thread =
                ModelThread::spawn(&format!("{name}-{number}"), queue + 1, RETRY_AFTER, load.clone())?;
            sessions.push(Session { thread, questions: Arc::new(Semaphore::new(queue)) });
        }
        let free = Arc::new(Mutex::new((0..count).collect()));
        Ok(Self { name, sessions, bulk: Arc::new(Semaphore::new(count)), free, queue })
    }

    /// How many pieces of bulk work can run side by side.
    pub(crate) fn width(&self) -> usize {
        self.sessions.len()
    }

    /// Runs a question's work on the least busy session. Busy at once where all queues are full of
    /// questions that somebody waits for. The work is given what tells whether its caller still does.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut M, &dyn Fn() -> bool) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let busy = || Error::busy(format!("{} is busy; try again shortly", self.name), RETRY_AFTER);
        let (session, place) = match self.question_place() {
            Some(found) => found,
            None => {
                // Those who left still hold places.
                self.sessions.iter().for_each(|session| session.thread.forget_unwanted());
                self.question_place().ok_or_else(busy)?
            }
        };
        session
            .thread
            .call_watched(move |model, is_wanted| {
                let _place = place;
                work(model, is_wanted)
            })
            .await
    }

    /// A place at the least busy session, if that has one.
    fn question_place(&self) -> Option<(&Session<M>, OwnedSemaphorePermit)> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let load = |n: usize| (self.questions_at(n), !free.contains(&n));
        let quietest = (0..self.sessions.len()).min_by_key(|&n| load(n))?;
        let session = self.sessions.get(quietest)?;
        let place = session.questions.clone().try_acquire_owned().ok()?;
        Some((session, place))
    }

    /// Runs a piece of bulk work as soon as a session has a place for it, however long that takes.
    pub(crate) async fn run_bulk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut M) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = self.bulk.clone().acquire_owned().await.internal("the model threads have ended")?;
        let place = self.take_place(permit);
        let session = place.as_ref().and_then(|p| self.sessions.get(p.session));
        let session =
            session.ok_or_else(|| Error::internal(format!("{} lost count of its sessions", self.name)))?;
        session
            .thread
            .call(move |model| {
                let _place = place;
                work(model)
            })
            .await
    }

    /// Takes the free session with the fewest questions. A permit means that there is one.
    fn take_place(&self, permit: OwnedSemaphorePermit) -> Option<BulkPlace> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let quietest = (0..free.len()).min_by_key(|&at| self.questions_at(free[at]))?;
        let session = free.swap_remove(quietest);
        Some(BulkPlace { session, free: self.free.clone(), _permit: permit })
    }

    /// Questions waiting or running at a session.
    fn questions_at(&self, session: usize) -> usize {
        let left = self.sessions.get(session).map_or(0, |s| s.questions.available_permits());
        self.queue.saturating_sub(left)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use footnote_core::ErrorKind;

    use super::*;

    fn pool(sessions: usize, queue: usize) -> Arc<SessionPool<u32>> {
        Arc::new(SessionPool::start("counter", sessions, queue, || Ok(7)).unwrap())
    }

    /// Occupies one place of bulk work until the returned sender is dropped.
    async fn occupy(pool: &Arc<SessionPool<u32>>) -> mpsc::Sender<()> {
        let (release, gate) = mpsc::channel::<()>();
        let (started, running) = tokio::sync::oneshot::channel();
        let busy = pool.clone();
        tokio::spawn(async move {
            busy.run_bulk(move |_| {
                started.send(()).unwrap();
                let _ = gate.recv();
                Ok(())
            })
            .await
        });
        running.await.unwrap();
        release
    }

    #[tokio::test]
    async fn a_question_passes_queued_bulk_work() {
        let pool = pool(1, 4);
        let first = occupy(&pool).await;
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let bulk: Vec<_> = (0..5)
            .map(|_| {
                let (pool, order) = (pool.clone(), order.clone());
                tokio::spawn(async move {
                    pool.run_bulk(move |_| {
                        order.lock().unwrap().push("bulk");
                        Ok(())
                    })
                    .await
                })
            })
            .collect();
        tokio::task::yield_now().await;
        let question = {
            let (pool, order) = (pool.clone(), order.clone());
            tokio::spawn(async move {
                pool.ask(move |_, _| {
                    order.lock().unwrap().push("question");
                    Ok(())
                })
                .await
            })
        };
        tokio::task::yield_now().await;
        drop(first);
        question.await.unwrap().unwrap();
        for work in bulk {
            work.await.unwrap().unwrap();
        }
        assert_eq!(order.lock().unwrap()[0], "question");
    }

    #[tokio::test]
    async fn a_full_queue_of_questions_is_busy_while_bulk_work_waits() {
        let pool = pool(1, 1);
        let gate = occupy(&pool).await;
        let waiting = tokio::spawn({
            let pool = pool.clone();
            async move { pool.ask(|n, _| Ok(*n)).await }
        });
        tokio::task::yield_now().await;
        let refused = pool.ask(|n, _| Ok(*n)).await.unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Busy { .. }), "{refused}");
        let patient = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run_bulk(|n| Ok(*n + 1)).await }
        });
        tokio::task::yield_now().await;
        assert!(!patient.is_finished());
        drop(gate);
        assert_eq!(waiting.await.unwrap().unwrap(), 7);
        assert_eq!(patient.await.unwrap().unwrap(), 8);
    }

    #[tokio::test]
    async fn a_question_takes_the_session_without_bulk_work() {
        let pool = pool(2, 2);
        let _gate = occupy(&pool).await;
        let answer = tokio::time::timeout(Duration::from_secs(5), pool.ask(|n, _| Ok(*n))).await;
        assert_eq!(answer.unwrap().unwrap(), 7);
    }

    #[tokio::test]
    async fn callers_who_left_hold_no_place() {
        let pool = pool(2, 1);
        let gates = [occupy(&pool).await, occupy(&pool).await];
        for _ in 0..5 {
            let left = tokio::time::timeout(Duration::from_millis(5), pool.ask(|n, _| Ok(*n))).await;
            assert!(left.is_err(), "it waits, and is not refused");
        }
        drop(gates);
        assert_eq!(pool.ask(|n, _| Ok(*n)).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_caller_who_leaves_frees_no_place_that_is_still_used() {
        let pool = pool(1, 1);
        let (release, gate) = mpsc::channel::<()>();
        let (started, running) = tokio::sync::oneshot::channel();
        let leaving = pool.ask(move |_, _| {
            started.send(()).unwrap();
            let _ = gate.recv();
            Ok(())
        });
        tokio::select! {
            _ = leaving => panic!("ended before it was let go"),
            started = running => started.unwrap(),
        }
        let refused = pool.ask(|n, _| Ok(*n)).await.unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Busy { .. }), "the thread still works on it");
        drop(release);
        while pool.ask(|n, _| Ok(*n)).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}
