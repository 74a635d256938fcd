//! A model lives on its own thread behind a bounded queue.
//!
//! Work that nobody waits for any more is skipped; a full queue is an honest "busy".

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::{Error, ErrorKind, Result};

type Work<M> = Box<dyn FnOnce(&mut M) + Send>;

/// A handle to the thread that owns a model of type `M`. Dropping the last clone ends the thread.
pub struct ModelThread<M> {
    queue: SyncSender<Work<M>>,
    name: String,
    retry_after: Duration,
}

impl<M> Clone for ModelThread<M> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), name: self.name.clone(), retry_after: self.retry_after }
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
        let (queue, requests) = sync_channel(capacity.max(1));
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&requests, LazyModel { load: Box::new(load), model: None }))
            .map_err(|e| Error::internal(format!("cannot start thread {name}")).with_source(e))?;
        Ok(ModelThread { queue, name: name.to_owned(), retry_after })
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
        let (reply, answer) = oneshot::channel();
        let span = tracing::Span::current();
        self.submit(move |lazy| {
            if reply.is_closed() {
                return;
            }
            let _entered = span.entered();
            let result = lazy.get().and_then(work);
            // The caller may have left meanwhile: then nobody wants the result.
            let _ = reply.send(result);
        })?;
        answer.await.map_err(|_| Error::internal(format!("thread {} dropped the request", self.name)))?
    }

    /// Queues `work` without waiting for it. Busy where the queue is full.
    pub fn submit(&self, work: impl FnOnce(&mut LazyModel<M>) + Send + 'static) -> Result<()> {
        self.queue.try_send(Box::new(work)).map_err(|e| match e {
            TrySendError::Full(_) => {
                Error::busy(format!("{} is busy; try again shortly", self.name), self.retry_after)
            }
            TrySendError::Disconnected(_) => {
                Error::new(ErrorKind::Internal, format!("thread {} has ended", self.name))
            }
        })
    }
}

fn serve<M>(requests: &Receiver<Work<M>>, mut model: M) {
    while let Ok(work) = requests.recv() {
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
            .submit(move |_| {
                started.send(()).unwrap();
                gate.recv().unwrap()
            })
            .unwrap();
        running.recv().unwrap();
        thread.submit(|_| ()).unwrap();
        let busy = thread.submit(|_| ()).unwrap_err();
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
}
