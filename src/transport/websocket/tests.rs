//! A WebSocket against a server played byte by byte, and against the crate's own server side.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use tungstenite::protocol::{Message, Role};

use super::super::testing::{Limited, Trickle, pair, pattern, read_exactly, soon, write_all};
use super::super::{Interest, wait_ready};
use super::*;

mod upgrade;

/// An upgraded connection and the server's end.
fn upgraded(received: &[u8]) -> (WebSocket, UnixStream) {
    let (near, far) = pair();
    (WebSocket::new(Arc::new(near), received), far)
}

/// A frame from the server; lengths in the shortest form.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ ..=125 => frame.push(short as u8),
        middle @ ..=0xffff => {
            frame.push(126);
            frame.extend_from_slice(&(middle as u16).to_be_bytes());
        }
        long => {
            frame.push(127);
            frame.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// The first bytes and the unmasked payload of the next frame from the client.
fn client_frame(server: &mut UnixStream) -> (Vec<u8>, Vec<u8>) {
    let mut head = vec![0; 2];
    server.read_exact(&mut head).unwrap();
    let length_bytes = match head[1] & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    assert_eq!(head[1] & 0x80, 0x80, "every frame is masked");
    let mut length = vec![0; length_bytes];
    server.read_exact(&mut length).unwrap();
    let count = match length_bytes {
        0 => usize::from(head[1] & 0x7f),
        _ => length
            .iter()
            .fold(0, |sum, &byte| sum << 8 | usize::from(byte)),
    };
    head.extend_from_slice(&length);
    let mut mask = [0; 4];
    server.read_exact(&mut mask).unwrap();
    let mut payload = vec![0; count];
    server.read_exact(&mut payload).unwrap();
    for (at, byte) in payload.iter_mut().enumerate() {
        *byte ^= mask[at % 4];
    }
    (head, payload)
}

fn read_available(socket: &WebSocket) -> io::Result<Vec<u8>> {
    wait_ready(socket, Interest::READ, Some(soon()));
    let mut buf = [0; 256];
    socket.read(&mut buf).map(|count| buf[..count].to_vec())
}

#[test]
fn a_write_becomes_one_binary_frame_of_the_shortest_form() {
    for (length, head) in [
        (1, &[0x82, 0x81][..]),
        (125, &[0x82, 0xfd]),
        (126, &[0x82, 0xfe, 0, 126]),
        (206, &[0x82, 0xfe, 0, 0xce]),
        (65535, &[0x82, 0xfe, 0xff, 0xff]),
        (70007, &[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x77]),
    ] {
        let (socket, mut server) = upgraded(b"");
        let sent = pattern(length);
        thread::scope(|scope| {
            scope.spawn(|| write_all(&socket, &sent));
            let (first, payload) = client_frame(&mut server);
            assert_eq!(first, head);
            assert!(payload == sent, "{length}");
        });
    }
}

#[test]
fn masks_differ_from_frame_to_frame() {
    let (socket, mut server) = upgraded(b"");
    let masks: Vec<Vec<u8>> = (0..8)
        .map(|_| {
            write_all(&socket, b"\0\0\0\0");
            let mut frame = [0; 10];
            server.read_exact(&mut frame).unwrap();
            frame[2..6].to_vec()
        })
        .collect();
    assert!(masks.iter().any(|mask| *mask != masks[0]));
}

#[test]
fn bytes_arrive_in_order_however_reads_and_writes_are_cut() {
    let length = 40_000;
    let (near, far) = pair();
    let socket = WebSocket::new(Arc::new(Trickle::new(Arc::new(near))), b"");
    let mut server = tungstenite::WebSocket::from_raw_socket(far, Role::Server, None);
    let sent = pattern(length);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut received = Vec::new();
            while received.len() < length {
                let Message::Binary(payload) = server.read().unwrap() else {
                    panic!("only binary frames are sent")
                };
                received.extend_from_slice(&payload);
            }
            for part in received.chunks(1000) {
                server.send(Message::Ping(vec![1, 2, 3].into())).unwrap();
                server.send(Message::Binary(part.to_vec().into())).unwrap();
            }
            assert!(received == pattern(length));
        });
        for part in sent.chunks(3000) {
            write_all(&socket, part);
        }
        assert!(read_exactly(&socket, length) == sent);
    });
}

