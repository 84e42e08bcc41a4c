//! The local time of day, as the C library reckons it (time zone rules, `TZ`).

use std::mem::MaybeUninit;

unsafe extern "C" {
    /// POSIX; the `libc` crate declares it for other systems only.
    fn tzset();
}

/// Broken-down local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct LocalTime {
    /// Full year, such as 2026.
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i32,
    /// 1 to 31.
    pub(crate) day: i32,
    /// 0 to 23.
    pub(crate) hour: i32,
    /// 0 to 59.
    pub(crate) minute: i32,
    /// 0 to 60.
    pub(crate) second: i32,
}

/// Reads the time zone again from the environment.
pub(crate) fn reread_time_zone() {
    // SAFETY: tzset takes nothing and locks the C library's own time zone data. It reads the
    // environment, as every localtime() of the host program does.
    unsafe { tzset() }
}

/// The local time `seconds` after the epoch; `None` if the year does not fit.
pub(crate) fn local_time(seconds: i64) -> Option<LocalTime> {
    let seconds = libc::time_t::try_from(seconds).ok()?;
    let mut tm = MaybeUninit::<libc::tm>::uninit();
    // SAFETY: both pointers are valid for the call, and localtime_r writes only to the second.
    let result = unsafe { libc::localtime_r(&seconds, tm.as_mut_ptr()) };
    if result.is_null() {
        return None;
    }
    // SAFETY: localtime_r returned non-null, so it has filled the struct.
    let tm = unsafe { tm.assume_init() };
    Some(LocalTime {
        year: i64::from(tm.tm_year) + 1900,
        month: tm.tm_mon + 1,
        day: tm.tm_mday,
        hour: tm.tm_hour,
        minute: tm.tm_min,
        second: tm.tm_sec,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_later_differs_by_a_second() {
        reread_time_zone();
        let (a, b) = (local_time(86_400).unwrap(), local_time(86_401).unwrap());
        assert_eq!(a.second + 1, b.second);
        assert!((1970..=1971).contains(&a.year));
    }

    #[test]
    fn a_year_beyond_the_range_is_none() {
        assert_eq!(local_time(i64::MAX), None);
    }
}
