//! HTTP proxies: which one, and the request for a tunnel through it (RFC 9110, section 9.3.6).

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::time::Instant;

use base64ct::{Base64, Encoding};
use percent_encoding::percent_decode;

use super::exchange::{check_line, invalid, receive_reply, send};
use super::{Scheme, ServerAddress, Transport};
use crate::trace::Level;

/// The port of a proxy that names none.
const DEFAULT_PORT: &[u8] = b"8080";
/// The environment's proxies count if this variable begins with `TRUE`.
const ENVIRONMENT_SWITCH: &str = "PAHO_C_CLIENT_USE_HTTP_PROXY";

/// The proxies that a program asks for, as `[http://][user:password@]host[:port]`.
#[derive(Clone, Default)]
pub struct Proxies {
    /// For connections without TLS.
    pub http: Option<Vec<u8>>,
    /// For connections with TLS.
    pub https: Option<Vec<u8>>,
}

/// A proxy to go through. It is reached without TLS, whatever its URL says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) address: ServerAddress,
    credentials: Option<Credentials>,
}

/// User and password, kept out of every text.
#[derive(PartialEq, Eq)]
struct Credentials(Vec<u8>);

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// The proxy for a connection to `server`: the one asked for, else the environment's.
pub(super) fn proxy_for(server: &ServerAddress, asked: &Proxies) -> Option<Proxy> {
    select(server, asked, |name| std::env::var_os(name))
}

