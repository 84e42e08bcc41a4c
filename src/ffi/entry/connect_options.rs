//! The connect options, checked in the original's order.

use super::lifecycle::usable_address;
#[cfg(feature = "tls")]
use super::tls_options;
use crate::client::{ConnectRequest, VersionChoice};
use crate::ffi::client::*;
use crate::ffi::handle::Entry;
use crate::ffi::memory::{c_entries, c_str, eyecatcher};
use crate::packet::primitives::valid_utf8;
use crate::packet::{Properties, ProtocolVersion, QoS, Will};
use crate::session::ConnectOptions;
use crate::transport::{self, ServerAddress};
use bytes::Bytes;
use std::ffi::{c_char, c_int};
use std::ptr;
use std::time::Duration;

const LATEST_CONNECT_OPTIONS: c_int = 8;
const LATEST_WILL_OPTIONS: c_int = 1;
const LATEST_SSL_OPTIONS: c_int = 5;
/// Messages in flight without `reliable` and without a number of the program's.
const DEFAULT_WINDOW: usize = 10;

/// Options that passed all checks.
pub(super) struct Accepted {
    pub(super) request: ConnectRequest,
    /// The version as the program gave it.
    pub(super) version: c_int,
    /// For each of the request's addresses the program's own text without scheme; empty if the address is the one
    /// given at create.
    pub(super) listed: Vec<*const c_char>,
}

/// # Safety
///
/// The pointers in `options` keep the rules of [`ffi`](crate::ffi).
pub(super) unsafe fn check(
    entry: &Entry,
    options: &MQTTClient_connectOptions,
) -> Result<Accepted, c_int> {
    check_structure(
        options.struct_id,
        b"MQTC",
        options.struct_version,
        LATEST_CONNECT_OPTIONS,
    )?;
    let since = |version: c_int| options.struct_version >= version;
    // SAFETY: as promised by the caller.
    let (addresses, listed) = unsafe { addresses(entry, options) }?;
    let has_tls_options = since(1) && !options.ssl.is_null();
    if entry.client.address().scheme.is_secure() && !has_tls_options {
        return Err(MQTTCLIENT_NULL_PARAMETER);
    }
    // SAFETY: as promised by the caller.
    let will = unsafe { check_will(options.will) }?;
    if cfg!(feature = "tls") && has_tls_options {
        // SAFETY: not NULL, and the caller promises options.
        let (id, version) = unsafe { ((*options.ssl).struct_id, (*options.ssl).struct_version) };
        check_structure(id, b"MQTS", version, LATEST_SSL_OPTIONS)?;
    }
    // SAFETY: as promised by the caller.
    let username = unsafe { text(options.username) }?;
    // SAFETY: as promised by the caller.
    let mut password = unsafe { text(options.password) }?;
    if password.is_none() && since(5) && !options.binarypwd.data.is_null() {
        // SAFETY: as promised by the caller.
        password = Some(unsafe { bytes(options.binarypwd.data.cast(), options.binarypwd.len) }?);
    }
    let version = if since(3) {
        options.MQTTVersion
    } else {
        MQTTVERSION_DEFAULT
    };
    let choice = match version {
        MQTTVERSION_DEFAULT => VersionChoice::Default,
        MQTTVERSION_3_1 => VersionChoice::Only(ProtocolVersion::V3_1),
        MQTTVERSION_3_1_1 => VersionChoice::Only(ProtocolVersion::V3_1_1),
        MQTTVERSION_5 => VersionChoice::Only(ProtocolVersion::V5),
        _ => return Err(MQTTCLIENT_BAD_MQTT_VERSION),
    };
    let cleanstart = if since(6) { options.cleanstart } else { 0 };
    let v5 = version == MQTTVERSION_5;
    if (v5 && options.cleansession != 0) || (!v5 && cleanstart != 0) {
        return Err(MQTTCLIENT_BAD_MQTT_OPTION);
    }
    let clean = if v5 { cleanstart } else { options.cleansession };
    let request = ConnectRequest {
        addresses,
        version: choice,
        // SAFETY: as promised by the caller.
        transport: unsafe { transport_options(options) },
        options: ConnectOptions {
            version: ProtocolVersion::V3_1_1,
            clean_start: clean & 1 != 0,
            keep_alive: keep_alive(options.keepAliveInterval),
            client_id: entry.client.client_id().clone(),
            will,
            username,
            password,
            properties: Properties::default(),
            window: window(options),
            retry_interval: seconds(options.retryInterval),
        },
        timeout: seconds(options.connectTimeout),
    };
    Ok(Accepted {
        request,
        version,
        listed,
    })
}

