//! The invariants of the design, each judged over the same arbitrary input sequences.

mod ends;
mod ids;
mod limits;
mod missing_results;
mod pending;
mod silence;
mod time_limits;
mod wait_reasons;

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::cases::CASES;
use crate::invariants::response_kinds::Tried;
use crate::invariants::{self, Case, INVARIANTS, LEDGER, PanicContext};
use crate::random::Noise;
use crate::sequence::{self, Sequence};
use arbitrary::Unstructured;
use claude_duplex::{Action, Config, Input, Interrupt, Prompt, Protocol, Seed, SessionTime};

/// The seeds to judge: `FIRST=20000` begins there, `SEED=4396` judges that one alone.
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|seed| seed.parse::<u64>().ok());
    let first = number("FIRST").unwrap_or(0);
    number("SEED").map_or(first..first + *CASES, |seed| seed..seed + 1)
}

pub(crate) fn sequences() -> impl Iterator<Item = (u64, Sequence)> {
    seeds().filter_map(|seed| {
        let bytes = Noise::new(seed).bytes(60 + (seed as usize % 20) * 20);
        sequence::sequence(&mut Unstructured::new(&bytes)).ok().map(|sequence| (seed, sequence))
    })
}

/// The same with what each gave, made once for all invariants.
static CASES_PLAYED: LazyLock<Vec<(u64, Case)>> = LazyLock::new(|| {
    sequences()
        .map(|(seed, sequence)| {
            let _context = PanicContext(format!("playing (seed {seed})"));
            (seed, Case::of(sequence))
        })
        .collect()
});

/// Judges all input sequences by the invariant of that name. `-- --nocapture` prints how much there was to judge.
fn judge(name: &str) {
    let invariant =
        INVARIANTS.iter().chain([&LEDGER]).find(|invariant| invariant.name == name).expect("an invariant of that name");
    let (mut judged, mut sequences) = (0, 0);
    for (seed, case) in CASES_PLAYED.iter() {
        let _context = PanicContext(format!("invariant {name} (seed {seed})"));
        let count = (invariant.judge)(case);
        judged += count;
        sequences += u64::from(count > 0);
    }
    println!("invariant {name}: {judged} judged in {sequences} of {} sequences", seeds().count());
    let all = seeds().count() as u64;
    assert!(sequences >= all / 5, "{sequences} sequences have what invariant {name} is about: {judged} in all");
}

#[test]
fn the_generated_sequences_reach_every_listed_event() {
    let mut seen = HashSet::new();
    let mut ends = HashSet::new();
    for (_, sequence) in sequences() {
        for action in sequence.play().actions {
            let name = format!("{action:?}");
            let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
            if let Action::PromptEnded { outcome, .. } = &action {
                ends.insert(format!("{outcome:?}"));
            }
            seen.insert(name);
        }
    }
    for expected in [
        "Session",
        "TurnStarted",
        "PromptTaken",
        "Message",
        "TurnEnded",
        "PromptEnded",
        "ResponseReceived",
        "IncomingRequest",
        "IncomingDeclined",
        "IncomingAnswered",
        "IncomingCancelled",
        "RejectedLine",
        "DamagedLine",
        "UnmatchedResponse",
        "DeadlineExceeded",
        "Idle",
        "CapacityAvailable",
        "Closed",
    ] {
        assert!(seen.contains(expected), "no sequence reaches {expected}; there are {seen:?}");
    }
    for expected in ["Success", "Error", "Interrupted", "Cancelled", "Blocked", "Lost(Eof)", "Lost(Aborted)"] {
        assert!(ends.contains(expected), "no prompt ends as {expected}; they end as {ends:?}");
    }
}

macro_rules! invariants {
    ($($test:ident: $name:literal,)+) => {
        $(
            #[test]
            fn $test() {
                judge($name);
            }
        )+

        #[test]
        fn every_invariant_has_a_test() {
            assert_eq!(INVARIANTS.map(|invariant| invariant.name), [$($name),+]);
        }
    };
}

invariants! {
    invariant_1_chunking: "1: chunk boundaries change nothing",
    invariant_1_damage: "1: damage around a line changes only its report",
    invariant_2_polls: "2: nothing depends on what was read",
    invariant_3_output: "3: the output consists of complete lines of JSON",
    invariant_3_stdin: "3: no byte is written after stdin is closed",
    invariant_3_wire: "3: reported lines are the lines of the pipes",
    invariant_4_replay: "4: a sequence that was written and read again behaves equally",
    invariant_4_restore: "4: a session restored at any point behaves equally",
    invariant_5_one_end_each: "5: everything that begins ends once",
    invariant_5_answers: "5: an accepted response is written",
    invariant_5_turns: "5: a message belongs to the turn that runs",
    invariant_5_queue: "5: an open interrupt holds queued prompts back",
    invariant_6_ending: "6: a close ends without cooperation of the child",
    invariant_6_orders: "6: each child command is returned once, and no other process gets a signal",
    invariant_7_time: "7: time does not go back, and early calls have no effect",
    invariant_7_deadlines: "7: deadlines are announced and take effect",
    invariant_8_memory: "8: memory has limits",
    invariant_8_reading: "8: stdout is read if and only if there is room",
    invariant_8_room: "8: a command refused as full is accepted when there is room",
    invariant_9_grants: "9: nothing is allowed without a decision of the host",
    invariant_9_guarded: "9: stdin is not closed during a guarded action",
    invariant_9_response_kinds: "9: a response of the right kind is one line, and any other changes nothing",
    invariant_9_foreign: "9: an id of another session has no effect",
}

