//! Every property in every place (MQTT 5, table 2-4).

use super::*;
use PropertyPlace::*;
use Sender::{Client, Server};

const PLACES: [PropertyPlace; 14] = [
    Connect,
    Will,
    ConnAck,
    Publish,
    PubAck,
    PubRec,
    PubRel,
    PubComp,
    Subscribe,
    SubAck,
    Unsubscribe,
    UnsubAck,
    Disconnect,
    Auth,
];

/// Identifier, a legal value on the wire, the places.
const TABLE_2_4: [(u8, &str, &[PropertyPlace]); 27] = [
    (1, "01", &[Publish, Will]),
    (2, "00 00 00 00", &[Publish, Will]),
    (3, "00 01 61", &[Publish, Will]),
    (8, "00 01 61", &[Publish, Will]),
    (9, "00 01 ff", &[Publish, Will]),
    (11, "80 01", &[Publish, Subscribe]),
    (17, "00 00 00 00", &[Connect, ConnAck, Disconnect]),
    (18, "00 01 61", &[ConnAck]),
    (19, "00 00", &[ConnAck]),
    (21, "00 01 61", &[Connect, ConnAck, Auth]),
    (22, "00 01 ff", &[Connect, ConnAck, Auth]),
    (23, "01", &[Connect]),
    (24, "00 00 00 00", &[Will]),
    (25, "01", &[Connect]),
    (26, "00 01 61", &[ConnAck]),
    (28, "00 01 61", &[ConnAck, Disconnect]),
    (
        31,
        "00 01 61",
        &[
            ConnAck, PubAck, PubRec, PubRel, PubComp, SubAck, UnsubAck, Disconnect, Auth,
        ],
    ),
    (33, "00 01", &[Connect, ConnAck]),
    (34, "00 00", &[Connect, ConnAck]),
    (35, "00 01", &[Publish]),
    (36, "01", &[ConnAck]),
    (37, "01", &[ConnAck]),
    (38, "00 01 61 00 01 62", &PLACES),
    (39, "00 00 00 01", &[Connect, ConnAck]),
    (40, "01", &[ConnAck]),
    (41, "01", &[ConnAck]),
    (42, "01", &[ConnAck]),
];

fn decode_block(
    block: &[u8],
    place: PropertyPlace,
    sender: Sender,
) -> Result<Properties, Malformed> {
    let mut input = Vec::new();
    primitives::put_variable_byte_integer(block.len() as u32, &mut input);
    input.extend_from_slice(block);
    let mut input = Bytes::from(input);
    let result = Properties::decode(&mut input, place, sender);
    assert_eq!(input.is_empty(), result.is_ok());
    result
}

fn wire(id: u8, value: &str) -> Vec<u8> {
    let mut bytes = vec![id];
    bytes.extend(hex(value));
    bytes
}

/// The sender that may use the property, if only one may.
fn sender_of(id: u8, place: PropertyPlace) -> Sender {
    match (id, place) {
        (17, Disconnect) => Client,
        _ => Server,
    }
}

#[test]
fn every_property_stands_where_table_2_4_allows_it_and_nowhere_else() {
    for (id, value, allowed) in TABLE_2_4 {
        let block = wire(id, value);
        for place in PLACES {
            let mut block = block.clone();
            if (id, place) == (22, Connect) {
                // Needs its method beside it.
                block.extend(wire(21, "00 01 61"));
            }
            let result = decode_block(&block, place, sender_of(id, place));
            if allowed.contains(&place) {
                let properties = result.unwrap();
                let mut again = Vec::new();
                properties.encode(&mut again).unwrap();
                assert_eq!(again[1..], block, "{id} in {place:?}");
                assert_eq!(properties.wire_length(), block.len());
                if (id, place) != (11, Publish) {
                    assert_eq!(properties.check(place), Ok(()), "{id} in {place:?}");
                }
            } else {
                let error = result.unwrap_err();
                assert_eq!(
                    error.reason,
                    ReasonCode::MALFORMED_PACKET,
                    "{id} in {place:?}"
                );
            }
        }
    }
}

#[test]
fn properties_of_only_one_side() {
    let identifier = wire(11, "01");
    assert!(decode_block(&identifier, Publish, Server).is_ok());
    let error = decode_block(&identifier, Publish, Client).unwrap_err();
    assert_eq!(error.reason, ReasonCode::PROTOCOL_ERROR);
    let expiry = wire(17, "00 00 00 01");
    assert!(decode_block(&expiry, Disconnect, Client).is_ok());
    let error = decode_block(&expiry, Disconnect, Server).unwrap_err();
    assert_eq!(error.reason, ReasonCode::PROTOCOL_ERROR);
}

