//! The exported functions, called as C calls them.

mod boundary_calls;
mod properties;
mod texts;
