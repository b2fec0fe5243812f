//! Everything that is tested from outside: whole nodes on a wire, the program over a TAP, captures.
//!
//! One program, so that the library is linked once. `cargo test --test it FILE::` runs one file's tests.
//! The directories set the scene; each file has one subject. `accepted` compares what is kept in the tree.

mod accepted;
mod addresses;
mod answers;
#[cfg(feature = "linux")]
mod arguments;
mod arrows;
mod budgets;
#[cfg(feature = "linux")]
mod bulk;
mod capabilities;
#[cfg(feature = "linux")]
mod capture;
#[cfg(feature = "linux")]
mod capture_formats;
#[cfg(feature = "linux")]
mod capture_list;
#[cfg(feature = "linux")]
mod capture_live;
#[cfg(feature = "linux")]
mod capture_node;
#[cfg(feature = "linux")]
mod capture_tshark;
mod chat;
mod conformance;
mod control_bits;
mod crowds;
#[cfg(feature = "linux")]
mod demo;
mod dependencies;
mod door;
mod examples;
mod exhaustive;
#[cfg(feature = "linux")]
mod explained;
mod floods;
#[cfg(feature = "linux")]
mod fragments;
mod hall;
mod host;
mod hostile;
mod house;
mod ip_headers;
mod lab;
mod laboratory;
#[cfg(feature = "linux")]
mod laboratory_console;
mod ladder;
mod long_runs;
#[cfg(feature = "offload")]
mod long_segments;
#[cfg(feature = "linux")]
mod machine;
mod neighbors;
mod other_protocols;
mod pace;
mod packets;
mod pair;
mod pictures;
mod program;
mod promises;
#[cfg(feature = "linux")]
mod readme;
mod rounds;
mod scene;
mod segment_size;
mod services;
mod soak;
mod sockets;
mod strangers;
#[cfg(feature = "linux")]
mod tap_capture;
#[cfg(feature = "linux")]
mod tap_chat;
#[cfg(feature = "linux")]
mod tap_console;
#[cfg(feature = "linux")]
mod tap_crowd;
#[cfg(feature = "linux")]
mod tap_end;
#[cfg(feature = "linux")]
mod tap_offload;
#[cfg(feature = "linux")]
mod tap_silence;
mod time_wait;
mod traps;
mod turns;
mod tutorials;
mod two_nodes;
mod unreachable;
