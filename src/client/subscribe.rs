//! SUBSCRIBE and UNSUBSCRIBE: ask, then wait for the answer.

use super::state::State;
use super::{Client, Error};
use crate::packet::{PacketId, Properties, SubAck, SubscriptionRequest};
use crate::process_lock::MutexGuard;
use crate::session::SendError;
use crate::trace::Level;
use bytes::Bytes;
use std::time::Instant;

impl Client {
    /// Subscribes and returns SUBACK. Without an answer in the command timeout the connection is ended as lost.
    pub fn subscribe(
        &self,
        filters: Vec<SubscriptionRequest>,
        properties: &Properties,
    ) -> Result<SubAck, Error> {
        self.request(|state| state.session.subscribe(filters, properties))
    }

    /// Unsubscribes and returns UNSUBACK. Without an answer in the command timeout the connection is ended as lost.
    pub fn unsubscribe(
        &self,
        filters: Vec<Bytes>,
        properties: &Properties,
    ) -> Result<SubAck, Error> {
        self.request(|state| state.session.unsubscribe(filters, properties))
    }

    fn request(
        &self,
        send: impl FnOnce(&mut State) -> Result<PacketId, SendError>,
    ) -> Result<SubAck, Error> {
        let mut state = self.lock_idle();
        if !state.takes_packets() {
            self.wait_for_loss_told(&mut state);
            return Err(Error::Disconnected);
        }
        let id = send(&mut state).map_err(|error| self.trace_refusal(error))?;
        let number = state.link_number();
        let deadline = Instant::now().checked_add(state.command_timeout);
        let _ = self.drain(&mut state);
        self.flush(&mut state);
        let answer = self.wait_for_ack(&mut state, deadline, |state| {
            let answer = state.take_answer(number, id);
            (answer.is_some() || state.link_number() != number).then_some(answer)
        });
        match answer {
            Some(Some(ack)) => Ok(ack),
            Some(None) => {
                self.wait_for_loss_told(&mut state);
                Err(Error::Failure)
            }
            None => {
                self.give_up_request(&mut state, id, number);
                self.wait_for_loss_told(&mut state);
                Err(Error::Failure)
            }
        }
    }

    fn give_up_request(
        &self,
        state: &mut MutexGuard<'_, State>,
        id: PacketId,
        number: Option<u64>,
    ) {
        self.wait_idle(state);
        state.session.forget_request(id);
        if state.link_number() == number {
            self.lose_connection(
                state,
                "a subscription request was not answered in the command timeout",
            );
        }
    }

    /// Why nothing was sent, in the trace and as the call's error.
    pub(super) fn trace_refusal(&self, error: SendError) -> Error {
        crate::trace!(Level::Error, "Client {}: not sent, {error}", self.name());
        match error {
            SendError::NotConnected => Error::Disconnected,
            SendError::NoPacketId => Error::MaxMessagesInflight,
            SendError::NoMemory => Error::NoMemory,
            SendError::NotAllowed(_) => Error::Failure,
        }
    }
}
