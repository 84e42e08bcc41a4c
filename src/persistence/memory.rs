//! A store in memory that notes its calls and fails on request, for tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::process_lock::Mutex;

use super::{Store, StoreError};

/// Clones share their records, so that a test can look at a store it has given away.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryStore(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<String, Vec<u8>>,
    calls: Vec<String>,
    fail_at: Option<usize>,
}

impl MemoryStore {
    /// A store with these records.
    pub(crate) fn with(records: &[(&str, &[u8])]) -> MemoryStore {
        let store = MemoryStore::default();
        for (key, record) in records {
            let record = record.to_vec();
            store.0.lock().records.insert((*key).to_owned(), record);
        }
        store
    }

    /// The records there are now, by key.
    pub(crate) fn records(&self) -> BTreeMap<String, Vec<u8>> {
        self.0.lock().records.clone()
    }

    /// The keys there are now, in the order of their text.
    pub(crate) fn record_keys(&self) -> Vec<String> {
        self.0.lock().records.keys().cloned().collect()
    }

    /// The calls since the last time, such as `put s-1`, `keys`.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().calls)
    }

    /// Makes one call fail, without effect: the `n`-th from now, counted from 0.
    pub(crate) fn fail_at(&self, n: usize) {
        let mut state = self.0.lock();
        state.fail_at = Some(state.calls.len() + n);
    }

    fn call<R>(
        &self,
        text: String,
        action: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> R,
    ) -> Result<R, StoreError> {
        let mut state = self.0.lock();
        let fails = state.fail_at == Some(state.calls.len());
        state.calls.push(text.clone());
        if fails {
            state.fail_at = None;
            return Err(StoreError::new(format!("{text} fails on request")));
        }
        Ok(action(&mut state.records))
    }
}

impl Store for MemoryStore {
    fn put(&mut self, key: &str, parts: &[&[u8]]) -> Result<(), StoreError> {
        self.call(format!("put {key}"), |records| {
            records.insert(key.to_owned(), parts.concat());
        })
    }

    fn get(&mut self, key: &str) -> Result<Vec<u8>, StoreError> {
        self.call(format!("get {key}"), |records| records.get(key).cloned())?
            .ok_or_else(|| StoreError::new(format!("no record {key}")))
    }

    fn remove(&mut self, key: &str) -> Result<(), StoreError> {
        self.call(format!("remove {key}"), |records| {
            records.remove(key);
        })
    }

    fn keys(&mut self) -> Result<Vec<String>, StoreError> {
        self.call("keys".into(), |records| records.keys().cloned().collect())
    }

    fn contains_key(&mut self, key: &str) -> bool {
        self.call(format!("contains_key {key}"), |records| {
            records.contains_key(key)
        })
        .unwrap_or(false)
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        self.call("clear".into(), BTreeMap::clear)
    }

    fn close(&mut self) {
        let _ = self.call("close".into(), |_| ());
    }

    fn sees_every_removal(&self) -> bool {
        true
    }
}
