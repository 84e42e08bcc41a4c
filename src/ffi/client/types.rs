//! The structures of `MQTTClient.h`.

use crate::ffi::c_spelling::{BinaryData, ConnectReturned, MQTTReasonCodes};
use crate::ffi::properties::MQTTProperties;
use std::ffi::{c_char, c_int, c_uchar, c_uint, c_void};
use std::mem::{offset_of, size_of};

/// A client. Made by MQTTClient_create(), ended by MQTTClient_destroy(); there is nothing to see inside.
pub type MQTTClient = *mut c_void;

/// Stands for a QoS 1 or 2 message on its way to the server: its packet identifier, 1 to 65535. Unique among the
/// messages that the client has in flight; used again later.
pub type MQTTClient_deliveryToken = c_int;

/// Former name of MQTTClient_deliveryToken.
pub type MQTTClient_token = c_int;

/// Options of MQTTClient_global_init().
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MQTTClient_init_options {
    /// Set to "MQTG" by the initializer.
    pub struct_id: [c_char; 4],
    /// Set to 0 by the initializer.
    pub struct_version: c_int,
    /// 1: the library initialises OpenSSL, 0: the program does. OpenSSL 1.1 and later needs neither.
    pub do_openssl_init: c_int,
}

/// A message to publish, or one that was received.
///
/// A received message belongs to the program: free it with MQTTClient_freeMessage().
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MQTTClient_message {
    /// "MQTM".
    pub struct_id: [c_char; 4],
    /// 0 or 1; `properties` exists from 1 on.
    pub struct_version: c_int,
    /// Number of bytes of the payload.
    pub payloadlen: c_int,
    /// The payload. In a received message it is never NULL, and one NUL that does not count in `payloadlen` follows.
    pub payload: *mut c_void,
    /// Quality of service: 0 the message may be lost, 1 it arrives but perhaps more than once, 2 it arrives exactly once.
    pub qos: c_int,
    /// To publish: 1 asks the server to keep the message for later subscribers. Received: 1 if it is such a message.
    pub retained: c_int,
    /// Received with QoS 1: 1 if the message may have been delivered before. Ignored when publishing.
    pub dup: c_int,
    /// Received: the packet identifier, 0 with QoS 0. Ignored when publishing.
    pub msgid: c_int,
    /// MQTT 5: the properties of the message.
    pub properties: MQTTProperties,
}

/// Options of MQTTClient_createWithOptions().
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MQTTClient_createOptions {
    /// Set to "MQCO" by the initializer.
    pub struct_id: [c_char; 4],
    /// Must be 0.
    pub struct_version: c_int,
    /// One of the MQTTVERSION_ values. MQTTVERSION_5 makes a client for MQTTClient_connect5() and the other calls of
    /// MQTT 5; any other value makes one for MQTTClient_connect().
    pub MQTTVersion: c_int,
}

/// The message that the server publishes for the client when its connection ends without MQTTClient_disconnect().
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MQTTClient_willOptions {
    /// Set to "MQTW" by the initializer.
    pub struct_id: [c_char; 4],
    /// 0 or 1; `payload` exists from 1 on.
    pub struct_version: c_int,
    /// The topic: a C string that is neither NULL nor empty.
    pub topicName: *const c_char,
    /// The payload as a C string, used if `payload.data` is NULL. With both NULL the payload is empty.
    pub message: *const c_char,
    /// 1: the server keeps the will as retained message.
    pub retained: c_int,
    /// 0, 1 or 2.
    pub qos: c_int,
    /// The payload as bytes. Wins over `message`.
    pub payload: BinaryData,
}

