//! Which `result` answers which prompt, judged against a model of the CLI that knows it.
//!
//! Random scripts drive a `Protocol`, a host, and a model of one of seven versions of the CLI, with everything under way for
//! as long as chance wants. What the session tells of each prompt as certain must be what became of it inside the model.
//! What a rule of the session says, where that version gives no evidence, may be wrong: how often is counted, and bounded
//! by what is known.
//!
//! `SEED=7` plays one input sequence, `CASES=20000` plays more of them; an input sequence that fails is made smaller and printed: what the
//! host does, `>` what is written to the CLI, `<` what arrives of its lines (named as in the corpus report), `=` what is told.

mod counts;
mod ending;
mod exhaustive;
mod generation;
mod host;
mod judge;
mod lines;
mod model;
mod queue;
mod reading;
mod recorded;
mod script;
mod turn;
mod vectors;
mod world;

use crate::cases::{CASES, stride};
use crate::random::Noise;
use std::collections::BTreeSet;

use crate::invariants;
use arbitrary::Unstructured;
use counts::{Counts, Wrong};
use generation::Generation;
use script::{Script, Step};
use world::World;

/// Number of sequences in which results are lost, if all cases are tried.
const LOSSY: u64 = 500;

/// Number of sequences in which [`known`] counts.
const COUNTED: u64 = 1000;

fn script(seed: u64) -> Script {
    let bytes = Noise::new(seed + 77).bytes(40 + (seed as usize % 16) * 30);
    script::script(&mut Unstructured::new(&bytes)).expect("steps for as long as there are bytes")
}

/// What was seen over many sequences.
#[derive(Default)]
struct Seen {
    /// With echoes, and without.
    echoes: Counts,
    silent: Counts,
    reached: BTreeSet<&'static str>,
}

impl Seen {
    fn cases(&self) -> u64 {
        self.echoes.cases + self.silent.cases
    }
}

/// Why an input sequence fails, and what happened in it.
type Failure = (String, Vec<String>);

fn play(generation: Generation, script: &Script, seen: &mut Seen) -> Result<(), Failure> {
    let counts = if script.replay { &mut seen.echoes } else { &mut seen.silent };
    let mut world = World::new(generation, script);
    world.model.out.is_lossy = script.is_lossy;
    for step in &script.steps {
        world.step(*step);
    }
    if script.closes_early {
        world.close();
    }
    if script.is_lossy {
        world.run_dry_slowly()
    } else {
        world.run_dry()
    }
    let hangs = judge::nothing_hangs(&world, counts);
    world.close();
    world.exit();
    seen.reached.extend(&world.model.reached);
    // The rules for what each line says, read once more by a slow ledger.
    let obvious = || invariants::ledger::check(&world.protocol.sequence()).map(drop);
    hangs.and_then(|()| judge::judge(&world, counts)).and_then(|()| obvious()).map_err(|reason| (reason, world.log))
}

/// Leaves out halves, quarters, ... and single steps of a script that fails, for as long as it fails.
fn shrink(generation: Generation, mut script: Script) -> (Script, Failure) {
    let fails = |script: &Script| play(generation, script, &mut Seen::default()).err();
    let mut size = script.steps.len().div_ceil(2);
    loop {
        let mut at = 0;
        let mut smaller = false;
        while at < script.steps.len() {
            let mut less = script.clone();
            less.steps.drain(at..(at + size).min(script.steps.len()));
            if fails(&less).is_some() {
                script = less;
                smaller = true;
            } else {
                at += size;
            }
        }
        if size <= 1 && !smaller {
            let failure = fails(&script).expect("it still fails");
            return (script, failure);
        }
        size = size.div_ceil(2);
    }
}

fn judged(generation: Generation, what: &str, script: Script, seen: &mut Seen) {
    if play(generation, &script, seen).is_ok() {
        return;
    }
    let (script, (reason, log)) = shrink(generation, script);
    panic!("{generation:?}, {what}: {reason}\n{}\n{script:?}", log.join("\n"));
}

