//! Properties that hold for all packets and all bytes.

use proptest::collection::vec;
use proptest::prelude::*;

use super::arbitrary::{packet, sender, sender_of, version};
use super::*;

/// Everything that takes bytes, to see that none of it panics.
fn read_anyhow(bytes: &[u8], version: ProtocolVersion, sender: Sender) {
    let _ = record_parts(bytes, version);
    let _ = decode_record(Bytes::copy_from_slice(bytes), version);
    let mut buf = BytesMut::from(bytes);
    while let Ok(Some(frame)) = next_frame(&mut buf, u32::MAX) {
        if let Ok(packet) = Packet::decode(frame, version, sender) {
            // What was understood can be said again, and is understood as the same.
            let again = encode(&packet, version);
            assert_eq!(decode(&again, version, sender), Ok(packet));
        }
    }
}

proptest! {
    #[test]
    fn a_packet_is_decoded_as_it_was_encoded((version, packet) in packet()) {
        let bytes = encode(&packet, version);
        prop_assert_eq!(decode(&bytes, version, sender_of(&packet)), Ok(packet));
    }

    #[test]
    fn encoding_appends((version, packet) in packet()) {
        let mut out = b"before".to_vec();
        packet.encode(version, &mut out).unwrap();
        prop_assert_eq!(&out[..6], b"before");
        prop_assert_eq!(&out[6..], &encode(&packet, version)[..]);
    }

    #[test]
    fn a_packet_arriving_in_pieces_is_whole_only_at_its_end((version, packet) in packet()) {
        let bytes = encode(&packet, version);
        let mut buf = BytesMut::new();
        for byte in &bytes[..bytes.len() - 1] {
            buf.extend_from_slice(&[*byte]);
            prop_assert_eq!(next_frame(&mut buf, u32::MAX), Ok(None));
        }
        buf.extend_from_slice(&bytes[bytes.len() - 1..]);
        prop_assert_eq!(next_frame(&mut buf, u32::MAX), Ok(Some(frame(&bytes))));
    }

    #[test]
    fn a_sent_publish_is_its_own_record((version, packet) in packet()) {
        let bytes = encode(&packet, version);
        if let Packet::Publish(publish) = &packet {
            let parts = record_parts(&bytes, version);
            prop_assert_eq!(parts.is_some(), publish.packet_id.is_some());
            if let Some(parts) = parts {
                prop_assert_eq!(parts.concat(), bytes.clone());
                prop_assert_eq!(parts[2], &publish.topic[..]);
                prop_assert_eq!(parts[4], &publish.payload[..]);
            }
            prop_assert_eq!(decode_record(Bytes::from(bytes), version), Ok(packet));
        }
    }

    #[test]
    fn random_bytes_never_panic(
        bytes in vec(any::<u8>(), 0..100),
        version in version(),
        sender in sender(),
    ) {
        read_anyhow(&bytes, version, sender);
    }

    #[test]
    fn a_random_body_never_panics(
        first_byte in any::<u8>(),
        body in vec(prop_oneof![3 => 0..48u8, 1 => any::<u8>()], 0..60),
        version in version(),
        sender in sender(),
    ) {
        let mut bytes = vec![first_byte, body.len() as u8];
        bytes.extend(body);
        read_anyhow(&bytes, version, sender);
    }

    #[test]
    fn mutated_packets_never_panic(
        (version, packet) in packet(),
        other_version in version(),
        sender in sender(),
        changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = encode(&packet, version);
        for (index, byte) in changes {
            *index.get_mut(&mut bytes) = byte;
        }
        read_anyhow(&bytes, version, sender);
        read_anyhow(&bytes, other_version, sender);
        bytes.truncate(cut.index(bytes.len()));
        read_anyhow(&bytes, version, sender);
    }
}
