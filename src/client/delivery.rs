//! Delivery tokens: which messages are unfinished, and waiting for them.

use super::{Client, Error};
use crate::packet::PacketId;
use std::time::{Duration, Instant};

impl Client {
    /// Tokens of the unfinished outbound messages, in the order they were sent; works without a connection too.
    pub fn pending_tokens(&self) -> Vec<PacketId> {
        self.lock_idle().session.pending_tokens().collect()
    }

    /// Waits until the message with this token is finished: at once if it is unknown, [`Error::Disconnected`] when there
    /// is no connection (any more), [`Error::Failure`] after `timeout`.
    pub fn wait_for_completion(
        &self,
        token: Option<PacketId>,
        timeout: Duration,
    ) -> Result<(), Error> {
        if timeout.is_zero() {
            return Err(Error::Failure);
        }
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.lock_idle();
        let finished = self.wait_for_ack(&mut state, deadline, |state| {
            if state.destroyed {
                return Some(Err(Error::Failure));
            }
            if !state.session.is_connected() {
                return Some(Err(Error::Disconnected));
            }
            let pending = token.is_some_and(|id| state.session.is_pending(id));
            (!pending).then_some(Ok(()))
        });
        finished.unwrap_or(Err(Error::Failure))
    }
}
