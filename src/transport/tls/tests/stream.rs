//! Bytes, their end, and what goes wrong on the way.

use super::*;
use crate::ffi::tls_errors::{self, tests::no_such_file};
use crate::ffi::tls_session::releases_buffers;
use crate::transport::StreamSocket;
use std::net::{TcpListener, TcpStream};

#[test]
fn bytes_arrive_in_order_however_reads_and_writes_are_cut() {
    let length = 60_000;
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let world = World::new();
        let mut acceptor = world.server();
        acceptor.set_max_proto_version(Some(version)).unwrap();
        let cut = |transport| Arc::new(Trickle::new(transport)) as Arc<dyn Transport>;
        let meeting = meet_over(acceptor, "localhost", &world.options(), cut);
        let (client, mut server) = (meeting.client.unwrap(), meeting.server.unwrap());
        let sent = pattern(length);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut received = vec![0; length];
                server.read_exact(&mut received).unwrap();
                server.write_all(&received).unwrap();
                assert!(received == pattern(length));
            });
            write_all(&client, &sent);
            assert!(read_exactly(&client, length) == sent);
        });
    }
}

#[test]
fn one_thread_reads_while_another_writes_and_the_sockets_are_full() {
    let length = 4_000_000;
    let world = World::new();
    let meeting = meet(world.server(), "localhost", &world.options());
    let (client, mut server) = (meeting.client.unwrap(), meeting.server.unwrap());
    let sent = pattern(length);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut buf = vec![0; 100_000];
            let mut echoed = 0;
            while echoed < length {
                let count = server.read(&mut buf).unwrap();
                server.write_all(&buf[..count]).unwrap();
                echoed += count;
            }
        });
        scope.spawn(|| write_all(&client, &sent));
        assert!(read_exactly(&client, length) == sent);
    });
}

#[test]
fn a_write_to_a_full_socket_counts_what_the_system_has() {
    let world = World::new();
    let meeting = meet(world.server(), "localhost", &world.options());
    let (client, mut server) = (meeting.client.unwrap(), meeting.server.unwrap());
    let sent = pattern(3_000_000);
    let mut written = 0;
    while let Ok(count) = client.write(&[IoSlice::new(&sent[written..])]) {
        written += count;
    }
    assert!(written < sent.len());
    let mut received = vec![0; written];
    server.read_exact(&mut received).unwrap();
    assert!(received == sent[..written]);
    thread::scope(|scope| {
        scope.spawn(|| write_all(&client, &sent[written..]));
        let mut received = vec![0; sent.len() - written];
        server.read_exact(&mut received).unwrap();
        assert!(received == sent[written..]);
    });
}

#[test]
fn the_end_is_told_apart_from_a_cut() {
    let world = World::new();
    let meeting = meet(world.server(), "localhost", &world.options());
    let (client, mut server) = (meeting.client.unwrap(), meeting.server.unwrap());
    server.shutdown().unwrap();
    assert_eq!(read_exactly(&client, 1), b"");

    let meeting = meet(world.server(), "localhost", &world.options());
    let (client, server) = (meeting.client.unwrap(), meeting.server.unwrap());
    drop(server);
    let error = loop {
        match client.read(&mut [0; 4]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            result => break result.unwrap_err(),
        }
    };
    assert_ne!(error.kind(), ErrorKind::TimedOut);
    assert!(ErrorStack::get().errors().is_empty());
    assert!(client.write(&[IoSlice::new(b"x")]).is_err());
    assert!(ErrorStack::get().errors().is_empty());

    let meeting = meet(world.server(), "localhost", &world.options());
    let (client, mut server) = (meeting.client.unwrap(), meeting.server.unwrap());
    client.finish();
    assert_eq!(server.read(&mut [0; 4]).unwrap(), 0);
}