fn check_structure(
    id: [c_char; 4],
    expected: &[u8; 4],
    version: c_int,
    latest: c_int,
) -> Result<(), c_int> {
    match id == eyecatcher(expected) && (0..=latest).contains(&version) {
        true => Ok(()),
        false => Err(MQTTCLIENT_BAD_STRUCTURE),
    }
}

type Addresses = (Vec<Option<ServerAddress>>, Vec<*const c_char>);

/// # Safety
///
/// The pointers in `options` keep the rules of [`ffi`](crate::ffi).
unsafe fn addresses(
    entry: &Entry,
    options: &MQTTClient_connectOptions,
) -> Result<Addresses, c_int> {
    if options.struct_version < 2 || options.serverURIcount == 0 {
        return Ok((vec![Some(entry.client.address().clone())], Vec::new()));
    }
    // SAFETY: as promised by the caller.
    let uris = unsafe { c_entries(options.serverURIs, options.serverURIcount) }?;
    let mut addresses = Vec::with_capacity(uris.len());
    let mut listed = Vec::with_capacity(uris.len());
    for &uri in uris {
        // SAFETY: NULL or a C string, as promised by the caller.
        let text = unsafe { c_str(uri) };
        let address = text.and_then(usable_address);
        let scheme = match (&address, text) {
            (Some(address), Some(text)) => text.len() - address.text.len(),
            _ => 0,
        };
        listed.push(if uri.is_null() {
            ptr::null()
        } else {
            uri.cast_const().wrapping_add(scheme)
        });
        addresses.push(address);
    }
    Ok((addresses, listed))
}

/// # Safety
///
/// The pointers in `options` keep the rules of [`ffi`](crate::ffi).
unsafe fn transport_options(options: &MQTTClient_connectOptions) -> transport::Options {
    let since = |version: c_int| options.struct_version >= version;
    let mut taken = transport::Options::default();
    #[cfg(feature = "tls")]
    if since(1) {
        // SAFETY: NULL or options, as promised by the caller.
        let tls = unsafe { options.ssl.as_ref() };
        // SAFETY: as promised by the caller.
        taken.tls = tls.map(|tls| unsafe { tls_options::take(tls) });
    }
    if since(7) {
        // SAFETY: as promised by the caller.
        taken.http_headers = unsafe { headers(options.httpHeaders) };
    }
    if since(8) {
        // SAFETY: NULL or C strings, as promised by the caller.
        let proxies = unsafe { (c_str(options.httpProxy), c_str(options.httpsProxy)) };
        taken.proxies.http = proxies.0.map(<[u8]>::to_vec);
        taken.proxies.https = proxies.1.map(<[u8]>::to_vec);
    }
    taken
}

/// # Safety
///
/// `header` is NULL or the first of headers that end with one without name or value.
unsafe fn headers(mut header: *const MQTTClient_nameValue) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut headers = Vec::new();
    // SAFETY: NULL, the first, or behind one that was not the last.
    while let Some(entry) = unsafe { header.as_ref() } {
        // SAFETY: NULL or C strings, as promised by the caller.
        let (name, value) = unsafe { (c_str(entry.name), c_str(entry.value)) };
        let (Some(name), Some(value)) = (name, value) else {
            break;
        };
        headers.push((name.to_vec(), value.to_vec()));
        header = header.wrapping_add(1);
    }
    headers
}

