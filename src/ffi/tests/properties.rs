//! Lists of properties.

use crate::ffi::boundary::Failure;
use crate::ffi::c_spelling::{PropertyStrings, PropertyValue as CValue};
use crate::ffi::properties::*;
use crate::ffi::property_list::{from_packet, to_packet};
use crate::packet::{Properties, Property, PropertyValue};
use proptest::prelude::*;
use std::ffi::{CStr, c_int};
use std::ptr;

const NO_TEXT: MQTTLenString = MQTTLenString {
    len: 0,
    data: ptr::null_mut(),
};

fn number(identifier: c_int, value: u32) -> MQTTProperty {
    MQTTProperty {
        identifier,
        // As C programs do it, only the member that counts is set.
        value: match MQTTProperty_getType(identifier) {
            0 => CValue { byte: value as u8 },
            1 => CValue {
                integer2: value as u16,
            },
            _ => CValue { integer4: value },
        },
    }
}

fn texts(identifier: c_int, data: &CStr, value: &CStr) -> MQTTProperty {
    let len_string = |text: &CStr| MQTTLenString {
        len: text.count_bytes() as c_int,
        data: text.as_ptr().cast_mut(),
    };
    MQTTProperty {
        identifier,
        value: CValue {
            strings: PropertyStrings {
                data: len_string(data),
                value: len_string(value),
            },
        },
    }
}

/// A list with these properties; the test frees it.
fn list(properties: &[MQTTProperty]) -> MQTTProperties {
    let mut list = MQTTProperties::FAILURE;
    for property in properties {
        // SAFETY: list and property are whole.
        assert_eq!(unsafe { MQTTProperties_add(&mut list, property) }, 0);
    }
    list
}

#[test]
fn length_is_the_wire_length() {
    for (property, length) in [
        (number(1, 1), 2),
        (number(33, 9), 3),
        (number(17, 5), 5),
        (number(11, 127), 2),
        (number(11, 128), 3),
        (number(11, 16_383), 3),
        (number(11, 16_384), 4),
        (number(11, 2_097_151), 4),
        (number(11, 268_435_455), 5),
        (texts(3, c"abc", c""), 6),
        (texts(38, c"ab", c"c"), 8),
    ] {
        let mut list = list(&[property]);
        assert_eq!((list.count, list.max_count, list.length), (1, 10, length));
        // SAFETY: the list is whole.
        unsafe { MQTTProperties_free(&mut list) };
        assert!(list.count == 0 && list.max_count == 0 && list.length == 0 && list.array.is_null());
    }
}

#[test]
fn lists_grow_past_ten_entries_before_any_client_exists() {
    let entries: Vec<_> = (0..25).map(|_| texts(38, c"name", c"value")).collect();
    let mut list = list(&entries);
    assert_eq!((list.count, list.max_count), (25, 30));
    // SAFETY: the list is whole.
    unsafe {
        assert_eq!(MQTTProperties_propertyCount(&list, 38), 25);
        MQTTProperties_free(&mut list);
    }
}

#[test]
fn what_cannot_be_added_leaves_the_list_as_it_was() {
    let mut list = list(&[number(1, 1)]);
    let before = list;
    let mut wrong = [texts(3, c"", c""), texts(3, c"", c""), texts(3, c"", c"")];
    wrong[0].value.strings.data.len = -1;
    wrong[1].value.strings.data = MQTTLenString { len: 1, ..NO_TEXT };
    wrong[2].value.strings.data.len = 65536;
    // SAFETY: NULL and wrong lengths are what is checked for; nothing behind them is read.
    unsafe {
        for (property, code) in wrong.iter().zip([-1, -6, -1]) {
            assert_eq!(MQTTProperties_add(&mut list, property), code);
        }
        for id in [-1, 0, 4, 43, 256 + 1] {
            assert_eq!(
                MQTTProperties_add(&mut list, &number(id, 0)),
                MQTT_INVALID_PROPERTY_ID
            );
        }
        assert_eq!(MQTTProperties_add(&mut list, &number(11, 268_435_456)), -1);
        assert_eq!(MQTTProperties_add(&mut list, ptr::null()), -6);
        assert_eq!(MQTTProperties_add(ptr::null_mut(), &number(1, 0)), -99);
        assert_eq!(
            (list.count, list.length, list.array),
            (before.count, before.length, before.array)
        );
        MQTTProperties_free(&mut list);
    }
}

#[test]
fn a_null_list_is_an_empty_list() {
    // SAFETY: NULL is what is checked for.
    unsafe {
        assert_eq!(MQTTProperties_hasProperty(ptr::null(), 1), 0);
        assert_eq!(MQTTProperties_propertyCount(ptr::null(), 1), 0);
        assert_eq!(MQTTProperties_getNumericValue(ptr::null(), 1), -9_999_999);
        assert!(MQTTProperties_getProperty(ptr::null(), 1).is_null());
        let copy = MQTTProperties_copy(ptr::null());
        assert!(copy.count == 0 && copy.array.is_null());
        MQTTProperties_free(ptr::null_mut());
    }
}