#[test]
fn invariant_5_ledger() {
    judge(LEDGER.name);
}

/// The ledger that judges knows what a damaged line says if the session takes a message out of it, and only then.
#[test]
fn invariant_5_ledger_reads_damaged_lines() {
    let (config, uuid) = prompted();
    let init = "{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}\n";
    let result = "{\"subtype\":\"success\",\"type\":\"result\",\"uuid\":\"r\",\"session_id\":\"s\"}\n";
    // Behind text, the first echo is believed, and the second is not.
    let echoes = [
        format!("{{\"type\":\"user\",\"uuid\":\"{uuid}\",\"session_id\":\"s\"}}\n"),
        format!("{{\"uuid\":\"{uuid}\",\"type\":\"user\"}}\n"),
    ];
    let ended = echoes.map(|echo| {
        let is_ended = |before: &&str| {
            let received = [init, before, &echo, before, result];
            let received = received.map(|text| Input::Receive(text.as_bytes().to_vec().into()));
            let first = [Input::Prompt(Prompt::text("hello")), Input::Sent(10_000)];
            let inputs = first.into_iter().chain(received).map(|input| (SessionTime::ZERO, input)).collect();
            let sequence = Sequence { config: config.clone(), start: SessionTime::ZERO, inputs };
            let ended =
                invariants::ledger::check(&sequence).unwrap_or_else(|reason| panic!("behind {before:?}: {reason}"));
            ended > 0
        };
        Vec::from_iter(["", "\x1b[", "\x1b[H", "{}", "null", "[log] ", "}"].into_iter().filter(is_ended))
    });
    assert_eq!(ended[0], ["", "\x1b[", "\x1b[H", "{}", "null", "[log] "]);
    assert_eq!(ended[1], ["", "\x1b[", "\x1b[H", "{}"]);
}

/// Each of several messages in one line can change what the next one means. The echo of a prompt outside a turn ends it, and the
/// result behind it answers nobody.
#[test]
fn invariant_5_ledger_knows_that_messages_share_a_line() {
    let (config, uuid) = prompted();
    let echo = format!("{{\"type\":\"user\",\"uuid\":\"{uuid}\"}}");
    let result = "{\"type\":\"result\",\"subtype\":\"error_max_turns\",\"is_error\":true,\"uuid\":\"r\"}\n";
    for between in ["", "\n"] {
        let output = format!("{echo}{between}{result}");
        let inputs =
            [Input::Prompt(Prompt::text("hello")), Input::Sent(10_000), Input::Receive(output.into_bytes().into())];
        let inputs = inputs.map(|input| (SessionTime::ZERO, input)).to_vec();
        invariants::judge_plain(Sequence { config: config.clone(), start: SessionTime::ZERO, inputs });
    }
}

/// The response to an interrupt can stand in a damaged line. The prompt that it held back is written then.
#[test]
fn invariant_5_queue_reads_damaged_lines() {
    let (config, uuid) = prompted();
    let response = "{\"type\":\"control_response\",\"response\":{\"subtype\":\"success\",\"request_id\":\"i\"}}";
    let other = "{\"type\":\"active_goal\"}";
    for line in [format!("\x1b[H{response}\n"), format!("{other}{response}\n"), format!("{response}{other}\n")] {
        let interrupt = Input::Interrupt(Interrupt::running().id("i"));
        let inputs = [interrupt, Input::Prompt(Prompt::text("hello")), Input::Receive(line.into_bytes().into())];
        let inputs = inputs.map(|input| (SessionTime::ZERO, input)).to_vec();
        let sequence = Sequence { config: config.clone(), start: SessionTime::ZERO, inputs };
        let unsent = String::from_utf8(sequence.play().unsent).expect("text");
        assert!(unsent.contains(&uuid), "{unsent}");
        invariants::judge_plain(sequence);
    }
}

/// Returns settings, and the uuid that the first prompt has by them.
fn prompted() -> (Config, String) {
    let config = Config::new(Seed::from_bytes([3; 16]));
    let prompt = Protocol::new(config.clone(), SessionTime::ZERO).prompt(SessionTime::ZERO, Prompt::text("hello"));
    (config, prompt.expect("there is room").uuid().to_string())
}

#[test]
fn generated_responses_are_accepted_and_refused() {
    let mut tried = Tried::new();
    CASES_PLAYED.iter().for_each(|(_, case)| invariants::response_kinds::try_all(case, &mut tried));
    println!("answers, taken and refused: {tried:?}");
    for name in ["Permission", "Hook", "Mcp", "Elicitation", "Dialog", "Raw", "Error"] {
        assert!(tried.get(name).is_some_and(|[taken, refused]| *taken > 0 && *refused > 0), "{name}: {tried:?}");
    }
}

#[test]
fn invariant_10_any_bytes_are_accepted() {
    for seed in 0..*CASES {
        let bytes = Noise::new(seed ^ 0xabcd).bytes(4096);
        let mut protocol = Protocol::new(Config::new(Seed::from_bytes([3; 16])), SessionTime::ZERO);
        for chunk in bytes.chunks(1 + seed as usize % 97) {
            protocol.receive(SessionTime::ZERO, chunk);
        }
        protocol.eof(SessionTime::ZERO);
        while protocol.poll_action().is_some() {}
    }
}
