//! The service as a process of its own, which can be killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Client, footnote_binary, models_folder};

/// Longest time until a process serves.
const SERVES_WITHIN: Duration = Duration::from_secs(120);

/// A running `footnote serve`. Dropping it kills it.
pub struct Server {
    child: Child,
    lines: mpsc::Receiver<String>,
    log: Vec<String>,
}

/// What a server said when it was ready.
#[derive(Debug, Clone)]
pub struct Ready {
    /// Where it listens, like `http://127.0.0.1:8080`.
    pub address: String,
    /// The first key, where it made one.
    pub first_key: Option<String>,
}

impl Server {
    /// Starts `footnote serve` on a data folder and a free port, configured by its environment.
    pub fn start(data: &Path) -> Self {
        let mut child = Command::new(footnote_binary())
            .arg("serve")
            .current_dir(data)
            .env("FOOTNOTE__DATA__FOLDER", data.join("data"))
            .env("FOOTNOTE__SERVER__BIND", "127.0.0.1:0")
            .env("FOOTNOTE__MODELS__FOLDER", models_folder())
            .env("FOOTNOTE__MODELS__GENERATOR", "none")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stderr = child.stderr.take().expect("standard error is piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines, log: Vec::new() }
    }

    /// Waits until it serves.
    pub fn wait_until_ready(&mut self) -> Ready {
        let began = Instant::now();
        let mut first_key = None;
        loop {
            let left = SERVES_WITHIN.saturating_sub(began.elapsed());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("the server does not serve:\n{}", self.log.join("\n"));
            };
            if let Some((_, key)) = line.split_once("shown once: ") {
                first_key = Some(key.trim().to_owned());
            }
            let address = line.strip_prefix("serving ").and_then(|rest| rest.split_whitespace().next());
            if let Some(address) = address {
                return Ready { address: address.to_owned(), first_key };
            }
            self.log.push(line);
        }
    }

    /// Kills the process as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("the process can be waited for");
    }

    /// What it wrote to its log so far.
    pub fn log(&mut self) -> String {
        self.log.extend(self.lines.try_iter());
        self.log.join("\n")
    }
}

impl Ready {
    /// A client with this key.
    pub fn client(&self, key: &str) -> Client {
        Client::new(self.address.clone(), Some(key))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
