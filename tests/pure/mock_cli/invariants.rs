//! Any script, any host: every prompt ends once and by the result that answered it, every incoming request is settled once, and the
//! session ends.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cases::stride;
use claude_duplex::testing::{CliVersion, Script, Step, TestSession, ToolStep};
use claude_duplex::{
    Action, Config, Decision, IncomingId, IncomingKind, Interrupt, Outcome, Prompt, PromptId, Seed, WhenBusy,
};

/// Numbers without a pattern.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)) % sides
    }

    fn time(&mut self) -> Duration {
        Duration::from_millis(100 * self.throw(12))
    }

    fn steps(&mut self, depth: u64) -> Vec<Step> {
        let count = 1 + self.throw(3);
        let mut steps: Vec<Step> = (0..count).map(|_| self.step(depth)).collect();
        steps.push(Step::text("end"));
        steps
    }

    fn step(&mut self, depth: u64) -> Step {
        match self.throw(if depth == 0 { 12 } else { 9 }) {
            0 | 1 => Step::text_in_parts("one two three four", 4, self.time()),
            2 => Step::thinking("hm"),
            3 | 4 => ToolStep::bash("x").duration(self.time()).into(),
            5 => ToolStep::bash("x").requires_permission().duration(self.time()).into(),
            6 => Step::tools_at_once([
                ToolStep::bash("y").requires_permission(),
                ToolStep::bash("z").duration(self.time()),
            ]),
            7 => Step::elicitation("server", "what?").withdrawn_after(Duration::from_secs(1)),
            8 => Step::pause(self.time()),
            9 => Step::background(self.time(), self.steps(1)),
            10 => Step::background_agent(self.time(), self.steps(1)),
            _ => Step::api_error(500, "no", 1),
        }
    }
}

#[derive(Default)]
struct Tally {
    prompts: BTreeMap<PromptId, Vec<Outcome>>,
    results: BTreeMap<PromptId, Option<String>>,
    incoming_requests: BTreeMap<IncomingId, u32>,
    open: Vec<IncomingId>,
    closed: u32,
}

impl Tally {
    fn note(&mut self, actions: Vec<Action>) {
        for action in actions {
            assert_eq!(self.closed, 0, "something comes after the end: {action:?}");
            match action {
                Action::PromptEnded { prompt, outcome, result, .. } => {
                    self.prompts.entry(prompt).or_default().push(outcome);
                    self.results.insert(prompt, result.and_then(|result| result.uuid().map(|uuid| uuid.into_owned())));
                }
                Action::IncomingRequest(incoming) => {
                    self.incoming_requests.insert(incoming.id(), 0);
                    self.open.push(incoming.id());
                }
                Action::IncomingCancelled { id: incoming, .. } => {
                    *self.incoming_requests.entry(incoming).or_default() += 1;
                    self.open.retain(|open| *open != incoming);
                }
                Action::Closed(_) => self.closed += 1,
                _ => {}
            }
        }
    }
}

fn play(generation: CliVersion, seed: u64) -> (Tally, TestSession) {
    let mut dice = Dice(seed);
    let script = (0..6).fold(Script::new(generation), |script, _| script.then(dice.steps(0)));
    let config = IncomingKind::KNOWN.iter().copied().fold(Config::new(Seed::from_bytes([5; 16])), Config::handle);
    let mut pair = TestSession::new(config, script.include_partial_messages(dice.throw(2) == 0)).cut_by(seed);
    let mut tally = Tally::default();
    let mut prompts = Vec::new();
    for _ in 0..12 {
        if pair.host.is_closed() {
            break;
        }
        let now = pair.now();
        match dice.throw(8) {
            0..3 => {
                let busy = if dice.throw(2) == 0 { WhenBusy::Send } else { WhenBusy::Queue };
                if let Ok(prompt) = pair.host.prompt(now, Prompt::text("prompt").when_busy(busy)) {
                    prompts.push(prompt);
                    tally.prompts.entry(prompt).or_default();
                }
            }
            3 => {
                let interrupt = match dice.throw(3) {
                    0 => Interrupt::running().cancel_queued(),
                    _ => Interrupt::running(),
                };
                let _ = pair.host.interrupt(now, interrupt);
            }
            4 => {
                if let Some(prompt) = prompts.get(dice.throw(6) as usize) {
                    let _ = pair.host.cancel(now, *prompt);
                }
            }
            5 | 6 => {
                if let Some(incoming) = tally.open.pop() {
                    if pair.host.respond(now, incoming, answer(&mut dice)).is_ok() {
                        *tally.incoming_requests.entry(incoming).or_default() += 1;
                    }
                }
            }
            _ => {}
        }
        pair.advance(dice.time());
        tally.note(pair.take_actions());
    }
    tally.note(pair.run_until_idle());
    while let Some(incoming) = tally.open.pop() {
        if pair.host.respond(pair.now(), incoming, answer(&mut dice)).is_ok() {
            *tally.incoming_requests.entry(incoming).or_default() += 1;
        }
        tally.note(pair.run_until_idle());
    }
    (tally, pair)
}

fn answer(dice: &mut Dice) -> claude_duplex::IncomingResponse {
    match dice.throw(4) {
        0 => Decision::deny("no").into(),
        1 => claude_duplex::IncomingResponse::Error { message: "no".into() },
        _ => claude_duplex::IncomingResponse::Raw(
            claude_duplex::Json::parse(r#"{"behavior":"allow","updatedInput":{}}"#).unwrap(),
        ),
    }
}

#[test]
fn everything_ends_once_and_the_session_ends() {
    for &generation in CliVersion::ALL {
        for seed in (0..300).step_by(stride()) {
            let (mut tally, mut pair) = play(generation, seed);
            let what = format!("{generation}, seed {seed}");
            let waits: Vec<_> = tally.prompts.iter().filter(|(_, ends)| ends.len() != 1).collect();
            assert!(waits.is_empty(), "{what}: {waits:?}\n{}", shown(&pair));
            let lost = |ends: &Vec<Outcome>| matches!(ends[..], [Outcome::Lost(_)]);
            let dies = generation == CliVersion::V2_0_76;
            assert!(dies || !tally.prompts.values().any(lost), "{what}: {:?}\n{}", tally.prompts, shown(&pair));
            for (prompt, result) in &tally.results {
                let answered = pair.peer.answered_by(&prompt.uuid().to_string());
                assert_eq!(result.as_deref(), answered, "{what}: {prompt:?}\n{}", shown(&pair));
            }
            tally.note(pair.close());
            assert_eq!(tally.closed, 1, "{what}");
            assert!(
                tally.incoming_requests.values().all(|settled| *settled == 1),
                "{what}: {:?}",
                tally.incoming_requests
            );
        }
    }
}

/// What was said, in short.
fn shown(pair: &TestSession) -> String {
    let short = |line: &claude_duplex::Json| {
        let line: serde_json::Value = line.decode().unwrap();
        let keys = ["type", "subtype", "uuid", "command_uuid", "state", "request_id", "response", "user_message_uuids"];
        let shown = keys.map(|key| line[key].to_string()).map(|text| if text == "null" { String::new() } else { text });
        shown.join(" ")
    };
    let of = |lines: Vec<claude_duplex::Json>| lines.iter().map(short).collect::<Vec<_>>().join("\n  ");
    format!("host:\n  {}\ncli:\n  {}", of(pair.host_lines()), of(pair.cli_lines()))
}
