//! Delivery tokens: which messages are unfinished, and waiting for them.
//!
//! To a thread outside of the callbacks a message is finished when `published` and deliveryComplete have returned, as in
//! the original, which keeps its lock meanwhile: programs look at what their callback noted behind a
//! waitForCompletion.

use super::dispatch::{self, Notice, Telling};
use super::state::State;
use super::{Client, Error};
use crate::packet::PacketId;
use crate::process_lock::MutexGuard;
use std::time::{Duration, Instant};

/// How long other callbacks, of any client, may keep that of an acknowledged message from its turn.
const TURN_PATIENCE: Duration = Duration::from_millis(100);

impl Client {
    /// Tokens of the unfinished outbound messages, in the order they were sent; works without a connection too.
    pub fn pending_tokens(&self) -> Vec<PacketId> {
        let state = self.lock_idle();
        let mut tokens: Vec<PacketId> = state.session.pending_tokens().collect();
        for id in self.untold(&state) {
            if !tokens.contains(&id) {
                let later = |token: &PacketId| token.get().wrapping_sub(id.get()) < 0x8000;
                let place = tokens.iter().position(later).unwrap_or(tokens.len());
                tokens.insert(place, id);
            }
        }
        tokens
    }

    /// Waits until the message with this token is finished: at once if it is unknown, [`Error::Disconnected`] when there
    /// is no connection (any more), [`Error::Failure`] after `timeout`. Its callbacks have returned then, unless others
    /// keep them waiting.
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
        if matches!(finished, Some(Err(Error::Disconnected))) {
            self.wait_for_loss_told(&mut state);
        }
        finished.unwrap_or(Err(Error::Failure))?;
        token.map_or(Ok(()), |id| self.wait_until_told(&mut state, id, deadline))
    }

    /// Acknowledged messages that to the calling thread are unfinished.
    fn untold(&self, state: &State) -> Vec<PacketId> {
        let mut untold = Vec::new();
        let outside = !dispatch::is_dispatcher() && !self.is_inherited();
        match state.telling {
            Some(Telling::Published(id)) => untold.push(id),
            Some(Telling::DeliveryComplete(id)) if outside => untold.push(id),
            _ => {}
        }
        if outside {
            untold.extend(state.notices.iter().filter_map(|(_, notice)| match notice {
                Notice::Published(completed) => Some(completed.id),
                Notice::DeliveryComplete(id) => Some(*id),
                Notice::ConnectionLost | Notice::ServerDisconnect(_) => None,
            }));
        }
        untold
    }

    /// Waits for the callbacks of an acknowledged message, but not in a thread that keeps them from running.
    /// [`Error::Failure`]: the deadline found them under way.
    fn wait_until_told(
        &self,
        state: &mut MutexGuard<'_, State>,
        id: PacketId,
        deadline: Option<Instant>,
    ) -> Result<(), Error> {
        if dispatch::is_dispatcher() {
            return Ok(());
        }
        let turn = Instant::now() + TURN_PATIENCE;
        while !state.destroyed && self.untold(state).contains(&id) {
            let own = matches!(
                state.telling,
                Some(Telling::Published(told) | Telling::DeliveryComplete(told)) if told == id
            );
            let limit = match deadline {
                Some(deadline) if own => Some(deadline),
                Some(deadline) => Some(deadline.min(turn)),
                None if own => None,
                None => Some(turn),
            };
            if limit.is_some_and(|limit| limit <= Instant::now()) {
                return if own { Err(Error::Failure) } else { Ok(()) };
            }
            self.wait_changed(state, limit);
        }
        Ok(())
    }
}
