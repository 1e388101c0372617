//! One conversation with a kept session, in which hosts are killed at random points, and the traces that it leaves.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use claude_duplex::{Action, Journal};

use crate::host::{FOLDER, Files, OWN_NUMBER};
use crate::kept::{Kept, ROLE};

/// Small generator of random numbers (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// Starts a host. `own_number`: its journal does not know which actions it has handled.
fn start(kept: &Kept, own_number: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    if own_number {
        command.env(OWN_NUMBER, "1");
    }
    command
        .env(ROLE, "host")
        .env(FOLDER, &kept.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Everything that one conversation has left.
pub(crate) struct Traces {
    /// What the host's user has seen: kinds of messages, outcomes, texts.
    pub(crate) seen: Vec<String>,
    /// Kinds of the lines that the CLI has read.
    pub(crate) read: Vec<String>,
    pub(crate) actions: usize,
}

/// Kills in one conversation.
pub(crate) struct Kills<'a> {
    pub(crate) random: &'a mut Random,
    pub(crate) count: usize,
    /// Actions of which a host handles less than this number before it is killed.
    pub(crate) actions: u64,
}

/// Has one conversation of these prompts, in which hosts are killed.
pub(crate) fn converse(kept: &Kept, prompts: &[&str], kills: Option<Kills<'_>>, own_number: bool) -> Traces {
    fs::write(kept.folder.join("prompts"), prompts.join("\n")).unwrap();
    if let Some(Kills { random, count, actions }) = kills {
        for _ in 0..count {
            let mut host = start(kept, own_number);
            let (mut stdout, count) = (host.stdout.take().unwrap(), random.below(actions));
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
    let done = start(kept, own_number).wait_with_output().unwrap();
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
