//! The form of snapshots: `tests/snapshots/FORMAT.schema` has each place and its type, and `FORMAT.json` is a snapshot.
//!
//! A form that changes without its format fails here. `BLESS=1 CASES=1000 cargo test --test pure snapshot::form` writes both anew: raise
//! `FORMAT` in `src/protocol/snapshot.rs` first, unless the generator of sequences alone has changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use arbitrary::Unstructured;
use claude_duplex::{Protocol, Snapshot, SnapshotError};
use serde_json::Value;

use super::damaged::rich;
use crate::cases::stride;
use crate::play::Player;
use crate::random::Noise;
use crate::recorded::recordings;
use crate::sequence::sequence;

/// Number of sequences whose snapshots are read, if all cases are tried. More would be another schema.
const SEQUENCES: u64 = 150;

/// Places of the host's or the CLI's own JSON.
const FOREIGN: &[&str] = &["payload"];

/// Texts of the CLI that can look like the name of a variant.
const TEXTS: &[&str] = &["name", "id", "text", "message", "line"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots")
}

/// Adds the places below a value, each with its type. The names of variants are part of the form.
fn places(at: &str, value: &Value, found: &mut BTreeSet<String>) {
    let last = at.rsplit('.').next().unwrap_or_default();
    let kind = match value {
        Value::Null => "null".to_owned(),
        _ if FOREIGN.contains(&last) => "JSON".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) if is_variant(text) && !TEXTS.contains(&last) => format!("{text:?}"),
        Value::String(_) => "string".to_owned(),
        Value::Array(items) => {
            items.iter().for_each(|item| places(&format!("{at}[]"), item, found));
            "list".to_owned()
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| places(&format!("{at}.{name}"), field, found));
            "object".to_owned()
        }
    };
    found.insert(format!("{} {kind}", at.trim_start_matches('.')));
}

fn is_variant(text: &str) -> bool {
    text.starts_with(|mark: char| mark.is_ascii_uppercase())
        && text.len() > 1
        && text.chars().all(|mark| mark.is_ascii_alphabetic())
}

fn add(protocol: &Protocol, found: &mut BTreeSet<String>) {
    places("", &serde_json::to_value(protocol.snapshot()).expect("a snapshot is JSON"), found);
}

/// Places in the recordings: the player takes a plain function.
static FOUND: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn schema() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for seed in (0..SEQUENCES).step_by(stride()) {
        let bytes = Noise::new(seed).bytes(60 + (seed as usize % 20) * 20);
        let Ok(sequence) = sequence(&mut Unstructured::new(&bytes)) else { continue };
        let mut protocol = sequence.begin();
        for (now, input) in &sequence.inputs {
            protocol.apply(*now, input.clone());
            add(&protocol, &mut found);
            while protocol.poll_action().is_some() {}
        }
    }
    for (_, lines) in recordings().into_iter().step_by(stride()) {
        let player = Player::with(|config| (config.stderr_lines, config.wire_lines) = (true, true));
        let keep = |protocol: &Protocol| {
            add(protocol, &mut FOUND.lock().expect("nothing panics here"));
            protocol.clone()
        };
        player.between(keep).play(&lines);
    }
    found.append(&mut FOUND.lock().expect("nothing panics here"));
    found
}

fn format() -> u64 {
    serde_json::to_value(rich().snapshot()).expect("JSON")["format"].as_u64().expect("a number")
}

fn blesses() -> bool {
    std::env::var_os("BLESS").is_some()
}

#[test]
fn the_form_changes_only_with_the_format_number() {
    let file = folder().join(format!("{}.schema", format()));
    let schema: String = schema().iter().map(|place| format!("{place}\n")).collect();
    if blesses() {
        assert_eq!(stride(), 1, "CASES=1000 has all places of the schema");
        fs::write(&file, &schema).expect("the schema is written");
    }
    let golden = fs::read_to_string(&file).unwrap_or_default();
    let (golden, schema): (BTreeSet<&str>, BTreeSet<&str>) = (golden.lines().collect(), schema.lines().collect());
    let more: Vec<_> = schema.difference(&golden).collect();
    let less: Vec<_> = golden.difference(&schema).collect();
    // A part of the cases has a part of the places.
    assert!(
        more.is_empty() && (less.is_empty() || stride() > 1),
        "the form of snapshots has changed: raise `FORMAT`, then BLESS=1 CASES=1000.\nnew: {more:#?}\ngone: {less:#?}"
    );
}

/// A snapshot of each format that was ever written is kept, and is read or refused by name.
#[test]
fn stored_snapshots_are_read_or_refused_with_a_reason() {
    let current = folder().join(format!("{}.json", format()));
    if blesses() {
        let text = serde_json::to_string(&rich().snapshot()).expect("JSON");
        fs::write(&current, text).expect("the snapshot is written");
    }
    let mut read = 0;
    for file in fs::read_dir(folder()).expect("the folder").map(|file| file.expect("a file").path()) {
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let snapshot = Snapshot::read(&fs::read(&file).expect("a file")).expect("a snapshot");
        match Protocol::restore(&snapshot) {
            Ok(restored) => {
                assert_eq!(restored.open_incoming().count(), 1);
                assert_eq!(restored.snapshot(), snapshot, "{}: raise `FORMAT`", file.display());
                read += 1;
            }
            Err(error) => assert!(matches!(error, SnapshotError::OtherFormat { .. }), "{error}"),
        }
    }
    assert!(current.exists() && read == 1, "the newest format is kept, and read");
}
