//! A glob import hides no crate that a host is likely to use: it compiles.

#[allow(unused_imports, reason = "its names are there to be in the way")]
use claude_duplex::*;

/// Names a type of each crate by a path that begins with the name of the crate.
#[allow(clippy::too_many_arguments, reason = "one for each crate")]
fn paths(
    _: Option<tokio::runtime::Runtime>,
    _: Option<smol::LocalExecutor<'_>>,
    _: Option<serde_json::Value>,
    _: Option<futures_lite::future::YieldNow>,
    _: Option<async_io::Timer>,
    _: Option<async_process::Child>,
    _: Option<tracing::Span>,
    _: Option<std::process::Child>,
) {
}

#[test]
fn a_glob_import_hides_no_crate() {
    paths(None, None, None, None, None, None, None, None);
    let seed = Seed::from_bytes([1; 16]);
    assert_eq!(seed.as_bytes(), &[1; 16], "the names of the crate are there");
}
