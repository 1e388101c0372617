//! A session over real pipes, recorded to a file, and replayed in another process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::process::Command;
use std::time::Duration;

use claude_duplex::driver::smol::{SmolTransport, spawn};
use claude_duplex::journal::RecordingError;
use claude_duplex::{Action, Config, Decision, Driver, IncomingKind, Journal, Options, Outcome, Seed};

use crate::action_text;

/// Set for the second process.
const JOURNAL: &str = "CLAUDE_DUPLEX_JOURNAL";

/// Takes note of all that it reads; asks, says a line that no read takes at once, tears a character, is no UTF-8.
const CHILD: &str = r#"
    exec 3>"$NOTES"
    say() { printf '%s\n' "$1"; }
    note() { read -r line && printf '%s\n' "$line" >&3; }
    echo 'a warning' >&2
    note
    uuid=$(printf %s "$line" | sed 's/.*"uuid":"\([^"]*\)".*/\1/')
    say '{"type":"system","subtype":"init","session_id":"s","claude_code_version":"2.1.329"}'
    say '{"type":"user","uuid":"'$uuid'","message":{"role":"user","content":"hello"}}'
    printf '{"type":"assistant","text":"'
    head -c 300000 /dev/zero | tr '\0' 'x'
    say '"}'
    say '{"type":"control_request","request_id":"a1","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}'
    note
    printf '{"type":"assistant","text":"\360\237'
    sleep 0.1
    printf '\246\200"}\nnoise \377\n'
    say '{"type":"result","subtype":"success","is_error":false,"result":"hi"}'
    while note; do :; done
    exit 3
"#;

/// A directory that goes when it is dropped.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("journal-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn start(place: &Place) -> Driver<SmolTransport> {
    let options = Options::new().program("sh").global_arg("-c").global_arg(CHILD).env("NOTES", place.file("notes"));
    let options = options.host_permission_prompts();
    spawn(&options, Config::new(Seed::random()).handle(IncomingKind::Permission)).unwrap()
}

/// One prompt and one permission, to the end.
async fn converse(claude: &mut Driver<SmolTransport>) -> Vec<Action> {
    claude.prompt("hello").unwrap();
    let mut actions = Vec::new();
    while let Some(action) = claude.next().await {
        match &action {
            Action::IncomingRequest(incoming) => claude.respond(incoming.id(), Decision::allow()).unwrap(),
            Action::PromptEnded { outcome, .. } => {
                assert_eq!(*outcome, Outcome::Success);
                claude.close();
            }
            _ => {}
        }
        actions.push(action);
    }
    actions
}

fn bounded<R>(test: impl Future<Output = R>) -> R {
    let late = async {
        smol::Timer::after(Duration::from_secs(60)).await;
        panic!("the test takes too long");
    };
    let test: Pin<&mut dyn Future<Output = R>> = pin!(test);
    smol::block_on(smol::future::or(test, late))
}

#[test]
fn a_recorded_session_replays_equally_in_another_process() {
    let place = Place::new("replays");
    let path = place.file("session.journal");
    let mut claude = start(&place).record(File::create_new(&path).unwrap(), u64::MAX);
    let actions = bounded(converse(&mut claude));
    assert!(claude.recording_error().is_none());
    fs::write(path.with_extension("account"), action_text::of(&actions)).unwrap();

    let test = "journal::replay_in_the_other_process";
    let other = Command::new(std::env::current_exe().unwrap()).args(["--exact", test]).env(JOURNAL, &path).output();
    let other = other.unwrap();
    let output_text = String::from_utf8_lossy(&other.stdout);
    assert!(other.status.success() && output_text.contains("1 passed"), "{output_text}");

    let journal = Journal::read(&fs::read(&path).unwrap()).unwrap();
    let output: Vec<u8> = journal.replay().flat_map(|step| step.output).collect();
    assert_eq!(output, fs::read(place.file("notes")).unwrap(), "the child read what the replay writes");
    let hex = fs::read_to_string(&path).unwrap().lines().filter(|line| line.contains("{\"hex\":")).count();
    assert!((1..=3).contains(&hex), "half an emoji, its other half, and noise: {hex}");
}

/// Does something only where the test above starts it.
#[test]
fn replay_in_the_other_process() {
    let Some(path) = std::env::var_os(JOURNAL).map(PathBuf::from) else { return };
    let journal = Journal::read(&fs::read(&path).unwrap()).unwrap();
    let actions: Vec<Action> = journal.replay().flat_map(|step| step.actions).collect();
    let expected = fs::read_to_string(path.with_extension("account")).unwrap();
    assert!(expected.contains("Closed"));
    assert_eq!(action_text::of(&actions), expected);
}

#[test]
fn a_failing_journal_does_not_affect_the_session() {
    // The device takes nothing.
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let place = Place::new("full");
    let mut claude = start(&place).record(full, u64::MAX);
    let actions = bounded(converse(&mut claude));
    assert!(matches!(actions.last(), Some(Action::Closed(_))));
    let stopped = claude.recording_error().unwrap();
    let cause = std::error::Error::source(stopped).expect("the writer's error").to_string();
    assert!(cause.starts_with("No space left on device"), "{stopped}: {cause}");
}

#[test]
fn a_capped_journal_replays_up_to_its_cap() {
    let place = Place::new("capped");
    let path = place.file("session.journal");
    let mut claude = start(&place).record(File::create_new(&path).unwrap(), 10_000);
    let actions = bounded(converse(&mut claude));
    assert!(matches!(claude.recording_error(), Some(RecordingError::Full(10_000))));
    let journal = Journal::read(&fs::read(&path).unwrap()).unwrap();
    assert!(journal.stopped.is_some());
    let replayed: Vec<Action> = journal.replay().flat_map(|step| step.actions).collect();
    assert_eq!(replayed, actions[..replayed.len()]);
}

#[test]
fn a_recording_that_starts_too_late_writes_nothing() {
    let place = Place::new("late");
    let path = place.file("session.journal");
    let mut claude = start(&place);
    claude.prompt("hello").unwrap();
    let claude = claude.record(File::create_new(&path).unwrap(), u64::MAX);
    assert!(matches!(claude.recording_error(), Some(RecordingError::Late)));
    drop(claude);
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[test]
fn every_command_is_in_the_journal() {
    use claude_duplex::{Interrupt, Request};
    let place = Place::new("commands");
    let path = place.file("session.journal");
    let mut claude = start(&place).record(File::create_new(&path).unwrap(), u64::MAX);
    let prompt = claude.prompt("hello").unwrap();
    let second = claude.prompt("and again").unwrap();
    claude.cancel(second).unwrap();
    claude.interrupt(Interrupt::prompt(prompt)).unwrap();
    claude.request(Request::initialize()).unwrap();
    claude.close();
    // One that is refused too: it may change what follows.
    assert!(claude.prompt("too late").is_err());
    claude.abort();
    bounded(async { while claude.next().await.is_some() {} });
    let journal = Journal::read(&fs::read(&path).unwrap()).unwrap();
    let names: Vec<String> = journal.inputs.iter().map(|(_, input)| format!("{input:?}")).collect();
    let names: Vec<&str> = names.iter().filter_map(|name| name.split(['(', ' ']).next()).collect();
    let commands = ["Prompt", "Prompt", "Cancel", "Interrupt", "Request", "Close", "Prompt", "Abort"];
    assert_eq!(names[..commands.len()], commands);
}
