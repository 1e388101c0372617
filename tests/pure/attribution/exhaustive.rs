//! The model check of attribution: every state that a host, a session and the model of the CLI reach in a few steps, each
//! judged with the CLI run to its end from there.
//!
//! The steps are those of `docs/protocol/queue.md`. States of one number of steps come before those of the next, and a state
//! that was reached before is not judged again. `WALK_SECONDS=600 cargo test --release --test pure exhaustive` goes
//! further than the tests of each change, and prints how far.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::generation::Generation;
use super::script::{Script, Step};
use super::world::World;
use super::{Seen, play};
use crate::cases::seconds;

/// Steps of the host, of the pipes, and of the CLI. Numbers pick what `host.rs` and `turn.rs` say.
const LETTERS: [(&str, &[Step]); 15] = [
    ("prompt, sent at once", &[Step::Prompt { kind: 15, busy: 7 }]),
    ("prompt, queued in the host", &[Step::Prompt { kind: 15, busy: 0 }]),
    ("slash command", &[Step::Prompt { kind: 0, busy: 7 }]),
    ("cancel", &[Step::Cancel(0)]),
    ("interrupt", &[Step::Interrupt { target: None, cancel_queued: false }]),
    ("interrupt of the last prompt", &[Step::Interrupt { target: Some(0), cancel_queued: false }]),
    ("allow", &[Step::Answer { incoming: 0, how: 2 }]),
    ("deny and interrupt", &[Step::Answer { incoming: 0, how: 1 }]),
    // A line is short, and the rest of what is sent follows with the next.
    ("the CLI reads", &[Step::Send(u16::MAX), Step::Read]),
    ("the host reads", &[Step::Deliver(u16::MAX)]),
    ("the CLI goes on", &[Step::Run(0)]),
    ("... with a tool", &[Step::Run(5)]),
    ("... with a question, or a failure", &[Step::Run(7)]),
    ("... with an agent", &[Step::Run(6)]),
    ("... to a block, or an error", &[Step::Run(28)]),
];

/// The settings under which a prompt is named by other lines.
const FLAVORS: [(&str, bool, bool); 3] =
    [("with echoes", true, false), ("with echoes and hooks", true, true), ("without echoes", false, false)];

/// Up to how many steps all states are judged, whatever the time.
const SHORTEST: usize = 3;

fn script(replay: bool, hooks: bool, steps: Vec<Step>) -> Script {
    Script {
        hooks,
        partial: true,
        replay,
        closes_early: false,
        queue_only: false,
        prompt_pipes: false,
        is_lossy: false,
        steps,
    }
}

/// The states of one generation and flavor.
pub(crate) struct Check {
    generation: Generation,
    flavor: (&'static str, bool, bool),
    known: HashSet<u64>,
    /// The scripts that lead to the states of the last number of steps.
    last: Vec<Vec<usize>>,
    seen: Seen,
    depth: usize,
}

impl Check {
    fn new(generation: Generation, flavor: (&'static str, bool, bool)) -> Self {
        let (known, last) = (HashSet::new(), vec![Vec::new()]);
        Self { generation, flavor, known, last, seen: Seen::default(), depth: 0 }
    }

    fn script(&self, letters: &[usize]) -> Script {
        let steps = letters.iter().flat_map(|letter| LETTERS[*letter].1).copied().collect();
        script(self.flavor.1, self.flavor.2, steps)
    }

    /// Calls `visit` with the worlds of the first scripts, each run to its end: the shortest first, with echoes and hooks.
    pub(crate) fn first(generation: Generation, longest: usize, most: usize, mut visit: impl FnMut(&World)) {
        let mut check = Self::new(generation, FLAVORS[1]);
        let mut scripts = 0;
        for _ in 0..longest {
            let mut next = Vec::new();
            for path in std::mem::take(&mut check.last) {
                for letter in 0..LETTERS.len() {
                    let path: Vec<_> = path.iter().copied().chain([letter]).collect();
                    let script = check.script(&path);
                    let mut world = World::new(generation, &script);
                    script.steps.iter().for_each(|step| world.step(*step));
                    if !check.known.insert(world.state()) {
                        continue;
                    }
                    world.run_dry();
                    visit(&world);
                    scripts += 1;
                    if scripts == most {
                        return;
                    }
                    next.push(path);
                }
            }
            check.last = next;
        }
    }

    /// Judges all states that are one step further. Returns `false` if there was no time for all.
    fn deepen(&mut self, until: Option<Instant>) -> bool {
        let mut next = Vec::new();
        for path in std::mem::take(&mut self.last) {
            for letter in 0..LETTERS.len() {
                if until.is_some_and(|until| Instant::now() > until) {
                    return false;
                }
                let mut path = path.clone();
                path.push(letter);
                let script = self.script(&path);
                let mut world = World::new(self.generation, &script);
                script.steps.iter().for_each(|step| world.step(*step));
                // A step that means nothing here leads nowhere.
                if !self.known.insert(world.state()) {
                    continue;
                }
                if let Err((reason, log)) = play(self.generation, &script, &mut self.seen) {
                    let names: Vec<_> = path.iter().map(|letter| LETTERS[*letter].0).collect();
                    panic!("{:?}, {}: {reason}\n{names:#?}\n{}", self.generation, self.flavor.0, log.join("\n"));
                }
                next.push(path);
            }
        }
        (self.last, self.depth) = (next, self.depth + 1);
        true
    }
}

#[test]
fn every_state_within_a_few_steps_is_judged() {
    let seconds = seconds(5);
    let mut checks: Vec<_> = Generation::ALL
        .into_iter()
        .flat_map(|generation| FLAVORS.map(|flavor| Check::new(generation, flavor)))
        .collect();
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let mut states = 0;
    'longer: loop {
        for check in &mut checks {
            let whole = check.deepen((check.depth >= SHORTEST).then_some(until));
            if !whole {
                break 'longer;
            }
        }
        states = checks.iter().map(|check| check.known.len()).sum();
        println!("{} steps: all {states} states, in {:?}", checks[0].depth, begun.elapsed());
    }
    for Check { generation, flavor, seen, depth, .. } in &checks {
        println!("{generation:?}, {}, {depth} steps: {:?}", flavor.0, if flavor.1 { seen.echoes } else { seen.silent });
    }
    assert!(states > 4000, "{states} states");
    let certain: u64 = checks.iter().map(|check| check.seen.echoes.named + check.seen.silent.named).sum();
    assert!(certain > 500, "{certain} prompts are answered by evidence");
}