fn select(
    server: &ServerAddress,
    asked: &Proxies,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<Proxy> {
    let variable = |name| variable(name).map(OsString::into_vec);
    let (asked, name) = match server.scheme {
        Scheme::Unix => return None,
        Scheme::Tcp | Scheme::Ws => (&asked.http, "http_proxy"),
        Scheme::Tls | Scheme::Wss => (&asked.https, "https_proxy"),
    };
    if let Some(url) = asked.as_ref().filter(|url| !url.is_empty()) {
        return Some(Proxy::parse(url));
    }
    let switch = variable(ENVIRONMENT_SWITCH)?;
    let url = variable(name).filter(|url| switch.starts_with(b"TRUE") && !url.is_empty())?;
    let exceptions = variable("no_proxy").unwrap_or_default();
    match is_exempt(server, &exceptions) {
        true => None,
        false => Some(Proxy::parse(&url)),
    }
}

/// Whether a list of hosts like `no_proxy` names the server.
fn is_exempt(server: &ServerAddress, list: &[u8]) -> bool {
    let (host, port) = server.host_port();
    list.split(|&byte| byte == b',').any(|entry| {
        // An IPv6 address without brackets has no port.
        if entry == host && entry.contains(&b':') {
            return true;
        }
        let entry = ServerAddress {
            scheme: server.scheme,
            text: entry.to_vec(),
        };
        let (name, wanted) = match entry.has_port() {
            true => (entry.host_port().0, Some(entry.host_port().1)),
            false => (entry.host_port().0, None),
        };
        let name = name.strip_prefix(b".").unwrap_or(name);
        let inside = |host: &[u8]| {
            host.strip_suffix(name)
                .is_some_and(|rest| rest.ends_with(b"."))
        };
        let matches = name == b"*" || !name.is_empty() && (host == name || inside(host));
        matches && wanted.is_none_or(|wanted| wanted == port)
    })
}

impl Proxy {
    fn parse(url: &[u8]) -> Proxy {
        let rest = [&b"http://"[..], b"https://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(*scheme))
            .unwrap_or(url);
        let end = rest.iter().rposition(|&byte| byte == b'@');
        let (credentials, rest) = match end {
            Some(at) => (
                Some(Credentials(percent_decode(&rest[..at]).collect())),
                &rest[at + 1..],
            ),
            None => (None, rest),
        };
        let end = rest.iter().position(|&byte| byte == b'/');
        let mut address = ServerAddress {
            scheme: Scheme::Tcp,
            text: rest[..end.unwrap_or(rest.len())].to_vec(),
        };
        if !address.has_port() {
            address.text.push(b':');
            address.text.extend_from_slice(DEFAULT_PORT);
        }
        Proxy {
            address,
            credentials,
        }
    }

    /// Writes to the trace that it is used for `server`.
    pub(super) fn trace(&self, server: &ServerAddress) {
        let kind = match server.scheme {
            Scheme::Tls | Scheme::Wss => "https",
            _ => "http",
        };
        let address = &self.address;
        crate::trace!(Level::Protocol, "Setting {kind} proxy to {address}");
        if let Some(credentials) = &self.credentials {
            crate::trace!(
                Level::Protocol,
                "Setting {kind} proxy auth to {credentials:?}"
            );
        }
    }

    /// Asks the proxy at the other end of `transport` for a tunnel to `server`. The bytes behind its reply stay unread.
    pub(super) fn open_tunnel(
        &self,
        transport: &dyn Transport,
        server: &ServerAddress,
        deadline: Instant,
    ) -> io::Result<()> {
        check_line(&server.text)?;
        send(transport, &self.request(server), deadline)?;
        let behind = receive_reply(transport, 1, deadline, |reply, _| match reply.code {
            Some(code) if !(200..300).contains(&code) => Err(invalid(format!(
                "the proxy {} answers {code}",
                self.address
            ))),
            _ => Ok(()),
        })?;
        debug_assert!(behind.is_empty(), "it is read byte by byte");
        Ok(())
    }

    fn request(&self, server: &ServerAddress) -> Vec<u8> {
        let authority = server.authority();
        let host = match authority.iter().rposition(|&byte| byte == b':') {
            Some(colon) => &authority[..colon],
            None => &authority[..],
        };
        let mut request = [b"CONNECT ", &authority[..], b" HTTP/1.1\r\nHost: ", host].concat();
        if let Some(Credentials(credentials)) = &self.credentials {
            request.extend_from_slice(b"\r\nProxy-authorization: Basic ");
            request.extend_from_slice(Base64::encode_string(credentials).as_bytes());
        }
        request.extend_from_slice(b"\r\n\r\n");
        request
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io::{Read, Write};
    use std::thread;
    use std::time::Duration;

    use super::super::testing::{Trickle, pair, read_exactly, soon};
    use super::*;

    fn server(uri: &str) -> ServerAddress {
        ServerAddress::parse(uri.as_bytes()).unwrap()
    }

    fn selected(uri: &str, asked: &Proxies, environment: &[(&str, &str)]) -> Option<String> {
        let environment: HashMap<_, _> = environment.iter().copied().collect();
        let variable = |name: &str| environment.get(name).map(OsString::from);
        select(&server(uri), asked, variable).map(|proxy| proxy.address.to_string())
    }

    #[test]
    fn the_proxy_asked_for_goes_by_whether_the_connection_is_secure() {
        let asked = Proxies {
            http: Some(b"plain:1".to_vec()),
            https: Some(b"secure:2".to_vec()),
        };
        for (uri, proxy) in [
            ("tcp://h", Some("plain:1")),
            ("ws://h", Some("plain:1")),
            ("ssl://h", Some("secure:2")),
            ("wss://h", Some("secure:2")),
            ("unix:///h", None),
        ] {
            assert_eq!(selected(uri, &asked, &[]).as_deref(), proxy, "{uri}");
        }
    }

    #[test]
    fn the_environment_counts_only_if_switched_on() {
        let none = Proxies::default();
        let proxies = [("http_proxy", "p:1"), ("https_proxy", "s:2")];
        let with = |switch| [&proxies[..], &[(ENVIRONMENT_SWITCH, switch)]].concat();
        assert_eq!(selected("tcp://h", &none, &proxies), None);
        assert_eq!(selected("tcp://h", &none, &with("true")), None);
        assert_eq!(selected("tcp://h", &none, &with("TRUEish")).unwrap(), "p:1");
        assert_eq!(selected("wss://h", &none, &with("TRUE")).unwrap(), "s:2");
        let asked = Proxies {
            http: Some(b"asked".to_vec()),
            https: None,
        };
        assert_eq!(
            selected("tcp://h", &asked, &with("TRUE")).unwrap(),
            "asked:8080"
        );
    }

    #[test]
    fn no_proxy_exempts_hosts_domains_and_ports() {
        for (list, uri, exempt) in [
            ("example.com", "tcp://example.com:1883", true),
            ("example.com", "tcp://test.example.com", true),
            (".example.com", "tcp://test.example.com", true),
            (".example.com", "tcp://example.com", true),
            ("example.com", "tcp://myexample.com", false),
            ("EXAMPLE.com", "tcp://example.com", false),
            ("a,example.com:1884,b", "tcp://example.com:1884", true),
            ("a,example.com:1884,b", "tcp://example.com:1883", false),
            ("a:1883,example.com:1884", "tcp://example.com:1883", false),
            ("*", "tcp://anything", true),
            ("*:1884", "tcp://anything:1884", true),
            ("*:1884", "tcp://anything", false),
            (" example.com", "tcp://example.com", false),
            ("127.0.0.0/8", "tcp://127.0.0.1", false),
            ("127.0.0.1", "tcp://127.0.0.1", true),
            ("[::1]:1883", "tcp://[::1]:1883", true),
            ("[::1]", "tcp://[::1]:1883", true),
            ("a,::1", "tcp://[::1]:1883", true),
            ("::2", "tcp://[::1]:1883", false),
            ("", "tcp://h", false),
            (",", "tcp://h", false),
            (".", "tcp://h.", false),
        ] {
            assert_eq!(
                is_exempt(&server(uri), list.as_bytes()),
                exempt,
                "{list} {uri}"
            );
        }
        let environment = [
            (ENVIRONMENT_SWITCH, "TRUE"),
            ("http_proxy", "p:1"),
            ("no_proxy", "h"),
        ];
        assert_eq!(selected("tcp://h", &Proxies::default(), &environment), None);
        let asked = Proxies {
            http: Some(b"asked:1".to_vec()),
            https: None,
        };
        assert_eq!(
            selected("tcp://h", &asked, &environment).unwrap(),
            "asked:1"
        );
    }

    #[test]
    fn a_proxy_is_read_in_all_its_forms() {
        for (url, address, credentials) in [
            ("h", "h:8080", None),
            ("h:1", "h:1", None),
            ("http://h:1/", "h:1", None),
            ("https://h/path:7", "h:8080", None),
            ("[::1]", "[::1]:8080", None),
            ("[::1]:3", "[::1]:3", None),
            ("u:p@h:1", "h:1", Some("u:p")),
            ("http://user@h", "h:8080", Some("user")),
            ("u%40x:%70%3Aw@h", "h:8080", Some("u@x:p:w")),
            ("u:50%@h", "h:8080", Some("u:50%")),
            ("u:%4@h", "h:8080", Some("u:%4")),
            ("u:%zz%@h", "h:8080", Some("u:%zz%")),
            ("u:a@b@h", "h:8080", Some("u:a@b")),
        ] {
            let proxy = Proxy::parse(url.as_bytes());
            assert_eq!(proxy.address.to_string(), address, "{url}");
            let expected = credentials.map(|text| Credentials(text.as_bytes().to_vec()));
            assert!(proxy.credentials == expected, "{url}");
            if let Some(credentials) = credentials {
                assert!(!format!("{proxy:?}").contains(credentials));
            }
        }
    }

    #[test]
    fn the_request_has_exactly_these_bytes() {
        for (proxy, uri, expected) in [
            (
                "p",
                "tcp://h:7/path",
                "CONNECT h:7 HTTP/1.1\r\nHost: h\r\n\r\n",
            ),
            ("p", "tcp://h", "CONNECT h:1883 HTTP/1.1\r\nHost: h\r\n\r\n"),
            ("p", "ssl://h", "CONNECT h:8883 HTTP/1.1\r\nHost: h\r\n\r\n"),
            ("p", "ws://h/x", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"),
            ("p", "wss://h", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n"),
            (
                "p",
                "tcp://[::5]:1",
                "CONNECT [::5]:1 HTTP/1.1\r\nHost: [::5]\r\n\r\n",
            ),
            (
                "user:pw@p",
                "tcp://h:7",
                "CONNECT h:7 HTTP/1.1\r\nHost: h\r\nProxy-authorization: Basic dXNlcjpwdw==\r\n\r\n",
            ),
        ] {
            let request = Proxy::parse(proxy.as_bytes()).request(&server(uri));
            assert_eq!(String::from_utf8(request).unwrap(), expected);
        }
    }

    /// What comes of a proxy that answers so, and the transport afterwards.
    fn answered(reply: &'static str, deadline: Instant) -> (io::Result<()>, Vec<u8>) {
        let (near, mut far) = pair();
        let near = Trickle::new(std::sync::Arc::new(near));
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    far.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                far.write_all(reply.as_bytes()).unwrap();
            });
            let result = Proxy::parse(b"p").open_tunnel(&near, &server("tcp://h"), deadline);
            (result, read_exactly(&near, 5))
        })
    }

    #[test]
    fn a_tunnel_keeps_what_comes_behind_the_reply() {
        for reply in [
            "HTTP/1.1 200 Connection established\r\n\r\nearly",
            "HTTP/1.0 200 OK\r\nProxy-agent: x\r\n\r\nearly",
            "HTTP/1.1 200 OK\r\nno header\r\nX Y: z\r\n\r\nearly",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: y\r\n\r\nHTTP/1.1 200 OK\r\n\r\nearly",
        ] {
            let (result, behind) = answered(reply, soon());
            result.unwrap();
            assert_eq!(behind, b"early");
        }
    }

    #[test]
    fn a_refusal_fails_at_once() {
        let start = Instant::now();
        for reply in [
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 9999\r\n",
            "HTTP/1.1 503 x\r\n\r\n",
            "SSH-2.0-x\r\n",
            "",
        ] {
            assert!(answered(reply, soon()).0.is_err(), "{reply}");
        }
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_server_uri_cannot_bring_lines_into_the_request() {
        for uri in ["tcp://h\r\nX: y", "tcp://h\n", "tcp://\x7f:1"] {
            let (near, far) = pair();
            let result = Proxy::parse(b"p").open_tunnel(&near, &server(uri), soon());
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::InvalidData);
            drop(near);
            assert_eq!((&far).read(&mut [0; 4]).unwrap(), 0, "nothing was sent");
        }
    }

    #[test]
    fn replies_that_only_announce_others_end_too() {
        let (near, far) = pair();
        thread::scope(|scope| {
            scope.spawn(|| while (&far).write_all(b"HTTP/1.1 100 Continue\r\n\r\n").is_ok() {});
            let result = Proxy::parse(b"p").open_tunnel(&near, &server("tcp://h"), soon());
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::InvalidData);
            drop(near);
        });
    }

    #[test]
    fn a_silent_proxy_fails_at_the_deadline() {
        let (near, _far) = pair();
        let deadline = Instant::now() + Duration::from_millis(200);
        let result = Proxy::parse(b"p").open_tunnel(&near, &server("tcp://h"), deadline);
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(Instant::now() >= deadline);
    }
}