#[test]
fn a_full_socket_takes_the_rest_of_the_frame_later() {
    let (socket, mut server) = upgraded(b"");
    let sent = pattern(3_000_000);
    let (first, rest) = sent.split_at(2_000_000);
    let mut offered = &sent[..];
    let mut length = first.len();
    while let Ok(count) = socket.write(&[IoSlice::new(&offered[..length])]) {
        offered = &offered[count..];
        length -= count;
    }
    assert!(!offered.is_empty());
    // A ping that is answered meanwhile waits for the end of the frame.
    server.write_all(&frame(0x89, b"now")).unwrap();
    assert_eq!(
        read_available(&socket).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    thread::scope(|scope| {
        scope.spawn(|| write_all(&socket, offered));
        assert!(client_frame(&mut server).1 == first);
        assert_eq!(
            client_frame(&mut server),
            (vec![0x8a, 0x83], b"now".to_vec())
        );
        assert!(client_frame(&mut server).1 == rest);
    });
}

#[test]
fn payload_is_a_stream_whatever_the_frames() {
    let parts = [
        frame(0x82, b""),
        frame(0x82, b"one"),
        frame(0x02, b" t"),
        frame(0x89, b""),
        frame(0x00, b""),
        frame(0x8a, b"unasked"),
        frame(0x80, b"wo"),
        frame(0x82, &[b'x'; 200]),
        frame(0x82, &[b'y'; 70_000]),
    ];
    let expected = [&b"one two"[..], &[b'x'; 200], &[b'y'; 70_000]].concat();
    let (socket, mut server) = upgraded(&parts[..4].concat());
    thread::scope(|scope| {
        scope.spawn(|| server.write_all(&parts[4..].concat()).unwrap());
        assert!(read_exactly(&socket, expected.len()) == expected);
    });
}

#[test]
fn frames_right_behind_the_reply_are_seen_without_new_bytes() {
    let (socket, _server) = upgraded(&frame(0x82, b"early"));
    assert_eq!(read_available(&socket).unwrap(), b"early");
    let mut buf = [0; 4];
    assert_eq!(
        socket.read(&mut buf).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    assert!(!socket.has_buffered_input());
}

#[test]
fn a_ping_is_answered_with_its_payload() {
    let (socket, mut server) = upgraded(b"");
    for payload in [&b""[..], b"abc", &[7; 125]] {
        server.write_all(&frame(0x89, payload)).unwrap();
        wait_ready(&socket, Interest::READ, Some(soon()));
        assert_eq!(
            socket.read(&mut [0; 4]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        let (head, answered) = client_frame(&mut server);
        assert_eq!((head[0], &answered[..]), (0x8a, payload));
    }
}

#[test]
fn an_answer_that_the_socket_refuses_waits_for_it() {
    let (socket, mut server) = upgraded(b"");
    // Fill the socket below the frames, so that no data frame is under way.
    let mut filled = 0;
    while let Ok(count) = socket.inner.write(&[IoSlice::new(&[0; 4096])]) {
        filled += count;
    }
    server.write_all(&frame(0x89, b"ping")).unwrap();
    wait_ready(&socket, Interest::READ, Some(soon()));
    assert!(socket.read(&mut [0; 4]).is_err());
    assert!(socket.read_awaits_output());
    let nothing = wait_ready(&socket, Interest::READ, Some(Instant::now()));
    assert_eq!(nothing, Interest::default());

    server.read_exact(&mut vec![0; filled]).unwrap();
    assert!(wait_ready(&socket, Interest::READ, Some(soon())).readable);
    assert!(socket.read(&mut [0; 4]).is_err());
    assert!(!socket.read_awaits_output());
    assert_eq!(client_frame(&mut server).1, b"ping");
}

#[test]
fn a_server_that_pings_and_reads_nothing_is_left() {
    let (socket, mut server) = upgraded(b"");
    while socket.inner.write(&[IoSlice::new(&[0; 4096])]).is_ok() {}
    server.set_nonblocking(true).unwrap();
    let pings = frame(0x89, &[0; 125]).repeat(32);
    for _ in 0..100 {
        let _ = server.write(&pings);
        match socket.read(&mut [0; 4]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            result => {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidData);
                return;
            }
        }
    }
    panic!("the answers pile up");
}

#[test]
fn a_server_that_pings_without_end_does_not_keep_a_read_from_returning() {
    let (socket, server) = upgraded(b"");
    let mut pongs = server.try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            // More pings than a turn of reading takes; they stop only when the client has gone.
            let pings = frame(0x89, b"").repeat(50_000);
            let mut server = &server;
            while server.write_all(&pings).is_ok() {}
        });
        scope.spawn(move || while matches!(pongs.read(&mut [0; 65536]), Ok(1..)) {});
        let nothing = read_available(&socket).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
        // Only a socket that is closed refuses what comes.
        drop(socket);
    });
}

