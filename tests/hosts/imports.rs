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
fn a_glob_import_does_not_hide_other_crates() {
    paths(None, None, None, None, None, None, None, None);
    let seed = Seed::from_bytes([1; 16]);
    assert_eq!(seed.as_bytes(), &[1; 16], "the names of the crate are there");
}

/// An error that a `Box<dyn Error + Send + Sync>` takes, from any thread.
fn fits_into_a_box<E: std::error::Error + Send + Sync + 'static>() {}

#[test]
fn every_error_fits_into_a_box() {
    fits_into_a_box::<CallError>();
    fits_into_a_box::<DecodeError>();
    fits_into_a_box::<IncomingError>();
    fits_into_a_box::<JsonError>();
    fits_into_a_box::<Lagged>();
    fits_into_a_box::<OptionsError>();
    fits_into_a_box::<ParseUuidError>();
    fits_into_a_box::<PromptError>();
    fits_into_a_box::<RefusedError<Prompt>>();
    fits_into_a_box::<RejectedReason>();
    fits_into_a_box::<RequestError>();
    fits_into_a_box::<RespondError>();
    fits_into_a_box::<ResumeError>();
    fits_into_a_box::<SessionError>();
    fits_into_a_box::<SettingsError>();
    fits_into_a_box::<SnapshotError>();
    fits_into_a_box::<SpawnError>();
    fits_into_a_box::<StaleIdError>();
    fits_into_a_box::<driver::VersionError>();
    fits_into_a_box::<incoming::UnknownQuestionError>();
    fits_into_a_box::<journal::JournalError>();
    #[cfg(unix)]
    fits_into_a_box::<journal::JournalFileError>();
    fits_into_a_box::<journal::RecordingError>();
    fits_into_a_box::<request::InitializeError>();
    fits_into_a_box::<testing::ParseCliVersionError>();
    fits_into_a_box::<testing::ParseFaultError>();
}
