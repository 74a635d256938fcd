//! `footnote serve`: the web API until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;

use footnote_core::error::Context;
use footnote_core::principal::Role;
use footnote_core::{ErrorKind, Result};
use tokio::net::TcpListener;

use super::session::Session;
use crate::app::App;
use crate::config::Config;
use crate::service::keys;

/// Opens the data folder, makes the first key, serves.
pub(crate) async fn run(config: Config) -> Result<()> {
    let listener = listen(config.server.bind).await?;
    let session = Session::open_with_workers(config).await?;
    if let Some(secret) = first_key(&session).await? {
        anstream::eprintln!("the first admin key, shown once: {secret}");
    }
    let address = listener.local_addr().internal("cannot tell the address that is served")?;
    anstream::eprintln!("serving http://{address} (API docs at /docs)");
    let result = serve(&session.app, listener).await;
    session.close().await;
    result
}

/// Binds before anything slow happens, so that a taken port is told at once.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.context(ErrorKind::Conflict, || {
        format!("cannot listen on {address}; choose another with --bind ADDRESS:PORT")
    })
}

/// Serves until Ctrl-C or SIGTERM.
pub(crate) async fn serve(app: &Arc<App>, listener: TcpListener) -> Result<()> {
    app.clone().serve(listener, stop_signal()).await
}

/// An admin key's secret where the workspace has no key yet.
pub(crate) async fn first_key(session: &Session) -> Result<Option<String>> {
    if !keys::list(&session.app, &session.principal).await?.is_empty() {
        return Ok(None);
    }
    let (_, secret) = keys::create(&session.app, &session.principal, "first key", Role::Admin, None).await?;
    Ok(Some(secret.reveal().to_owned()))
}

async fn stop_signal() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    if interrupted.await.is_err() {
        std::future::pending::<()>().await;
    }
}
