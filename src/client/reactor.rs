//! The workers that drive all clients with callbacks: a few threads on one epoll set, whatever the number of clients.
//!
//! A worker that wakes reads and decodes, and runs the callbacks itself if no other thread is running any. Before it
//! calls out it makes sure that another worker waits, so that acknowledgements and pings go on during a slow callback.
//! Events are edge-triggered; the timer is a descriptor in the same set, armed for the earliest deadline.

mod connections;
mod threads;
mod timers;

pub(super) use connections::{
    add, deregister, register, tend_others, unwatch, watch_readable, watch_writable,
};
use threads::is_worker;
pub(super) use threads::{Blocking, CurrentWorker, flush_trace, is_working, thread_builder};

use super::Client;
use super::dispatch;
use super::worker::Work;
use crate::process_lock::{Condvar, Mutex, ProcessMutex};
use crate::trace::Level;
use rustix::event::{EventfdFlags, epoll, eventfd};
use rustix::io::Errno;
use rustix::time::{TimerfdClockId, TimerfdFlags, Timespec, timerfd_create};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Instant;

/// Event data of the timer and of the wake-up descriptor; clients come after them.
const TIMER: u64 = 0;
const WAKE: u64 = 1;
/// The smallest key of a client.
pub(super) const FIRST_CLIENT_KEY: u64 = 2;
/// Events taken from the kernel at a time.
const EVENTS: usize = 64;
/// Workers that wait for work as long as it takes.
const IDLE_WORKERS: usize = 2;
/// How long one more waits before it ends: a burst often brings another.
const LINGER: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};
struct Reactor {
    epoll: OwnedFd,
    timer: OwnedFd,
    wake: OwnedFd,
    clients: Mutex<BTreeMap<u64, Weak<Client>>>,
    timers: Mutex<Timers>,
    /// What is to be done for clients, by whichever worker comes first.
    work: Mutex<VecDeque<(Arc<Client>, Work)>>,
    /// Workers waiting, or about to.
    idle: AtomicUsize,
    /// Workers that wait for work or will be back before long: all but those that are [`Blocking`].
    active: AtomicUsize,
    /// Workers that have not ended, but for those inside the program's code.
    inside: AtomicUsize,
    stopping: AtomicBool,
    workers: Mutex<Vec<Worker>>,
    /// Signalled, with `workers` locked, when the last one has left [`inside`](Self::inside) after it was told to end.
    all_left: Condvar,
}

struct Worker {
    thread: JoinHandle<()>,
    ended: Arc<AtomicBool>,
}

#[derive(Default)]
struct Timers {
    /// At most one for each client: the one in its state.
    deadlines: BTreeMap<(Instant, u64), Weak<Client>>,
    armed: Option<Instant>,
}

static REACTOR: ProcessMutex<Option<Arc<Reactor>>> = ProcessMutex::new(None);

/// Holds the table of workers while the process is copied.
pub(super) fn lock_for_fork() -> ForkGuard {
    ForkGuard(REACTOR.lock())
}

