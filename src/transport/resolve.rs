//! Host names to addresses, no longer than a deadline allows.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crate::process_lock::{Condvar, Mutex};
use crate::trace;
use crate::trace::Level;

/// The addresses of `host`, IPv4 first. A failure is traced.
pub(super) fn resolve(host: &[u8], port: u16, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    resolve_with(host, port, deadline, |host, port| {
        (host, port).to_socket_addrs().map(Iterator::collect)
    })
}

/// As [`resolve`], asking `look_up` for a host that is not an address already.
fn resolve_with(
    host: &[u8],
    port: u16,
    deadline: Instant,
    look_up: fn(&str, u16) -> io::Result<Vec<SocketAddr>>,
) -> io::Result<Vec<SocketAddr>> {
    let Ok(host) = std::str::from_utf8(host) else {
        let host = String::from_utf8_lossy(host);
        return Err(unresolved(&host, io::ErrorKind::InvalidInput.into()));
    };
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let addresses =
        look_up_aside(host, port, deadline, look_up).map_err(|error| unresolved(host, error))?;
    let (first, then): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv4);
    let mut addresses = [first, then].concat();
    addresses.dedup();
    if addresses.is_empty() {
        return Err(unresolved(host, io::ErrorKind::NotFound.into()));
    }
    Ok(addresses)
}

/// Runs `look_up` on a thread of its own, which is left to itself at the deadline: the system's resolver cannot be
/// interrupted. Where no thread can be made, it takes the time it takes.
fn look_up_aside(
    host: &str,
    port: u16,
    deadline: Instant,
    look_up: fn(&str, u16) -> io::Result<Vec<SocketAddr>>,
) -> io::Result<Vec<SocketAddr>> {
    let answer = Arc::new((Mutex::new(None), Condvar::new()));
    let asked = Arc::clone(&answer);
    let name = host.to_owned();
    let resolver = thread::Builder::new().name("mqtt-resolve".into());
    let started = resolver.spawn(move || {
        let addresses = look_up(&name, port);
        let (found, arrived) = &*asked;
        let mut found = found.lock();
        *found = Some(addresses);
        arrived.notify_all();
    });
    if started.is_err() {
        return look_up(host, port);
    }
    let (found, arrived) = &*answer;
    let mut found = found.lock();
    while found.is_none() && Instant::now() < deadline {
        arrived.wait_until(&mut found, deadline);
    }
    found
        .take()
        .unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
}

fn unresolved(host: &str, error: io::Error) -> io::Error {
    let text = error.to_string();
    trace!(
        Level::Error,
        "getaddrinfo failed for addr {host} with rc {}",
        getaddrinfo_code(&error, &text)
    );
    trace!(Level::Error, "{host} is not a valid IP address");
    io::Error::new(error.kind(), format!("cannot resolve {host}: {text}"))
}

/// The `EAI_*` number behind an error of the standard library, which keeps the text only.
fn getaddrinfo_code(error: &io::Error, text: &str) -> i32 {
    if error.raw_os_error().is_some() {
        return libc::EAI_SYSTEM;
    }
    if error.kind() == io::ErrorKind::TimedOut {
        return libc::EAI_AGAIN;
    }
    /// Of the GNU C library; the `libc` crate lacks it.
    const EAI_NODATA: i32 = -5;
    [
        ("Name or service not known", libc::EAI_NONAME),
        ("Temporary failure in name resolution", libc::EAI_AGAIN),
        ("No address associated with hostname", EAI_NODATA),
        ("Name has no usable address", libc::EAI_NONAME),
    ]
    .into_iter()
    .find(|(known, _)| text.contains(known))
    .map_or(libc::EAI_FAIL, |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[test]
    fn literals_are_not_looked_up() {
        let never = |_: &str, _: u16| -> io::Result<Vec<SocketAddr>> { panic!("looked up") };
        for (host, expected) in [("127.0.0.1", "127.0.0.1:7"), ("::1", "[::1]:7")] {
            let found = resolve_with(host.as_bytes(), 7, soon(), never).unwrap();
            assert_eq!(found, [expected.parse().unwrap()]);
        }
    }

    #[test]
    fn ipv4_comes_first_and_the_order_is_kept_otherwise() {
        let found = resolve_with(b"h", 1, soon(), |_, port| {
            ["::2", "10.0.0.2", "::1", "10.0.0.1"]
                .iter()
                .map(|ip| Ok(SocketAddr::new(ip.parse().unwrap(), port)))
                .collect()
        });
        let expected = ["10.0.0.2:1", "10.0.0.1:1", "[::2]:1", "[::1]:1"];
        assert_eq!(found.unwrap(), expected.map(|text| text.parse().unwrap()));
    }

    #[test]
    fn a_resolver_that_hangs_is_left_at_the_deadline() {
        let start = Instant::now();
        let deadline = start + Duration::from_millis(50);
        let error = resolve_with(b"h", 1, deadline, |_, _| {
            thread::park();
            Ok(Vec::new())
        });
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn hosts_that_are_no_names_fail() {
        let past = |_: &str, _: u16| -> io::Result<Vec<SocketAddr>> { Ok(Vec::new()) };
        assert!(resolve_with(b"\xff", 1, soon(), past).is_err());
        assert!(resolve_with(b"h", 1, soon(), past).is_err());
        assert!(resolve(b"", 1, soon()).is_err());
        assert!(resolve(b"a\0b", 1, soon()).is_err());
        assert!(resolve(b"user:pw@h", 1, soon()).is_err());
    }

    #[test]
    fn texts_of_the_resolver_give_their_codes() {
        let error = |text: &str| io::Error::other(text.to_owned());
        for (text, code) in [
            ("failed to lookup: Name or service not known", -2),
            ("Temporary failure in name resolution", -3),
            ("something else", -4),
        ] {
            assert_eq!(getaddrinfo_code(&error(text), text), code);
        }
        let system = io::Error::from_raw_os_error(libc::EMFILE);
        assert_eq!(getaddrinfo_code(&system, ""), -11);
    }
}
