//! Sizes and offsets: what a C compiler makes of the headers is what Rust makes of its types.
#![cfg(target_pointer_width = "64")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod common;

use mqtt3c::ffi::c_spelling::{BinaryData, ConnectReturned, PropertyStrings};
use mqtt3c::ffi::client::*;
use mqtt3c::ffi::persistence::MQTTClient_persistence;
use mqtt3c::ffi::properties::*;
use mqtt3c::ffi::subscribe_opts::MQTTSubscribe_options;
use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::mem::{offset_of, size_of};
use std::path::Path;
use std::process::Command;

/// Sizes and offsets as Rust has them, by their C names.
fn rust_layout() -> BTreeMap<String, usize> {
    let mut layout = BTreeMap::new();
    macro_rules! layout {
        ($($type:ident { $($member:ident $(. $inner:ident: $inner_type:ident)?),* })*) => {$(
            layout.insert(stringify!($type).to_owned(), size_of::<$type>());
            $(
                let mut name = format!("{}.{}", stringify!($type), stringify!($member));
                let mut offset = offset_of!($type, $member);
                $(
                    write!(name, ".{}", stringify!($inner)).unwrap();
                    offset += offset_of!($inner_type, $inner);
                )?
                layout.insert(std::mem::take(&mut name), std::mem::take(&mut offset));
            )*
        )*};
    }
    layout! {
        MQTTClient_init_options {
            struct_id, struct_version, do_openssl_init
        }
        MQTTClient_message {
            struct_id, struct_version, payloadlen, payload, qos, retained, dup, msgid, properties
        }
        MQTTClient_createOptions {
            struct_id, struct_version, MQTTVersion
        }
        MQTTClient_willOptions {
            struct_id, struct_version, topicName, message, retained, qos, payload, payload.len: BinaryData, payload.data: BinaryData
        }
        MQTTClient_SSLOptions {
            struct_id, struct_version, trustStore, keyStore, privateKey, privateKeyPassword, enabledCipherSuites, enableServerCertAuth, sslVersion, verify, CApath, ssl_error_cb, ssl_error_context, ssl_psk_cb, ssl_psk_context, disableDefaultTrustStore, protos, protos_len
        }
        MQTTClient_nameValue {
            name, value
        }
        MQTTClient_connectOptions {
            struct_id, struct_version, keepAliveInterval, cleansession, reliable, will, username, password, connectTimeout, retryInterval, ssl, serverURIcount, serverURIs, MQTTVersion, returned, returned.serverURI: ConnectReturned, returned.MQTTVersion: ConnectReturned, returned.sessionPresent: ConnectReturned, binarypwd, binarypwd.len: BinaryData, binarypwd.data: BinaryData, maxInflightMessages, cleanstart, httpHeaders, httpProxy, httpsProxy
        }
        MQTTResponse {
            version, reasonCode, reasonCodeCount, reasonCodes, properties
        }
        MQTTClient_persistence {
            context, popen, pclose, pput, pget, premove, pkeys, pclear, pcontainskey
        }
        MQTTLenString {
            len, data
        }
        MQTTProperty {
            identifier, value, value.data: PropertyStrings, value.value: PropertyStrings
        }
        MQTTProperties {
            count, max_count, length, array
        }
        MQTTSubscribe_options {
            struct_id, struct_version, noLocal, retainAsPublished, retainHandling
        }
    }
    // All members of a union begin where it does.
    let value = layout["MQTTProperty.value"];
    for member in ["byte", "integer2", "integer4"] {
        layout.insert(format!("MQTTProperty.value.{member}"), value);
    }
    layout
}

/// Sizes and offsets as the C compiler has them.
fn c_layout() -> BTreeMap<String, usize> {
    let program =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("layout-{}", std::process::id()));
    // As make has it, `CC` may hold words: `ccache gcc`.
    let compiler = env::var("CC").unwrap_or_default();
    let mut words = compiler.split_whitespace();
    let status = Command::new(words.next().unwrap_or("cc"))
        .args(words)
        .arg("-I")
        .arg(common::in_package("include"))
        .arg("-o")
        .args([&program, &common::in_package("tests/abi/layout.c")])
        .status()
        .unwrap_or_else(|error| panic!("a C compiler must be installed: {compiler}: {error}"));
    assert!(status.success());
    let output = Command::new(&program).output().unwrap();
    std::fs::remove_file(&program).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let row = |line: &str| {
        let (name, number) = line.split_once(' ').unwrap();
        (name.to_owned(), number.parse().unwrap())
    };
    text.lines().map(row).collect()
}

#[test]
fn c_and_rust_agree_on_every_structure() {
    assert_eq!(c_layout(), rust_layout());
}

/// Takes the expected numbers of a structure's members from the description of the original.
fn expect_members(of: &str, members: &serde_json::Value, layout: &mut BTreeMap<String, usize>) {
    for member in members.as_array().unwrap() {
        if let Some(path) = member["path"].as_str() {
            let offset = member["offset"].as_u64().unwrap();
            layout.insert(format!("{of}.{path}"), offset.try_into().unwrap());
        }
        if member["members"].is_array() {
            expect_members(of, &member["members"], layout);
        }
    }
}

#[test]
fn every_structure_is_laid_out_as_in_the_original() {
    let description =
        std::fs::read_to_string(common::in_package("tests/abi/mqttclient-abi.json")).unwrap();
    let description: serde_json::Value = serde_json::from_str(&description).unwrap();
    let mut expected = BTreeMap::new();
    for structure in description["structs"].as_array().unwrap() {
        let name = structure["typedef"].as_str().unwrap();
        let size = structure["size"].as_u64().unwrap();
        expected.insert(name.to_owned(), size.try_into().unwrap());
        expect_members(name, &structure["members"], &mut expected);
    }
    assert_eq!(rust_layout(), expected);
}
