//! Hosts that are killed at random points: the next one goes on, and nobody can tell.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use claude_duplex::{Action, Journal};

use crate::host::{FOLDER, Files, PROMPTS};
use crate::place::{Kept, ROLE};

pub(crate) const TRIALS: [(&str, fn()); 1] =
    [("hosts_that_are_killed_leave_no_trace", hosts_that_are_killed_leave_no_trace)];

/// Hosts that are killed in one conversation, and all in all.
const KILLS: usize = 4;
const TOTAL: usize = 200;

/// Small generator of random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

fn start(kept: &Kept) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .env(ROLE, "host")
        .env(FOLDER, &kept.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Everything that one conversation has left.
struct Traces {
    /// What the host's user has seen: kinds of messages, outcomes, texts.
    seen: Vec<String>,
    /// Kinds of the lines that the CLI has read.
    read: Vec<String>,
    actions: usize,
}

/// Has one conversation, in which hosts are killed.
fn converse(random: Option<&mut Random>, actions: u64) -> Traces {
    let kept = Kept::new().start();
    if let Some(random) = random {
        for _ in 0..KILLS {
            let mut host = start(&kept);
            let (mut stdout, count) = (host.stdout.take().unwrap(), random.below(actions / 2));
            let mut handled = vec![0; usize::try_from(count).unwrap()];
            // It may come to the end before.
            let _ = stdout.read_exact(&mut handled);
            let (begun, more) = (Instant::now(), Duration::from_micros(random.below(4000)));
            while begun.elapsed() < more {
                std::hint::spin_loop();
            }
            host.kill().unwrap();
            host.wait().unwrap();
        }
    }
    let done = start(&kept).wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let files = Files { folder: kept.folder.clone() };
    // No action was skipped, and none came again.
    let handled = files.handled();
    assert!(handled.iter().map(|(number, _)| *number).eq(1..=handled.len() as u64), "{handled:#?}");
    // The journal of all hosts replays in one go to what they had.
    let journal = Journal::read(&fs::read(files.journal()).unwrap()).unwrap();
    let replayed: Vec<Action> = journal.replay().flat_map(|step| step.actions).collect();
    let shown: Vec<_> = replayed.iter().map(|action| format!("{action:?}")).collect();
    assert_eq!(handled.into_iter().map(|(_, action)| action).collect::<Vec<_>>(), shown);
    let seen = replayed.iter().filter_map(seen).collect();
    // The CLI has read each line once.
    let stdin = fs::read_to_string(kept.folder.join("stdin")).unwrap();
    let mut lines: Vec<_> = stdin.lines().collect();
    let count = lines.len();
    let read = lines.iter().map(|line| kind(line)).collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), count, "a line was read twice:\n{stdin}");
    Traces { seen, read, actions: replayed.len() }
}

fn seen(action: &Action) -> Option<String> {
    match action {
        Action::Message { message, .. } => Some(format!("{:?}", message.kind())),
        Action::PromptEnded { outcome, result, .. } => {
            let text = result.as_ref().and_then(|result| result.result_text());
            Some(format!("{outcome}: {}", text.unwrap_or_default()))
        }
        _ => None,
    }
}

/// Kind of a line, without what is made up anew.
fn kind(line: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    format!("{} {}", value["type"], value["message"]["content"])
}

fn hosts_that_are_killed_leave_no_trace() {
    let undisturbed = converse(None, 0);
    assert_eq!(undisturbed.read.iter().filter(|kind| kind.contains("\"user\"")).count(), PROMPTS.len());
    let responses = undisturbed.read.iter().filter(|kind| kind.contains("control_response")).count();
    assert_eq!(responses, 2, "{:#?}", undisturbed.read);
    let seed = std::env::var("SEED").map_or(1, |seed| seed.parse().unwrap());
    for conversation in 0..TOTAL / KILLS {
        let mut random = Random(seed + conversation as u64);
        let traces = converse(Some(&mut random), undisturbed.actions as u64);
        assert_eq!(traces.seen, undisturbed.seen, "conversation {conversation} of seed {seed}");
        assert_eq!(traces.read, undisturbed.read, "conversation {conversation} of seed {seed}");
    }
}