#[test]
fn lists_that_cannot_be_right_read_as_empty() {
    for (count, array) in [(-1, ptr::null_mut()), (3, ptr::null_mut())] {
        let list = MQTTProperties {
            count,
            max_count: count,
            length: 0,
            array,
        };
        // SAFETY: such lists are what is checked for.
        unsafe {
            assert_eq!(MQTTProperties_hasProperty(&list, 1), 0);
            assert!(to_packet(&list).is_err());
        }
    }
}

#[test]
fn values_are_found_by_identifier_and_index() {
    let mut list = list(&[
        number(17, u32::MAX),
        number(11, 5),
        texts(3, c"text", c""),
        number(11, 6),
    ]);
    // SAFETY: the list is whole.
    unsafe {
        assert_eq!(MQTTProperties_getNumericValue(&list, 17), 4_294_967_295);
        for (index, value) in [(0, 5), (-7, 5), (1, 6), (2, -9_999_999)] {
            assert_eq!(MQTTProperties_getNumericValueAt(&list, 11, index), value);
        }
        assert_eq!(MQTTProperties_getNumericValue(&list, 3), -999_999);
        assert_eq!(MQTTProperties_getNumericValue(&list, 2), -9_999_999);
        assert_eq!(MQTTProperties_hasProperty(&list, 11), 1);
        assert_eq!(MQTTProperties_propertyCount(&list, 11), 2);
        assert_eq!(
            MQTTProperties_getPropertyAt(&list, 11, 1),
            list.array.add(3)
        );
        assert!(MQTTProperties_getPropertyAt(&list, 11, 2).is_null());
        assert!(MQTTProperties_getPropertyAt(&list, 11, -1).is_null());
        MQTTProperties_free(&mut list);
    }
}

#[test]
fn copies_share_no_text_and_end_in_nul() {
    let mut original = list(&[texts(38, c"name", c"value"), texts(3, c"", c"")]);
    // SAFETY: both lists are whole; the original is freed before the copy is read.
    unsafe {
        let mut copy = MQTTProperties_copy(&original);
        MQTTProperties_free(&mut original);
        assert_eq!((copy.count, copy.length), (2, 17));
        let pair = (*MQTTProperties_getProperty(&copy, 38)).value.strings;
        assert_eq!(CStr::from_ptr(pair.data.data), c"name");
        assert_eq!(CStr::from_ptr(pair.value.data), c"value");
        let text = (*MQTTProperties_getProperty(&copy, 3)).value.strings.data;
        assert_eq!((text.len, CStr::from_ptr(text.data)), (0, c""));
        MQTTProperties_free(&mut copy);
    }
}

#[test]
fn unknown_identifiers_are_a_failure_for_the_packet() {
    let mut list = list(&[number(1, 1)]);
    // SAFETY: the list is whole but for the identifier, which is put back before it is freed.
    unsafe {
        (*list.array).identifier = 5;
        assert_eq!(to_packet(&list), Err(-1));
        (*list.array).identifier = 1;
        MQTTProperties_free(&mut list);
    }
}

fn any_property() -> impl Strategy<Value = Property> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40).prop_map(bytes::Bytes::from);
    let of = |ids: &'static [u8], value: BoxedStrategy<PropertyValue>| {
        (prop::sample::select(ids), value).prop_map(|(id, value)| Property { id, value })
    };
    prop_oneof![
        of(
            &[1, 23, 25, 36, 37, 40, 41, 42],
            any::<u8>().prop_map(PropertyValue::Byte).boxed()
        ),
        of(
            &[19, 33, 34, 35],
            any::<u16>().prop_map(PropertyValue::TwoByteInteger).boxed()
        ),
        of(
            &[2, 17, 24, 39],
            any::<u32>()
                .prop_map(PropertyValue::FourByteInteger)
                .boxed()
        ),
        of(
            &[11],
            (0..=268_435_455_u32)
                .prop_map(PropertyValue::VariableByteInteger)
                .boxed()
        ),
        of(
            &[9, 22],
            bytes().prop_map(PropertyValue::BinaryData).boxed()
        ),
        of(
            &[3, 8, 18, 21, 26, 28, 31],
            bytes().prop_map(PropertyValue::Utf8String).boxed()
        ),
        of(
            &[38],
            (bytes(), bytes())
                .prop_map(|(name, value)| PropertyValue::Utf8StringPair(name, value))
                .boxed()
        ),
    ]
}

proptest! {
    #[test]
    fn every_list_survives_the_way_to_c_and_back(
        properties in prop::collection::vec(any_property(), 0..30).prop_map(Properties)
    ) {
        let mut list = from_packet(&properties).unwrap();
        // SAFETY: the lists are whole, and each is freed once.
        unsafe {
            let mut copy = MQTTProperties_copy(&list);
            prop_assert_eq!(to_packet(&list), Ok(properties.clone()));
            prop_assert_eq!(to_packet(&copy), Ok(properties));
            prop_assert_eq!(copy.length, list.length);
            MQTTProperties_free(&mut copy);
            MQTTProperties_free(&mut list);
        }
    }
}