#[test]
fn a_pong_that_a_frame_and_then_the_socket_held_up_is_not_forgotten() {
    let (near, mut server) = pair();
    let limited = Arc::new(Limited::new(Arc::new(near)));
    let socket = WebSocket::new(Arc::clone(&limited) as Arc<dyn Transport>, b"");
    let (header, payload) = (6, pattern(100));
    limited.allow(header + 50);
    let error = socket.write(&[IoSlice::new(&payload)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    server.write_all(&frame(0x89, b"now")).unwrap();
    assert!(read_available(&socket).is_err());
    assert!(!socket.read_awaits_output(), "the frame goes first");
    limited.allow(50);
    assert_eq!(socket.write(&[IoSlice::new(&payload)]).unwrap(), 100);
    assert!(socket.read_awaits_output());
    limited.allow(1000);
    assert!(read_available(&socket).is_err());
    assert!(!socket.read_awaits_output());
    assert!(client_frame(&mut server).1 == payload);
    assert_eq!(client_frame(&mut server).1, b"now");
}

#[test]
fn payload_before_a_violation_counts() {
    let (socket, _server) = upgraded(&[frame(0x82, b"last"), frame(0x81, b"text")].concat());
    assert_eq!(read_available(&socket).unwrap(), b"last");
    let error = read_available(&socket).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
}

#[test]
fn the_servers_close_is_answered_and_ends_the_stream() {
    let close = frame(0x88, &[0x03, 0xe9]);
    let (socket, mut server) = upgraded(&[frame(0x82, b"last"), close, vec![0xff; 9]].concat());
    assert_eq!(read_available(&socket).unwrap(), b"last");
    assert_eq!(read_available(&socket).unwrap(), b"");
    assert_eq!(
        client_frame(&mut server),
        (vec![0x88, 0x82], vec![0x03, 0xe9])
    );
}

#[test]
fn a_close_behind_payload_is_seen_without_new_bytes() {
    let (socket, mut server) = upgraded(b"");
    let close = frame(0x88, &[0x03, 0xe9]);
    let bytes = [frame(0x82, b"last"), close].concat();
    server.write_all(&bytes).unwrap();
    assert_eq!(read_available(&socket).unwrap(), b"last");
    assert!(socket.has_buffered_input());
    assert_eq!(socket.read(&mut [0; 4]).unwrap(), 0);
}

#[test]
fn the_end_of_the_layer_below_ends_the_stream() {
    let (socket, server) = upgraded(&frame(0x82, b"part")[..3]);
    drop(server);
    assert_eq!(read_available(&socket).unwrap(), b"p");
    assert_eq!(read_available(&socket).unwrap(), b"");
}

#[test]
fn an_orderly_end_is_a_close_frame_with_code_1000() {
    let (socket, mut server) = upgraded(b"");
    socket.finish();
    assert_eq!(
        client_frame(&mut server),
        (vec![0x88, 0x82], vec![0x03, 0xe8])
    );
    assert_eq!(server.read(&mut [0; 4]).unwrap(), 0);
}

#[test]
fn what_the_standards_forbid_closes_with_a_reason() {
    let masked = [0x82, 0x81, 0, 0, 0, 0, b'x'];
    let top_bit = [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0];
    for (bytes, code, what) in [
        (frame(0x81, b"text"), 1003_u16, "text"),
        (masked.to_vec(), 1002, "mask"),
        (frame(0xc2, b"x"), 1002, "RSV1"),
        (frame(0xa2, b"x"), 1002, "RSV2"),
        (frame(0x92, b"x"), 1002, "RSV3"),
        (frame(0x83, b"x"), 1002, "opcode 3"),
        (frame(0x8b, b"x"), 1002, "opcode 11"),
        (frame(0x09, b"x"), 1002, "fragmented ping"),
        (frame(0x89, &[0; 126]), 1002, "long ping"),
        (top_bit.to_vec(), 1002, "length"),
        (frame(0x80, b"x"), 1002, "nothing to continue"),
        (
            [frame(0x02, b""), frame(0x82, b"")].concat(),
            1002,
            "not continued",
        ),
        (frame(0x88, &[0x03]), 1002, "half a close code"),
        (frame(0x88, &[0x03, 0xed]), 1002, "close code 1005"),
        (frame(0x88, &[0, 0]), 1002, "close code 0"),
        (frame(0x88, b"\x03\xe8\xff"), 1007, "close reason"),
    ] {
        let (socket, mut server) = upgraded(&bytes);
        let error = read_available(&socket).expect_err(what);
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{what}");
        let (head, payload) = client_frame(&mut server);
        assert_eq!(
            (head[0], payload),
            (0x88, code.to_be_bytes().to_vec()),
            "{what}"
        );
        assert_eq!(read_available(&socket).unwrap(), b"", "{what}");
    }
}

#[test]
fn a_claimed_length_takes_no_memory() {
    let head = [0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let (socket, mut server) = upgraded(&head);
    server.write_all(b"begin").unwrap();
    assert_eq!(read_exactly(&socket, 5), b"begin");
    assert!(socket.input.lock().held.capacity() <= READ_SIZE);
}

proptest::proptest! {
    #[test]
    fn no_bytes_from_the_server_panic(bytes: Vec<u8>) {
        let (socket, server) = upgraded(&bytes);
        drop(server);
        for _ in 0..=bytes.len() {
            if !matches!(socket.read(&mut [0; 3]), Ok(1..)) {
                break;
            }
        }
    }
}
