//! `tools/timeline` draws every recording and journal: well-formed, with every prompt and turn in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn timeline(file: &Path) -> Output {
    let this = std::env::current_exe().expect("a test has a path");
    let program = this.ancestors().nth(2).expect("target/PROFILE/deps/TEST").join("examples/timeline");
    assert!(program.exists(), "{} is not built: run the whole `cargo test --all-features`", program.display());
    Command::new(program).arg(file).output().expect("it starts")
}

fn drawn(file: &Path) -> String {
    let output = timeline(file);
    assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn files(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(extension) if extension == "ndjson" => found.push(path),
                _ => {}
            }
        }
    }
    found
}

/// What is wrong with it as XML, as far as a picture of ours can be wrong: tags that are not closed, bare `<` and `&`.
fn flaw(svg: &str) -> Option<String> {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, text) = tag.split_once('>')?;
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        match tag.strip_prefix('/') {
            Some(name) if open.pop() != Some(name) => return Some(format!("</{name}> closes nothing")),
            None if !tag.ends_with('/') => open.push(name),
            _ => {}
        }
        let bare = |part: &str| !["amp;", "lt;", "gt;", "quot;"].iter().any(|entity| part.starts_with(entity));
        if text.split('&').skip(1).any(bare) || text.chars().any(|c| c.is_control() && c != '\n') {
            return Some(format!("bad text {text:?}"));
        }
    }
    open.pop().map(|name| format!("<{name}> is not closed"))
}

#[test]
fn every_recording_and_journal_is_drawn() {
    let files = [files("tests/recordings"), files("tests/journals")].concat();
    assert!(files.len() > 200, "only {} files were found", files.len());
    for file in &files {
        let svg = drawn(file);
        assert_eq!(flaw(&svg), None, "{}", file.display());
        // The golden file beside a recording says how many prompts and turns there are.
        if let Ok(golden) = std::fs::read_to_string(file.with_extension("golden")) {
            let ends = golden.lines().filter(|line| line.trim_start().starts_with("prompt ")).count();
            let outcomes = svg.matches('\u{2192}').count() / 2;
            assert_eq!(outcomes, ends, "{}", file.display());
        }
    }
}

#[test]
fn the_clis_own_turn_has_a_colour_of_its_own() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/2.1.329/turn_overlap_replay.ndjson");
    let svg = drawn(&file);
    assert!(svg.contains("<rect class=\"own\"") && svg.contains("turn 2 (task-notification)"), "{svg}");
    assert_eq!(svg.matches("<path class=\"joint\"").count(), 2, "both prompts are joined to a turn");
}

#[test]
fn what_is_no_capture_is_an_error_that_names_the_file() {
    let output = timeline(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Cargo.toml: it is neither a journal nor a recording"));
}