/// TLS options, for URIs with ssl:, mqtts:, tls: and wss:. The library without TLS ignores them.
///
/// Strings and structures are copied during the connect call, callbacks are called until the client disconnects.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MQTTClient_SSLOptions {
    /// Set to "MQTS" by the initializer.
    pub struct_id: [c_char; 4],
    /// 0 to 5; each member says from which version on it exists.
    pub struct_version: c_int,
    /// File with the certificates of trusted authorities, PEM. NULL: see `CApath` and `disableDefaultTrustStore`.
    pub trustStore: *const c_char,
    /// File with the certificate chain of the client, PEM, own certificate first; it may hold the key too. NULL: the
    /// client does not identify itself by certificate.
    pub keyStore: *const c_char,
    /// File with the private key of the client, PEM. NULL: the key is in `keyStore`. Ignored without `keyStore`.
    pub privateKey: *const c_char,
    /// Password of an encrypted key. Without one the connect fails; nobody is asked.
    pub privateKeyPassword: *const c_char,
    /// OpenSSL cipher list for TLS up to 1.2. NULL: OpenSSL's default.
    pub enabledCipherSuites: *const c_char,
    /// 1: the certificate of the server must be signed by a trusted authority. 0: it is not checked, and anybody on the
    /// way can read and change all traffic.
    pub enableServerCertAuth: c_int,
    /// From version 1: one of the MQTT_SSL_VERSION_ values. Not looked at: the best version that both sides support is
    /// negotiated.
    pub sslVersion: c_int,
    /// From version 2: 1 checks that the certificate is for the host of the URI. The initializer says 0: set it to 1
    /// unless you know why not.
    pub verify: c_int,
    /// From version 2: directory of trusted certificates, named by their hash as by `openssl rehash`. NULL: none.
    pub CApath: *const c_char,
    /// From version 3: called with each line of OpenSSL's error report (text, its length, `ssl_error_context`) when the
    /// connection cannot be secured. Return 1 to get the next line, 0 to stop. The text is valid during the call.
    pub ssl_error_cb:
        Option<unsafe extern "C" fn(str: *const c_char, len: usize, u: *mut c_void) -> c_int>,
    /// From version 3: handed to `ssl_error_cb`.
    pub ssl_error_context: *mut c_void,
    /// From version 4: supplies a pre-shared key. Fill `identity` with a C string of at most `max_identity_len` bytes
    /// and `psk` with at most `max_psk_len` bytes; return the length of the key, or 0 to fail.
    pub ssl_psk_cb: Option<
        unsafe extern "C" fn(
            hint: *const c_char,
            identity: *mut c_char,
            max_identity_len: c_uint,
            psk: *mut c_uchar,
            max_psk_len: c_uint,
            u: *mut c_void,
        ) -> c_uint,
    >,
    /// From version 4: handed to `ssl_psk_cb`.
    pub ssl_psk_context: *mut c_void,
    /// From version 4: 1: the authorities that the system trusts are not used. They are used only if `trustStore` and
    /// `CApath` are both NULL.
    pub disableDefaultTrustStore: c_int,
    /// From version 5: protocols to offer by ALPN, each preceded by one byte with its length. NULL: none.
    pub protos: *const c_uchar,
    /// From version 5: number of bytes of `protos`.
    pub protos_len: c_uint,
}

/// A name with its value.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MQTTClient_nameValue {
    /// The name; NULL marks the end of an array.
    pub name: *const c_char,
    /// The value.
    pub value: *const c_char,
}

/// Options of MQTTClient_connect() and MQTTClient_connect5(). Start with one of the initializers.
///
/// The library copies what it needs during the call. What the contexts of `ssl` point to stays the program's: it must be
/// there while the client is connected.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MQTTClient_connectOptions {
    /// Set to "MQTC" by the initializers.
    pub struct_id: [c_char; 4],
    /// 0 to 8; each member says from which version on it exists. Members that the version lacks are not read.
    pub struct_version: c_int,
    /// Seconds without traffic after which the client shows that it is alive, 0 to 65535. 0: never. The server ends the
    /// connection after 1.5 times this interval without a sign of life, and the client notices a dead server by it.
    pub keepAliveInterval: c_int,
    /// MQTT 3.1 and 3.1.1: 1 starts without the state of earlier connections and forgets this one's at its end, 0 keeps
    /// subscriptions and unfinished messages from one connection to the next. Must be 0 with MQTT 5.
    pub cleansession: c_int,
    /// 1: one QoS 1 or 2 message in flight at a time, the next publish waits for it. 0: up to 10.
    /// A positive `maxInflightMessages` replaces both.
    pub reliable: c_int,
    /// The will, or NULL.
    pub will: *mut MQTTClient_willOptions,
    /// The user name, or NULL.
    pub username: *const c_char,
    /// The password as a C string, or NULL. A password without a user name is sent too.
    pub password: *const c_char,
    /// Seconds for each server tried, until it has accepted the connection, name resolution and TLS included.
    /// With 0 or less the connect fails at once.
    pub connectTimeout: c_int,
    /// MQTT 3.1 and 3.1.1: seconds after which an unacknowledged message is sent again, at least 10. 0: only after a
    /// reconnect. MQTT 5 does not allow it; there it is ignored.
    pub retryInterval: c_int,
    /// From version 1: TLS options; must not be NULL if the URI asks for TLS.
    pub ssl: *mut MQTTClient_SSLOptions,
    /// From version 2: number of entries of `serverURIs`; 0 to use the URI given to MQTTClient_create().
    pub serverURIcount: c_int,
    /// From version 2: servers to try, in this order, until one accepts. Forms as for MQTTClient_create().
    pub serverURIs: *const *mut c_char,
    /// From version 3: one of the MQTTVERSION_ values.
    pub MQTTVersion: c_int,
    /// From version 4: filled in when the connect succeeds, untouched otherwise.
    pub returned: ConnectReturned,
    /// From version 5: the password as bytes, used if `password` is NULL.
    pub binarypwd: BinaryData,
    /// From version 6: how many QoS 1 and 2 messages may be in flight; 0 or less leaves it to `reliable`. The server's
    /// Receive Maximum (MQTT 5) can lower it.
    pub maxInflightMessages: c_int,
    /// From version 6, MQTT 5: 1 starts without the state of earlier connections. Must be 0 below MQTT 5.
    pub cleanstart: c_int,
    /// From version 7: headers to add to the WebSocket request, ended by an entry whose name is NULL. NULL: none.
    pub httpHeaders: *const MQTTClient_nameValue,
    /// From version 8: proxy for connections without TLS, as `[http://][user:password@]host[:port]`. NULL: none, but if the
    /// environment variable PAHO_C_CLIENT_USE_HTTP_PROXY begins with TRUE, the one in http_proxy, except for the hosts
    /// in no_proxy.
    pub httpProxy: *const c_char,
    /// From version 8: proxy for connections with TLS. NULL: as for `httpProxy`, with the variable https_proxy.
    pub httpsProxy: *const c_char,
}

