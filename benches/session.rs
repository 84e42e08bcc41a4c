//! The session alone, without I/O: whole handshakes, outbound and inbound, from call to drained output.
//!
//! `cargo bench --bench session`

#![allow(
    missing_docs,
    reason = "criterion_group makes a function without documentation"
)]

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use mqtt3c::packet::{Frame, NO_PROPERTIES, PacketId, Properties, ProtocolVersion, QoS};
use mqtt3c::session::{ConnectOptions, PublishRequest, Session};
use std::hint::black_box;
use std::time::{Duration, Instant};

fn frame(first_byte: u8, body: &[u8]) -> Frame {
    Frame {
        first_byte,
        body: Bytes::copy_from_slice(body),
    }
}

/// Hands a packet in and forgets what comes of it.
fn handle(session: &mut Session, now: Instant, frame: Frame) {
    session.handle_frame(now, frame).expect("well formed");
    drain(session);
}

fn drain(session: &mut Session) {
    while let Some(op) = session.poll_store_op() {
        black_box(op);
    }
    let queue = session.send_queue();
    queue.advance(queue.len());
    while let Some(event) = session.poll_event() {
        black_box(event);
    }
}

/// A session on an accepted connection of 3.1.1, without records.
fn connected(now: Instant) -> Session {
    let options = ConnectOptions {
        version: ProtocolVersion::V3_1_1,
        clean_start: true,
        keep_alive: 60,
        client_id: Bytes::from_static(b"bench"),
        will: None,
        username: None,
        password: None,
        properties: Properties::new(),
        window: 100,
        retry_interval: Duration::ZERO,
    };
    let mut session = Session::new(false, now);
    session
        .begin_connect(now, options, 0)
        .expect("CONNECT is small");
    handle(&mut session, now, frame(0x20, &[0, 0]));
    assert!(session.is_connected());
    session
}

fn request(qos: QoS) -> PublishRequest<'static> {
    PublishRequest {
        topic: b"plant/line-4/oven/temperature",
        payload: b"0123456789abcdef",
        qos,
        retain: false,
        properties: &NO_PROPERTIES,
    }
}

fn publish(session: &mut Session, now: Instant, qos: QoS) -> PacketId {
    let mut head = Vec::with_capacity(64);
    let request = request(qos);
    let published = session.publish(now, &request, &mut head);
    black_box(head);
    published.expect("connected")
}

/// Publishes a message and hands in its acknowledgements, each a first byte.
fn exchange(session: &mut Session, now: Instant, qos: QoS, answers: &[u8]) {
    let id = publish(session, now, qos);
    drain(session);
    for &first_byte in answers {
        handle(session, now, frame(first_byte, &id.get().to_be_bytes()));
    }
}

fn outbound(criterion: &mut Criterion) {
    let now = Instant::now();
    criterion.bench_function("publish with QoS 0", |b| {
        let mut session = connected(now);
        let mut head = Vec::with_capacity(64);
        b.iter(|| {
            head.clear();
            session.publish_at_most_once(&request(QoS::AtMostOnce), &mut head)
        });
    });
    criterion.bench_function("publish with QoS 1, and PUBACK", |b| {
        let mut session = connected(now);
        b.iter(|| exchange(&mut session, now, QoS::AtLeastOnce, &[0x40]));
    });
    criterion.bench_function("publish with QoS 2, PUBREC and PUBCOMP", |b| {
        let mut session = connected(now);
        b.iter(|| exchange(&mut session, now, QoS::ExactlyOnce, &[0x50, 0x70]));
    });
    criterion.bench_function("PUBACK of the middle one of 100 in flight", |b| {
        let mut session = connected(now);
        let mut oldest = 1u16;
        for _ in 0..100 {
            publish(&mut session, now, QoS::AtLeastOnce);
        }
        b.iter(|| {
            let middle = (u32::from(oldest) + 49) % 65535 + 1;
            exchange_one(&mut session, now, middle as u16);
            oldest = oldest % 65535 + 1;
        });
    });
}

/// One message leaves the window and another takes its place.
fn exchange_one(session: &mut Session, now: Instant, id: u16) {
    handle(session, now, frame(0x40, &id.to_be_bytes()));
    publish(session, now, QoS::AtLeastOnce);
    drain(session);
}

fn inbound(criterion: &mut Criterion) {
    let now = Instant::now();
    let head = b"\x00\x1dplant/line-4/oven/temperature";
    let payload = b"0123456789abcdef";
    let plain = Bytes::from([&head[..], payload].concat());
    let numbered = Bytes::from([&head[..], b"\x00\x07", payload].concat());
    for (name, first_byte, body) in [
        ("receive with QoS 0", 0x30, &plain),
        ("receive with QoS 1", 0x32, &numbered),
    ] {
        criterion.bench_function(name, |b| {
            let mut session = connected(now);
            b.iter(|| {
                let body = body.clone();
                handle(&mut session, now, Frame { first_byte, body });
            });
        });
    }
    criterion.bench_function("receive with QoS 2, and PUBREL", |b| {
        let mut session = connected(now);
        b.iter(|| {
            let body = numbered.clone();
            handle(
                &mut session,
                now,
                Frame {
                    first_byte: 0x34,
                    body,
                },
            );
            handle(&mut session, now, frame(0x62, &[0, 7]));
        });
    });
}

criterion_group!(benches, outbound, inbound);
criterion_main!(benches);
