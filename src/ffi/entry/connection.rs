//! Connecting and disconnecting.

use super::connect_options::{self, Accepted};
use super::lifecycle::entry;
use super::publication::code;
use crate::client::{Connected, Error};
use crate::ffi::c_spelling::*;
use crate::ffi::client::*;
use crate::ffi::handle::{self, Entry};
use crate::ffi::memory::{new_response, response};
use crate::ffi::properties::MQTTProperties;
use crate::ffi::property_list;
use crate::packet::{ConnAck, Properties, PropertyPlace, ProtocolVersion, ReasonCode};
use crate::trace::Level;
use std::ffi::c_int;
use std::ptr;
use std::time::Duration;

/// Latest version of the connect options that lacks `returned`.
const VERSION_WITHOUT_RETURNED: c_int = 3;

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn connect(
    handle: MQTTClient,
    options: *mut MQTTClient_connectOptions,
) -> c_int {
    if handle::find(handle).is_some_and(|entry| entry.is_v5()) {
        return MQTTCLIENT_WRONG_MQTT_VERSION;
    }
    // SAFETY: as promised by the caller.
    match unsafe { attempt(handle, options, ptr::null(), ptr::null()) } {
        Ok(_) => MQTTCLIENT_SUCCESS,
        Err(Refusal::Code(code) | Refusal::Store(code, _)) => code,
        Err(Refusal::Server(connack)) => connack.code.0.into(),
    }
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn connect5(
    handle: MQTTClient,
    options: *mut MQTTClient_connectOptions,
    connectProperties: *mut MQTTProperties,
    willProperties: *mut MQTTProperties,
) -> MQTTResponse {
    if handle::find(handle).is_some_and(|entry| !entry.is_v5()) {
        return response(MQTTCLIENT_WRONG_MQTT_VERSION);
    }
    // SAFETY: as promised by the caller.
    match unsafe { attempt(handle, options, connectProperties, willProperties) } {
        Ok(connected) if connected.version == ProtocolVersion::V5 => {
            new_response(ReasonCode::SUCCESS, Some(&connected.connack.properties))
        }
        Ok(_) => response(MQTTCLIENT_SUCCESS),
        Err(Refusal::Code(code)) => response(code),
        Err(Refusal::Server(connack)) => {
            let properties = Some(&connack.properties).filter(|properties| !properties.is_empty());
            new_response(connack.code, properties)
        }
        Err(Refusal::Store(code, connack)) => MQTTResponse {
            reasonCode: code,
            ..new_response(ReasonCode::SUCCESS, Some(&connack.properties))
        },
    }
}

enum Refusal {
    Code(c_int),
    Server(ConnAck),
    /// The server accepted, the program's store did not.
    Store(c_int, ConnAck),
}

impl From<c_int> for Refusal {
    fn from(code: c_int) -> Refusal {
        Refusal::Code(code)
    }
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
unsafe fn attempt(
    handle: MQTTClient,
    options: *mut MQTTClient_connectOptions,
    connect_properties: *const MQTTProperties,
    will_properties: *const MQTTProperties,
) -> Result<Connected, Refusal> {
    if !handle::any() {
        return Err(MQTTCLIENT_FAILURE.into());
    }
    let entry = handle::find(handle).ok_or(MQTTCLIENT_NULL_PARAMETER)?;
    if entry.client.is_calling_out() {
        return Err(MQTTCLIENT_FAILURE.into());
    }
    // SAFETY: NULL or options, as promised by the caller.
    let c_options = unsafe { options.as_mut() }.ok_or(MQTTCLIENT_NULL_PARAMETER)?;
    // SAFETY: as promised by the caller.
    let mut accepted = unsafe { connect_options::check(&entry, c_options) }?;
    // SAFETY: as promised by the caller.
    unsafe { take_properties(&mut accepted, connect_properties, will_properties) }?;
    entry.set_version(accepted.version);
    if accepted.request.timeout.is_zero() {
        return Err(MQTTCLIENT_FAILURE.into());
    }
    let connected = entry.call(|client| client.connect(&accepted.request))?;
    let connected = connected.map_err(|error| match error {
        Error::Refused(connack) => Refusal::Server(*connack),
        Error::NotCleared(code, Some(connack)) => Refusal::Store(code, *connack),
        error => Refusal::Code(code(&error)),
    })?;
    if c_options.struct_version > VERSION_WITHOUT_RETURNED {
        report(&entry, &accepted, &connected, c_options);
    }
    Ok(connected)
}

/// Below MQTT 5 properties are not sent.
///
/// # Safety
///
/// Both are NULL or lists of properties.
unsafe fn take_properties(
    accepted: &mut Accepted,
    connect: *const MQTTProperties,
    will: *const MQTTProperties,
) -> Result<(), c_int> {
    if accepted.version != MQTTVERSION_5 {
        return Ok(());
    }
    let take = |list, place| {
        // SAFETY: as promised by the caller.
        let properties = unsafe { property_list::to_packet(list) };
        let allowed = properties
            .ok()
            .filter(|properties: &Properties| properties.check(place).is_ok());
        allowed.ok_or_else(|| {
            crate::trace!(
                Level::Error,
                "Not connected: a property that is not allowed in {place:?}"
            );
            MQTTCLIENT_FAILURE
        })
    };
    let options = &mut accepted.request.options;
    options.properties = take(connect, PropertyPlace::Connect)?;
    if let Some(options) = &mut options.will {
        options.properties = take(will, PropertyPlace::Will)?;
    }
    Ok(())
}

/// Fills `returned` in.
fn report(
    entry: &Entry,
    accepted: &Accepted,
    connected: &Connected,
    options: &mut MQTTClient_connectOptions,
) {
    options.returned = ConnectReturned {
        serverURI: match accepted.listed.get(connected.address) {
            Some(text) => text.cast(),
            None => entry.address.as_ptr(),
        },
        MQTTVersion: connected.version as c_int,
        sessionPresent: connected.connack.session_present.into(),
    };
}

pub(in crate::ffi) fn disconnect(handle: MQTTClient, timeout: c_int) -> c_int {
    end(handle, timeout, ReasonCode::SUCCESS, None)
}

/// # Safety
///
/// The pointer rules of [`ffi`](crate::ffi).
pub(in crate::ffi) unsafe fn disconnect5(
    handle: MQTTClient,
    timeout: c_int,
    reason: MQTTReasonCodes,
    props: *mut MQTTProperties,
) -> c_int {
    let mut properties = None;
    if !props.is_null() && handle::find(handle).is_some_and(|entry| entry.is_v5()) {
        // SAFETY: as promised by the caller.
        let list = unsafe { property_list::to_packet(props) };
        properties = list
            .ok()
            .filter(|list| list.check(PropertyPlace::Disconnect).is_ok());
        if properties.is_none() {
            crate::trace!(
                Level::Error,
                "DISCONNECT is sent without properties: one is not allowed in it"
            );
        }
    }
    // Only its low byte fits.
    end(handle, timeout, ReasonCode(reason as u8), properties)
}

fn end(
    handle: MQTTClient,
    timeout: c_int,
    reason: ReasonCode,
    properties: Option<Properties>,
) -> c_int {
    // A negative timeout waits without limit.
    let quiesce = u64::try_from(timeout).ok().map(Duration::from_millis);
    let ended = entry(handle)
        .and_then(|entry| entry.call(|client| client.disconnect(quiesce, reason, properties)));
    match ended {
        Ok(()) => MQTTCLIENT_SUCCESS,
        Err(code) => code,
    }
}

pub(in crate::ffi) fn is_connected(handle: MQTTClient) -> c_int {
    // Nothing is waited for, so the answer is the same inside a call-out of an operation on this client.
    entry(handle)
        .is_ok_and(|entry| entry.client.is_connected())
        .into()
}
