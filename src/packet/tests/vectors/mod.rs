//! Byte vectors for every packet in every version; the sections are those of 3.1.1 and 5, which agree up to 3.14.

mod connections;
mod messages;
mod subscriptions;

pub(super) use connections::{connect, will};
pub(super) use messages::publish;

use super::*;
use ProtocolVersion::{V3_1, V3_1_1, V5};
use Sender::{Client, Server};

/// `packet` and the bytes `wire` are the same, and no beginning of the bytes is a packet.
fn check(version: ProtocolVersion, sender: Sender, wire: &str, packet: Packet) {
    let bytes = hex(wire);
    assert_eq!(
        decode(&bytes, version, sender),
        Ok(packet.clone()),
        "{wire}"
    );
    assert_eq!(encode(&packet, version), bytes, "{wire}");
    check_truncations(version, sender, &bytes);
}

/// Bytes that are understood although nothing writes them so.
fn check_decoding(version: ProtocolVersion, sender: Sender, wire: &str, packet: Packet) {
    let bytes = hex(wire);
    assert_eq!(decode(&bytes, version, sender), Ok(packet), "{wire}");
    check_truncations(version, sender, &bytes);
}

fn check_truncations(version: ProtocolVersion, sender: Sender, bytes: &[u8]) {
    for length in 0..bytes.len() {
        let mut beginning = BytesMut::from(&bytes[..length]);
        assert_eq!(next_frame(&mut beginning, u32::MAX), Ok(None));
        let record = Bytes::copy_from_slice(&bytes[..length]);
        assert!(decode_record(record, version).is_err());
        assert_eq!(record_parts(&bytes[..length], version), None);
    }
    // A shorter body under a header that says so: refused, unless it is a smaller packet in its own right.
    let Frame { first_byte, body } = frame(bytes);
    for length in 0..body.len() {
        let shorter = Frame {
            first_byte,
            body: body.slice(..length),
        };
        if let Ok(packet) = Packet::decode(shorter, version, sender) {
            let free_tail = matches!(
                packet,
                Packet::Publish(_)
                    | Packet::Subscribe(_)
                    | Packet::SubAck(_)
                    | Packet::Unsubscribe(_)
            );
            let short_form = version == V5
                && matches!(
                    packet,
                    Packet::ConnAck(_)
                        | Packet::PubAck(_)
                        | Packet::PubRec(_)
                        | Packet::PubRel(_)
                        | Packet::PubComp(_)
                        | Packet::UnsubAck(_)
                        | Packet::Disconnect(_)
                        | Packet::Auth(_)
                );
            assert!(free_tail || short_form, "{packet:?} from {length} bytes");
            assert_eq!(
                decode(&encode(&packet, version), version, sender),
                Ok(packet)
            );
        }
    }
}

/// Both sides may send it.
fn check_both(version: ProtocolVersion, wire: &str, packet: Packet) {
    for sender in [Client, Server] {
        check(version, sender, wire, packet.clone());
    }
}
