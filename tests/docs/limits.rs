//! Numbers that may only go down, in `limits.txt`: one line for each, as `WHAT WHERE COUNT`. `BLESS=1 cargo test --test docs`
//! writes them anew after they went down. `BLESS=raise` also writes those that went up: say in the commit why.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What was found, each with the place where it counts: a file, say.
pub(crate) type Found = BTreeMap<String, Vec<String>>;

/// `BLESS` writes the file from several tests.
static WRITING: Mutex<()> = Mutex::new(());

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/docs/limits.txt")
}

fn limits() -> BTreeMap<(String, String), usize> {
    let text = fs::read_to_string(file()).expect("tests/docs/limits.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let mut words = line.rsplitn(2, ' ');
            let count = words.next().and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("no count: {line}"));
            let (what, place) = words.next().and_then(|rest| rest.split_once(' ')).expect("WHAT WHERE COUNT");
            ((what.to_owned(), place.to_owned()), count)
        })
        .collect()
}

/// Fails if there is more of it than the limits allow in all, and names what is new by its place. Moving a file moves what
/// counts in it.
pub(crate) fn check(what: &str, found: &Found) {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut limits = limits();
    let allowed: usize = limits.iter().filter(|((of, _), _)| of == what).map(|(_, count)| count).sum();
    let total: usize = found.values().map(Vec::len).sum();
    let more: Vec<String> = found
        .iter()
        .filter(|(place, all)| limits.get(&(what.to_owned(), (*place).clone())).is_none_or(|limit| all.len() > *limit))
        .flat_map(|(place, all)| all.iter().map(move |one| format!("{place}: {one}")))
        .collect();
    let bless = std::env::var("BLESS").unwrap_or_default();
    assert!(
        total <= allowed || bless == "raise",
        "{what}: {total} in all, and {allowed} are allowed. One of these is new:\n{}",
        more.join("\n")
    );
    if bless.is_empty() {
        return;
    }
    limits.retain(|(of, _), _| of != what);
    limits.extend(found.iter().map(|(place, all)| ((what.to_owned(), place.clone()), all.len())));
    let lines: String = limits.iter().map(|((what, place), count)| format!("{what} {place} {count}\n")).collect();
    let head = "# Numbers that may only go down; tests/docs/limits.rs says how they are read and written.\n";
    fs::write(file(), format!("{head}{lines}")).expect("the file is written");
}
