//! `tools/timeline` draws every recording and journal: well-formed, with every prompt and turn in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;

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

fn recorded(name: &str) -> String {
    drawn(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(name))
}

/// Draws a recording of these lines: a time in seconds, a direction, and the line.
fn drawn_lines(name: &str, lines: impl IntoIterator<Item = (f64, &'static str, String)>) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("timeline");
    std::fs::create_dir_all(&folder).expect("a folder");
    let lines = lines.into_iter().map(|(t, dir, line)| format!("{}\n", json!({ "t": t, "dir": dir, "line": line })));
    let file = folder.join(format!("{name}.ndjson"));
    std::fs::write(&file, lines.collect::<String>()).expect("a file");
    drawn(&file)
}

fn uuid(number: usize) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

fn user(number: usize, text: &str) -> String {
    json!({ "type": "user", "uuid": uuid(number), "message": { "role": "user", "content": text } }).to_string()
}

fn init() -> String {
    json!({ "type": "system", "subtype": "init", "session_id": "s", "claude_code_version": "2.1.332" }).to_string()
}

fn result(number: usize) -> String {
    let fields = json!({
        "type": "result", "subtype": "success", "is_error": false, "result": "ok", "session_id": "s",
        "user_message_uuids": [uuid(number)],
    });
    fields.to_string()
}

/// A session of prompts one after the other, a second each, and lines of a stream in each turn.
fn long_session(prompts: usize, lines: usize, text: impl Fn(usize) -> String) -> Vec<(f64, &'static str, String)> {
    let delta = json!({ "type": "stream_event", "event": { "type": "content_block_delta" } }).to_string();
    let turn = |number: usize| {
        let time = number as f64;
        let stream = (0..lines).map({
            let delta = delta.clone();
            move |line| (time + 0.2 + 0.5 * line as f64 / lines as f64, "out", delta.clone())
        });
        let before = [(time, "in", user(number, &text(number))), (time + 0.1, "out", init())];
        before.into_iter().chain(stream).chain([(time + 0.8, "out", result(number))]).collect::<Vec<_>>()
    };
    (1..=prompts).flat_map(turn).collect()
}

/// Width and height of a picture, in pixels.
fn size(svg: &str) -> (u32, u32) {
    let of = |name: &str| {
        let (_, rest) = svg.split_once(&format!(" {name}=\"")).expect("a size");
        rest.split('"').next().and_then(|number| number.parse().ok()).expect("a number")
    };
    (of("width"), of("height"))
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
        assert!(size(&svg).0 <= 2400, "{}: {:?}", file.display(), size(&svg));
        // The golden file beside a recording says how many prompts and turns there are.
        if let Ok(golden) = std::fs::read_to_string(file.with_extension("golden")) {
            let ends = golden.lines().filter(|line| line.trim_start().starts_with("prompt ")).count();
            let outcomes = svg.matches('\u{2192}').count() / 2;
            assert_eq!(outcomes, ends, "{}", file.display());
        }
    }
}

#[test]
fn turns_of_the_cli_have_their_own_color() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/2.1.329/turn_overlap_replay.ndjson");
    let svg = drawn(&file);
    assert!(svg.contains("<rect class=\"own\"") && svg.contains("turn 2 (task-notification)"), "{svg}");
    assert_eq!(svg.matches("<path class=\"joint\"").count(), 2, "both prompts are joined to a turn");
}

#[test]
fn a_cli_that_exits_by_itself_is_not_drawn_as_killed() {
    let journal = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals/2.1.329.ndjson");
    for svg in [recorded("2.1.329/bad_flag.ndjson"), recorded("2.1.329/hello.ndjson"), drawn(&journal)] {
        assert!(svg.contains(", exit status "), "{svg}");
        assert!(!svg.contains(">kill<") && !svg.contains(">terminate<"), "{svg}");
    }
}

