//! `tools/tap` passes everything on, records what `replay` and `timeline` read, and reports what looks wrong.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use async_io::block_on;
use claude_duplex::{Action, Config, Decision, Exit, IncomingKind, Options, Outcome, Seed};

fn program(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("a test has a path");
    let program = this.ancestors().nth(2).expect("target/PROFILE/deps/TEST").join("examples").join(name);
    assert!(program.exists(), "{} is not built: run the whole `cargo test --all-features`", program.display());
    program
}

/// A directory of its own, which goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("claude-duplex-tap-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).expect("a directory");
        Self(path)
    }

    /// The recording, and what the tap has reported.
    fn found(&self) -> (PathBuf, String) {
        let files = std::fs::read_dir(&self.0).expect("a directory").map(|file| file.expect("a file").path());
        let recording = files.into_iter().find(|file| file.extension().is_some_and(|name| name == "ndjson"));
        let recording = recording.expect("there is a recording");
        let report = std::fs::read_to_string(format!("{}.report", recording.display())).expect("there is a report");
        (recording, report)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The tap in place of a shell that plays the CLI.
fn tapped(folder: &Folder, script: &str, seconds: &str) -> Command {
    let mut command = Command::new(program("tap"));
    command.args(["-c", script]).env("CLAUDE_TAP_PROGRAM", "sh").env("CLAUDE_TAP_FILE", &folder.0);
    command.env("CLAUDE_TAP_SECONDS", seconds).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(mut command: Command, typed: &[u8]) -> Output {
    let mut child = command.spawn().expect("it starts");
    child.stdin.take().expect("it is piped").write_all(typed).expect("it is read");
    child.wait_with_output().expect("it can be waited for")
}

fn shown(example: &str, file: &Path) -> String {
    let output = Command::new(program(example)).arg(file).output().expect("it starts");
    assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_tap_does_not_change_a_session_and_records_it() {
    let folder = Folder::new();
    let options = Options::new().program(program("tap")).host_permission_prompts();
    let options = options.env("CLAUDE_TAP_PROGRAM", program("peer")).env("CLAUDE_TAP_FILE", &folder.0);
    let config = Config::new(Seed::random()).handle(IncomingKind::Permission);
    let mut claude = claude_duplex::driver::smol::spawn(&options, config).expect("it starts");
    let prompt = claude.prompt("run: ls").expect("it is taken");
    let closed = block_on(async {
        loop {
            match claude.next().await.expect("it has not ended") {
                Action::IncomingRequest(request) => {
                    claude.respond(request.id(), Decision::allow()).expect("it is open")
                }
                Action::PromptEnded { outcome, .. } => {
                    assert_eq!(outcome, Outcome::Success);
                    claude.close();
                }
                Action::Closed(closed) => return closed,
                _ => {}
            }
        }
    });
    assert_eq!((closed.exit, &*closed.stderr), (Some(Exit::Code(0)), ""));
    let (recording, report) = folder.found();
    assert_eq!(report, "");
    let replayed = shown("replay", &recording);
    let lines: Vec<serde_json::Value> =
        replayed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |name: &str| lines.iter().filter(|line| line["action"] == name).collect::<Vec<_>>();
    assert_eq!(of("prompt_ended")[0]["outcome"], "success");
    assert_eq!(
        (of("incoming_request").len(), of("incoming_answered").len(), of("rejected_line").len()),
        (1, 1, 0),
        "{replayed}"
    );
    assert_eq!(of("closed")[0]["exit"], 0);
    assert!(shown("timeline", &recording).contains("</svg>"));
    let text = std::fs::read_to_string(&recording).expect("a recording");
    assert!(text.contains(&prompt.uuid().to_string()));
}

#[test]
fn every_byte_and_the_exit_status_pass_through_the_tap() {
    let folder = Folder::new();
    let script = r#"printf 'a\377\r\n\n\000b' ; printf 'x\376\ny' >&2 ; cat ; exit 7"#;
    let typed = b"{\"type\":\"user\"}\n\xf0\x28 no end";
    let output = run(tapped(&folder, script, "60"), typed);
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(output.stdout, [&b"a\xff\r\n\n\0b"[..], typed].concat());
    assert_eq!(output.stderr, b"x\xfe\ny");
    let text = std::fs::read_to_string(folder.found().0).expect("it is UTF-8 all the same");
    for line in [r#""dir":"out","line":"a\udcff\r""#, r#""dir":"err","line":"x\udcfe""#, r#""dir":"exit","line":"7""#] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn signals_pass_through_the_tap() {
    let folder = Folder::new();
    let mut command = tapped(&folder, "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done", "60");
    let mut child = command.spawn().expect("it starts");
    let mut ready = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().expect("it is piped"), &mut ready).expect("it says so");
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).expect("an id")).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(9));
    let folder = Folder::new();
    let killed = run(tapped(&folder, "kill -9 $$", "60"), b"");
    assert_eq!(killed.status.signal(), Some(9));
    assert!(std::fs::read_to_string(folder.found().0).expect("a recording").contains(r#""dir":"exit","line":"-9""#));
}

#[test]
fn background_processes_of_the_cli_do_not_delay_the_tap() {
    let folder = Folder::new();
    let output = run(tapped(&folder, "sleep 600 & echo $!; exit 0", "60"), b"");
    let left: i32 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a process id");
    let _ = rustix::process::kill_process(
        rustix::process::Pid::from_raw(left).expect("a process"),
        rustix::process::Signal::KILL,
    );
    assert!(output.status.success());
}

#[test]
fn the_tap_reports_protocol_problems() {
    let folder = Folder::new();
    let script = r#"
        echo 'npm warn'
        echo '{"type":"control_request","request_id":"r-1","request":{"subtype":"can_use_tool","tool_name":"Bash"}}'
        echo '{"type":"control_request","request_id":"r-2","request":{"subtype":"hook_callback"}}'
        read -r answer
        read -r prompt
        sleep 1
    "#;
    let answer = br#"{"type":"control_response","response":{"subtype":"success","request_id":"r-2"}}"#;
    let typed = [answer, &b"\n{\"type\":\"user\"}\nno json\n"[..]].concat();
    let mut child = tapped(&folder, script, "0.3").spawn().expect("it starts");
    // A host responds to what it has read.
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    assert!(lines.by_ref().take(3).last().expect("there are three").expect("UTF-8").contains("r-2"));
    child.stdin.take().expect("it is piped").write_all(&typed).expect("it is read");
    assert!(child.wait().expect("it ends").success());
    let (recording, report) = folder.found();
    for part in [
        "the CLI wrote no message",
        "npm warn",
        "the host has not responded to can_use_tool Bash (r-1)",
        "the host wrote a line that is not a JSON object",
        "a prompt has no result",
    ] {
        assert_eq!(report.matches(part).count(), 1, "{part}: {report}");
    }
    assert!(!report.contains("r-2"), "{report}");
    let text = std::fs::read_to_string(recording).expect("a recording");
    assert_eq!(text.matches("<tap: ").count(), report.lines().count());
}

#[test]
fn a_cli_that_cannot_be_started_is_an_error_that_names_it() {
    let folder = Folder::new();
    let mut command = tapped(&folder, "", "60");
    command.env("CLAUDE_TAP_PROGRAM", "no-such-claude");
    let output = command.output().expect("the tap starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-such-claude"));
}