/// The result of a call of MQTT 5. Free it with MQTTResponse_free(), once.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MQTTResponse {
    /// 1.
    pub version: c_int,
    /// The reason code of the server, or the first of several, or a negative MQTTCLIENT_ code if the call failed
    /// before or without an answer. Success is MQTTREASONCODE_SUCCESS or a granted QoS.
    pub reasonCode: MQTTReasonCodes,
    /// Number of reason codes in the answer to a subscription request; 0 for other calls. A single one is in `reasonCode`
    /// alone.
    pub reasonCodeCount: c_int,
    /// One reason code per topic, if there are several; NULL otherwise.
    pub reasonCodes: *mut MQTTReasonCodes,
    /// The properties of the answer; NULL if there are none.
    pub properties: *mut MQTTProperties,
}

const _: () = {
    assert!(size_of::<MQTTClient_createOptions>() == 12);
    assert!(offset_of!(MQTTClient_createOptions, MQTTVersion) == 8);
    assert!(size_of::<MQTTClient_init_options>() == 12);
    assert!(offset_of!(MQTTClient_init_options, do_openssl_init) == 8);
};

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<MQTTClient_message>() == 64);
    assert!(offset_of!(MQTTClient_message, payloadlen) == 8);
    assert!(offset_of!(MQTTClient_message, payload) == 16);
    assert!(offset_of!(MQTTClient_message, qos) == 24);
    assert!(offset_of!(MQTTClient_message, msgid) == 36);
    assert!(offset_of!(MQTTClient_message, properties) == 40);
    assert!(size_of::<MQTTClient_willOptions>() == 48);
    assert!(offset_of!(MQTTClient_willOptions, qos) == 28);
    assert!(offset_of!(MQTTClient_willOptions, payload) == 32);
    assert!(size_of::<MQTTClient_SSLOptions>() == 128);
    assert!(offset_of!(MQTTClient_SSLOptions, enableServerCertAuth) == 48);
    assert!(offset_of!(MQTTClient_SSLOptions, CApath) == 64);
    assert!(offset_of!(MQTTClient_SSLOptions, ssl_error_cb) == 72);
    assert!(offset_of!(MQTTClient_SSLOptions, ssl_psk_cb) == 88);
    assert!(offset_of!(MQTTClient_SSLOptions, disableDefaultTrustStore) == 104);
    assert!(offset_of!(MQTTClient_SSLOptions, protos_len) == 120);
    assert!(size_of::<MQTTClient_nameValue>() == 16);
    assert!(size_of::<MQTTClient_connectOptions>() == 152);
    assert!(offset_of!(MQTTClient_connectOptions, will) == 24);
    assert!(offset_of!(MQTTClient_connectOptions, connectTimeout) == 48);
    assert!(offset_of!(MQTTClient_connectOptions, ssl) == 56);
    assert!(offset_of!(MQTTClient_connectOptions, serverURIs) == 72);
    assert!(offset_of!(MQTTClient_connectOptions, MQTTVersion) == 80);
    assert!(offset_of!(MQTTClient_connectOptions, returned) == 88);
    assert!(offset_of!(ConnectReturned, sessionPresent) == 12);
    assert!(offset_of!(MQTTClient_connectOptions, binarypwd) == 104);
    assert!(offset_of!(MQTTClient_connectOptions, maxInflightMessages) == 120);
    assert!(offset_of!(MQTTClient_connectOptions, cleanstart) == 124);
    assert!(offset_of!(MQTTClient_connectOptions, httpHeaders) == 128);
    assert!(offset_of!(MQTTClient_connectOptions, httpsProxy) == 144);
    assert!(size_of::<MQTTResponse>() == 32);
    assert!(offset_of!(MQTTResponse, reasonCodes) == 16);
    assert!(offset_of!(MQTTResponse, properties) == 24);
};
