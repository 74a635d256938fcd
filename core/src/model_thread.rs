//! A model lives on its own thread behind a bounded queue.
//!
//! Work that nobody waits for any more is skipped, and holds no place in the queue against somebody
//! who does; a full queue is an honest "busy".

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::{Error, Result};

/// A handle to the thread that owns a model of type `M`. Dropping the last clone ends the thread,
/// once what is queued is done.
pub struct ModelThread<M> {
    handle: Arc<Handle<M>>,
}

/// What all clones share; its end is the thread's.
struct Handle<M> {
    queue: Arc<Queue<M>>,
    name: String,
    capacity: usize,
    retry_after: Duration,
}

struct Queue<M> {
    state: Mutex<State<M>>,
    changed: Condvar,
}

struct State<M> {
    waiting: VecDeque<Request<M>>,
    /// No handle is left.
    is_closed: bool,
}

struct Request<M> {
    is_wanted: Box<dyn Fn() -> bool + Send>,
    work: Box<dyn FnOnce(&mut M) + Send>,
}

impl<M> Clone for ModelThread<M> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone() }
    }
}

impl<M: 'static> ModelThread<M> {
    /// Starts a thread called `name`. `load` runs on it at the first request, so that an unused
    /// model costs nothing; if it fails, every request gets that error until a load succeeds.
    pub fn spawn(
        name: &str,
        capacity: usize,
        retry_after: Duration,
        load: impl Fn() -> Result<M> + Send + 'static,
    ) -> Result<ModelThread<LazyModel<M>>> {
        let state = State { waiting: VecDeque::new(), is_closed: false };
        let queue = Arc::new(Queue { state: Mutex::new(state), changed: Condvar::new() });
        let requests = queue.clone();
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&requests, LazyModel { load: Box::new(load), model: None }))
            .map_err(|e| Error::internal(format!("cannot start thread {name}")).with_source(e))?;
        let handle = Handle { queue, name: name.to_owned(), capacity: capacity.max(1), retry_after };
        Ok(ModelThread { handle: Arc::new(handle) })
    }
}

/// A model that loads when it is first needed.
pub struct LazyModel<M> {
    load: Box<dyn Fn() -> Result<M> + Send>,
    model: Option<M>,
}

impl<M> LazyModel<M> {
    /// The model, loaded now if it was not.
    pub fn get(&mut self) -> Result<&mut M> {
        if self.model.is_none() {
            self.model = Some((self.load)()?);
        }
        self.model.as_mut().ok_or_else(|| Error::internal("model vanished after loading"))
    }
}

impl<M: 'static> ModelThread<LazyModel<M>> {
    /// Queues `work` and waits for its result. Busy where the queue is full. Where the caller's
    /// future is dropped before the work's turn comes, the work is skipped.
    pub async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut M) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.call_watched(move |model, _| work(model)).await
    }

    /// As [`Self::call`], for work of several steps: it is given what tells whether the caller still
    /// waits, to be asked between two of them.
    pub async fn call_watched<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut M, &dyn Fn() -> bool) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let span = tracing::Span::current();
        // Lives as long as the caller's future.
        let caller = Arc::new(());
        let waiting = Arc::downgrade(&caller);
        let is_wanted = move || waiting.strong_count() > 0;
        self.submit(is_wanted.clone(), move |lazy| {
            let _entered = span.entered();
            let result = lazy.get().and_then(|model| work(model, &is_wanted));
            // The caller may have left meanwhile: then nobody wants the result.
            let _ = reply.send(result);
        })?;
        let answer = answer.await;
        drop(caller);
        answer.map_err(|_| Error::internal(format!("thread {} dropped the request", self.handle.name)))?
    }

    /// Queues `work` without waiting for it. Busy where the queue is full of work that is wanted.
    /// Where `is_wanted` says no before the work's turn comes, the work is skipped.
    pub fn submit(
        &self,
        is_wanted: impl Fn() -> bool + Send + 'static,
        work: impl FnOnce(&mut LazyModel<M>) + Send + 'static,
    ) -> Result<()> {
        let Handle { queue, name, capacity, retry_after } = self.handle.as_ref();
        if queue.lock().waiting.len() >= *capacity {
            self.forget_unwanted();
        }
        let mut state = queue.lock();
        if state.waiting.len() >= *capacity {
            return Err(Error::busy(format!("{name} is busy; try again shortly"), *retry_after));
        }
        state.waiting.push_back(Request { is_wanted: Box::new(is_wanted), work: Box::new(work) });
        drop(state);
        queue.changed.notify_one();
        Ok(())
    }

    /// Takes out of the queue what nobody waits for any more.
    pub fn forget_unwanted(&self) {
        let mut state = self.handle.queue.lock();
        let (wanted, unwanted): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut state.waiting).into_iter().partition(|request| (request.is_wanted)());
        state.waiting = wanted;
        // What the work owns is dropped without the lock.
        drop(state);
        drop(unwanted);
    }
}

