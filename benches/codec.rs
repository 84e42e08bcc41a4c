//! The codec alone: one PUBLISH or acknowledgement, both ways.
//!
//! `cargo bench --bench codec`

#![allow(
    missing_docs,
    reason = "criterion_group makes a function without documentation"
)]

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use mqtt3c::packet::{
    Message, NO_PROPERTIES, Packet, PacketId, ProtocolVersion, PublishHead, QoS, Sender,
    next_frame, publish,
};
use std::hint::black_box;

const TOPIC: &[u8] = b"plant/line-4/oven/temperature";

/// A PUBLISH with QoS 1 as on the wire.
fn wire(payload: usize) -> Vec<u8> {
    let head = PublishHead {
        dup: false,
        qos: QoS::AtLeastOnce,
        retain: false,
        topic: TOPIC,
        packet_id: PacketId::new(7),
        properties: &NO_PROPERTIES,
    };
    let mut wire = Vec::new();
    publish::encode_head(&head, payload, ProtocolVersion::V3_1_1, &mut wire).expect("it is small");
    wire.resize(wire.len() + payload, 7);
    wire
}

fn encoding(criterion: &mut Criterion) {
    let head = PublishHead {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        topic: TOPIC,
        packet_id: None,
        properties: &NO_PROPERTIES,
    };
    for version in [ProtocolVersion::V3_1_1, ProtocolVersion::V5] {
        criterion.bench_function(&format!("encode the head of a PUBLISH, {version:?}"), |b| {
            let mut out = Vec::with_capacity(64);
            b.iter(|| {
                out.clear();
                publish::encode_head(black_box(&head), 16, version, &mut out)
            });
        });
    }
}

fn decoding(criterion: &mut Criterion) {
    let puback = Bytes::from_static(b"\x40\x02\x00\x07");
    criterion.bench_function("decode a PUBACK", |b| {
        b.iter(|| {
            let frame = next_frame(&mut black_box(puback.clone()), u32::MAX);
            let frame = frame.expect("well formed").expect("whole");
            Packet::decode(frame, ProtocolVersion::V3_1_1, Sender::Server)
        });
    });
    let mut group = criterion.benchmark_group("cut a read of 64 KiB into messages");
    for payload in [16, 256, 4096] {
        let packet = wire(payload);
        let count = 65536 / packet.len();
        let read = Bytes::from(packet.repeat(count));
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("{payload} bytes"), |b| {
            b.iter_batched(
                || read.clone(),
                |mut read| {
                    while let Ok(Some(frame)) = next_frame(&mut read, u32::MAX) {
                        let version = ProtocolVersion::V3_1_1;
                        black_box(Message::decode(frame.first_byte, frame.body, version))
                            .expect("well formed");
                    }
                },
                BatchSize::SmallInput,
            );
        });
    }
}

criterion_group!(benches, encoding, decoding);
criterion_main!(benches);
