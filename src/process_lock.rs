//! Locks that a forked child can go on with.
//!
//! The child has none of the threads that held a lock or waited for one. So nothing may be known of them but the lock's own
//! word, as with the standard library's locks. Those of `parking_lot` keep all waiting threads of the process in one table:
//! the child's would lead to stacks that it uses for other threads, and a lock may be handed over to one that is not there.
//! They serve where nothing waits behind them: inside a connection's layers, which no thread holds for long and no child
//! goes on with.
//!
//! [`ProcessMutex`] and [`ProcessRwLock`] are for tables that all clients share. They are held over fork, so that no other
//! thread is inside a table while the process is copied, and released in the child too.
//!
//! What belongs to one process alone keeps the [`generation`] it is from.
#![forbid(unsafe_code)]

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{self, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

/// Counts the forks that led to this process, which costs no system call to ask.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// How many forks lie between the process that loaded the library and this one. What is from another generation belongs
/// to a process that this one was forked from.
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// To be called in a forked child, before anything else.
pub(crate) fn begin_generation() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// A mutex. A panic of its holder does not close it to others: what the tables hold is whole at every step.
#[derive(Debug, Default)]
pub(crate) struct ProcessMutex<T>(sync::Mutex<T>);

impl<T> ProcessMutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        ProcessMutex(sync::Mutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> sync::MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lock for many readers or one writer, otherwise as [`ProcessMutex`].
#[derive(Debug, Default)]
pub(crate) struct ProcessRwLock<T>(RwLock<T>);

impl<T> ProcessRwLock<T> {
    pub(crate) const fn new(value: T) -> Self {
        ProcessRwLock(RwLock::new(value))
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A mutex whose guard can let others in for a while.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T> {
    inner: sync::Mutex<T>,
    /// How many threads wait, by [`ONE_WAITS`], and how many more holders have to reckon with others, because one has waited
    /// lately. In a forked child it may count threads that are not there, which costs no more than some time.
    sought: AtomicU32,
}

/// One thread that waits for a [`Mutex`].
const ONE_WAITS: u32 = 1 << 8;
/// Holders that reckon with others after one has waited.
const WARY_HOLDERS: u32 = ONE_WAITS - 1;

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Mutex {
            inner: sync::Mutex::new(value),
            sought: AtomicU32::new(0),
        }
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard {
            mutex: self,
            held: Some(self.hold()),
        }
    }

    #[inline]
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.try_hold().map(|held| MutexGuard {
            mutex: self,
            held: Some(held),
        })
    }

    #[inline]
    fn try_hold(&self) -> Option<sync::MutexGuard<'_, T>> {
        match self.inner.try_lock() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    #[inline]
    fn hold(&self) -> sync::MutexGuard<'_, T> {
        match self.try_hold() {
            Some(held) => held,
            None => self.hold_after_another(),
        }
    }

    #[cold]
    fn hold_after_another(&self) -> sync::MutexGuard<'_, T> {
        let one_more = |sought: u32| Some((sought | WARY_HOLDERS) + ONE_WAITS);
        let _ = self
            .sought
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        let held = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        self.sought.fetch_sub(ONE_WAITS, Ordering::Relaxed);
        held
    }

    /// Takes its turn, for a thread that nobody waits for: holders need not be wary of it.
    pub(crate) fn lock_patiently(&self) -> MutexGuard<'_, T> {
        let held = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        MutexGuard {
            mutex: self,
            held: Some(held),
        }
    }

    /// Looks now and then until `patience` is over: for a holder that may not exist.
    pub(crate) fn try_lock_for(&self, patience: Duration) -> Option<MutexGuard<'_, T>> {
        const PAUSE: Duration = Duration::from_millis(1);
        let end = Instant::now() + patience;
        loop {
            let guard = self.try_lock();
            if guard.is_some() || end <= Instant::now() {
                return guard;
            }
            thread::sleep(PAUSE);
        }
    }
}

/// The possession of a [`Mutex`].
pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    /// `None` only while others are let in.
    held: Option<sync::MutexGuard<'a, T>>,
}

/// A guard cannot be used while its lock is given away, for the borrow lasts as long.
const HELD: &str = "the lock is held";

impl<T> MutexGuard<'_, T> {
    /// Runs `work` without the lock.
    #[inline(always)]
    pub(crate) fn unlocked<R>(guard: &mut Self, work: impl FnOnce() -> R) -> R {
        guard.held = None;
        let result = work();
        guard.held = Some(guard.mutex.hold());
        result
    }

    /// Whether another thread waits for the lock, or had to lately: then it should not be held for longer than needed. Each
    /// question makes it a little longer ago.
    #[inline]
    pub(crate) fn is_sought(guard: &Self) -> bool {
        let sought = &guard.mutex.sought;
        let state = sought.load(Ordering::Relaxed);
        if state & WARY_HOLDERS > 0 {
            // Only the holder counts down.
            sought.fetch_sub(1, Ordering::Relaxed);
        }
        state > 0
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.held.as_deref().expect(HELD)
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.held.as_deref_mut().expect(HELD)
    }
}

/// A condition variable for [`Mutex`]. To notify nobody costs next to nothing, and so does to notify once more who has not
/// come to look yet.
#[derive(Default)]
pub(crate) struct Condvar {
    changed: sync::Condvar,
    /// How many threads wait and have not been notified, in the lower half, and how often some were, in the upper. Changed
    /// with the mutex locked: who changes what they wait for knows of them.
    waiting: AtomicU64,
}