fn attribution(generation: Generation) -> Seen {
    let one = std::env::var("SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    let mut seen = Seen::default();
    for seed in one.map_or(0..*CASES, |seed| seed..seed + 1) {
        judged(generation, &format!("seed {seed}"), script(seed), &mut seen);
    }
    println!("{generation:?}, with echoes: {:?}\n{generation:?}, without: {:?}", seen.echoes, seen.silent);
    seen
}

/// What is known to be wrong, in [`COUNTED`] sequences: with echoes, and without.
fn known(generation: Generation) -> (Wrong, Wrong) {
    let none = Wrong::default();
    match generation {
        Generation::V1_0_128 => (
            Wrong { targets_lost: 39, ..none },
            Wrong { mistaken: 237, untold: 155, targets_lost: 14, stuck: 39, ..none },
        ),
        Generation::V2_0_76 => (
            Wrong { targets_lost: 37, ..none },
            Wrong { mistaken: 192, untold: 140, targets_lost: 13, stuck: 30, ..none },
        ),
        Generation::V2_1_50 => (
            Wrong { otherwise: 28, targets_lost: 39, ..none },
            Wrong { mistaken: 223, otherwise: 7, untold: 177, targets_lost: 14, stuck: 41, ..none },
        ),
        Generation::V2_1_73 => (
            Wrong { mistaken: 56, otherwise: 46, untold: 1, targets_lost: 17, stuck: 1, ..none },
            Wrong { mistaken: 234, otherwise: 9, untold: 115, targets_lost: 5, stuck: 37, ..none },
        ),
        Generation::V2_1_143 => (
            Wrong { otherwise: 62, untold: 2, held_turns: 29, unheard: 1, targets_lost: 21, stuck: 1, ..none },
            Wrong { mistaken: 666, otherwise: 97, untold: 39, unheard: 2, targets_lost: 8, stuck: 10, ..none },
        ),
        Generation::V2_1_250 | Generation::V2_1_329 => (none, none),
    }
}

/// Nothing is wrong more often than is known. What evidence says is never wrong, which is judged prompt by prompt.
fn no_more_is_wrong_than_is_known(generation: Generation) -> Seen {
    let seen = attribution(generation);
    let (echoes, silent) = known(generation);
    let times = seen.cases().div_ceil(COUNTED).max(1);
    for (what, seen, known) in [("with echoes", seen.echoes, echoes), ("without", seen.silent, silent)] {
        let known = known.times(times);
        assert!(seen.wrong.is_at_most(&known), "{generation:?}, {what}: {:?}, and known are {known:?}", seen.wrong);
    }
    seen
}

#[test]
fn every_prompt_of_1_0_128_gets_its_own_end() {
    no_more_is_wrong_than_is_known(Generation::V1_0_128);
}

#[test]
fn every_prompt_of_2_0_76_gets_its_own_end() {
    no_more_is_wrong_than_is_known(Generation::V2_0_76);
}

#[test]
fn every_prompt_of_2_1_50_gets_its_own_end() {
    no_more_is_wrong_than_is_known(Generation::V2_1_50);
}

#[test]
fn every_prompt_of_2_1_73_gets_its_own_end() {
    no_more_is_wrong_than_is_known(Generation::V2_1_73);
}

#[test]
fn every_prompt_of_2_1_143_gets_its_own_end() {
    no_more_is_wrong_than_is_known(Generation::V2_1_143);
}

#[test]
fn every_prompt_of_2_1_250_gets_its_own_end_by_evidence() {
    let seen = no_more_is_wrong_than_is_known(Generation::V2_1_250);
    assert_eq!((seen.echoes.inferred, seen.silent.inferred), (0, 0));
}

#[test]
fn every_prompt_of_2_1_329_gets_its_own_end_by_evidence() {
    let seen = no_more_is_wrong_than_is_known(Generation::V2_1_329);
    assert_eq!((seen.echoes.inferred, seen.silent.inferred), (0, 0));
}

/// Each prompt whose result is lost ends, and no result goes to another.
#[test]
fn a_lost_result_ends_only_its_own_prompts() {
    let lossy = LOSSY / stride() as u64;
    for generation in [Generation::V2_1_250, Generation::V2_1_329] {
        let mut seen = Seen::default();
        for seed in 0..lossy {
            let script = Script { is_lossy: true, ..script(seed) };
            judged(generation, &format!("seed {seed}, lossy"), script, &mut seen);
        }
        println!("{generation:?}, with losses: {:?}, {:?}", seen.echoes, seen.silent);
        assert!(
            seen.echoes.missing > lossy / 5 && seen.silent.missing > lossy / 25,
            "{:?}, {:?}",
            seen.echoes,
            seen.silent
        );
        assert!(seen.echoes.named > lossy, "{:?}", seen.echoes);
    }
}

#[test]
fn a_result_that_names_64_of_its_prompts_ends_all_of_them() {
    let text = |busy| Step::Prompt { kind: 15, busy };
    let steps = [text(0), Step::Run(1), Step::Run(1)].into_iter().chain(std::iter::repeat_n(text(7), 70)).collect();
    let (hooks, queue_only, partial, closes_early) = (false, false, true, false);
    let (replay, prompt_pipes, is_lossy) = (true, true, false);
    let script = Script { hooks, partial, replay, closes_early, queue_only, prompt_pipes, is_lossy, steps };
    let mut seen = Seen::default();
    judged(Generation::V2_1_329, "70 prompts", script, &mut seen);
    assert_eq!((seen.echoes.prompts, seen.echoes.named, seen.echoes.shared), (71, 71, 69));
}

#[test]
fn the_cli_model_generates_every_listed_situation() {
    let all = [
        "a turn of one prompt",
        "a turn of several prompts",
        "a fold",
        "a blocked prompt",
        "a deny with interrupt",
        "an interrupt before the first turn",
        "an interrupt at idle",
        "an interrupt in a hook",
        "an interrupt before init",
        "an interrupt of a stream",
        "an interrupt of a tool",
        "an interrupt after a fold",
        "an interrupt after the end, behind a backlog",
        "a second interrupt",
    ];
    let own = [
        "an own turn",
        "an own turn that answers prompts",
        "a fold into an own turn",
        "an interrupt of an own turn",
        "a prompt as an own turn begins",
    ];
    let joins = ["joined prompts", "a blocked batch"];
    for generation in Generation::ALL {
        let mut expected: BTreeSet<&str> = all.into();
        expected.extend(own.iter().filter(|_| generation.has_own_turns()));
        expected.extend(joins.iter().filter(|_| generation.joins()));
        expected.extend(Some("a prompt that is to run now").filter(|_| generation.ranks()));
        expected.extend(Some("a result held back").filter(|_| generation.holds_back()));
        expected.extend(match generation {
            Generation::V2_0_76 => Some("a death of a task"),
            Generation::V2_1_143 => Some("a joined slash command"),
            Generation::V2_1_250 => Some("a crash in a hook"),
            Generation::V2_1_329 => Some("the first prompt is aborted"),
            _ => None,
        });
        expected.extend(Some("an interrupt that had missed, again").filter(|_| generation.reports_lifecycle()));
        expected.extend(Some("a blocked fold").filter(|_| generation.names()));
        let mut seen = Seen::default();
        for seed in 0..COUNTED / 2 {
            drop(play(generation, &script(seed), &mut seen));
            if seen.reached.is_superset(&expected) {
                break;
            }
        }
        let missing: Vec<_> = expected.difference(&seen.reached).collect();
        assert!(missing.is_empty(), "{generation:?} does not reach {missing:?}");
    }
}
