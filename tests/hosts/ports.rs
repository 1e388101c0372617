//! `examples/kanban.rs` and `examples/provider.rs` with the mock CLI as a process. `tests/real_cli/trials/ports.rs` does the same
//! with the real one.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use claude_duplex::Options;

use crate::kanban_script::{self, Stage};
use crate::provider_script;

/// A directory of its own, which goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("claude-duplex-ports-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).expect("a directory");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the directory is there");
    }
}

/// Runs a scenario with the mock CLI as the newest version, and as old ones.
fn with_versions(scenario: impl AsyncFn(Stage) -> Result<(), Box<dyn std::error::Error>>) {
    for generation in ["2.1.329", "2.1.143", "2.0.76"] {
        let folder = Folder::new();
        let this = std::env::current_exe().expect("a test has a path");
        let peer = this.ancestors().nth(2).expect("target/PROFILE/deps/TEST").join("examples/peer");
        assert!(peer.exists(), "{} is not built: run the whole `cargo test --all-features`", peer.display());
        let options = Options::new().program(peer).global_arg("--generation").global_arg(generation);
        let stage = Stage { options: options.current_dir(&folder.0), directory: folder.0.clone() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        if let Err(error) = runtime.block_on(scenario(stage)) {
            panic!("{generation}: {error}");
        }
    }
}

fn on_board(scenario: impl AsyncFn(&Stage) -> Result<(), Box<dyn std::error::Error>>) {
    with_versions(async |stage| scenario(&stage).await);
}

fn in_answers(scenario: impl AsyncFn(Options) -> Result<(), Box<dyn std::error::Error>>) {
    with_versions(async |stage| scenario(stage.options).await);
}

#[test]
fn a_tool_runs_once_it_is_approved_and_changes_are_committed() {
    on_board(kanban_script::approved);
}

#[test]
fn a_denied_tool_does_not_run() {
    on_board(kanban_script::denied);
}

#[test]
fn a_missing_approval_ends_the_turn() {
    on_board(kanban_script::not_in_time);
}

#[test]
fn an_interrupt_cancels_the_approval_and_the_next_prompt_runs() {
    on_board(kanban_script::interrupted);
}

#[test]
fn an_approved_plan_is_carried_out() {
    on_board(kanban_script::planned);
}

#[test]
fn questions_are_answered() {
    on_board(kanban_script::question_answered);
}

#[test]
fn a_running_agent_is_stopped() {
    on_board(kanban_script::stopped);
}

#[test]
fn models_and_commands_are_found_without_a_prompt() {
    on_board(kanban_script::discovered);
}

#[test]
fn the_error_of_a_cli_that_cannot_start_has_the_reason() {
    with_versions(async |stage| kanban_script::broken(stage.directory).await);
}

#[test]
fn a_provider_streams_answers_and_token_counts_of_the_chosen_model() {
    in_answers(async |options| provider_script::streamed(options, ["default", "claude-script"]).await);
}

#[test]
fn a_provider_confirms_by_the_id_of_the_request() {
    in_answers(provider_script::confirmed);
}

#[test]
fn a_stream_that_is_dropped_interrupts_its_answer() {
    in_answers(provider_script::dropped);
}

#[test]
fn a_new_provider_passes_the_history_on() {
    in_answers(provider_script::resumed);
}

#[test]
fn a_provider_distinguishes_failures() {
    in_answers(provider_script::failed);
}