/// One notification in [`Condvar::waiting`].
const ONE_NOTIFICATION: u64 = 1 << 32;

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}

impl Condvar {
    pub(crate) const fn new() -> Self {
        Condvar {
            changed: sync::Condvar::new(),
            waiting: AtomicU64::new(0),
        }
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        self.wait_with(guard, |held| {
            let held = self.changed.wait(held);
            held.unwrap_or_else(PoisonError::into_inner)
        });
    }

    /// At most until the deadline.
    pub(crate) fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, deadline: Instant) {
        let patience = deadline.saturating_duration_since(Instant::now());
        self.wait_with(guard, |held| {
            let held = self.changed.wait_timeout(held, patience);
            held.unwrap_or_else(PoisonError::into_inner).0
        });
    }

    fn wait_with<'a, T>(
        &self,
        guard: &mut MutexGuard<'a, T>,
        wait: impl FnOnce(sync::MutexGuard<'a, T>) -> sync::MutexGuard<'a, T>,
    ) {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        guard.held = guard.held.take().map(wait);
        let now = self.waiting.load(Ordering::Relaxed);
        // Who was notified is not counted any more.
        if now / ONE_NOTIFICATION == before / ONE_NOTIFICATION {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// To be called with the mutex locked: who began to wait behind a change would count as told of it.
    #[inline]
    pub(crate) fn notify_all(&self) {
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting % ONE_NOTIFICATION != 0 {
            self.notify_waiting(waiting);
        }
    }

    #[cold]
    fn notify_waiting(&self, waiting: u64) {
        let notified = (waiting | (ONE_NOTIFICATION - 1)).wrapping_add(1);
        self.waiting.store(notified, Ordering::Relaxed);
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn others_are_let_in_and_wake_who_waits() {
        let (lock, changed) = (Mutex::new(0), Condvar::new());
        thread::scope(|scope| {
            let mut value = lock.lock();
            scope.spawn(|| {
                let mut value = lock.lock();
                *value = 1;
                changed.notify_all();
            });
            let end = Instant::now() + LONG;
            while *value == 0 && Instant::now() < end {
                changed.wait_until(&mut value, end);
            }
            assert_eq!(*value, 1);
            MutexGuard::unlocked(&mut value, || *lock.try_lock().unwrap() = 2);
            assert_eq!(*value, 2);
        });
    }

    #[test]
    fn a_lock_that_a_thread_waits_for_is_sought() {
        let lock = Mutex::new(());
        let held = lock.lock();
        assert!(!MutexGuard::is_sought(&held));
        thread::scope(|scope| {
            scope.spawn(|| drop(lock.lock()));
            let end = Instant::now() + LONG;
            while !MutexGuard::is_sought(&held) && Instant::now() < end {
                thread::yield_now();
            }
            // As long as the thread waits, however often that is asked.
            assert!((0..2 * WARY_HOLDERS).all(|_| MutexGuard::is_sought(&held)));
            drop(held);
        });
        assert!(!MutexGuard::is_sought(&lock.lock()));
    }

    #[test]
    fn who_was_notified_is_not_notified_again_before_it_waits_again() {
        let (lock, changed) = (Mutex::new(0), Condvar::new());
        let notified = || changed.waiting.load(Ordering::Relaxed) / ONE_NOTIFICATION;
        let waits = || changed.waiting.load(Ordering::Relaxed) % ONE_NOTIFICATION != 0;
        let end = Instant::now() + LONG;
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut value = lock.lock();
                for round in 1..=2 {
                    while *value < round && Instant::now() < end {
                        changed.wait_until(&mut value, end);
                    }
                }
            });
            for round in 1..=2 {
                while !waits() && Instant::now() < end {
                    thread::yield_now();
                }
                let mut value = lock.lock();
                *value = round;
                for _ in 0..3 {
                    changed.notify_all();
                    assert_eq!((notified(), waits()), (round, false));
                }
            }
        });
        changed.wait_until(&mut lock.lock(), Instant::now());
        assert_eq!((notified(), waits()), (2, false));
    }

    #[test]
    fn no_notification_is_lost() {
        const ROUNDS: usize = 10_000;
        const THREADS: usize = 3;
        let (lock, changed) = (Mutex::new(0), Condvar::new());
        let end = Instant::now() + LONG;
        thread::scope(|scope| {
            for own in 0..THREADS {
                let (lock, changed) = (&lock, &changed);
                scope.spawn(move || {
                    let mut value = lock.lock();
                    while *value < ROUNDS {
                        if *value % THREADS == own {
                            *value += 1;
                            changed.notify_all();
                        } else {
                            changed.wait_until(&mut value, end);
                            assert!(Instant::now() < end, "thread {own} at {}", *value);
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn a_wait_ends_at_its_deadline() {
        let (lock, changed) = (Mutex::new(()), Condvar::new());
        let start = Instant::now();
        changed.wait_until(&mut lock.lock(), start + Duration::from_millis(20));
        assert!(start.elapsed() < LONG);
    }

    #[test]
    fn who_has_patience_for_a_holder_that_stays_gives_up() {
        let lock = Mutex::new(());
        let held = lock.lock();
        assert!(lock.try_lock_for(Duration::from_millis(5)).is_none());
        drop(held);
        assert!(lock.try_lock_for(LONG).is_some());
    }
}
