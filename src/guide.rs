//! Guides, one for each task of a host. Their code is tested.
//!
//! | Task | Guide |
//! |---|---|
//! | show and log a session: streamed text, tools, stderr, the raw log | [`showing`] |
//! | allow and deny tools; hooks and questions | [`permissions`] |
//! | give the model tools of the host | [`mcp_servers`] |
//! | send prompts, several at once too; interrupt them; outcomes | [`turns`] |
//! | know and change the permission mode and the model | [`state`] |
//! | resume or fork a session; compaction | [`resuming`] |
//! | continue a session in another process | [`snapshots`] |
//! | use Claude in an editor | the package `claude-duplex-acp` |
//! | react to failures; limits and retries | [`errors`] |
//! | end a session; understand its end | [`ending`] |
//! | run a session in an event loop of the host | [`embedding`] |
//! | run the CLI on another machine, in a container, or in a sandbox | [`beyond_one_machine`] |
//! | test a host without the CLI | [`testing`] |
//! | record and replay a session; report a problem | [`journals`] |
//! | spans and events | the module `trace`, with the feature `tracing` |
//! | move from another client | [`from_claude_wrapper`], [`from_claude_codes`], [`from_official_sdks`] |
//!
//! Reference pages:
//!
//! | Content | Page |
//! |---|---|
//! | terms | [`glossary`] |
//! | messages, fields, requests, and flags of the CLI | [`wire`] |
//! | actions as JSON | [`json`] |
//! | differences between versions of the CLI | [`cli_versions`] |
//! | time and memory | [`performance`] |
//! | operating systems | [`platforms`] |
//!
//! The code runs with the mock CLI of the feature `testing`, in memory: [`TestSession`] for the core, [`TestRuntime`] for drivers
//! and handles. With the real CLI, only the start differs, e.g. `builder.spawn_tokio()?`.
#![cfg_attr(all(feature = "session", feature = "testing"), doc = include_str!("guide/links.md"))]
#![cfg_attr(not(all(feature = "session", feature = "testing")), doc = include_str!("guide/links_elsewhere.md"))]

/// Declares the guides: a module for each, whose text is the Markdown file of its name, followed by its own attributes. Links
/// to items of features lead to the published pages if the features are off.
macro_rules! guides {
    ($($(#[$more:meta])* $name:ident)+) => {$(
        #[doc = include_str!(concat!("guide/", stringify!($name), ".md"))]
        $(#[$more])*
        #[cfg_attr(all(feature = "session", feature = "testing"), doc = include_str!("guide/links.md"))]
        #[cfg_attr(not(all(feature = "session", feature = "testing")), doc = include_str!("guide/links_elsewhere.md"))]
        pub mod $name {}
    )+};
}

guides! {
    #[doc = "\n```no_run"]
    #[doc = include_str!("../examples/run_loop.rs")]
    #[doc = "```\n"]
    embedding
    beyond_one_machine
    permissions
    mcp_servers
    turns
    showing
    state
    resuming
    errors
    ending
    testing
    journals
    from_claude_wrapper
    from_claude_codes
    from_official_sdks
}

#[doc = include_str!("../docs/protocol/wire.md")]
pub mod wire {}

#[doc = include_str!("../docs/json.md")]
pub mod json {}

#[doc = include_str!("../docs/snapshot.md")]
pub mod snapshots {}

#[doc = include_str!("../docs/glossary.md")]
pub mod glossary {}

#[doc = include_str!("../docs/cli-versions.md")]
pub mod cli_versions {}

#[doc = include_str!("../docs/performance.md")]
pub mod performance {}

#[doc = include_str!("../docs/platforms.md")]
pub mod platforms {}
