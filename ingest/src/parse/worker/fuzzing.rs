//! What the fuzz target `wire` reaches of the child's protocol.

use crate::members::DropMembers;
use crate::parse::fuzzing::{judge, limits};

use super::*;

/// The parent reads a child's answer.
pub fn answer(mut bytes: &[u8]) {
    let host = ParseHost::new(Vec::new(), limits(), EngineConfig::default(), 1);
    let mut members = DropMembers;
    let incoming = Incoming::new(&mut members, &host.limits);
    let (progress, mut spent) = (Progress::default(), None);
    let received = host.receive(&mut bytes, "a.pdf", incoming, &progress, &mut spent);
    if let Ok(Some(document)) = futures::executor::block_on(received) {
        judge(Ok(document));
    }
}

/// The child reads a request.
pub fn request(mut bytes: &[u8]) {
    if let Ok(request) = wire::read_request(&mut bytes) {
        wire::encode(&request).expect("what was read can be written");
    }
}