/// # Safety
///
/// `will` is NULL or options whose pointers keep the rules of [`ffi`](crate::ffi).
unsafe fn check_will(will: *const MQTTClient_willOptions) -> Result<Option<Will>, c_int> {
    // SAFETY: as promised by the caller.
    let Some(will) = (unsafe { will.as_ref() }) else {
        return Ok(None);
    };
    check_structure(
        will.struct_id,
        b"MQTW",
        will.struct_version,
        LATEST_WILL_OPTIONS,
    )?;
    let qos = u8::try_from(will.qos).ok().and_then(QoS::from_level);
    let qos = qos.ok_or(MQTTCLIENT_BAD_QOS)?;
    // SAFETY: as promised by the caller.
    let topic = unsafe { c_str(will.topicName) }.ok_or(MQTTCLIENT_NULL_PARAMETER)?;
    if topic.is_empty() {
        return Err(MQTTCLIENT_0_LEN_WILL_TOPIC);
    }
    let payload = if will.struct_version >= 1 && !will.payload.data.is_null() {
        // SAFETY: as promised by the caller.
        unsafe { bytes(will.payload.data.cast(), will.payload.len) }?
    } else {
        // SAFETY: as promised by the caller.
        unsafe { c_str(will.message) }
            .map(Bytes::copy_from_slice)
            .unwrap_or_default()
    };
    Ok(Some(Will {
        topic: Bytes::copy_from_slice(topic),
        payload,
        qos,
        retain: will.retained & 1 != 0,
        properties: Properties::default(),
    }))
}

/// # Safety
///
/// `text` is NULL or a C string.
unsafe fn text(text: *const c_char) -> Result<Option<Bytes>, c_int> {
    // SAFETY: as promised by the caller.
    match unsafe { c_str(text) } {
        None => Ok(None),
        Some(text) if valid_utf8(text) => Ok(Some(Bytes::copy_from_slice(text))),
        Some(_) => Err(MQTTCLIENT_BAD_UTF8_STRING),
    }
}

/// # Safety
///
/// `data` points to `len` bytes.
unsafe fn bytes(data: *const std::ffi::c_void, len: c_int) -> Result<Bytes, c_int> {
    // SAFETY: as promised by the caller.
    unsafe { crate::ffi::memory::c_slice(data, len) }.map(Bytes::copy_from_slice)
}

fn window(options: &MQTTClient_connectOptions) -> usize {
    let asked = usize::try_from(options.maxInflightMessages).unwrap_or(0);
    match (asked, options.reliable) {
        (1.., _) if options.struct_version >= 6 => asked,
        (_, 0) => DEFAULT_WINDOW,
        _ => 1,
    }
}

/// What goes into the packet, in seconds: two bytes by division that rounds towards zero, as the original has it, so
/// that -1 is 255.
fn keep_alive(interval: c_int) -> u16 {
    u16::from_be_bytes([(interval / 256) as u8, (interval % 256) as u8])
}

/// Seconds as the program counts them; what is not positive is none.
fn seconds(seconds: c_int) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_taken_up_to_the_first_that_lacks_its_name_or_value() {
        let entry = |name: Option<&'static std::ffi::CStr>,
                     value: Option<&'static std::ffi::CStr>| {
            let text = |text: Option<&'static std::ffi::CStr>| {
                text.map_or(ptr::null(), |text| text.as_ptr())
            };
            MQTTClient_nameValue {
                name: text(name),
                value: text(value),
            }
        };
        let one = entry(Some(c"X-One"), Some(c"1"));
        let empty = entry(Some(c"X-Empty"), Some(c""));
        let taken = [
            (b"X-One".to_vec(), b"1".to_vec()),
            (b"X-Empty".to_vec(), Vec::new()),
        ];
        for end in [
            entry(None, None),
            entry(Some(c"X-None"), None),
            entry(None, Some(c"none")),
        ] {
            let array = [one, empty, end, one];
            // SAFETY: an array with an end.
            assert_eq!(unsafe { headers(array.as_ptr()) }, taken);
        }
        // SAFETY: NULL is none.
        assert!(unsafe { headers(ptr::null()) }.is_empty());
    }
}
