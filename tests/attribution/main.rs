//! Which `result` answers which prompt, judged against a model of the CLI that knows it.
//!
//! Random scripts drive a `Protocol`, a host, and a model of one of six versions of the CLI, with everything under way for
//! as long as chance wants. What the session tells of each prompt must be what became of it inside the model; where that
//! version gives no evidence, what the rules at the top of `src/protocol/ledger.rs` say.
//!
//! `SEED=7` plays one history, `CASES=20000` plays more of them; a history that fails is made smaller and printed: what the
//! host does, `>` what is written to the CLI, `<` what arrives of its lines (named as in the corpus report), `=` what is told.

mod fallback;
mod generation;
mod judge;
mod lines;
mod model;
mod queue;
mod script;
mod turn;
mod world;

use std::collections::BTreeSet;

use arbitrary::Unstructured;
use generation::Generation;
use judge::Counts;
use script::Script;
use world::World;

/// How many histories there are for each generation.
const CASES: u64 = 1000;

/// Bytes that look random and are the same each time.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    };
    std::iter::repeat_with(|| next().to_le_bytes()).flatten().take(length).collect()
}

fn script(seed: u64) -> Script {
    let bytes = noise(seed + 77, 40 + (seed as usize % 16) * 30);
    script::script(&mut Unstructured::new(&bytes)).expect("steps for as long as there are bytes")
}

fn play(
    generation: Generation,
    script: &Script,
    counts: &mut Counts,
    reached: &mut BTreeSet<&'static str>,
) -> Result<(), (String, Vec<String>)> {
    let mut world = World::new(generation, script);
    for step in &script.steps {
        world.step(*step);
    }
    if script.closes_early {
        world.close();
    }
    world.run_dry();
    let hangs = judge::nothing_hangs(&world, counts);
    world.close();
    world.exit();
    reached.extend(&world.model.reached);
    hangs.and_then(|()| judge::judge(&world, counts)).map_err(|why| (why, world.log))
}

/// Leaves out halves, quarters, ... and single steps of a script that fails, for as long as it fails.
fn shrink(generation: Generation, mut script: Script) -> (Script, String, Vec<String>) {
    let fails = |script: &Script| play(generation, script, &mut Counts::default(), &mut BTreeSet::new()).err();
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
        if size == 1 && !smaller {
            let (why, log) = fails(&script).expect("it still fails");
            return (script, why, log);
        }
        size = if smaller && size == 1 { 1 } else { size.div_ceil(2) };
    }
}

fn attribution(generation: Generation) {
    let number = |name| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let (one, cases) = (number("SEED"), number("CASES").unwrap_or(CASES));
    let mut all = [Counts::default(); 2];
    let mut reached = BTreeSet::new();
    for seed in one.map_or(0..cases, |seed| seed..seed + 1) {
        let script = script(seed);
        let counts = &mut all[usize::from(script.replay)];
        if play(generation, &script, counts, &mut reached).is_err() {
            let (script, why, log) = shrink(generation, script);
            let Script { hooks, partial, replay, queue_only, prompt_pipes, closes_early, .. } = script;
            let how = format!(
                "hooks {hooks}, partial {partial}, replay {replay}, closes early {closes_early}, only Queue {queue_only}, prompt {prompt_pipes}"
            );
            panic!("{generation:?}, seed {seed}: {why}\n{how}\n{}\n{:?}", log.join("\n"), script.steps);
        }
    }
    for (counts, echoes) in all.iter().zip(["no echoes", "echoes"]) {
        println!("{generation:?}, {echoes}: {counts:?}");
    }
    println!("{generation:?} reaches {reached:?}");
}

#[test]
fn every_prompt_of_1_0_128_gets_its_own_result() {
    attribution(Generation::V1_0_128);
}

#[test]
fn every_prompt_of_2_0_76_gets_its_own_result() {
    attribution(Generation::V2_0_76);
}

#[test]
fn every_prompt_of_2_1_50_gets_its_own_result() {
    attribution(Generation::V2_1_50);
}

#[test]
fn every_prompt_of_2_1_143_gets_its_own_result() {
    attribution(Generation::V2_1_143);
}

#[test]
fn every_prompt_of_2_1_250_gets_its_own_result() {
    attribution(Generation::V2_1_250);
}

#[test]
fn every_prompt_of_2_1_329_gets_its_own_result() {
    attribution(Generation::V2_1_329);
}
