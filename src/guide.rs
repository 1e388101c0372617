//! Guides, each for one thing that a host wants to do. Their code runs as tests of this crate.
//!
//! | You want | Read |
//! |---|---|
//! | to run a session in a loop of your own | [`embedding`] |
//! | to decide what the CLI may do | [`permissions`] |
//! | to give the model tools of your own | [`mcp_servers`] |
//! | to send prompts, several at once too, and to stop them | [`turns`] |
//! | to end a session, or to understand why it ended | [`ending`] |
//! | to test your host without the CLI | [`testing`] |
//! | to record a session, to look at it, to report a bug | [`journals`] |
//! | to operate it, by `tracing` | the module `trace`, with the feature `tracing` |
//! | to look up a message, a field, a flag of the CLI | [`wire`] |
//! | to continue a session in another process | [`snapshots`] |
//! | to read actions as JSON in another program | [`json`] |
//! | to look up a term | [`glossary`] |
//! | to move from `claude-wrapper` | [`from_claude_wrapper`] |
//! | to move from `claude-codes` | [`from_claude_codes`] |
//! | to move from the official SDKs, Python or TypeScript | [`from_official_sdks`] |
//!
//! The examples talk to the mock CLI of the feature `testing`, in memory: a [`TestSession`] for the pure core, a [`TestRuntime`] for
//! drivers and handles. With the real one only the first lines differ: `smol::spawn(&options, config)`.
#![cfg_attr(all(feature = "session", feature = "testing"), doc = include_str!("guide/links.md"))]
#![cfg_attr(not(all(feature = "session", feature = "testing")), doc = include_str!("guide/links_elsewhere.md"))]

/// Declares the guides: a module for each, whose text is the Markdown file of its name. What a feature adds can be linked
/// only where it is on; else its name leads to the published pages.
macro_rules! guides {
    ($($name:ident)+) => {$(
        #[doc = include_str!(concat!("guide/", stringify!($name), ".md"))]
        #[cfg_attr(all(feature = "session", feature = "testing"), doc = include_str!("guide/links.md"))]
        #[cfg_attr(not(all(feature = "session", feature = "testing")), doc = include_str!("guide/links_elsewhere.md"))]
        pub mod $name {}
    )+};
}

#[doc = include_str!("guide/embedding.md")]
#[doc = "# The whole loop\n\nThe loop with the standard library alone, a thread for each pipe (`examples/run_loop.rs`):\n\n```no_run"]
#[doc = include_str!("../examples/run_loop.rs")]
#[doc = "```\n"]
#[cfg_attr(all(feature = "session", feature = "testing"), doc = include_str!("guide/links.md"))]
#[cfg_attr(not(all(feature = "session", feature = "testing")), doc = include_str!("guide/links_elsewhere.md"))]
pub mod embedding {}

guides! {
    permissions
    mcp_servers
    turns
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
