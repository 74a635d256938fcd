//! What is SQLite's own affair, or damages the files below it. What the seams promise is in the
//! conformance suites of `tests/`.

mod bed;
mod confirm;
mod descriptions;
mod garbage;
mod jobs;
mod malformed;
mod rechunking;
mod run_steps;
mod turns;
mod upkeep;
mod warnings;
