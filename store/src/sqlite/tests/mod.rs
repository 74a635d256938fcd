//! The promises of the seams, kept by a real database in a temporary folder.

mod bed;
mod confirm;
mod conversations;
mod deletion;
mod descriptions;
mod garbage;
mod jobs;
mod keys;
mod listing;
mod malformed;
mod run_steps;
mod schedules;
mod upkeep;
mod vectors;
mod versions;
