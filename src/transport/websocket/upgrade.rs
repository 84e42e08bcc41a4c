//! The request to go over from HTTP to WebSocket, and its reply (RFC 6455, section 4.1).

use std::io;
use std::time::Instant;

use base64ct::{Base64, Encoding};
use sha1::{Digest, Sha1};

use super::super::exchange::{check_line, invalid, receive_reply, send};
use super::super::{Scheme, ServerAddress, Transport};
use super::encoder::fill_random;
use crate::trace::Level;

const ACCEPT_GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The path of an address that has none.
const DEFAULT_PATH: &[u8] = b"/mqtt";

/// Asks for WebSocket with subprotocol `mqtt` [MQTT-6.0.0-3]; returns what came behind the reply.
pub(super) fn upgrade(
    transport: &dyn Transport,
    address: &ServerAddress,
    headers: &[(Vec<u8>, Vec<u8>)],
    deadline: Instant,
) -> io::Result<Vec<u8>> {
    check_line(&address.text)?;
    let mut random = [0; 16];
    fill_random(&mut random)?;
    let key = Base64::encode_string(&random);
    send(transport, &request(address, &key, headers), deadline)?;
    let behind = receive_reply(transport, usize::MAX, deadline, |reply, complete| {
        if reply.code.is_some_and(|code| code != 101) || reply.version == Some(0) {
            let (version, code) = (reply.version.unwrap_or(1), reply.code.unwrap_or(0));
            crate::trace!(Level::Protocol, "WebSocket HTTP rc {code}");
            let what = format!("the server answers HTTP/1.{version} {code} to the upgrade");
            return Err(invalid(what));
        }
        match complete {
            true => check(reply.headers, &accept_value(&key)),
            false => Ok(()),
        }
    })?;
    crate::trace!(Level::Protocol, "WebSocket connection upgraded");
    Ok(behind)
}

fn request(address: &ServerAddress, key: &str, headers: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let scheme: &[u8] = match address.scheme {
        Scheme::Wss => b"https",
        _ => b"http",
    };
    let authority = address.authority();
    let path = address.path().unwrap_or(DEFAULT_PATH);
    let mut request = Vec::new();
    let mut line = |parts: &[&[u8]]| {
        parts
            .iter()
            .for_each(|part| request.extend_from_slice(part));
        request.extend_from_slice(b"\r\n");
    };
    line(&[b"GET ", path, b" HTTP/1.1"]);
    line(&[b"Host: ", &authority]);
    line(&[b"Upgrade: websocket"]);
    line(&[b"Connection: Upgrade"]);
    line(&[b"Origin: ", scheme, b"://", &authority]);
    line(&[b"Sec-WebSocket-Key: ", key.as_bytes()]);
    line(&[b"Sec-WebSocket-Version: 13"]);
    line(&[b"Sec-WebSocket-Protocol: mqtt"]);
    for (name, value) in headers {
        line(&[name, b": ", value]);
    }
    line(&[]);
    request
}

/// What the server must answer to the key.
fn accept_value(key: &str) -> String {
    let digest = Sha1::new()
        .chain_update(key)
        .chain_update(ACCEPT_GUID)
        .finalize();
    Base64::encode_string(&digest)
}

/// `Upgrade` and `Sec-WebSocket-Protocol` are not asked for: servers leave them out.
fn check(headers: &[httparse::Header<'_>], accept: &str) -> io::Result<()> {
    let values = |name: &'static str| {
        let named = headers
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| header.value)
    };
    let mut options = values("Connection").flat_map(|value| value.split(|&byte| byte == b','));
    if !options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"Upgrade")) {
        return Err(invalid(
            "the upgrade reply lacks its Connection header".into(),
        ));
    }
    // There must be one only (RFC 6455, section 11.3.3).
    let mut answers = values("Sec-WebSocket-Accept").peekable();
    if answers.peek().is_none() || !answers.all(|value| value.trim_ascii() == accept.as_bytes()) {
        return Err(invalid(
            "the upgrade reply is not one to this request".into(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_for(uri: &str, headers: &[(&str, &str)]) -> String {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect();
        let address = ServerAddress::parse(uri.as_bytes()).unwrap();
        String::from_utf8(request(&address, "KEY", &headers)).unwrap()
    }

    #[test]
    fn the_request_has_exactly_these_bytes() {
        let headers = [("X-One", "1"), ("Authorization", "Bearer x")];
        assert_eq!(
            request_for("ws://broker:8080/a/b?c=d", &headers),
            "GET /a/b?c=d HTTP/1.1\r\n\
             Host: broker:8080\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Origin: http://broker:8080\r\n\
             Sec-WebSocket-Key: KEY\r\n\
             Sec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: mqtt\r\n\
             X-One: 1\r\n\
             Authorization: Bearer x\r\n\
             \r\n"
        );
    }

    #[test]
    fn path_port_and_origin_have_defaults_by_scheme() {
        for (uri, path, host, origin) in [
            ("ws://h", "/mqtt", "h:80", "http://h:80"),
            ("wss://h", "/mqtt", "h:443", "https://h:443"),
            ("ws://h:81/", "/", "h:81", "http://h:81"),
            ("ws://[::1]", "/mqtt", "[::1]:80", "http://[::1]:80"),
            ("wss://[::1]:9/x", "/x", "[::1]:9", "https://[::1]:9"),
            ("ws://h/p?u=x:7", "/p?u=x:7", "h:80", "http://h:80"),
        ] {
            let text = request_for(uri, &[]);
            assert!(
                text.starts_with(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n")),
                "{text}"
            );
            assert!(
                text.contains(&format!("\r\nOrigin: {origin}\r\n")),
                "{text}"
            );
        }
    }

    #[test]
    fn the_accept_value_is_that_of_the_standards_example() {
        let accept = accept_value("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
