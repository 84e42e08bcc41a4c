//! What stands behind the exported functions: arguments are checked and converted, the client is called, its answer is
//! converted back.

mod callbacks;
mod connect_options;
mod connection;
pub(super) mod helpers;
pub(super) mod lifecycle;
pub(super) mod memory;
pub(super) mod properties;
mod publication;
mod reception;
mod subscription;
pub(super) mod text;
#[cfg(feature = "tls")]
mod tls_options;
pub(super) mod trace;
pub(super) mod version;

pub(super) use callbacks::{set_callbacks, set_disconnected, set_published};
pub(super) use connection::{connect, connect5, disconnect, disconnect5, is_connected};
pub(super) use lifecycle::{create, create_with_options, destroy, set_command_timeout, yield_now};
pub(super) use publication::{
    pending_delivery_tokens, publish, publish_message, publish_message5, publish5,
    wait_for_completion,
};
pub(super) use reception::receive;
pub(super) use subscription::{
    subscribe, subscribe_many, subscribe_many5, subscribe5, unsubscribe, unsubscribe_many,
    unsubscribe_many5, unsubscribe5,
};

use super::client::MQTTClient_init_options;

/// OpenSSL needs no initialisation since 1.1, and there is nothing else to set.
pub(super) fn global_init(_inits: *mut MQTTClient_init_options) {}