impl<M> Drop for Handle<M> {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.changed.notify_one();
    }
}

impl<M> Queue<M> {
    fn lock(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a request; `None` where none can come any more.
    fn next(&self) -> Option<Request<M>> {
        let mut state = self.lock();
        loop {
            if let Some(request) = state.waiting.pop_front() {
                return Some(request);
            }
            if state.is_closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn serve<M>(requests: &Queue<M>, mut model: M) {
    while let Some(Request { is_wanted, work }) = requests.next() {
        if !is_wanted() {
            continue;
        }
        // A panic inside a model's library costs one request, not the thread. The work drops its
        // reply channel while unwinding, so the caller learns of it.
        if catch_unwind(AssertUnwindSafe(|| work(&mut model))).is_err() {
            tracing::error!(thread = std::thread::current().name(), "a model request panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn wanted() -> bool {
        true
    }

    #[tokio::test]
    async fn full_is_busy_and_a_panic_costs_one_request() {
        let thread = ModelThread::<u32>::spawn("counter", 1, Duration::from_secs(3), || Ok(41)).unwrap();
        assert_eq!(
            thread
                .call(|n| {
                    *n += 1;
                    Ok(*n)
                })
                .await
                .unwrap(),
            42
        );

        let (release, gate) = std::sync::mpsc::channel::<()>();
        let (started, running) = std::sync::mpsc::channel::<()>();
        thread
            .submit(wanted, move |_| {
                started.send(()).unwrap();
                gate.recv().unwrap()
            })
            .unwrap();
        running.recv().unwrap();
        thread.submit(wanted, |_| ()).unwrap();
        let busy = thread.submit(wanted, |_| ()).unwrap_err();
        assert_eq!(busy.kind(), ErrorKind::Busy { retry_after: Duration::from_secs(3) });
        release.send(()).unwrap();

        // Wait for room, then panic inside a request.
        while thread.call(|_| Ok(())).await.is_err() {
            tokio::task::yield_now().await;
        }
        let panicked = thread.call(|_| -> Result<()> { panic!("inside the model") }).await;
        assert_eq!(panicked.unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(thread.call(|n| Ok(*n)).await.unwrap(), 42);
    }

    /// Occupies the thread until the sender is dropped.
    fn occupy(thread: &ModelThread<LazyModel<u32>>) -> std::sync::mpsc::Sender<()> {
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let (started, running) = std::sync::mpsc::channel::<()>();
        let work = move |_: &mut LazyModel<u32>| {
            started.send(()).unwrap();
            let _ = gate.recv();
        };
        thread.submit(wanted, work).unwrap();
        running.recv().unwrap();
        release
    }

    #[tokio::test]
    async fn who_left_holds_no_place_and_costs_no_work() {
        let thread = ModelThread::<u32>::spawn("counter", 2, Duration::from_secs(3), || Ok(0)).unwrap();
        let release = occupy(&thread);
        for _ in 0..5 {
            let call = thread.call(|n| {
                *n += 1;
                Ok(())
            });
            assert!(tokio::time::timeout(Duration::from_millis(5), call).await.is_err(), "it waits");
        }
        let patient = tokio::spawn({
            let thread = thread.clone();
            async move { thread.call(|n| Ok(*n)).await }
        });
        tokio::task::yield_now().await;
        drop(release);
        assert_eq!(patient.await.unwrap().unwrap(), 0);
    }

    #[tokio::test]
    async fn work_of_several_steps_learns_that_its_caller_left() {
        let thread = ModelThread::<u32>::spawn("counter", 1, Duration::from_secs(3), || Ok(0)).unwrap();
        let (ended, end) = std::sync::mpsc::channel();
        let call = thread.call_watched(move |_, is_wanted| {
            while is_wanted() {
                std::thread::yield_now();
            }
            ended.send(()).unwrap();
            Ok(())
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), call).await.is_err());
        end.recv_timeout(Duration::from_secs(5)).unwrap();
    }

    #[test]
    fn what_is_queued_is_done_after_the_last_handle_is_gone_and_then_the_thread_ends() {
        let (done, all_done) = std::sync::mpsc::channel();
        let of_thread = done.clone();
        let load = move || of_thread.send(0).map(|()| 0).map_err(|_| Error::internal("nobody listens"));
        let thread = ModelThread::<u32>::spawn("counter", 4, Duration::from_secs(3), load).unwrap();
        let release = occupy(&thread);
        for n in 1..3 {
            let done = done.clone();
            thread.submit(wanted, move |_| done.send(n).unwrap()).unwrap();
        }
        drop((thread, release, done));
        assert_eq!(all_done.iter().collect::<Vec<_>>(), [1, 2], "the channel ends with the thread");
    }
}
