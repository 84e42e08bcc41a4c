//! The program's callbacks as closures that the client can call.

use super::lifecycle::entry;
use crate::client::{Callback, CallbackRef, Callbacks, Completed};
use crate::ffi::c_spelling::*;
use crate::ffi::client::*;
use crate::ffi::memory::{self, c_copy};
use crate::ffi::property_list;
use crate::packet::{Disconnect, Message, PacketId, Properties};
use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;

/// What the program wants to get back with each call.
#[derive(Clone, Copy)]
struct Context(*mut c_void);

// SAFETY: the interface says that callbacks run on threads of the library; the pointer is only handed back.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    /// A method, so that closures take the whole of it.
    fn get(&self) -> *mut c_void {
        self.0
    }
}

fn change(handle: MQTTClient, change: impl FnOnce(&mut Callbacks)) -> c_int {
    let changed =
        entry(handle).and_then(|entry| entry.call(|client| client.change_callbacks(change)));
    match changed {
        Ok(Ok(())) => MQTTCLIENT_SUCCESS,
        Ok(Err(_)) | Err(_) => MQTTCLIENT_FAILURE,
    }
}

/// # Safety
///
/// The functions may be called with the context, in any thread, until others are set or the client is destroyed.
pub(in crate::ffi) unsafe fn set_callbacks(
    handle: MQTTClient,
    context: *mut c_void,
    cl: ConnectionLostCallback,
    ma: MessageArrivedCallback,
    dc: DeliveryCompleteCallback,
) -> c_int {
    let Some(arrived) = ma else {
        return MQTTCLIENT_FAILURE;
    };
    let context = Context(context);
    change(handle, |callbacks| {
        callbacks.message_arrived = Some(Arc::new(move |message: &Message| {
            offer(context, arrived, message)
        }));
        callbacks.delivery_complete = dc.map(|complete| -> Callback<PacketId> {
            // SAFETY: the caller promises that the function may be called.
            Arc::new(move |id| unsafe { complete(context.get(), id.get().into()) })
        });
        callbacks.connection_lost = cl.map(|lost| -> Arc<dyn Fn() + Send + Sync> {
            // SAFETY: the caller promises that the function may be called; the cause is NULL, as from the original.
            Arc::new(move || unsafe { lost(context.get(), ptr::null_mut()) })
        });
    })
}

/// Offers a message; `false` if the program refused it, or there is no memory for it now.
fn offer(
    context: Context,
    arrived: unsafe extern "C" fn(
        *mut c_void,
        *mut c_char,
        c_int,
        *mut MQTTClient_message,
    ) -> c_int,
    message: &Message,
) -> bool {
    let name = message.topic();
    let topic = c_copy(name).cast::<c_char>();
    let built = memory::new_message(message);
    // SAFETY: the caller of set_callbacks promises that the function may be called; topic and message were just made,
    // the topic with a NUL at its end. What the function does not take (it returns 0) is still the library's.
    unsafe {
        let taken = !topic.is_null() && !built.is_null() && {
            // 0 when strlen tells the length.
            let length = name.len();
            let reported = match libc::strlen(topic) == length {
                true => 0,
                false => length,
            };
            arrived(context.get(), topic, reported as c_int, built) != 0
        };
        if !taken {
            memory::release(topic);
            memory::free_message(built);
        }
        taken
    }
}

/// # Safety
///
/// The function may be called with the context, in any thread, until another is set or the client is destroyed.
pub(in crate::ffi) unsafe fn set_disconnected(
    handle: MQTTClient,
    context: *mut c_void,
    co: DisconnectedCallback,
) -> c_int {
    let context = Context(context);
    change(handle, |callbacks| {
        callbacks.disconnected = co.map(|disconnected| -> CallbackRef<Disconnect> {
            Arc::new(move |disconnect: &Disconnect| {
                let none = Properties::default();
                let properties = disconnect.properties.as_ref().unwrap_or(&none);
                with_list(properties, |list| {
                    // SAFETY: the caller promises that the function may be called; the list lives during the call.
                    unsafe { disconnected(context.get(), list, disconnect.reason.0.into()) }
                });
            })
        });
    })
}

/// # Safety
///
/// The function may be called with the context, in any thread, until another is set or the client is destroyed.
pub(in crate::ffi) unsafe fn set_published(
    handle: MQTTClient,
    context: *mut c_void,
    co: PublishedCallback,
) -> c_int {
    let context = Context(context);
    change(handle, |callbacks| {
        callbacks.published = co.map(|published| -> CallbackRef<Completed> {
            Arc::new(move |completed: &Completed| {
                let (id, packet_type) = (completed.id.get().into(), completed.packet_type.into());
                with_list(&completed.properties, |list| {
                    // SAFETY: the caller promises that the function may be called; the list lives during the call.
                    unsafe {
                        published(
                            context.get(),
                            id,
                            packet_type,
                            list,
                            completed.reason.0.into(),
                        )
                    }
                });
            })
        });
    })
}

/// Calls with a list in C's form that lives as long as the call; without memory for it, with an empty one.
fn with_list(
    properties: &Properties,
    call: impl FnOnce(*mut crate::ffi::properties::MQTTProperties),
) {
    use crate::ffi::boundary::Failure;
    let mut list = property_list::from_packet(properties)
        .unwrap_or(crate::ffi::properties::MQTTProperties::FAILURE);
    call(&mut list);
    // SAFETY: the list was made here; the contract of the callbacks leaves it to the library.
    unsafe { property_list::free(&mut list) };
}
