//! Taking messages without callbacks.

use super::dispatch::ThreadMark;
use super::state::Driver;
use super::{Client, Error};
use crate::packet::Message;
use std::time::{Duration, Instant};

/// What a receive came to. There may be a message although the connection broke.
pub struct Received {
    /// The message, if there was one before the timeout.
    pub message: Option<Message>,
    /// The connection broke.
    pub broken: bool,
}

impl Client {
    /// Whether `receive` can be used at all: `Err(Failure)` for a client driven by workers, `Err(Disconnected)` without
    /// a connection.
    pub fn check_receive(&self) -> Result<(), Error> {
        let state = self.state.lock();
        // As by the original, which still has its thread while that calls connectionLost, but not in `disconnected`.
        let tells_loss =
            state.telling_loss == Some(ThreadMark::current()) && !state.telling_disconnect;
        let driven = state.session.is_connected() || tells_loss;
        if state.destroyed || state.driver == Driver::Workers && driven {
            return Err(Error::Failure);
        }
        if !state.session.is_connected() {
            return Err(Error::Disconnected);
        }
        Ok(())
    }

    /// The next message, waiting for it at most `timeout`. The message's record is removed before this returns.
    pub fn receive(&self, timeout: Duration) -> Result<Received, Error> {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.lock_idle();
        let number = state.link_number();
        state.receivers += 1;
        self.drive_now(&mut state, deadline);
        if state.messages.is_empty() {
            let broken = |state: &super::state::State| state.link_number() != number;
            self.wait_until(&mut state, deadline, |state| {
                (!state.messages.is_empty() || broken(state)).then_some(())
            });
        }
        state.receivers -= 1;
        if state.destroyed {
            // What is still here stays in the store for the next client.
            return Err(Error::Failure);
        }
        let broken = state.link_number() != number;
        let queued = state.pop_message();
        state.read_ahead = state.read_ahead.saturating_sub(1);
        if state.keeps_ending() {
            self.changed.notify_all();
        }
        let message = queued.map(|queued| {
            self.remove_record(&mut state, queued.record);
            self.resume_reading(&mut state);
            queued.message
        });
        if broken {
            self.wait_for_loss_told(&mut state);
        }
        Ok(Received { message, broken })
    }
}
