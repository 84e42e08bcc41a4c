//! The store that keeps nothing.

use super::{Store, StoreError};

/// Accepts every record and forgets it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullStore;

impl Store for NullStore {
    fn put(&mut self, _key: &str, _parts: &[&[u8]]) -> Result<(), StoreError> {
        Ok(())
    }

    fn get(&mut self, key: &str) -> Result<Vec<u8>, StoreError> {
        Err(StoreError::new(format!("no record {key}: nothing is kept")))
    }

    fn remove(&mut self, _key: &str) -> Result<(), StoreError> {
        Ok(())
    }

    fn keys(&mut self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    fn contains_key(&mut self, _key: &str) -> bool {
        false
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(&mut self) {}
}
