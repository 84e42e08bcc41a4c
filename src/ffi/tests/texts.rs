//! Texts and numbers of the lookup functions, against the tables taken from the original.

use crate::ffi::client::information::{MQTTClient_getVersionInfo, MQTTClient_strerror};
use crate::ffi::properties::{MQTTProperty_getType, MQTTPropertyName};
use crate::ffi::reason_codes::MQTTReasonCode_toString;
use serde_json::Value;
use std::ffi::{CStr, c_char, c_int};
use std::thread;

fn table() -> Value {
    serde_json::from_str(include_str!("../../../tests/abi/strings.json")).unwrap()
}

/// Number and expected answer of each row of a table.
fn rows(table: &Value) -> impl Iterator<Item = (c_int, &Value)> {
    let rows = table.as_object().unwrap();
    assert!(!rows.is_empty());
    rows.iter()
        .map(|(number, value)| (number.parse().unwrap(), value))
}

fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: what the lookup functions answer is NULL or a C string.
    let text = unsafe { CStr::from_ptr(pointer) };
    Some(text.to_str().unwrap().to_owned())
}

#[test]
fn every_return_code_has_the_text_of_the_original() {
    let table = &table()["MQTTClient_strerror"];
    for (code, expected) in rows(&table["range"]).chain(rows(&table["other"])) {
        assert_eq!(
            text(MQTTClient_strerror(code)).as_deref(),
            expected.as_str(),
            "{code}"
        );
    }
}

#[test]
fn texts_of_known_codes_are_constant() {
    let text = MQTTClient_strerror(-1);
    MQTTClient_strerror(-3);
    assert_eq!(MQTTClient_strerror(-1), text);
}

#[test]
fn threads_do_not_overwrite_each_others_text() {
    let mine = MQTTClient_strerror(1234);
    let other = thread::spawn(|| text(MQTTClient_strerror(5678)));
    assert_eq!(
        other.join().unwrap().as_deref(),
        Some("Unknown error code 5678")
    );
    assert_eq!(text(mine).as_deref(), Some("Unknown error code 1234"));
}

#[test]
fn every_reason_code_has_the_text_of_the_original() {
    let table = &table()["MQTTReasonCode_toString"];
    for (code, expected) in rows(&table["range"]).chain(rows(&table["outside_range"])) {
        assert_eq!(
            text(MQTTReasonCode_toString(code)).as_deref(),
            expected.as_str(),
            "{code}"
        );
    }
}

#[test]
fn every_property_has_the_name_of_the_original() {
    let table = &table()["MQTTPropertyName"];
    for (id, expected) in rows(&table["HEAD"]).chain(rows(&table["outside_range"])) {
        assert_eq!(
            text(MQTTPropertyName(id)).as_deref(),
            expected.as_str(),
            "{id}"
        );
    }
}

#[test]
fn every_property_has_the_type_of_the_original() {
    let table = &table()["MQTTProperty_getType"];
    for (id, expected) in rows(&table["range"]).chain(rows(&table["outside_range"])) {
        assert_eq!(
            i64::from(MQTTProperty_getType(id)),
            expected.as_i64().unwrap(),
            "{id}"
        );
    }
}

#[test]
fn version_info_has_the_rows_of_the_original() {
    let variant = if cfg!(feature = "tls") { "3cs" } else { "3c" };
    let table = &table()["MQTTClient_getVersionInfo"]["names"][variant];
    let info = MQTTClient_getVersionInfo();
    assert_eq!(MQTTClient_getVersionInfo(), info);
    for (index, name) in table.as_array().unwrap().iter().enumerate() {
        // SAFETY: the rows before the last one are in the array.
        let row = unsafe { *info.add(index) };
        assert_eq!(text(row.name).as_deref(), name.as_str());
        let value = text(row.value).unwrap();
        assert!(!value.is_empty());
        if index == 1 {
            assert_eq!(value, "1.3.15");
        }
    }
    // SAFETY: the row behind them ends the array.
    let end = unsafe { *info.add(table.as_array().unwrap().len()) };
    assert!(end.name.is_null() && end.value.is_null());
}
