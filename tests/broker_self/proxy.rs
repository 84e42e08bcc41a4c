//! The fault proxy.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;

use mqtt3c::packet::{Packet, ProtocolVersion, QoS};

use super::broker::Broker;
use super::broker::proxy::FaultProxy;
use super::broker::scripted::ScriptedBroker;
use super::client::{Client, connect, message, will};

const V4: ProtocolVersion = ProtocolVersion::V3_1_1;

#[test]
fn a_cut_resets_both_sides_and_new_connections_pass() {
    let broker = ScriptedBroker::start();
    let proxy = FaultProxy::start(broker.port());
    for _ in 0..2 {
        let mut client =
            TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).expect("a listener");
        let mut peer = broker.accept();
        client.write_all(b"up").expect("sent");
        peer.expect_bytes(b"up");
        peer.send(b"down");
        let mut got = [0; 4];
        client.read_exact(&mut got).expect("four bytes");
        proxy.cut();
        let error = client.read(&mut got).expect_err("not an orderly end");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        peer.expect_eof();
    }
}

#[test]
fn a_cut_is_a_lost_connection_to_the_broker() {
    let broker = Broker::start();
    let proxy = FaultProxy::start(broker.port());
    let mut watcher = Client::accepted(broker.port(), connect(V4, "w"));
    watcher.subscribe("will", QoS::AtMostOnce);
    let mut request = connect(V4, "c");
    request.will = Some(will("will", "cut off"));
    let _client = Client::accepted(proxy.port(), request);
    proxy.cut();
    assert_eq!(watcher.take_message().payload, "cut off");
}

#[test]
fn a_stalled_proxy_holds_bytes_back_and_delivers_them_later() {
    let broker = ScriptedBroker::start();
    let proxy = FaultProxy::start(broker.port());
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).expect("a listener");
    let mut peer = broker.accept();
    proxy.stall(true);
    client.write_all(b"late").expect("sent");
    drop(client);
    peer.expect_nothing_for(50);
    proxy.stall(false);
    peer.expect_bytes(b"late");
    peer.expect_eof();
}

#[test]
fn a_stalled_proxy_can_be_cut_and_dropped() {
    let broker = ScriptedBroker::start();
    let proxy = FaultProxy::start(broker.port());
    proxy.stall(true);
    for _ in 0..2 {
        let mut client =
            TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).expect("a listener");
        let mut peer = broker.accept();
        client.write_all(b"never").expect("sent");
        proxy.cut();
        peer.expect_eof();
        assert!(client.read(&mut [0]).is_err());
    }
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).expect("a listener");
    let _peer = broker.accept();
    drop(proxy);
    assert!(client.read(&mut [0]).is_err());
}

#[test]
fn a_cut_ends_a_transfer_that_nobody_reads() {
    let broker = ScriptedBroker::start();
    let proxy = FaultProxy::start(broker.port());
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).expect("a listener");
    let peer = broker.accept();
    let (started, begun) = std::sync::mpsc::channel();
    let writer = thread::spawn(move || {
        let block = vec![0; 1 << 20];
        while client.write_all(&block).is_ok() {
            let _ = started.send(());
        }
    });
    begun.recv().expect("the first block is on its way");
    proxy.cut();
    writer.join().expect("writing ends");
    drop(peer);
}

#[test]
fn packets_in_crumbs_arrive_whole() {
    let broker = Broker::start();
    let proxy = FaultProxy::start(broker.port());
    proxy.chop(1);
    let mut client = Client::accepted(proxy.port(), connect(V4, "c"));
    client.subscribe("t", QoS::AtMostOnce);
    let payload = "crumb".repeat(200);
    client.send(&Packet::Publish(message("t", &payload, QoS::AtMostOnce)));
    assert_eq!(client.take_message().payload, payload);
}
