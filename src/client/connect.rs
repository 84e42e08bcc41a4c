//! Connecting: server addresses in order, protocol versions, CONNECT to CONNACK.

use super::callout::CalloutGuard;
use super::link::{End, Link};
use super::state::{Driver, Phase, State};
use super::worker::Work;
use super::{Client, Error, dispatch, pump, reactor};
use crate::packet::{ConnAck, ProtocolVersion, ReasonCode};
use crate::process_lock::MutexGuard;
use crate::session::ConnectOptions;
use crate::trace::Level;
use crate::transport::{self, ServerAddress, Transport};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Which protocol versions to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionChoice {
    /// 3.1.1, and 3.1 if the server does not know it.
    Default,
    /// This one only.
    Only(ProtocolVersion),
}

/// What to connect to, and how.
pub struct ConnectRequest {
    /// Addresses in the order to try; `None` stands for one that cannot be used and counts as a failed attempt.
    pub addresses: Vec<Option<ServerAddress>>,
    /// Protocol versions.
    pub version: VersionChoice,
    /// What belongs to the way to the server.
    pub transport: transport::Options,
    /// Everything else; its `version` is replaced by the one being tried.
    pub options: ConnectOptions,
    /// Limit for each address, from name resolution to CONNACK.
    pub timeout: Duration,
}

/// A connection that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Index of the address that accepted.
    pub address: usize,
    /// Protocol version in use.
    pub version: ProtocolVersion,
    /// What the server said.
    pub connack: ConnAck,
}

/// How CONNECT was answered.
#[derive(Debug)]
pub(super) enum Answer {
    Accepted(ConnAck),
    Refused(ConnAck),
    /// It was accepted, if that came already, but the program's store, which returned this, keeps what a clean session must
    /// not have.
    NotCleared(i32, Option<ConnAck>),
}

enum AttemptError {
    Refused(ConnAck),
    /// The server closed the connection instead of answering.
    Unanswered,
    /// The connection broke after it was accepted.
    Broken,
    NotCleared(i32, Option<ConnAck>),
    Failed,
}

impl From<AttemptError> for Error {
    fn from(error: AttemptError) -> Error {
        match error {
            AttemptError::Refused(connack) => Error::Refused(Box::new(connack)),
            AttemptError::Broken => Error::Disconnected,
            AttemptError::NotCleared(code, connack) => {
                Error::NotCleared(code, connack.map(Box::new))
            }
            AttemptError::Unanswered | AttemptError::Failed => Error::Failure,
        }
    }
}

/// The transport's number in the trace.
pub(super) fn socket_number(transport: &dyn Transport) -> i32 {
    transport.descriptor().as_raw_fd()
}

impl Client {
    /// Connects. An existing connection is closed first, without DISCONNECT and without connectionLost. When this
    /// returns, unfinished messages of a kept session have been sent again.
    pub fn connect(&self, request: &ConnectRequest) -> Result<Connected, Error> {
        let mut state = self.adopt().ok_or(Error::Failure)?;
        let patience = Instant::now().checked_add(request.timeout);
        while state.is_changing_connection() && !state.destroyed {
            if state.phase != Phase::Connecting && dispatch::is_dispatcher() {
                // That disconnect waits for this callback.
                return Err(Error::Failure);
            }
            if patience.is_some_and(|patience| patience <= Instant::now()) {
                return Err(Error::Failure);
            }
            self.wait_changed(&mut state, patience);
            // The connection that has just been made may have brought something to store.
            self.wait_idle(&mut state);
        }
        if state.destroyed {
            return Err(Error::Failure);
        }
        state.phase = Phase::Connecting;
        self.end_link(&mut state, End::Lost);
        state.driver = match state.callbacks.message_arrived.is_some() {
            true => Driver::Workers,
            false => Driver::Caller,
        };
        let attended = state.driver == Driver::Workers;
        if let Some(store) = &mut state.store {
            store.set_attended(attended);
        }
        let result = self.try_addresses(&mut state, request);
        self.wait_idle(&mut state);
        let result = result.and_then(|connected| self.hand_over(&mut state).map(|()| connected));
        state.phase = Phase::Steady;
        self.changed.notify_all();
        result
    }

    fn try_addresses(
        &self,
        state: &mut MutexGuard<'_, State>,
        request: &ConnectRequest,
    ) -> Result<Connected, Error> {
        let mut failure = Error::Failure;
        for (index, address) in request.addresses.iter().enumerate() {
            let Some(address) = address else {
                failure = Error::Failure;
                continue;
            };
            match self.try_versions(state, request, address) {
                Ok((version, connack)) => {
                    return Ok(Connected {
                        address: index,
                        version,
                        connack,
                    });
                }
                Err(error) => failure = error.into(),
            }
            if state.destroyed {
                return Err(Error::Failure);
            }
        }
        Err(failure)
    }

