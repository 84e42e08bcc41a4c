//! What stands behind the exported functions: arguments are checked and converted, the client is called, its answer is
//! converted back.

pub(super) mod helpers;
pub(super) mod memory;
mod pending;
pub(super) mod properties;
pub(super) mod text;
pub(super) mod trace;
pub(super) mod version;

pub(super) use pending::*;

use super::client::MQTTClient_init_options;

/// OpenSSL needs no initialisation since 1.1, and there is nothing else to set.
pub(super) fn global_init(_inits: *mut MQTTClient_init_options) {}
