//! The promises of the seams, kept by a real database in a temporary folder.

mod bed;
mod confirm;
mod conversations;
mod deletion;
mod jobs;
mod keys;
mod listing;
mod malformed;
mod schedules;
mod vectors;
mod versions;