#[test]
fn a_silent_peer_fails_at_the_deadline_and_a_wrong_one_at_once() {
    let world = World::new();
    let address = ServerAddress::parse(b"ssl://localhost").unwrap();
    let (near, _far) = pair();
    let deadline = Instant::now() + Duration::from_millis(200);
    let sessions = Sessions::default();
    let error = connect(
        Arc::new(near),
        &address,
        &world.options(),
        &sessions,
        deadline,
    )
    .err()
    .unwrap();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(Instant::now() >= deadline);

    for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b" \x02\0\0", b""] {
        let start = Instant::now();
        let (near, mut far) = pair();
        far.write_all(answer).unwrap();
        far.shutdown(std::net::Shutdown::Write).unwrap();
        let options = world.options();
        assert!(connect(Arc::new(near), &address, &options, &sessions, soon()).is_err());
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn a_server_that_closes_in_the_handshake_is_reported() {
    let world = World::new();
    let address = ServerAddress::parse(b"ssl://localhost").unwrap();
    let (near, far) = pair();
    far.shutdown(std::net::Shutdown::Write).unwrap();
    let (options, lines) = reporting(world.options());
    assert!(
        connect(
            Arc::new(near),
            &address,
            &options,
            &Sessions::default(),
            soon()
        )
        .is_err()
    );
    let lines = lines.lock();
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].contains(":unexpected eof while reading:"),
        "{lines:?}"
    );
}

#[test]
fn errors_the_application_left_in_the_queue_stay_there_and_do_no_harm() {
    let world = World::new();
    let meeting = meet(world.server(), "localhost", &world.options());
    let (client, mut server) = (meeting.client.unwrap(), meeting.server.unwrap());
    let left = || {
        vec![
            no_such_file(c"ca.pem"),
            // A name in Latin-1.
            no_such_file(c"caf\xe9.pem"),
        ]
    };
    tls_errors::put_back(left());
    write_all(&client, b"x");
    server.read_exact(&mut [0; 1]).unwrap();
    let nothing = loop {
        // Session tickets come first.
        if let Err(error) = client.read(&mut [0; 4]) {
            break error;
        }
    };
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    client.finish();
    assert_eq!(tls_errors::take(), left());

    tls_errors::put_back(left());
    let address = ServerAddress::parse(b"ssl://localhost").unwrap();
    let (near, mut far) = pair();
    far.write_all(b"no TLS at all").unwrap();
    let (options, lines) = reporting(world.options());
    let sessions = Sessions::default();
    assert!(connect(Arc::new(near), &address, &options, &sessions, soon()).is_err());
    assert_eq!(lines.lock().len(), 1, "only ours are reported: {lines:?}");
    assert_eq!(tls_errors::take(), left());
}

#[test]
fn only_a_stream_that_is_gathered_keeps_its_buffers() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    near.set_nonblocking(true).unwrap();
    let (far, _) = listener.accept().unwrap();
    let acceptor = world.server().build();
    let server = thread::spawn(move || acceptor.accept(far).unwrap());
    let address = ServerAddress::parse(b"ssl://localhost").unwrap();
    let near = Arc::new(StreamSocket::new(near.into()));
    let (options, sessions) = (world.options(), Sessions::default());
    let client = connect(near, &address, &options, &sessions, soon());
    let client = client.unwrap().unwrap();
    let mut server = server.join().unwrap();
    let releases = || releases_buffers(&mut client.state.lock().stream);

    assert!(releases());
    client.set_corked(true).unwrap();
    assert!(!releases());
    write_all(&client, b"ab");
    write_all(&client, b"cd");
    client.set_corked(false).unwrap();
    assert!(releases());
    let mut received = [0; 4];
    server.read_exact(&mut received).unwrap();
    assert_eq!(&received, b"abcd");
}

#[test]
fn buffers_are_given_back_where_nothing_is_gathered() {
    let world = World::new();
    let meeting = meet(world.server(), "localhost", &world.options());
    let client = meeting.client.unwrap();
    assert!(client.set_corked(true).is_err(), "it is no TCP connection");
    assert!(releases_buffers(&mut client.state.lock().stream));
}
