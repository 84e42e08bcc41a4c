//! Server URIs: which transport, which host, which port.

use std::fmt;

/// How the server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `tcp://`, `mqtt://`, or no scheme at all.
    Tcp,
    /// `ssl://`, `mqtts://`, `tls://`.
    Tls,
    /// `ws://`
    Ws,
    /// `wss://`
    Wss,
    /// `unix://`, with a path in place of host and port.
    Unix,
}

impl Scheme {
    const PREFIXES: [(&'static [u8], Scheme); 8] = [
        (b"tcp://", Scheme::Tcp),
        (b"mqtt://", Scheme::Tcp),
        (b"ssl://", Scheme::Tls),
        (b"mqtts://", Scheme::Tls),
        (b"tls://", Scheme::Tls),
        (b"ws://", Scheme::Ws),
        (b"wss://", Scheme::Wss),
        (b"unix://", Scheme::Unix),
    ];

    /// Whether connections are to be secured by TLS.
    pub fn is_secure(self) -> bool {
        matches!(self, Scheme::Tls | Scheme::Wss)
    }

    /// The port of an address that names none; 0 for a scheme without ports.
    pub fn default_port(self) -> u16 {
        match self {
            Scheme::Tcp => 1883,
            Scheme::Tls => 8883,
            Scheme::Ws => 80,
            Scheme::Wss => 443,
            Scheme::Unix => 0,
        }
    }
}

/// The URI has a scheme that no transport serves. Schemes are case sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadScheme;

impl fmt::Display for BadScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server URI has an unknown scheme")
    }
}

impl std::error::Error for BadScheme {}

/// A server URI, taken apart as far as its scheme; the rest is kept as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerAddress {
    /// How the server is reached.
    pub scheme: Scheme,
    /// The URI without its scheme, such as `localhost:1883` or `[::1]:80/mqtt`.
    pub text: Vec<u8>,
}

impl ServerAddress {
    /// Takes a URI apart. A text without `://` is a host and port for plain TCP. Whether this build
    /// serves the scheme is the caller's question.
    pub fn parse(uri: &[u8]) -> Result<ServerAddress, BadScheme> {
        for (prefix, scheme) in Scheme::PREFIXES {
            if let Some(rest) = uri.strip_prefix(prefix) {
                return Ok(ServerAddress {
                    scheme,
                    text: rest.to_vec(),
                });
            }
        }
        if uri.windows(3).any(|window| window == b"://") {
            return Err(BadScheme);
        }
        Ok(ServerAddress {
            scheme: Scheme::Tcp,
            text: uri.to_vec(),
        })
    }

    /// The host, without brackets, and the port.
    ///
    /// The port is the number behind the last colon, whatever follows its digits; a colon left of
    /// the last `]` of a bracketed host is no such colon, nor is one in a [`path`](Self::path). Ports
    /// wrap at 65536.
    pub fn host_port(&self) -> (&[u8], u16) {
        let (text, colon) = self.split();
        let (host, port) = match colon {
            Some(colon) => (&text[..colon], port_number(&text[colon + 1..])),
            None => (text, self.scheme.default_port()),
        };
        // Each for itself: `[h` and `h]` are `h` for the original.
        let host = host.strip_prefix(b"[").unwrap_or(host);
        let host = host.strip_suffix(b"]").unwrap_or(host);
        (host, port)
    }

    /// Whether the address names a port.
    pub fn has_port(&self) -> bool {
        self.split().1.is_some()
    }

    /// The text without path, and where in it the colon before the port is.
    fn split(&self) -> (&[u8], Option<usize>) {
        let text = &self.text[..self.text.len() - self.path().map_or(0, <[u8]>::len)];
        let bracketed = text.first() == Some(&b'[');
        let search_from = match text.iter().rposition(|&byte| byte == b']') {
            Some(end) if bracketed => end,
            _ => 0,
        };
        let colon = text[search_from..]
            .iter()
            .rposition(|&byte| byte == b':')
            .map(|at| search_from + at);
        (text, colon)
    }

    /// The path and query of a WebSocket address, from the first `/` on, if there are any.
    pub fn path(&self) -> Option<&[u8]> {
        let has_path = matches!(self.scheme, Scheme::Ws | Scheme::Wss);
        let start = self.text.iter().position(|&byte| byte == b'/');
        start.filter(|_| has_path).map(|start| &self.text[start..])
    }

