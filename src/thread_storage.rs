//! What a thread keeps for itself. Threads call the library even when their storage has been given back: in handlers of
//! `atexit`, and in the destructors of the program's globals and of its thread-specific data.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::thread::LocalKey;

/// A buffer for whatever the thread reads or writes next.
pub(crate) type Buffer = Cell<Vec<u8>>;

/// Lends the thread's buffer to `work`, or a new one if the thread has none any more.
#[inline]
pub(crate) fn lend<R>(
    buffer: &'static LocalKey<Buffer>,
    work: impl FnOnce(&mut Vec<u8>) -> R,
) -> R {
    let mut bytes = buffer.try_with(Cell::take).unwrap_or_default();
    let result = work(&mut bytes);
    let _ = buffer.try_with(|buffer| buffer.set(bytes));
    result
}

/// A value that is never given back, so that it can be used to the end. What is in it when the thread has ended is leaked.
pub(crate) struct Lasting<T>(ManuallyDrop<RefCell<T>>);

impl<T> Lasting<T> {
    pub(crate) const fn new(value: T) -> Lasting<T> {
        Lasting(ManuallyDrop::new(RefCell::new(value)))
    }

    #[inline]
    pub(crate) fn borrow<R>(&self, work: impl FnOnce(&T) -> R) -> R {
        work(&self.0.borrow())
    }

    #[inline]
    pub(crate) fn borrow_mut<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.0.borrow_mut())
    }
}

impl<T: Default> Lasting<T> {
    #[inline]
    pub(crate) fn take(&self) -> T {
        self.0.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static BUFFER: Buffer = const { Cell::new(Vec::new()) };
        static LASTING: Lasting<Vec<u8>> = const { Lasting::new(Vec::new()) };
    }

    fn use_both() {
        lend(&BUFFER, |bytes| bytes.resize(100, 1));
        LASTING.with(|bytes| bytes.borrow_mut(|bytes| bytes.push(1)));
        assert_eq!(LASTING.with(Lasting::take), [1]);
        assert!(LASTING.with(|bytes| bytes.borrow(Vec::is_empty)));
    }

    /// Uses them when it is given back itself.
    struct AtTheEnd;

    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            assert!(BUFFER.try_with(|_| ()).is_err());
            use_both();
        }
    }

    #[test]
    fn they_can_be_used_when_the_storage_of_the_thread_has_been_given_back() {
        thread_local! {
            static LAST: AtTheEnd = const { AtTheEnd };
        }
        std::thread::spawn(|| {
            // What is begun last is given back first.
            LAST.with(|_| ());
            use_both();
        })
        .join()
        .unwrap();
    }
}