#[test]
fn a_journal_that_starts_late_is_drawn_as_one_that_starts_at_zero() {
    let journal = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals/2.1.329.ndjson");
    let text = std::fs::read_to_string(&journal).expect("a journal");
    let later = text.lines().map(|line| {
        let (before, rest) = line.split_once("\"t\":").expect("a time");
        let digits = rest.find(|c: char| !c.is_ascii_digit()).expect("more behind the time");
        let time: u64 = rest[..digits].parse().expect("a time");
        format!("{before}\"t\":{}{}\n", time + 3_600_000_000_000, &rest[digits..])
    });
    let later: String = later.collect();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("later.ndjson");
    std::fs::write(&file, later).expect("a file");
    assert_eq!(drawn(&file), drawn(&journal));
}

#[test]
fn a_blocked_prompt_has_a_color_of_the_legend() {
    let svg = recorded("2.1.329/blocked_prompt.ndjson");
    let bar = svg.lines().find(|line| line.contains("\u{2192} blocked") && line.starts_with("<rect")).expect("a bar");
    assert!(bar.starts_with("<rect class=\"bad\""), "{bar}");
    assert!(svg.contains(">failed, refused, blocked<"), "{svg}");
}

#[test]
fn an_allow_that_an_interrupt_overtook_is_not_drawn_as_granted() {
    let incoming = json!({ "subtype": "can_use_tool", "tool_name": "Bash", "input": {}, "tool_use_id": "t" });
    let allow = json!({ "behavior": "allow", "updatedInput": {} });
    let allow = json!({ "subtype": "success", "request_id": "ask", "response": allow });
    let lines = [
        (0.0, "in", user(1, "make it")),
        (0.5, "out", init()),
        (1.0, "out", json!({ "type": "control_request", "request_id": "ask", "request": incoming }).to_string()),
        (1.2, "in", json!({ "type": "control_response", "response": allow }).to_string()),
        (1.3, "out", json!({ "type": "control_cancel_request", "request_id": "ask" }).to_string()),
        (1.5, "out", result(1)),
    ];
    let granted = |svg: &str| svg.lines().any(|line| line.contains("class=\"good\"") && line.contains(">Bash"));
    let kept: Vec<_> = lines.iter().filter(|(_, _, line)| !line.contains("cancel")).cloned().collect();
    assert!(granted(&drawn_lines("granted", kept)));
    let svg = drawn_lines("overtaken", lines);
    assert!(!granted(&svg) && svg.contains(", then withdrawn</text>"), "{svg}");
}

#[test]
fn an_inferred_outcome_is_drawn_as_such() {
    let svg = recorded("1.0.128/blocked_batch.ndjson");
    assert_eq!(svg.matches("blocked (inferred)</text>").count(), 2, "{svg}");
    assert_eq!(svg.matches("<path class=\"guess\"").count(), 2, "{svg}");
    assert!(svg.contains("<path class=\"joint\""), "{svg}");
}

#[test]
fn links_are_behind_labels() {
    let svg = recorded("2.1.329/queue_two_replay.ndjson");
    let link = svg.rfind("<path class=\"joint\"").expect("a link");
    assert!(link < svg.find("class=\"label\"").expect("a label"), "{svg}");
    assert!(svg.contains(".label{paint-order:stroke;stroke:#fff"), "{svg}");
}

#[test]
fn a_long_session_is_drawn_in_bands() {
    let svg = drawn_lines("long", long_session(200, 100, |number| format!("prompt {number}")));
    let (width, height) = size(&svg);
    assert!(width <= 2400 && height < 12_000, "{width} x {height}");
    for number in 1..=200 {
        assert!(svg.contains(&format!(">prompt {number} \u{2192} success</text>")), "{number}");
    }
    assert!(svg.matches(">seconds</text>").count() > 3, "it is in bands");
}

#[test]
fn repeated_prompts_are_folded() {
    let svg = drawn_lines("folded", long_session(200, 100, |_| "again".to_owned()));
    let (width, height) = size(&svg);
    assert!(width < 1500 && height < 400, "{width} x {height}");
    assert_eq!(svg.matches(">again \u{2192} success</text>").count(), 2, "{svg}");
    assert!(svg.contains(">198 more like it \u{2192} success</text>"), "{svg}");
    assert!(svg.contains(&format!(">{} lines of the CLI", 200 * 102)), "the total has what is folded");
}

#[test]
fn other_files_are_an_error_that_names_the_file() {
    let output = timeline(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Cargo.toml: it is neither a journal nor a recording"));
}
