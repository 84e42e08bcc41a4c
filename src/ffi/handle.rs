//! The live clients by the handles that C programs hold. A handle is looked up, never dereferenced, and its value is not
//! used again before long: a destroyed one is as good as NULL.

use super::client::{MQTTCLIENT_FAILURE, MQTTClient};
use crate::client::Client;
use crate::process_lock::ProcessRwLock;
use std::ffi::{CString, c_int};
use std::sync::Arc;
use std::sync::RwLockWriteGuard;
use std::sync::atomic::{AtomicI32, Ordering};

/// `MQTTVERSION_5` as a client's version.
const V5: c_int = 5;
/// A handle is a slot's number above these bits, so that it looks like the address of something aligned.
const ALIGNMENT_BITS: u32 = 4;
/// The number of times a slot was used is above these bits: billions, or 255 where a pointer has 32 bits. Then a value comes
/// again. What is below stands for more clients than memory can hold.
const USE_SHIFT: u32 = if usize::BITS == 32 { 24 } else { 32 };
const MOST_USES: usize = usize::MAX >> USE_SHIFT;

/// What a handle stands for.
pub(super) struct Entry {
    pub(super) client: Arc<Client>,
    /// The version asked for at create, replaced by that of each connect: decides which calls the client allows.
    version: AtomicI32,
    /// The server's address without scheme, handed out by connect.
    pub(super) address: CString,
}

impl Entry {
    pub(super) fn new(client: Arc<Client>, version: c_int) -> Entry {
        let address = CString::new(&*client.address().text).unwrap_or_default();
        Entry {
            client,
            version: AtomicI32::new(version),
            address,
        }
    }

    /// Whether the client is one of MQTT 5 now.
    pub(super) fn is_v5(&self) -> bool {
        self.version.load(Ordering::Relaxed) >= V5
    }

    pub(super) fn set_version(&self, version: c_int) {
        self.version.store(version, Ordering::Relaxed);
    }

    /// Runs a call on the client. From inside a store or trace callback of an operation on this client it fails at
    /// once: it would wait for itself.
    #[inline(always)]
    pub(super) fn call<T>(&self, call: impl FnOnce(&Client) -> T) -> Result<T, c_int> {
        if self.client.is_calling_out() {
            return Err(MQTTCLIENT_FAILURE);
        }
        let result = call(&self.client);
        self.client.flush_trace();
        Ok(result)
    }
}

#[derive(Default)]
struct Slot {
    uses: usize,
    entry: Option<Arc<Entry>>,
}

#[derive(Default)]
pub(super) struct Table {
    slots: Vec<Slot>,
    free: Vec<usize>,
    live: usize,
}

static TABLE: ProcessRwLock<Table> = ProcessRwLock::new(Table {
    slots: Vec::new(),
    free: Vec::new(),
    live: 0,
});

/// Makes a handle for a client.
pub(super) fn insert(entry: Entry) -> MQTTClient {
    let mut table = TABLE.write();
    let index = table.free.pop().unwrap_or_else(|| {
        table.slots.push(Slot::default());
        table.slots.len() - 1
    });
    table.live += 1;
    let slot = &mut table.slots[index];
    slot.uses = slot.uses % MOST_USES + 1;
    slot.entry = Some(Arc::new(entry));
    value(index, slot.uses)
}

/// The client of a handle; `None` for NULL and for what is no handle (any more).
#[inline]
pub(super) fn find(handle: MQTTClient) -> Option<Arc<Entry>> {
    let (index, uses) = parts(handle)?;
    let table = TABLE.read();
    let slot = table.slots.get(index)?;
    slot.entry.as_ref().filter(|_| slot.uses == uses).cloned()
}

/// Takes a client out; its handle stands for nothing from now on.
pub(super) fn remove(handle: MQTTClient) -> Option<Arc<Entry>> {
    let (index, uses) = parts(handle)?;
    let mut table = TABLE.write();
    let slot = table
        .slots
        .get_mut(index)
        .filter(|slot| slot.uses == uses)?;
    let entry = slot.entry.take()?;
    table.free.push(index);
    table.live -= 1;
    Some(entry)
}

/// Holds the table of handles.
pub(super) type ForkGuard = RwLockWriteGuard<'static, Table>;

pub(super) fn lock_for_fork() -> ForkGuard {
    TABLE.write()
}

/// Whether there is any client.
pub(super) fn any() -> bool {
    TABLE.read().live > 0
}

fn value(index: usize, uses: usize) -> MQTTClient {
    std::ptr::without_provenance_mut(uses << USE_SHIFT | (index + 1) << ALIGNMENT_BITS)
}

#[inline]
fn parts(handle: MQTTClient) -> Option<(usize, usize)> {
    let value = handle.addr();
    let low = value & ((1 << USE_SHIFT) - 1);
    let index = (low >> ALIGNMENT_BITS).checked_sub(1)?;
    (low & ((1 << ALIGNMENT_BITS) - 1) == 0).then_some((index, value >> USE_SHIFT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::ServerAddress;
    use bytes::Bytes;

    fn entry() -> Entry {
        let address = ServerAddress::parse(b"tcp://127.0.0.1:1").unwrap();
        let (client, _) = Client::new(address, Bytes::from_static(b"handle-test"), None, false);
        Entry::new(client, 0)
    }

    #[test]
    fn a_removed_handle_is_never_found_again() {
        let first = insert(entry());
        assert!(find(first).is_some());
        assert!(remove(first).is_some());
        let second = insert(entry());
        assert_ne!(first, second);
        assert!(find(first).is_none());
        assert!(remove(first).is_none());
        assert!(remove(second).is_some());
    }

    #[test]
    fn a_slot_is_used_on_when_its_count_begins_again() {
        let first = insert(entry());
        let (index, _) = parts(first).unwrap();
        TABLE.write().slots[index].uses = MOST_USES;
        assert!(find(first).is_none());
        assert!(remove(value(index, MOST_USES)).is_some());
        let handles = [insert(entry()), insert(entry())];
        for handle in handles {
            assert!(find(handle).is_some());
            assert!(remove(handle).is_some());
            assert!(find(handle).is_none());
        }
    }

    #[test]
    fn null_and_foreign_pointers_are_no_handles() {
        let on_the_stack = 0u64;
        for value in [
            std::ptr::null_mut(),
            std::ptr::without_provenance_mut(1),
            std::ptr::without_provenance_mut(usize::MAX),
            (&raw const on_the_stack).cast_mut().cast(),
        ] {
            assert!(find(value).is_none());
        }
    }
}
