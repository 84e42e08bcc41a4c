//! What a client's mutex protects.

use super::callbacks::{Callbacks, Notice, Telling};
use super::connect::Answer;
use super::dispatch::ThreadMark;
use super::link::Link;
use super::worker::Work;
use crate::packet::{Message, PacketId, SubAck};
use crate::persistence::{Key, Store};
use crate::session::{AfterBurst, SendQueue, Session};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Who reads from the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Driver {
    /// The thread inside an API call.
    Caller,
    /// The workers shared by all clients with callbacks.
    Workers,
}

/// A connect or disconnect in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Steady,
    Connecting,
    Disconnecting,
    /// The last part of a disconnect: nothing new is taken, what is there goes out.
    Closing,
}

/// A received message that the application has not taken.
#[derive(Debug)]
pub(super) struct QueuedMessage {
    pub(super) message: Message,
    /// Its stored record, under the name it was stored or read.
    pub(super) record: Option<Key>,
    /// Its place among all messages and notices.
    pub(super) order: u64,
}

impl QueuedMessage {
    /// Memory it stands for, in bytes.
    #[inline]
    pub(super) fn weight(&self) -> usize {
        QueuedMessage::weight_of(&self.message)
    }

    #[inline]
    fn weight_of(message: &Message) -> usize {
        message.size() + size_of::<QueuedMessage>()
    }
}

pub(super) struct State {
    pub(super) session: Session,
    /// The connection's transport, from connect's first byte to the end.
    pub(super) link: Option<Link>,
    /// Released bytes: their records are stored.
    pub(super) outbox: SendQueue,
    /// Takes the outbox's place while its bytes are written.
    pub(super) spare_outbox: Option<Box<SendQueue>>,
    /// Room to encode the head of a packet in.
    pub(super) head: Vec<u8>,
    /// A thread is writing to the transport; what is in the outbox goes out behind it.
    pub(super) sending: bool,
    /// A thread waits until the socket has taken what is in the outbox.
    pub(super) room_awaited: bool,
    /// A thread is outside the lock between two steps of an operation on the session: all others wait.
    pub(super) busy: bool,
    /// What workers found to do while the client was busy.
    pub(super) missed: Work,
    /// `None` without persistence, and while a thread uses it (`busy`).
    pub(super) store: Option<Box<dyn Store>>,
    /// The record of the message that messageArrived has in its hands.
    pub(super) offered: Option<Key>,
    /// Records of messages that the application has taken, to be removed by whoever uses the store next.
    pub(super) removals: Vec<Key>,
    pub(super) removals_asked: u64,
    pub(super) removals_done: u64,
    pub(super) messages: VecDeque<QueuedMessage>,
    after_messages: AfterBurst,
    pub(super) queued_weight: usize,
    /// Something that a call may wait for has come since it looked for input.
    pub(super) news: bool,
    /// Threads inside `receive`.
    pub(super) receivers: usize,
    /// Messages that were read with what a call waited for, beyond it.
    pub(super) read_ahead: usize,
    pub(super) notices: VecDeque<(u64, Notice)>,
    after_notices: AfterBurst,
    pub(super) next_order: u64,
    pub(super) callbacks: Arc<Callbacks>,
    pub(super) driver: Driver,
    pub(super) phase: Phase,
    /// How CONNECT was answered.
    pub(super) connect_answer: Option<Answer>,
    /// By the number of the connection they came on: who waits for one takes it, though the connection has ended behind it.
    pub(super) answers: BTreeMap<(Option<u64>, PacketId), SubAck>,
    pub(super) command_timeout: Duration,
    /// The thread inside a messageArrived, deliveryComplete or published callback of this client.
    pub(super) running: Option<ThreadMark>,
    /// A thread waits for the return of a callback for what has this place among all messages and notices, or a later one.
    pub(super) callback_awaited: Option<u64>,
    /// What that callback tells of an acknowledged message.
    pub(super) telling: Option<Telling>,
    /// In the dispatcher's list.
    pub(super) scheduled: bool,
    /// When to offer a refused message again.
    pub(super) offer_again: Option<Instant>,
    /// When the reactor's timer for this client fires.
    pub(super) timer: Option<Instant>,
    /// API calls that wait for an acknowledgement: reading goes on whatever is queued.
    pub(super) ack_waiters: usize,
    pub(super) losses: VecDeque<Notice>,
    /// A thread is telling them.
    pub(super) loss_thread: bool,
    /// Its callback has not returned: until when calls that notice the loss wait for it.
    pub(super) loss_untold: Option<Instant>,
    /// The one that is inside connectionLost or `disconnected`.
    pub(super) telling_loss: Option<ThreadMark>,
    /// It is inside `disconnected`.
    pub(super) telling_disconnect: bool,
    pub(super) destroyed: bool,
}

/// Capacity kept for the next packet's head, in bytes.
pub(super) const KEPT_CAPACITY: usize = 512;

