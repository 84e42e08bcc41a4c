//! The client against hostile servers, faults of the network, and threads that do everything at once.

#[path = "hostile/backlog.rs"]
mod backlog;
mod broker;
#[path = "hostile/faults.rs"]
mod faults;
#[path = "hostile/support.rs"]
mod support;
#[path = "hostile/threads.rs"]
mod threads;