    /// Host and port as HTTP writes them, `h:80` or `[::1]:80`.
    pub fn authority(&self) -> Vec<u8> {
        let (host, port) = self.host_port();
        let port = port.to_string();
        match host.contains(&b':') {
            true => [b"[", host, b"]:", port.as_bytes()].concat(),
            false => [host, b":", port.as_bytes()].concat(),
        }
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text))
    }
}

/// The number at the start of `text`, modulo 65536; 0 if there is none.
fn port_number(text: &[u8]) -> u16 {
    let text = text.trim_ascii_start();
    text.strip_prefix(b"+")
        .unwrap_or(text)
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0_u16, |number, digit| {
            number
                .wrapping_mul(10)
                .wrapping_add(u16::from(digit - b'0'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(uri: &str) -> (Scheme, String, u16) {
        let address = ServerAddress::parse(uri.as_bytes()).unwrap();
        let (host, port) = address.host_port();
        let host = String::from_utf8(host.to_vec()).unwrap();
        (address.scheme, host, port)
    }

    #[test]
    fn schemes_have_their_default_ports() {
        for (uri, scheme, port) in [
            ("tcp://h", Scheme::Tcp, 1883),
            ("mqtt://h", Scheme::Tcp, 1883),
            ("h", Scheme::Tcp, 1883),
            ("ssl://h", Scheme::Tls, 8883),
            ("mqtts://h", Scheme::Tls, 8883),
            ("tls://h", Scheme::Tls, 8883),
            ("ws://h", Scheme::Ws, 80),
            ("wss://h", Scheme::Wss, 443),
        ] {
            assert_eq!(parsed(uri), (scheme, "h".into(), port), "{uri}");
        }
        let unix = ServerAddress::parse(b"unix:///run/x:y").unwrap();
        assert_eq!(
            (unix.scheme, &unix.text[..]),
            (Scheme::Unix, &b"/run/x:y"[..])
        );
    }

    #[test]
    fn schemes_are_case_sensitive_and_anchored() {
        for uri in [
            "TCP://h",
            " tcp://h",
            "://h",
            "localhost://",
            "http://h",
            "x://",
        ] {
            assert_eq!(
                ServerAddress::parse(uri.as_bytes()),
                Err(BadScheme),
                "{uri}"
            );
        }
        assert_eq!(parsed("tcp:/h").1, "tcp");
        assert_eq!(parsed(""), (Scheme::Tcp, "".into(), 1883));
    }

    #[test]
    fn ports_are_read_as_the_table_says() {
        for (uri, host, port) in [
            ("h:1884", "h", 1884),
            ("h:1883abc", "h", 1883),
            ("h:1883?x", "h", 1883),
            ("h:1883/path", "h", 1883),
            ("h: 01883", "h", 1883),
            ("h: +1883", "h", 1883),
            ("h:++1883", "h", 0),
            ("h:67419", "h", 1883),
            ("h:99999999999999999999", "h", 65535),
            ("h:abc", "h", 0),
            ("h:", "h", 0),
            ("::1:1883", "::1", 1883),
            ("[::1]", "::1", 1883),
            ("[::1]:1884", "::1", 1884),
            ("[::1", ":", 1),
            ("[h:5", "h", 5),
            ("h]:5", "h", 5),
            ("[[h]]:5", "[h]", 5),
            ("h/p:1884", "h/p", 1884),
            ("h/p", "h/p", 1883),
            ("user:pw@h", "user", 0),
            ("[a]b:5", "a]b", 5),
            (":5", "", 5),
        ] {
            assert_eq!(parsed(uri), (Scheme::Tcp, host.into(), port), "{uri}");
        }
    }

    #[test]
    fn the_text_is_kept_as_written() {
        let address = ServerAddress::parse(b"ws://[::1]:80x/p?q").unwrap();
        assert_eq!(address.text, b"[::1]:80x/p?q");
    }

    proptest::proptest! {
        #[test]
        fn no_uri_panics(uri: Vec<u8>) {
            if let Ok(address) = ServerAddress::parse(&uri) {
                let _ = address.host_port();
            }
        }
    }
}
