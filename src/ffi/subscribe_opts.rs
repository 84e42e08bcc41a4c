//! `MQTTSubscribeOpts.h`: what a subscription asks for beyond its QoS.

use std::ffi::{c_char, c_int, c_uchar};
use std::mem::{offset_of, size_of};

/// Options of one subscription, in MQTT 5. Below MQTT 5 they are ignored.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MQTTSubscribe_options {
    /// Set to "MQSO" by the initializer.
    pub struct_id: [c_char; 4],
    /// Set to 0 by the initializer.
    pub struct_version: c_int,
    /// 1: messages that this client publishes do not come back to it. 0: they do.
    pub noLocal: c_uchar,
    /// 1: messages arrive with the retained flag they were published with. 0: only messages sent because of a new
    /// subscription have it set.
    pub retainAsPublished: c_uchar,
    /// When retained messages are sent. 0: at each subscribe. 1: only if the subscription is new. 2: not at all.
    pub retainHandling: c_uchar,
}

const _: () = {
    assert!(size_of::<MQTTSubscribe_options>() == 12);
    assert!(offset_of!(MQTTSubscribe_options, noLocal) == 8);
    assert!(offset_of!(MQTTSubscribe_options, retainAsPublished) == 9);
    assert!(offset_of!(MQTTSubscribe_options, retainHandling) == 10);
};
