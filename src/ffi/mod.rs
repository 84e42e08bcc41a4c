//! The only room where `unsafe` lives: what Rust cannot say about C.

pub(crate) mod local_time;