impl State {
    pub(super) fn new(
        session: Session,
        store: Option<Box<dyn Store>>,
        restored: Vec<(Key, Message)>,
    ) -> State {
        let mut state = State {
            session,
            link: None,
            outbox: SendQueue::default(),
            spare_outbox: None,
            head: Vec::new(),
            sending: false,
            room_awaited: false,
            busy: false,
            missed: Work::default(),
            store,
            offered: None,
            removals: Vec::new(),
            removals_asked: 0,
            removals_done: 0,
            messages: VecDeque::new(),
            after_messages: AfterBurst::default(),
            queued_weight: 0,
            news: false,
            receivers: 0,
            read_ahead: 0,
            notices: VecDeque::new(),
            after_notices: AfterBurst::default(),
            next_order: 0,
            callbacks: Arc::default(),
            driver: Driver::Caller,
            phase: Phase::Steady,
            connect_answer: None,
            answers: BTreeMap::new(),
            command_timeout: Duration::from_secs(10),
            running: None,
            callback_awaited: None,
            telling: None,
            scheduled: false,
            offer_again: None,
            timer: None,
            ack_waiters: 0,
            losses: VecDeque::new(),
            loss_thread: false,
            loss_untold: None,
            telling_loss: None,
            telling_disconnect: false,
            destroyed: false,
        };
        for (record, message) in restored {
            state.push_message(message, Some(record));
        }
        state
    }

    pub(super) fn is_changing_connection(&self) -> bool {
        self.phase != Phase::Steady
    }

    /// Whether threads inside API calls do the connection's I/O: they wait for the right to read.
    pub(super) fn is_driven_by_callers(&self) -> bool {
        self.driver == Driver::Caller || self.phase == Phase::Connecting
    }

    /// Whether there is a connection for another packet of the application's.
    pub(super) fn takes_packets(&self) -> bool {
        self.session.is_connected() && self.phase != Phase::Closing && !self.destroyed
    }

    /// Whether the socket refuses bytes that wait to be sent, or is only just taking such bytes.
    pub(super) fn is_backlogged(&self) -> bool {
        !self.outbox.is_empty() && self.link.as_ref().is_some_and(|link| link.blocked)
            || self.is_making_room()
    }

    /// Whether a thread writes what others wait for to be taken, and will tell them how far it got.
    pub(super) fn is_making_room(&self) -> bool {
        self.sending && self.room_awaited
    }

    /// [`is_backlogged`](Self::is_backlogged), for a thread that is about to wait until it is not.
    pub(super) fn awaits_room(&mut self) -> bool {
        self.room_awaited |= self.is_backlogged();
        self.is_backlogged()
    }

    /// Whether workers look after the connection, that of a client without callbacks too.
    pub(super) fn is_tended(&self) -> bool {
        let link = self.link.as_ref();
        link.is_some_and(|link| link.registered && !link.is_inherited())
    }

    /// Number of the current connection; a different one means that the connection a call began with has ended.
    pub(super) fn link_number(&self) -> Option<u64> {
        self.link.as_ref().map(|link| link.number)
    }

    /// Puts back what was taken while others could make packets of their own.
    #[inline]
    pub(super) fn keep_head(&mut self, head: Vec<u8>) {
        if head.capacity() <= KEPT_CAPACITY {
            self.head = head;
        }
    }

    pub(super) fn take_order(&mut self) -> u64 {
        self.next_order += 1;
        self.next_order
    }

    #[inline(always)]
    pub(super) fn push_message(&mut self, message: Message, record: Option<Key>) {
        let order = self.take_order();
        self.queued_weight += QueuedMessage::weight_of(&message);
        self.messages.push_back(QueuedMessage {
            message,
            record,
            order,
        });
    }

    /// A message has come.
    pub(super) fn note_message(&mut self) {
        let received = self.session.last_received();
        if let Some(link) = &mut self.link {
            link.last_message = Some(received);
        }
    }

    /// Takes a copy of a message that was read beyond what a call waited for: it may wait long for a receive.
    #[inline(never)]
    pub(super) fn keep_message(&mut self, message: &Message, record: Option<Key>) {
        self.push_message(message.detached(), record);
        self.read_ahead += 1;
    }

    #[inline]
    pub(super) fn pop_message(&mut self) -> Option<QueuedMessage> {
        let queued = self.messages.pop_front();
        self.queued_weight -= queued.as_ref().map_or(0, QueuedMessage::weight);
        self.after_messages.shrink(&mut self.messages);
        queued
    }

    #[inline]
    pub(super) fn pop_notice(&mut self) -> Option<(u64, Notice)> {
        let notice = self.notices.pop_front();
        self.after_notices.shrink(&mut self.notices);
        notice
    }

    /// The answer to a subscription request on that connection.
    pub(super) fn take_answer(&mut self, number: Option<u64>, id: PacketId) -> Option<SubAck> {
        let answer = self.answers.remove(&(number, id));
        if self.answers.is_empty() {
            // An emptied map would keep the memory of many answers.
            self.answers = BTreeMap::new();
        }
        answer
    }

    /// A refused message goes back to its place.
    pub(super) fn put_message_back(&mut self, queued: QueuedMessage) {
        self.queued_weight += queued.weight();
        self.messages.push_front(queued);
    }

    pub(super) fn drop_messages(&mut self) {
        self.messages = VecDeque::new();
        self.queued_weight = 0;
        self.read_ahead = 0;
        self.offer_again = None;
    }

    /// The store gives back what it holds for further records if none has come for a while.
    pub(super) fn rest_store(&mut self) {
        if let Some(store) = &mut self.store {
            if store.rests_at().is_some_and(|at| at <= Instant::now()) {
                store.rest();
            }
        }
    }

    pub(super) fn push_notice(&mut self, notice: Notice) {
        let order = self.take_order();
        self.notices.push_back((order, notice));
    }
}
