//! The line between C and Rust: no panic crosses it, and the trace is written out behind it.
//!
//! The exported functions are `extern "C-unwind"`, for glibc unwinds a thread that is cancelled. It does so where nothing has
//! to be dropped: before the work of a function is begun or when its answer, plain data, is all that is left of it.

use super::cancellation;
use super::client::{MQTTCLIENT_FAILURE, MQTTResponse};
use super::properties::MQTTProperties;
use crate::trace::{self, Level};
use std::any::Any;
use std::ffi::{c_int, c_ulong};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::time::Duration;

/// A thread that waits for longer looks now and then whether it has been cancelled: nothing else would tell it.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What a function of this return type answers when it panicked.
pub(super) trait Failure {
    const FAILURE: Self;
}

impl Failure for () {
    const FAILURE: Self = ();
}

impl Failure for c_int {
    const FAILURE: Self = MQTTCLIENT_FAILURE;
}

/// The numeric value of a property that is not there.
impl Failure for i64 {
    const FAILURE: Self = -9_999_999;
}

/// No thread.
impl Failure for usize {
    const FAILURE: Self = 0;
}

impl<T> Failure for *mut T {
    const FAILURE: Self = ptr::null_mut();
}

impl<T> Failure for *const T {
    const FAILURE: Self = ptr::null();
}

impl Failure for MQTTResponse {
    const FAILURE: Self = MQTTResponse {
        version: 1,
        reasonCode: MQTTCLIENT_FAILURE,
        reasonCodeCount: 0,
        reasonCodes: ptr::null_mut(),
        properties: ptr::null_mut(),
    };
}

impl Failure for MQTTProperties {
    const FAILURE: Self = MQTTProperties {
        count: 0,
        max_count: 0,
        length: 0,
        array: ptr::null_mut(),
    };
}

/// Runs the body of the exported function `name`; if it panics the answer is the failure value of its type.
pub(super) fn boundary<T: Failure + Copy>(name: &'static str, body: impl FnOnce() -> T) -> T {
    boundary_or(name, T::FAILURE, body)
}

/// As [`boundary`], for functions that may wait: a thread that has been cancelled ends here, before anything is done.
#[inline]
pub(super) fn cancellation_point<T: Failure + Copy>(
    name: &'static str,
    body: impl FnOnce() -> T,
) -> T {
    cancellation::test();
    boundary(name, body)
}

/// As [`cancellation_point`], for functions that wait as long as the program says, in ms: `body` waits for a part of that time
/// after the other, between which the thread can be cancelled, until it has an answer (`Break`) or the time is over (`Continue`).
#[inline]
pub(super) fn cancellable_wait<T: Failure + Copy>(
    name: &'static str,
    timeout: c_ulong,
    mut body: impl FnMut(Duration) -> ControlFlow<T, T>,
) -> T {
    let mut left = milliseconds(timeout);
    loop {
        let part = left.min(LONGEST_WAIT);
        left -= part;
        cancellation::test();
        let failure = ControlFlow::Break(T::FAILURE);
        match boundary_or(name, failure, || body(part)) {
            ControlFlow::Continue(_) if !left.is_zero() => {}
            ControlFlow::Continue(answer) | ControlFlow::Break(answer) => return answer,
        }
    }
}

/// A time that C programs give in ms.
#[allow(
    clippy::unnecessary_cast,
    reason = "their `unsigned long` has 32 bits on some machines"
)]
pub(super) fn milliseconds(time: c_ulong) -> Duration {
    Duration::from_millis(time as u64)
}

/// As [`boundary`], for functions that only use memory: they neither trace nor call anything that ends a cancelled thread.
#[inline]
pub(super) fn memory_boundary<T: Failure>(name: &'static str, body: impl FnOnce() -> T) -> T {
    answer_or(name, T::FAILURE, body)
}

/// As [`boundary`], for functions whose type has a failure value that would be taken for an answer.
pub(super) fn boundary_or<T: Copy>(name: &'static str, failure: T, body: impl FnOnce() -> T) -> T {
    let before = cancellation::defer();
    let answer = answer_or(name, failure, body);
    // No lock is held here, so the program's trace callback may take its time.
    let _ = catch_unwind(crate::client::flush_trace);
    cancellation::restore(before);
    answer
}

fn answer_or<T>(name: &'static str, failure: T, body: impl FnOnce() -> T) -> T {
    // Asserted: what a panic leaves half done is behind locks and looked at again under them.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        report(name, panic.as_ref());
        failure
    })
}

#[cold]
fn report(name: &str, panic: &(dyn Any + Send)) {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    trace::push(
        Level::Severe,
        format_args!("internal error in {name}: {text}"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panic_quietly<T>() -> T {
        // resume_unwind does not call the panic hook.
        std::panic::resume_unwind(Box::new("on purpose"))
    }

    #[test]
    fn a_result_passes_through() {
        assert_eq!(boundary("f", || 7), 7);
        assert_eq!(boundary_or("f", 0, || 7), 7);
    }

    #[test]
    fn a_panic_becomes_the_failure_value_of_each_type() {
        assert_eq!(boundary::<c_int>("f", panic_quietly), -1);
        assert_eq!(boundary::<i64>("f", panic_quietly), -9_999_999);
        assert!(boundary::<*mut u8>("f", panic_quietly).is_null());
        assert!(boundary::<*const u8>("f", panic_quietly).is_null());
        let response = boundary::<MQTTResponse>("f", panic_quietly);
        assert_eq!((response.version, response.reasonCode), (1, -1));
        assert!(response.reasonCodes.is_null() && response.properties.is_null());
        let properties = boundary::<MQTTProperties>("f", panic_quietly);
        assert!(properties.count == 0 && properties.array.is_null());
        boundary::<()>("f", panic_quietly);
    }

    #[test]
    fn a_panic_in_a_memory_function_is_no_memory() {
        assert_eq!(memory_boundary("f", || 7), 7);
        assert!(memory_boundary::<*mut u8>("f", panic_quietly).is_null());
    }

    #[test]
    fn a_panic_in_a_question_is_a_no() {
        assert_eq!(boundary_or("f", 0, panic_quietly::<c_int>), 0);
    }
}