/// No other thread is inside the table of workers.
pub(super) struct ForkGuard(std::sync::MutexGuard<'static, Option<Arc<Reactor>>>);

impl ForkGuard {
    /// The child has none of the workers: clients it connects get new ones.
    pub(super) fn reset_in_child(&mut self) {
        // Leaked on purpose: its parts may be in any state, and dropping must not touch what the parent uses.
        std::mem::forget(self.0.take());
        threads::reset_in_child();
    }
}

/// Some client has something to tell; a worker is to run its callbacks.
pub(super) fn wake_for_callbacks() {
    if !is_worker() {
        match get_or_start() {
            Ok(reactor) => reactor.signal(),
            Err(error) => crate::trace!(Level::Error, "Cannot start the callback thread: {error}"),
        }
    }
}

/// Lets a worker handle what came while the client could not be used.
pub(super) fn resume(client: Arc<Client>, work: Work) {
    if let Some(reactor) = get() {
        reactor.push_work(client, work);
    }
}

/// Makes the timer fire for a client at `next` instead of at `previous`. `false`: there are no workers.
pub(super) fn schedule(client: &Client, previous: Option<Instant>, next: Instant) -> bool {
    let Some(reactor) = get() else {
        return false;
    };
    reactor.schedule(client, previous, next);
    true
}

/// The timer need not fire for a client any more.
pub(super) fn unschedule(key: u64, at: Instant) {
    if let Some(reactor) = get() {
        reactor.timers.lock().deadlines.remove(&(at, key));
    }
}

/// Tells the workers to end: the last client is gone.
pub fn shut_down() -> Stopped {
    let reactor = REACTOR.lock().take();
    Stopped(reactor.inspect(|reactor| reactor.stop()))
}

/// Workers that were told to end.
pub struct Stopped(Option<Arc<Reactor>>);

impl Stopped {
    /// Waits until they have ended, unless the caller is one of them. One that is inside the program's code, in a
    /// callback of a client that was destroyed there or in the trace callback, ends when that returns: it may be waiting
    /// for the caller.
    pub fn wait(self) {
        let Some(reactor) = self.0.filter(|_| !is_worker()) else {
            return;
        };
        // The last one to leave locks the list once more, so it is not kept locked while they end.
        let workers = {
            let mut workers = reactor.workers.lock();
            while reactor.inside.load(Ordering::SeqCst) > 0 {
                reactor.all_left.wait(&mut workers);
            }
            std::mem::take(&mut *workers)
        };
        for worker in workers {
            if worker.ended.load(Ordering::SeqCst) {
                let _ = worker.thread.join();
            }
        }
    }
}

fn get() -> Option<Arc<Reactor>> {
    REACTOR.lock().clone()
}

fn get_or_start() -> io::Result<Arc<Reactor>> {
    let mut slot = REACTOR.lock();
    if let Some(reactor) = &*slot {
        return Ok(Arc::clone(reactor));
    }
    let reactor = Arc::new(Reactor::new()?);
    reactor.spawn_worker()?;
    *slot = Some(Arc::clone(&reactor));
    Ok(reactor)
}

impl Reactor {
    fn new() -> io::Result<Reactor> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
        )?;
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &timer, epoll::EventData::new_u64(TIMER), flags)?;
        epoll::add(&epoll, &wake, epoll::EventData::new_u64(WAKE), flags)?;
        Ok(Reactor {
            epoll,
            timer,
            wake,
            clients: Mutex::default(),
            timers: Mutex::default(),
            work: Mutex::default(),
            idle: AtomicUsize::new(0),
            active: AtomicUsize::new(0),
            inside: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            workers: Mutex::default(),
            all_left: Condvar::new(),
        })
    }

    /// Wakes one waiting worker. Edge-triggered: each write is an event of its own and is never read.
    fn signal(&self) {
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }

    fn spawn_worker(self: &Arc<Self>) -> io::Result<()> {
        let reactor = Arc::clone(self);
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        self.active.fetch_add(1, Ordering::SeqCst);
        self.inside.fetch_add(1, Ordering::SeqCst);
        let mut workers = self.workers.lock();
        match thread_builder().spawn(move || reactor.work(&end)) {
            Ok(thread) => {
                workers.retain(|worker| !worker.thread.is_finished());
                workers.push(Worker { thread, ended });
                Ok(())
            }
            Err(error) => {
                drop(workers);
                self.active.fetch_sub(1, Ordering::SeqCst);
                self.leave();
                Err(error)
            }
        }
    }

    /// Tells the workers to end.
    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.signal();
    }

    /// One worker less is inside.
    #[inline]
    fn leave(&self) {
        let last = self.inside.fetch_sub(1, Ordering::SeqCst) == 1;
        if last && self.stopping.load(Ordering::SeqCst) {
            self.tell_all_left();
        }
    }

    #[cold]
    fn tell_all_left(&self) {
        let _workers = self.workers.lock();
        self.all_left.notify_all();
    }

    fn add_worker(self: &Arc<Self>) {
        if !self.stopping.load(Ordering::SeqCst) {
            if let Err(error) = self.spawn_worker() {
                crate::trace!(Level::Error, "Cannot start another worker thread: {error}");
            }
        }
    }

    /// A worker's life.
    fn work(self: Arc<Self>, ended: &AtomicBool) {
        threads::begin_as_worker(&self);
        let mut events = Vec::with_capacity(EVENTS);
        while !self.stopping.load(Ordering::SeqCst) {
            let surplus = self.idle.fetch_add(1, Ordering::SeqCst) >= IDLE_WORKERS;
            let waited = epoll::wait(
                &self.epoll,
                rustix::buffer::spare_capacity(&mut events),
                surplus.then_some(&LINGER),
            );
            let others = self.idle.fetch_sub(1, Ordering::SeqCst) - 1;
            match waited {
                Ok(0) if others >= IDLE_WORKERS => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => crate::trace!(Level::Severe, "epoll_wait failed: {error}"),
            }
            if let Some((client, work)) = self.take_events(&mut events) {
                client.handle_work(work);
            }
            self.work_off();
            dispatch::run_callbacks();
            super::flush_trace();
        }
        self.active.fetch_sub(1, Ordering::SeqCst);
        // A wake-up that this worker consumed may have been meant for the next one.
        self.signal();
        ended.store(true, Ordering::SeqCst);
        threads::end_as_worker();
        self.leave();
    }

    /// What this worker has to do first. An event is told once, so all others are put where every worker finds them if this
    /// one is held up.
    fn take_events(&self, events: &mut Vec<epoll::Event>) -> Option<(Arc<Client>, Work)> {
        let (mut first, mut queue, mut is_timer_due) = (None, None, false);
        let clients = self.clients.lock();
        for event in events.drain(..) {
            match event.data.u64() {
                TIMER => is_timer_due = true,
                WAKE => {}
                key => {
                    let Some(client) = clients.get(&key).and_then(Weak::upgrade) else {
                        continue;
                    };
                    let work = (client, Work::from_event(event.flags));
                    match first {
                        None => first = Some(work),
                        Some(_) => queue
                            .get_or_insert_with(|| self.work.lock())
                            .push_back(work),
                    }
                }
            }
        }
        drop((clients, queue));
        if is_timer_due {
            self.fire_timers();
        }
        first
    }

    fn push_work(&self, client: Arc<Client>, work: Work) {
        self.work.lock().push_back((client, work));
        self.signal();
    }

    /// One round, so that callbacks and new events get their turn; what is added meanwhile comes with a signal.
    fn work_off(&self) {
        let round = self.work.lock().len();
        for _ in 0..round {
            let Some((client, work)) = self.work.lock().pop_front() else {
                return;
            };
            client.handle_work(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn to_wait_for_the_workers_ends_whenever_they_do() {
        for round in 0..100 {
            let reactor = Arc::new(Reactor::new().unwrap());
            reactor.spawn_worker().unwrap();
            reactor.stop();
            // It is on its way out, sometimes nearer to the end than at others.
            let begin = Instant::now() + Duration::from_micros(round);
            while Instant::now() < begin {
                std::hint::spin_loop();
            }
            Stopped(Some(reactor)).wait();
        }
    }

    #[test]
    fn the_last_worker_may_lock_the_list_while_it_is_waited_for() {
        let reactor = Arc::new(Reactor::new().unwrap());
        reactor.inside.fetch_add(1, Ordering::SeqCst);
        reactor.stop();
        let (leaving, has_left) = mpsc::channel();
        let mut workers = reactor.workers.lock();
        let last = Arc::clone(&reactor);
        let thread = thread::spawn(move || {
            last.inside.fetch_sub(1, Ordering::SeqCst);
            leaving.send(()).unwrap();
            // Between the two halves of leave() the list is taken, to join this thread.
            while !last.workers.lock().is_empty() {
                thread::yield_now();
            }
            last.tell_all_left();
        });
        let ended = Arc::new(AtomicBool::new(true));
        workers.push(Worker { thread, ended });
        drop(workers);
        has_left.recv().unwrap();
        Stopped(Some(reactor)).wait();
    }
}
