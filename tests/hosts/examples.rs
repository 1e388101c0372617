//! The small examples as a person meets them: with nothing installed.

use std::io::Write;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Long for a busy machine; each needs a second.
const LIMIT: Duration = Duration::from_secs(60);

/// The program of an example, which `cargo test` builds beside this one.
fn program(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("a test has a path");
    let program = this.ancestors().nth(2).expect("target/PROFILE/deps/TEST").join("examples").join(name);
    assert!(program.exists(), "{} is not built: run the whole `cargo test --all-features`", program.display());
    program
}

/// An example as a command line says it, whose output is kept.
fn example(line: &str) -> Command {
    let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
    let mut command = Command::new(program(name));
    // A `claude` of this machine must not be found, and paths are those of the repository.
    command.args(arguments.split_whitespace()).env_remove("CLAUDE_BIN").env("PATH", "/usr/bin:/bin");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end, or fails when that does not come.
fn run(command: &mut Command, typed: &str) -> Output {
    let mut child = command.spawn().expect("the example starts");
    // One that has no use for it may have ended.
    let _ = child.stdin.take().expect("it was piped").write_all(typed.as_bytes());
    let (id, (done, end)) = (child.id(), mpsc::channel());
    std::thread::spawn(move || done.send(child.wait_with_output()));
    match end.recv_timeout(LIMIT) {
        Ok(output) => output.expect("it can be waited for"),
        Err(_) => {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
            panic!("{command:?} hangs");
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The lines that it prints.
fn lines_of(command: &mut Command, typed: &str) -> Vec<String> {
    let output = run(command, typed);
    assert!(output.status.success(), "{command:?}: {}: {}", output.status, text(&output.stderr));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

fn lines(line: &str, typed: &str) -> Vec<String> {
    lines_of(&mut example(line), typed)
}

/// What it says on stderr where it cannot do what it is told to: one line.
fn refusal(command: &mut Command) -> String {
    let output = run(command, "");
    let error_text = text(&output.stderr);
    assert!(
        !output.status.success() && error_text.lines().count() == 1,
        "{command:?}: {}: {error_text}",
        output.status
    );
    assert_eq!(text(&output.stdout), "");
    error_text
}

/// They are pasted: one file each, whose `main` is there to see.
#[test]
fn the_basic_examples_are_short() {
    for (name, program, most) in [
        ("one_shot", include_str!("../../examples/one_shot.rs"), 15),
        ("streaming", include_str!("../../examples/streaming.rs"), 40),
        ("permissions", include_str!("../../examples/permissions.rs"), 40),
        ("hooks", include_str!("../../examples/hooks.rs"), 40),
        ("mcp_server", include_str!("../../examples/mcp_server.rs"), 40),
        ("resume", include_str!("../../examples/resume.rs"), 40),
        ("approvals", include_str!("../../examples/approvals.rs"), 40),
        ("mio_loop", include_str!("../../examples/mio_loop.rs"), 110),
    ] {
        let lines = program.lines().count();
        assert!(lines <= most, "{name} has {lines} lines, and {most} are allowed");
        assert!(program.contains("fn main()") && !program.contains("#[path"), "{name} is one file");
    }
}

/// Lines of code of a file, as rustfmt writes it by default: 100 columns wide.
fn lines_of_code(file: &str) -> usize {
    let config = "max_width=100,use_small_heuristics=Default";
    let mut rustfmt = Command::new("rustfmt");
    // In another folder the modules that the file names are not there, and so not formatted with it.
    rustfmt.args(["--edition", "2024", "--config", config]).current_dir(std::env::temp_dir());
    let mut child = rustfmt.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("rustfmt is installed");
    child.stdin.take().expect("a pipe").write_all(file.as_bytes()).expect("rustfmt reads");
    let formatted = child.wait_with_output().expect("rustfmt ends");
    assert!(formatted.status.success(), "{}", formatted.status);
    let formatted = String::from_utf8(formatted.stdout).expect("text");
    let is_code = |line: &&str| !line.trim_start().starts_with("//") && !line.trim().is_empty();
    let code = formatted.lines().filter(is_code).count();
    assert!(code > 10, "{formatted}");
    code
}

/// The ports of two hosts are as short as `docs/parity.md` says, and shorter by a third than the first ports: 597 and 346 lines.
#[test]
fn the_ports_are_short() {
    let kanban = [
        include_str!("../../examples/kanban.rs"),
        include_str!("../../examples/kanban/agent.rs"),
        include_str!("../../examples/kanban/approvals.rs"),
        include_str!("../../examples/kanban/worktree.rs"),
    ];
    let kanban: usize = kanban.into_iter().map(lines_of_code).sum();
    let provider = lines_of_code(include_str!("../../examples/provider.rs"));
    assert!(kanban <= 398 && provider <= 231, "{kanban} and {provider} lines of code");
    let parity = include_str!("../../docs/parity.md");
    assert!(parity.contains(&format!("they have {kanban} and {provider} lines.")), "{kanban} and {provider}");
}

/// A folder with the mock CLI under the name `claude`, which is removed when this is dropped.
struct Installed(PathBuf);

impl Installed {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("claude-duplex-{test}-{}", std::process::id()));
        std::fs::create_dir(&folder).expect("the folder is new");
        std::os::unix::fs::symlink(program("peer"), folder.join("claude")).expect("a link");
        Self(folder)
    }

    /// An example that finds it in `PATH`.
    fn example(&self, line: &str) -> Command {
        let mut command = example(line);
        command.env("PATH", format!("{}:/usr/bin:/bin", self.0.display()));
        command
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the folder is there");
    }
}

#[test]
fn the_basic_examples_print_the_answer() {
    let installed = Installed::new("one-shot");
    let answer = "You said: What is in this folder?";
    assert_eq!(lines_of(&mut installed.example("one_shot"), ""), [answer]);
    let lines = lines_of(&mut installed.example("mio_loop"), "");
    assert_eq!(lines, [format!("success: {answer}"), "closed by the host; exit status 0".to_owned()]);
    for (name, prompt_text) in [
        ("streaming", "Count the files in this folder."),
        ("permissions", "What has changed in this folder?"),
        ("hooks", "Which user am I? Try sudo whoami."),
        ("mcp_server", "How long has this program been up?"),
    ] {
        assert_eq!(lines_of(&mut installed.example(name), ""), [format!("You said: {prompt_text}")], "{name}");
    }
}

#[test]
fn hooks_are_called_before_and_after_a_tool() {
    let installed = Installed::new("hooks");
    let lines = |prompt: &str| lines_of(installed.example("hooks").arg(prompt), "");
    assert_eq!(lines("run: echo hello")[0], "[Bash has run]");
    let blocked = lines("run: sudo whoami");
    assert!(!blocked.iter().any(|line| line.contains("has run")), "{blocked:?}");
}

#[test]
fn mcp_server_answers_the_call_of_its_tool() {
    let installed = Installed::new("mcp-server");
    let call = r#"{"steps":[{"tool":"mcp__clock__uptime","input":{},"ask":false},{"text":"I have seen it."}]}"#;
    let journal = lines_of(installed.example("mcp_server").arg(call), "");
    assert_eq!(journal, ["I have seen it."]);
}

/// The mock CLI keeps no sessions, so the second process says that there is none of that id. With the real CLI:
/// `resume_example` in `tests/real_cli`.
#[test]
fn resume_continues_its_session() {
    let installed = Installed::new("resume");
    let output = run(&mut installed.example("resume"), "");
    let (answer, error_text) = (text(&output.stdout), text(&output.stderr));
    let (session, _) = answer.split_once(": You said: Remember the number 42.").expect("an answer");
    assert!(
        !output.status.success() && error_text.contains(&format!("No conversation found with session ID: {session}")),
        "{error_text}"
    );
}

#[test]
fn approvals_requests_permission_before_a_tool() {
    let installed = Installed::new("approvals");
    for (typed, error_text) in [("y\n", "[src"), ("n\n", "[the user said no")] {
        let lines = lines_of(installed.example("approvals").arg("run: echo src"), typed);
        assert!(lines.iter().any(|line| line.starts_with("May it run Bash") && line.ends_with("? (y/n)")), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains(error_text)), "{lines:?}");
    }
}

#[test]
fn a_basic_example_without_a_claude_reports_a_remedy() {
    for line in ["one_shot", "approvals", "streaming", "permissions", "hooks", "mcp_server", "resume"] {
        let error_text = refusal(&mut example(line));
        assert!(
            error_text.contains("\"claude\"")
                && error_text.contains("install it")
                && error_text.contains("Options::program"),
            "{error_text}"
        );
    }
}

#[test]
fn blocking_denies_tool_calls() {
    let lines = lines("blocking", "");
    assert!(lines[0].starts_with("may it run Bash") && lines[0].ends_with("? no"), "{lines:?}");
    assert!(lines[1].starts_with("success: ") && lines[2..] == ["closed by the host"], "{lines:?}");
}

#[test]
fn remote_talks_over_a_socket() {
    let lines = lines("remote", "");
    assert!(lines[0].starts_with("success: ") && lines[0].contains("hello"), "{lines:?}");
    assert_eq!(lines[1..], ["closed by the host"]);
}

#[test]
fn custom_loop_streams_the_answer() {
    let lines = lines("custom_loop", "");
    assert!(lines[0].contains("hello"), "{lines:?}");
    assert_eq!(lines[1..], ["success", "closed by the host"]);
}

#[test]
fn many_sessions_run_on_one_thread() {
    let lines = lines("many_sessions", "");
    assert!(lines[0].starts_with("1000 sessions on one thread: each had its own answer"), "{lines:?}");
}

#[test]
fn provider_answers_typed_prompts() {
    let mut provider = example("provider");
    let lines = lines_of(provider.env("CLAUDE_BIN", program("peer")), "hello\nrun: echo hi\ny\n");
    assert!(lines[0].starts_with("You said: hello"), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("may it run Bash") && line.ends_with("? (y/n)")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("That is all.")), "{lines:?}");
}

#[test]
fn kanban_prints_its_log_and_closes_at_the_end_of_the_input() {
    let folder = std::env::temp_dir().join(format!("claude-duplex-board-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("the folder is new");
    let identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"];
    for arguments in [&["init", "--quiet"][..], &["commit", "--quiet", "--allow-empty", "--message", "nothing"]] {
        let git = Command::new("git").args(identity).args(arguments).current_dir(&folder).status();
        assert!(git.expect("git is installed").success());
    }
    let mut kanban = example("kanban");
    kanban.env("CLAUDE_BIN", program("peer")).env("TMPDIR", &folder).arg(&folder).arg("hello");
    let lines = lines_of(&mut kanban, "");
    std::fs::remove_dir_all(&folder).expect("it is there");
    let has = |start: &str| lines.iter().any(|line| line.starts_with(start));
    assert!(has("model default") && has("command /compact") && has("worktree "), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("Add") && line.contains("Text {")), "{lines:#?}");
    // "You said: hello" comes in three parts.
    assert!(lines.iter().any(|line| line.starts_with("Append") && line.contains("\"hello\"")), "{lines:#?}");
    assert!(lines.last().is_some_and(|line| line.contains("reason: Closed")), "{lines:#?}");
}

#[test]
fn agent_server_reports_decisions_to_the_other_client() {
    let lines = lines("agent_server", "");
    let at = |line: &str| {
        let at = lines.iter().position(|own| own.starts_with(line));
        at.unwrap_or_else(|| panic!("no {line:?}: {lines:#?}"))
    };
    for (number, verdict) in [(1, "allowed"), (2, "denied")] {
        assert!(at(&format!("watcher  < asks {number}")) < at(&format!("watcher  < {verdict} {number}")));
    }
    assert_eq!(lines.last().map(String::as_str), Some("closed by the host"));
}

#[test]
fn tokio_chat_answers_every_typed_line() {
    let answers = lines("tokio_chat", "one\n\ntwo\n");
    assert!(answers[0].contains("one") && answers[1].contains("two"), "{answers:?}");
    assert_eq!(answers[2..], ["closed by the host"]);
    assert!(lines("tokio_chat", "")[0].contains("hello"));
}

#[test]
fn run_loop_uses_the_claude_of_the_environment() {
    let lines = lines_of(example("run_loop").env("CLAUDE_BIN", program("peer")), "");
    assert_eq!(lines, ["success: You said: hello", "closed by the host"]);
}

#[test]
fn a_missing_claude_is_an_error_that_names_it() {
    for line in ["blocking", "custom_loop", "run_loop", "tokio_chat"] {
        let error_text = refusal(example(line).env("CLAUDE_BIN", "/nowhere/claude"));
        assert!(error_text.contains("/nowhere/claude") && !error_text.contains('{'), "{line}: {error_text}");
    }
    let error_text = refusal(&mut example("run_loop"));
    assert!(error_text.contains("claude: ") && error_text.contains("CLAUDE_BIN"), "{error_text}");
}

#[test]
fn an_unknown_argument_is_refused() {
    for line in ["blocking --hepl", "agent_server --hepl", "agent_server --listen", "timeline --hepl", "replay --hepl"]
    {
        refusal(&mut example(line));
    }
}

#[test]
fn commands_of_the_mock_cli_take_their_scripted_time() {
    let prompt = r#"{"type":"user","message":{"role":"user","content":"run: sleep 0.5; echo slept"}}"#;
    let start = Instant::now();
    let lines = lines("peer", &format!("{prompt}\n"));
    assert!(start.elapsed() >= Duration::from_millis(500), "{:?}", start.elapsed());
    assert!(lines.iter().any(|line| line.contains("tool_result") && line.contains("slept")), "{lines:#?}");
}

const RECORDING: &str = "tests/recordings/2.1.329/fold_replay.ndjson";

#[test]
fn replay_omits_absent_fields() {
    let lines = lines(&format!("replay {RECORDING}"), "");
    let entries: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let with = |name: &str| entries.iter().filter(|entry| entry.get(name).is_some()).count();
    assert!(with("action") == entries.len() && with("turn") > 0 && with("turn") < entries.len(), "{lines:#?}");
    let has_null = |entry: &Value| entry.as_object().is_none_or(|entry| entry.values().any(Value::is_null));
    assert!(!entries.iter().any(has_null), "{lines:#?}");
    assert_eq!(entries[0], serde_json::json!({ "t": 0.0, "action": "schema", "version": 1 }));
    let messages = || entries.iter().filter(|entry| entry["action"] == "message");
    assert!(messages().count() > 0 && messages().all(|entry| entry["message"]["type"] == entry["type"]), "{lines:#?}");
    assert_eq!(entries.last().expect("an end")["action"], "closed");
}

#[test]
fn replay_compares_journals_and_explains_recordings() {
    let journal = "tests/journals/2.1.329.ndjson";
    assert_eq!(lines(&format!("replay --against {journal} {journal}"), ""), [""; 0]);
    let error_text = refusal(&mut example(&format!("replay --against {journal} {RECORDING}")));
    assert!(
        error_text.contains(RECORDING) && error_text.contains("is a recording") && error_text.contains("diff"),
        "{error_text}"
    );
    let error_text = refusal(&mut example(&format!("replay --against {journal} Cargo.toml")));
    assert!(error_text.contains("Cargo.toml") && error_text.contains("not a journal"), "{error_text}");
}

/// As `| head` leaves them, here before the first word.
#[test]
fn a_closed_stdout_is_not_a_panic() {
    let (recording, svg) = (format!("replay {RECORDING}"), format!("timeline {RECORDING}"));
    let lines = [
        "agent_server",
        "blocking",
        "custom_loop",
        "many_sessions",
        "remote",
        "tokio_chat",
        "peer --help",
        "peer --version",
        "chat",
        "chat --help",
        "replay --help",
        &recording,
        &svg,
    ];
    let left = |command: &mut Command| {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        // A child that another test forks may hold it a little longer: it is closed for all of them.
        theirs.shutdown(Shutdown::Both).expect("it is open");
        drop(theirs);
        let output = run(command.stdout(OwnedFd::from(ours)), "hello\n");
        (output.status.code(), text(&output.stderr))
    };
    for line in lines {
        let (status, error_text) = left(&mut example(line));
        assert!(
            status == Some(0) && !error_text.contains("panicked") && !error_text.contains("ipe"),
            "{line}: {status:?}: {error_text}"
        );
    }
    // These have no answer.
    for (line, code) in [("chat --prompt hello", 2), ("run_loop", 1)] {
        let (status, error_text) = left(example(line).env("CLAUDE_BIN", program("peer")));
        assert!(status == Some(code) && !error_text.contains("panicked"), "{line}: {status:?}: {error_text}");
    }
}
