//! What the library tells about itself.

use crate::ffi::client::MQTTClient_nameValue;
use std::ffi::CString;
use std::ptr;
use std::sync::OnceLock;

/// Version of the original whose interface this is.
const INTERFACE_VERSION: &str = "1.3.15";

/// The rows with the array that points into them.
struct VersionInfo {
    rows: Vec<(CString, CString)>,
    array: Vec<MQTTClient_nameValue>,
}

// SAFETY: the pointers of `array` lead into `rows`, which is never changed.
unsafe impl Send for VersionInfo {}
// SAFETY: as above.
unsafe impl Sync for VersionInfo {}

/// Name and value of each row, as in the header of the trace.
pub(in crate::ffi) fn rows() -> Vec<(&'static str, String)> {
    [
        (
            "Product name",
            "mqtt3c, a Rust implementation of the Paho synchronous MQTT C client API".to_owned(),
        ),
        ("Version", INTERFACE_VERSION.to_owned()),
        (
            "Build level",
            format!("{} {}", env!("CARGO_PKG_VERSION"), env!("MQTT3C_COMMIT")),
        ),
    ]
    .into_iter()
    .chain(openssl_rows())
    .collect()
}

#[cfg(not(feature = "tls"))]
fn openssl_rows() -> [(&'static str, String); 0] {
    []
}

#[cfg(feature = "tls")]
fn openssl_rows() -> [(&'static str, String); 5] {
    use openssl::version;
    [
        ("OpenSSL version", version::version().to_owned()),
        ("OpenSSL flags", version::c_flags().to_owned()),
        ("OpenSSL build timestamp", version::built_on().to_owned()),
        ("OpenSSL platform", version::platform().to_owned()),
        ("OpenSSL directory", version::dir().to_owned()),
    ]
}

/// The array of `MQTTClient_getVersionInfo`: always the same.
pub(in crate::ffi) fn info() -> *mut MQTTClient_nameValue {
    static INFO: OnceLock<VersionInfo> = OnceLock::new();
    let info = INFO.get_or_init(|| {
        let text = |text: &str| CString::new(text).unwrap_or_default();
        let rows: Vec<_> = rows()
            .iter()
            .map(|(name, value)| (text(name), text(value)))
            .collect();
        let end = MQTTClient_nameValue {
            name: ptr::null(),
            value: ptr::null(),
        };
        let array = rows
            .iter()
            .map(|(name, value)| MQTTClient_nameValue {
                name: name.as_ptr(),
                value: value.as_ptr(),
            })
            .chain([end])
            .collect();
        VersionInfo { rows, array }
    });
    debug_assert_eq!(info.rows.len() + 1, info.array.len());
    info.array.as_ptr().cast_mut()
}
