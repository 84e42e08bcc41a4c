//! The client with its threads, over loopback, against a peer that acknowledges and sends as fast as it can.
//!
//! `cargo bench --bench delivery`

#![allow(
    missing_docs,
    reason = "criterion_group makes a function without documentation"
)]

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mqtt3c::client::{Callbacks, Client, ConnectRequest, VersionChoice};
use mqtt3c::packet::{NO_PROPERTIES, Properties, ProtocolVersion, QoS};
use mqtt3c::session::{ConnectOptions, PublishRequest};
use mqtt3c::transport::{Options, ServerAddress};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// A connected client, and what its callbacks tell: one `()` for each message that arrived or was delivered.
struct Bench {
    client: Arc<Client>,
    told: Receiver<()>,
    peer: TcpStream,
}

impl Bench {
    fn start(with_callbacks: bool) -> Bench {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let peer = thread::spawn(move || {
            let (mut peer, _) = listener.accept().expect("a client");
            peer.set_nodelay(true).expect("a socket");
            let mut connect = [0; 256];
            assert!(peer.read(&mut connect).expect("CONNECT") > 0);
            peer.write_all(b"\x20\x02\x00\x00").expect("CONNACK");
            peer
        });
        let uri = format!("tcp://127.0.0.1:{port}");
        let address = ServerAddress::parse(uri.as_bytes()).expect("a URI");
        let id = Bytes::from_static(b"bench");
        let (client, made) = Client::new(address.clone(), id.clone(), None, false);
        made.expect("no store, nothing to restore");
        let (tell, told) = channel();
        if with_callbacks {
            client
                .change_callbacks(|callbacks| *callbacks = tellers(&tell))
                .expect("not connecting");
        }
        let request = ConnectRequest {
            transport: Options::default(),
            addresses: vec![Some(address)],
            version: VersionChoice::Only(ProtocolVersion::V3_1_1),
            options: ConnectOptions {
                version: ProtocolVersion::V3_1_1,
                clean_start: true,
                keep_alive: 0,
                client_id: id,
                will: None,
                username: None,
                password: None,
                properties: Properties::new(),
                window: 1000,
                retry_interval: Duration::ZERO,
            },
            timeout: LONG,
        };
        client.connect(&request).expect("the peer accepts");
        let peer = peer.join().expect("it accepted");
        Bench { client, told, peer }
    }

    fn publish(&self, qos: QoS) -> Option<mqtt3c::packet::PacketId> {
        let request = PublishRequest {
            topic: b"plant/line-4/oven/temperature",
            payload: b"0123456789abcdef",
            qos,
            retain: false,
            properties: &NO_PROPERTIES,
        };
        let mut token = None;
        let publish = self.client.publish(&request, |id| token = Some(id));
        publish.expect("connected");
        token
    }

    /// Makes the peer acknowledge each QoS 1 PUBLISH of [`publish`](Self::publish).
    fn acknowledge(&self) {
        let mut peer = self.peer.try_clone().expect("a socket");
        thread::spawn(move || {
            // Fixed header, topic, identifier, payload: all packets have one size.
            let mut packet = [0; 2 + 2 + 29 + 2 + 16];
            while peer.read_exact(&mut packet).is_ok() {
                let answer = [0x40, 2, packet[33], packet[34]];
                if peer.write_all(&answer).is_err() {
                    break;
                }
            }
        });
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.client.destroy();
    }
}

fn tellers(tell: &Sender<()>) -> Callbacks {
    let (arrived, delivered) = (Mutex::new(tell.clone()), Mutex::new(tell.clone()));
    let send = |tell: &Mutex<Sender<()>>| {
        let _ = tell.lock().expect("no thread panics").send(());
    };
    Callbacks {
        message_arrived: Some(Arc::new(move |_| {
            send(&arrived);
            true
        })),
        delivery_complete: Some(Arc::new(move |_| send(&delivered))),
        ..Callbacks::default()
    }
}

fn delivery(criterion: &mut Criterion) {
    criterion.bench_function("publish with QoS 0 to the socket", |b| {
        let bench = Bench::start(true);
        let mut peer = bench.peer.try_clone().expect("a socket");
        thread::spawn(move || {
            let mut sink = vec![0; 1 << 20];
            while peer.read(&mut sink).is_ok_and(|count| count > 0) {}
        });
        b.iter(|| bench.publish(QoS::AtMostOnce));
    });
    for (name, with_callbacks) in [("with callbacks", true), ("without callbacks", false)] {
        criterion.bench_function(&format!("publish with QoS 1 and wait, {name}"), |b| {
            let bench = Bench::start(with_callbacks);
            bench.acknowledge();
            b.iter(|| {
                let token = bench.publish(QoS::AtLeastOnce);
                bench.client.wait_for_completion(token, LONG)
            });
        });
    }
    const BURST: usize = 1000;
    let mut group = criterion.benchmark_group("arrival");
    group.throughput(Throughput::Elements(BURST as u64));
    group.bench_function("1000 messages at once", |b| {
        let mut bench = Bench::start(true);
        let packet = b"\x30\x2f\x00\x1dplant/line-4/oven/temperature0123456789abcdef";
        let burst = packet.repeat(BURST);
        b.iter(|| {
            bench.peer.write_all(&burst).expect("a client");
            for _ in 0..BURST {
                bench.told.recv_timeout(LONG).expect("a message");
            }
        });
    });
    group.finish();
}

criterion_group!(benches, delivery);
criterion_main!(benches);
