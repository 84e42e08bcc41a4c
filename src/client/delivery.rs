//! Delivery tokens: which messages are unfinished, and waiting for them.
//!
//! To a thread outside of the callbacks a message is finished when `published` and deliveryComplete have returned, as in
//! the original, which keeps its lock meanwhile: programs look at what their callback noted behind a
//! waitForCompletion.

use super::callbacks::Telling;
use super::dispatch::{self, ANY_CALLBACK};
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
            let notices = state.notices.iter();
            untold.extend(notices.filter_map(|(_, notice)| notice.completed()));
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
        if dispatch::is_dispatcher() || self.is_inherited() {
            return Ok(());
        }
        let turn = Instant::now() + TURN_PATIENCE;
        while let Some(order) = untold_place(state, id).filter(|_| !state.destroyed) {
            let own = order == ANY_CALLBACK;
            let limit = match deadline {
                Some(deadline) if own => Some(deadline),
                Some(deadline) => Some(deadline.min(turn)),
                None if own => None,
                None => Some(turn),
            };
            if limit.is_some_and(|limit| limit <= Instant::now()) {
                return if own { Err(Error::Failure) } else { Ok(()) };
            }
            self.wait_for_callback(state, order, limit);
        }
        Ok(())
    }
}

/// From which place on callbacks that have not returned are about this message, for a thread outside of them:
/// [`ANY_CALLBACK`] is that of one under way.
fn untold_place(state: &State, id: PacketId) -> Option<u64> {
    let telling = match state.telling {
        Some(Telling::Published(told) | Telling::DeliveryComplete(told)) => told == id,
        None => false,
    };
    if telling {
        return Some(ANY_CALLBACK);
    }
    let mut notices = state.notices.iter();
    notices
        .find(|(_, notice)| notice.completed() == Some(id))
        .map(|(order, _)| *order)
}
