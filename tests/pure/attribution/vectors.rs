//! The shortest script that leads to each course of the model, for tests of other clients: `docs/protocol/queue.md`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::exhaustive::Check;
use super::generation::Generation;
use super::world::World;
use crate::cases::stride;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pure/attribution/vectors.ndjson");

/// Up to how many steps a course is looked for.
const LONGEST: usize = 7;
/// Number of scripts that are tried for one generation, if all cases are tried. Fewer lead to a part of the vectors.
const MOST: usize = 4000;

fn vector(world: &World, shows: &str) -> Value {
    let prompts: BTreeMap<String, Value> = world
        .prompts
        .iter()
        .map(|prompt| {
            let uuid = prompt.uuid().to_string();
            let truth = world.model.truths.get(&uuid).cloned().unwrap_or_default();
            let outcome = truth.outcome.map(|outcome| outcome.to_string());
            (uuid, json!({ "result": truth.result, "outcome": outcome, "named": truth.evidence }))
        })
        .collect();
    json!({
        "version": world.model.generation.version().unwrap_or("1.0.128"),
        "shows": shows,
        "lines": world.lines.iter().map(|(way, line)| json!([way, line])).collect::<Vec<_>>(),
        "prompts": prompts,
    })
}

fn vectors() -> String {
    let mut lines = String::new();
    for generation in Generation::ALL {
        let mut shown = BTreeSet::new();
        let mut found = BTreeMap::new();
        Check::first(generation, LONGEST, MOST / stride(), |world| {
            for course in world.model.reached.clone() {
                if shown.insert(course) {
                    found.insert(course, vector(world, course));
                }
            }
        });
        for vector in found.values() {
            lines.push_str(&format!("{vector}\n"));
        }
    }
    lines
}

#[test]
fn the_committed_vectors_are_those_of_the_model() {
    let made = vectors();
    if std::env::var_os("BLESS").is_some() {
        assert_eq!(stride(), 1, "CASES=1000 leads to all vectors");
        std::fs::write(FILE, &made).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    let known: BTreeSet<&str> = committed.lines().collect();
    let is_as_committed = if stride() == 1 { committed == made } else { made.lines().all(|line| known.contains(line)) };
    assert!(is_as_committed, "the model has changed: BLESS=1 CASES=1000 writes {FILE} anew");
}