#[test]
fn only_user_properties_and_received_subscription_identifiers_repeat() {
    for (id, value, allowed) in TABLE_2_4 {
        let block = wire(id, value).repeat(2);
        for &place in allowed {
            let result = decode_block(&block, place, sender_of(id, place));
            if id == 38 || (id, place) == (11, Publish) {
                assert_eq!(result.unwrap().len(), 2);
            } else {
                let error = result.unwrap_err();
                assert_eq!(
                    error.reason,
                    ReasonCode::PROTOCOL_ERROR,
                    "{id} in {place:?}"
                );
            }
        }
    }
}

#[test]
fn unknown_identifiers_are_malformed() {
    for id in 0..=255 {
        let known = TABLE_2_4.iter().any(|row| row.0 == id);
        assert_eq!(Properties::type_of(id).is_some(), known);
        if !known {
            let error = decode_block(&[id, 0, 0, 0, 0], Publish, Server).unwrap_err();
            assert_eq!(error.reason, ReasonCode::MALFORMED_PACKET);
            let own = properties([property(id, PropertyValue::Byte(0))]);
            assert!(own.check(Publish).is_err());
        }
    }
}

#[test]
fn values_out_of_range_are_refused_in_both_directions() {
    let protocol = ReasonCode::PROTOCOL_ERROR;
    for (id, value, place, reason) in [
        (1, "02", Publish, protocol),
        (23, "02", Connect, protocol),
        (25, "ff", Connect, protocol),
        (36, "02", ConnAck, protocol),
        (37, "02", ConnAck, protocol),
        (40, "02", ConnAck, protocol),
        (41, "02", ConnAck, protocol),
        (42, "02", ConnAck, protocol),
        (33, "00 00", ConnAck, protocol),
        (39, "00 00 00 00", ConnAck, protocol),
        (11, "00", Subscribe, protocol),
        (35, "00 00", Publish, ReasonCode::TOPIC_ALIAS_INVALID),
        (8, "00 03 61 2f 23", Publish, protocol),
        (8, "00 01 2b", Will, protocol),
        (3, "00 01 ff", Publish, ReasonCode::MALFORMED_PACKET),
        (31, "00 01 00", PubAck, ReasonCode::MALFORMED_PACKET),
        (38, "00 01 61 00 01 ff", Auth, ReasonCode::MALFORMED_PACKET),
        (38, "00 01 ff 00 01 61", Auth, ReasonCode::MALFORMED_PACKET),
        (22, "00 01 00", Connect, protocol),
    ] {
        let error = decode_block(&wire(id, value), place, Server).unwrap_err();
        assert_eq!(error.reason, reason, "{id} = {value}");
    }
    for (own, place) in [
        (property(1, PropertyValue::Byte(2)), Publish),
        (property(33, PropertyValue::TwoByteInteger(0)), Connect),
        (
            property(11, PropertyValue::VariableByteInteger(0)),
            Subscribe,
        ),
        (
            property(11, PropertyValue::VariableByteInteger(268_435_456)),
            Subscribe,
        ),
        (property(11, PropertyValue::VariableByteInteger(1)), Publish),
        (
            property(3, PropertyValue::Utf8String(Bytes::from_static(b"\xff"))),
            Publish,
        ),
    ] {
        assert!(properties([own.clone()]).check(place).is_err(), "{own:?}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_refused() {
    let own = properties([property(33, PropertyValue::FourByteInteger(10))]);
    let error = own.check(Connect).unwrap_err();
    assert_eq!(error.reason, ReasonCode::MALFORMED_PACKET);
}

#[test]
fn blocks_cut_short_are_refused_and_leave_the_input_alone() {
    for (id, value, allowed) in TABLE_2_4 {
        let block = wire(id, value);
        for length in 1..block.len() {
            assert!(decode_block(&block[..length], allowed[0], Client).is_err());
        }
        let mut input = Bytes::from(vec![block.len() as u8 + 1, id]);
        assert!(Properties::decode(&mut input, allowed[0], Client).is_err());
        assert_eq!(input.len(), 2);
    }
}

#[test]
fn values_are_found_by_identifier() {
    let list = properties([
        user_property("a", "1"),
        property(33, PropertyValue::TwoByteInteger(9)),
        property(11, PropertyValue::VariableByteInteger(5)),
        user_property("b", "2"),
    ]);
    assert_eq!(list.get(38), Some(&user_property("a", "1").value));
    assert_eq!(list.numeric(33), Some(9));
    assert_eq!(list.numeric(11), Some(5));
    assert_eq!(list.numeric(38), None);
    assert_eq!(list.numeric(35), None);
    assert_eq!(list.iter().count(), 4);
}

#[test]
fn a_big_block_of_tiny_properties_takes_memory_in_proportion() {
    let block = hex("26 00 00 00 00").repeat(300_000);
    let list = decode_block(&block, Publish, Server).unwrap();
    assert_eq!(list.len(), 300_000);
    let taken = list.0.capacity() * size_of::<Property>();
    assert!(taken < 20 * block.len(), "{taken} bytes");
}
