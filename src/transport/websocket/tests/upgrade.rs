//! The request to go over to frames, and its replies.

use super::*;
use base64ct::{Base64, Encoding};

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Connects to a server that answers the request with what `reply` makes of the accept value.
fn connect_to(
    reply: impl Fn(&str) -> Vec<Vec<u8>> + Send,
    deadline: Instant,
) -> (io::Result<WebSocket>, Duration) {
    let (near, mut far) = pair();
    let start = Instant::now();
    let address = ServerAddress::parse(b"ws://h/p").unwrap();
    let mut result = None;
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                far.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            let request = String::from_utf8(request).unwrap();
            let key = request.split("Sec-WebSocket-Key: ").nth(1).unwrap();
            let key = key.split("\r\n").next().unwrap();
            assert_eq!(Base64::decode_vec(key).unwrap().len(), 16);
            let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
            for part in reply(&accept) {
                let _ = far.write_all(&part);
            }
            far
        });
        result = Some(connect(Arc::new(near), &address, &[], deadline));
        drop(server.join().unwrap());
    });
    (result.unwrap(), start.elapsed())
}

fn good(accept: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: keep-alive, upgrade\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    )
}

#[test]
fn the_guid_is_the_standards() {
    // Spelt in two places on purpose: a slip in one shows.
    let accept = tungstenite::handshake::derive_accept_key(b"x");
    use sha1::Digest;
    let digest = sha1::Sha1::digest(format!("x{GUID}"));
    assert_eq!(Base64::encode_string(&digest), accept);
}

#[test]
fn a_reply_may_come_in_pieces_with_many_headers_and_frames_behind() {
    let in_bytes = |accept: &str| {
        let long = format!("X-Long: {}\r\nConnection: keep", "x".repeat(4000));
        let reply = good(accept).replacen("connection: keep", &long, 1);
        let mut bytes = reply.into_bytes();
        bytes.extend_from_slice(&frame(0x82, b"early"));
        bytes.chunks(1).map(<[u8]>::to_vec).collect()
    };
    let (socket, _) = connect_to(in_bytes, soon());
    assert_eq!(read_exactly(&socket.unwrap(), 5), b"early");
    let at_once = |accept: &str| {
        let frame = frame(0x82, b"early");
        vec![[good(accept).into_bytes(), frame].concat()]
    };
    let (socket, _) = connect_to(at_once, soon());
    assert_eq!(read_exactly(&socket.unwrap(), 5), b"early");
}

#[test]
fn lines_of_a_reply_that_are_no_headers_are_passed_over() {
    for line in ["X Y: z", "X-\u{c4}: z", "no header", ": z", "\u{1}X: z"] {
        let with_line = |accept: &str| {
            let reply = good(accept).replacen("connection", &format!("{line}\r\nconnection"), 1);
            let bytes = reply.into_bytes();
            // Also when it is not complete yet.
            bytes.chunks(1).map(<[u8]>::to_vec).collect()
        };
        let (socket, _) = connect_to(with_line, soon());
        assert!(socket.is_ok(), "{line:?}: {:?}", socket.err());
    }
}

#[test]
fn replies_that_announce_the_upgrade_are_passed_over() {
    let early = |accept: &str| {
        let hints = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".to_owned();
        vec![[(hints + &good(accept)).into_bytes(), frame(0x82, b"early")].concat()]
    };
    let (socket, _) = connect_to(early, soon());
    assert_eq!(read_exactly(&socket.unwrap(), 5), b"early");
}

#[test]
fn a_path_cannot_bring_lines_into_the_request() {
    let (near, mut far) = pair();
    let address = ServerAddress::parse(b"ws://h/p HTTP/1.1\r\nX: y").unwrap();
    let result = connect(Arc::new(near), &address, &[], soon());
    assert_eq!(result.err().unwrap().kind(), ErrorKind::InvalidData);
    assert_eq!(far.read(&mut [0; 4]).unwrap(), 0, "nothing was sent");
}

#[test]
fn a_reply_that_is_no_upgrade_fails_at_once() {
    let replies: [fn(&str) -> String; 9] = [
        |_| "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n".to_owned(),
        |accept| good(accept).replace("HTTP/1.1", "HTTP/1.0"),
        |accept| good(accept).replace("101", "200"),
        |accept| good(accept).replace("connection", "x"),
        |accept| good(accept).replace("keep-alive, upgrade", "not-upgrade"),
        |_| good("AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        |accept| {
            good("AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nSec-WebSocket-Accept: ")
                .replace(": \r\n", &format!(": {accept}\r\n"))
        },
        |_| "\x16\x03\x01 no HTTP at all\r\n".to_owned(),
        |_| format!("HTTP/1.1 101 x\r\nX: {}", "x".repeat(100_000)),
    ];
    for reply in replies {
        let (result, elapsed) = connect_to(|accept| vec![reply(accept).into_bytes()], soon());
        assert!(result.is_err());
        assert!(elapsed < Duration::from_secs(10));
    }
}

#[test]
fn silence_ends_at_the_deadline() {
    let deadline = Instant::now() + Duration::from_millis(200);
    let (near, _far) = pair();
    let address = ServerAddress::parse(b"ws://h").unwrap();
    let result = connect(Arc::new(near), &address, &[], deadline);
    assert_eq!(result.err().unwrap().kind(), ErrorKind::TimedOut);
    assert!(Instant::now() >= deadline);
}

#[test]
fn a_server_that_goes_away_fails_at_once() {
    let (near, far) = pair();
    drop(far);
    let address = ServerAddress::parse(b"ws://h").unwrap();
    assert!(connect(Arc::new(near), &address, &[], soon()).is_err());
}
