//! The traits of `nal` from outside: two stacks on a wire in memory, with futures that are polled when they are woken
//! and at no other time; and programs of others, which know the traits alone.

mod accepting;
mod cancelled;
mod crowded;
mod datagrams;
mod echo;
mod endings;
#[cfg(feature = "ipv6")]
mod families;
mod http;
#[cfg(feature = "tap")]
mod http_on_a_tap;
mod mqtt;
mod net;
mod reentrant;
mod storms;
