//! The suite of the library's own transports (`tests/hosts/transports`) on these runtimes, and what is special to them.
//!
//! A trial is `RUNTIME::SCENARIO`. The mock CLI, and each other child, is this program in another role.

macro_rules! on_linux {
    ($($item:item)*) => { $(#[cfg(target_os = "linux")] $item)* };
}

on_linux! {
    // The suite, which finds its parts at the root.
    #[path = "../../../tests/hosts/transports/child.rs"]
    mod child;
    #[path = "../../../tests/hosts/transports/driven.rs"]
    mod driven;
    #[path = "../../../tests/hosts/transports/ends.rs"]
    mod ends;
    #[path = "../../../tests/hosts/transports/faults.rs"]
    mod faults;
    #[path = "../../../tests/hosts/transports/groups.rs"]
    mod groups;
    #[path = "../../../tests/hosts/transports/pipes.rs"]
    mod pipes;
    #[path = "../../../tests/hosts/transports/process_groups.rs"]
    mod process_groups;
    #[path = "../../../tests/hosts/transports/session.rs"]
    mod session;
    #[path = "../../../tests/support/one_end.rs"]
    mod one_end;
    #[path = "../../../tests/hosts/transports/spawn.rs"]
    mod spawn;
    #[path = "../../../tests/hosts/transports/stage.rs"]
    mod stage;
    #[path = "../../../tests/hosts/transports/turns.rs"]
    mod turns;
    #[path = "../../../tests/support/watchdog.rs"]
    mod watchdog;

    #[path = "../../../tools/peer/main.rs"]
    mod peer;

    mod callbacks;
    mod handles;
    mod process;
    mod runner;
    mod suite;

    fn main() -> std::process::ExitCode {
        suite::main()
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {}
