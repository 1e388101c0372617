//! What runs a program, on a runtime or as one. The trials of `transports` and `handles`, which run on each kind of host, are
//! binaries of their own beside this one. `tests/README.md` says where a new test goes.

#[cfg(all(unix, feature = "smol"))]
#[path = "../support/action_text.rs"]
mod action_text;
#[cfg(all(unix, feature = "smol"))]
mod chat;
#[cfg(all(unix, feature = "smol", feature = "tokio"))]
mod examples;
#[cfg(all(feature = "smol", feature = "tokio", feature = "tracing"))]
mod imports;
#[cfg(all(unix, feature = "smol"))]
mod journal;
#[cfg(all(unix, feature = "tokio"))]
#[path = "../../examples/kanban.rs"]
#[allow(dead_code, reason = "its main is for the program")]
mod kanban;
#[cfg(all(unix, feature = "tokio"))]
#[path = "../support/kanban_script.rs"]
mod kanban_script;
#[cfg(all(unix, feature = "driver"))]
mod kept;
/// Its unit test runs here: a `cargo test` that tests an example does not build it as a program.
#[cfg(feature = "tokio")]
#[path = "../../examples/permissions.rs"]
#[allow(dead_code, reason = "its main is for the program")]
mod permissions;
#[cfg(all(unix, feature = "tokio"))]
mod ports;
#[cfg(all(unix, feature = "tokio"))]
#[path = "../../examples/provider.rs"]
#[allow(dead_code, reason = "its main is for the program")]
mod provider;
#[cfg(all(unix, feature = "tokio"))]
#[path = "../support/provider_script.rs"]
mod provider_script;
#[cfg(all(unix, feature = "smol"))]
mod smol_driver;
#[cfg(all(unix, feature = "smol"))]
mod tap;
mod timeline;
#[cfg(all(unix, feature = "tokio"))]
mod tokio_driver;
#[cfg(all(unix, any(feature = "smol", feature = "tokio")))]
mod version;