    fn try_versions(
        &self,
        state: &mut MutexGuard<'_, State>,
        request: &ConnectRequest,
        address: &ServerAddress,
    ) -> Result<(ProtocolVersion, ConnAck), AttemptError> {
        let deadline = Instant::now() + request.timeout;
        let first = match request.version {
            VersionChoice::Only(version) => version,
            VersionChoice::Default => ProtocolVersion::V3_1_1,
        };
        let error = match self.attempt(state, request, address, first, deadline) {
            Ok(connack) => return Ok((first, connack)),
            Err(error) => error,
        };
        let unknown_version = match &error {
            AttemptError::Refused(connack) => {
                connack.code == ReasonCode::V3_UNACCEPTABLE_PROTOCOL_VERSION
            }
            AttemptError::Unanswered => true,
            AttemptError::Broken | AttemptError::NotCleared(..) | AttemptError::Failed => false,
        };
        if request.version == VersionChoice::Default && unknown_version {
            let connack = self.attempt(state, request, address, ProtocolVersion::V3_1, deadline)?;
            return Ok((ProtocolVersion::V3_1, connack));
        }
        Err(error)
    }

    fn attempt(
        &self,
        state: &mut MutexGuard<'_, State>,
        request: &ConnectRequest,
        address: &ServerAddress,
        version: ProtocolVersion,
        deadline: Instant,
    ) -> Result<ConnAck, AttemptError> {
        crate::trace!(
            Level::Minimum,
            "Connecting to serverURI {} with MQTT version {}",
            address,
            version as u8
        );
        let connected = MutexGuard::unlocked(state, || {
            self.flush_trace();
            // The application's TLS callbacks may call this client again.
            let _callout = CalloutGuard::enter(self.key);
            transport::connect(address, &request.transport, &self.resumption, deadline)
        });
        let transport: Arc<dyn Transport> = connected.map_err(|error| {
            crate::trace!(Level::Error, "Client {}: {error}", self.name());
            AttemptError::Failed
        })?;
        self.wait_idle(state);
        if state.destroyed {
            transport.shutdown();
            return Err(AttemptError::Failed);
        }
        let socket = socket_number(&*transport);
        let options = ConnectOptions {
            version,
            ..request.options.clone()
        };
        if state
            .session
            .begin_connect(Instant::now(), options, socket)
            .is_err()
        {
            crate::trace!(
                Level::Error,
                "Client {}: a connect option is too long to be sent",
                self.name()
            );
            transport.shutdown();
            return Err(AttemptError::Failed);
        }
        let link = Link::new(transport);
        let number = link.number;
        state.link = Some(link);
        state.outbox.clear();
        state.answers.clear();
        state.connect_answer = None;
        let _ = self.drain(state);
        self.flush(state);
        self.await_connack(state, number, deadline)
    }

    fn await_connack(
        &self,
        state: &mut MutexGuard<'_, State>,
        number: u64,
        deadline: Instant,
    ) -> Result<ConnAck, AttemptError> {
        let answer = self.wait_for_ack(state, Some(deadline), |state| {
            let answer = state.connect_answer.take();
            (answer.is_some() || state.link_number() != Some(number)).then_some(answer)
        });
        let failure = match answer {
            Some(Some(Answer::Accepted(connack))) => {
                // Resent messages go out before connect returns, as far as the socket takes them.
                self.flush(state);
                if state.link_number() == Some(number) {
                    return Ok(connack);
                }
                AttemptError::Broken
            }
            Some(Some(Answer::Refused(connack))) => AttemptError::Refused(connack),
            Some(Some(Answer::NotCleared(code, connack))) => {
                // The connection is well: nobody is to see the will.
                let _ = state.session.disconnect(ReasonCode::SUCCESS, None);
                let _ = self.drain(state);
                self.flush(state);
                AttemptError::NotCleared(code, connack)
            }
            Some(None) => AttemptError::Unanswered,
            None => AttemptError::Failed,
        };
        self.wait_idle(state);
        self.end_link(state, End::Lost);
        // The server may have judged by what it remembers of the earlier connection.
        self.resumption.forget();
        Err(failure)
    }

    /// The connection is up: from now on its driver looks after it.
    fn hand_over(&self, state: &mut MutexGuard<'_, State>) -> Result<(), Error> {
        let Some(client) = self.this.upgrade() else {
            return Err(Error::Failure);
        };
        let driver = state.driver;
        let Some(link) = state.link.as_mut() else {
            return Err(Error::Disconnected);
        };
        match driver {
            Driver::Caller => {
                pump::register(&client);
                // Asked after that: one with callbacks that connects meanwhile finds this client.
                reactor::tend_others();
            }
            Driver::Workers => {
                if let Err(error) = reactor::register(&client, &*link.transport) {
                    crate::trace!(
                        Level::Error,
                        "Cannot drive the connection of client {}: {error}",
                        self.name()
                    );
                    self.end_link(state, End::Lost);
                    return Err(Error::Failure);
                }
                link.registered = true;
                let is_left = link.input.as_ref().is_some_and(|input| input.is_left);
                if is_left || link.ending.is_some() {
                    reactor::resume(Arc::clone(&client), Work::READ_ON);
                }
                if link.blocked {
                    link.watch_writable(self.key);
                }
                self.restart_timer(state);
            }
        }
        self.schedule_callbacks(state);
        Ok(())
    }
}
