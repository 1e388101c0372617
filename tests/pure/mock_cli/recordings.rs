//! The mock CLI is held to what it imitates: the host's side of a recording is played to it, and it must write messages of the
//! same kinds in the same order.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

use claude_duplex::testing::{CliVersion, MockCli, Script, steps_in};
use claude_duplex::{Exit, SessionTime};
use serde_json::Value;

/// Recordings that no script expresses, and why: of every version, or of one.
const NOT_PLAYED: [(&str, &str); 23] = [
    ("requests_all", "what a request is answered with is the peer's own"),
    ("initialize_pending", "the peer lists no open asks"),
    ("initialize_too_late", "the peer reads no flags"),
    ("prompt_fields", "priorities and prompts without a query are not imitated"),
    ("bad_flag", "the peer reads no flags"),
    ("bad_resume", "the peer resumes nothing"),
    ("subagent", "a race: the subagent ended within the turn that started it"),
    ("slash_replay", "/compact is not imitated; local_slash holds other commands"),
    ("sigint_midturn", "SIGINT is not imitated"),
    ("stream_cut", "the stand-in for the API cut the stream"),
    ("stream_cut_thrice", "the stand-in for the API cut the stream"),
    ("stream_error", "the stand-in for the API broke the stream"),
    ("stream_error_second_block", "the stand-in for the API broke the stream"),
    ("stream_error_at_tool", "the stand-in for the API broke the stream"),
    ("2.1.329/blocked_fold", "hooks at a fold are not imitated"),
    ("2.1.329/held_back_interrupt", "the notice of a killed agent is not imitated"),
    ("2.1.143/held_now", "how an agent gets on is not imitated"),
    ("2.1.250/bg_two_tasks", "a race: the second call came before the first task was told"),
    ("2.1.329/bg_two_tasks", "a race: the second call came before the first task was told"),
    ("1.0.128/fold_own_turn", "the model went on with the script of the first prompt"),
    ("1.0.128/priority_later", "the model went on with the script of a folded prompt"),
    ("2.0.76/priority_later", "the model went on with the script of a folded prompt"),
    ("2.1.50/priority_later", "the model went on with the script of a folded prompt"),
];

/// Kinds that are not compared, and why.
const NOT_COMPARED: [(&str, &str); 6] = [
    ("system/thinking_tokens", "an estimate that may come at any time"),
    ("system/api_retry", "how often is a setting of the CLI"),
    ("system/notification", "a remark for people"),
    ("system/session_title_changed", "of the session list, which the peer has not"),
    ("stream_event", "only the begin of each stream is: how many follow and what comes between them is a race"),
    ("subagent", "what happens inside a subagent is not scripted"),
];

/// The recordings of the six versions that a peer can be: those of this repository, or of the folder that the variable
/// names.
fn recordings() -> Vec<PathBuf> {
    let root = std::env::var_os("PEER_RECORDINGS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings"), PathBuf::from);
    let children = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let imitated = |path: &PathBuf| CliVersion::ALL.iter().any(|generation| path.ends_with(generation.version()));
    let folders: Vec<PathBuf> = children(&root).into_iter().filter(imitated).collect();
    let files = folders.iter().flat_map(|folder| children(folder));
    files.filter(|file| file.extension().is_some_and(|extension| extension == "ndjson")).collect()
}

/// A wait of the host's that was meant.
const PATIENCE: Duration = Duration::from_millis(1400);

struct Record {
    time: f64,
    direction: String,
    line: String,
}

fn read(path: &Path) -> Vec<Record> {
    let text = std::fs::read_to_string(path).unwrap();
    let record = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let line = if value["line"].is_string() { text("line") } else { value["line"].to_string() };
        Record { time: value["t"].as_f64().unwrap_or_default(), direction: text("dir"), line }
    };
    text.lines().map(record).collect()
}

fn parse(line: &str) -> Option<Value> {
    // Half an emoji, as in unicode_output, is no text to this parser.
    serde_json::from_str(line).or_else(|_| serde_json::from_str(&line.replace("\\ud83d", "?"))).ok()
}

/// What a line is, as far as it is compared; `None` where it is not.
fn kind(line: &Value, prompts: &HashSet<String>, requests: &HashSet<String>) -> Option<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if line["parent_tool_use_id"].is_string() {
        return None;
    }
    let blocks = |message: &Value| match message["content"].as_array() {
        Some(blocks) => blocks.iter().map(|block| text(&block["type"])).collect::<Vec<_>>().join(","),
        None => "text".to_owned(),
    };
    let kind = match &*text(&line["type"]) {
        "system" => match &*text(&line["subtype"]) {
            "status" => format!("system/status {}", line["status"]),
            subtype => format!("system/{subtype}"),
        },
        "user" if prompts.contains(&text(&line["uuid"])) => {
            format!("echo of {} {}", text(&line["uuid"]), if line["isReplay"] == true { "marked" } else { "" })
        }
        "user" => format!("user {}", blocks(&line["message"])),
        "assistant" => format!("assistant {}", blocks(&line["message"])),
        "stream_event" if line["event"]["type"] == "message_start" => "stream begins".to_owned(),
        "stream_event" => return None,
        "command_lifecycle" => format!("{} is {}", text(&line["command_uuid"]), text(&line["state"])),
        "result" => format!(
            "result {} {} {} {} {} {}",
            line["subtype"],
            line["is_error"],
            line["terminal_reason"],
            line["origin"]["kind"],
            line["user_message_uuids"],
            line["permission_denials"].as_array().map_or(0, Vec::len),
        ),
        "control_request" => format!("ask {}", line["request"]["subtype"]),
        "control_response" => {
            let id = text(&line["response"]["request_id"]);
            let whose = if requests.contains(&id) { id } else { "an answer, echoed".to_owned() };
            format!("{} response to {whose}", text(&line["response"]["subtype"]))
        }
        other => other.to_owned(),
    };
    NOT_COMPARED.iter().all(|(name, _)| *name != kind).then_some(kind)
}

/// A peer that is read line by line.
struct Play {
    peer: MockCli,
    now: SessionTime,
    unread: VecDeque<Value>,
    prompts: HashSet<String>,
    requests: HashSet<String>,
    /// The ids of the recorded asks, and of those that are to be matched with them.
    recorded_requests: Vec<String>,
    permission_requests: Vec<String>,
    ended: bool,
}

impl Play {
    fn pull(&mut self) {
        let bytes = self.peer.poll_transmit().to_vec();
        self.peer.sent(self.now, bytes.len());
        for line in String::from_utf8(bytes).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            if line["type"] == "control_request" {
                self.permission_requests.push(line["request_id"].as_str().unwrap().to_owned());
            }
            self.unread.push_back(line);
        }
    }

    /// Lets time pass until the mock CLI does something. Whether it did.
    fn wait(&mut self) -> bool {
        let Some(due) = self.peer.poll_timeout() else { return false };
        self.now = self.now.max(due);
        self.peer.handle_timeout(self.now);
        self.pull();
        true
    }

    fn let_pass(&mut self, time: Duration) {
        let until = self.now.saturating_add(time);
        while self.peer.poll_timeout().is_some_and(|due| due <= until) && self.wait() {}
        self.now = until;
    }

    /// The next kind that the mock CLI writes.
    fn next(&mut self) -> Option<String> {
        loop {
            while let Some(line) = self.unread.pop_front() {
                if let Some(kind) = kind(&line, &self.prompts, &self.requests) {
                    return Some(kind);
                }
            }
            if !self.wait() {
                return None;
            }
        }
    }

    /// What the host wrote, with the ids that this peer gave its incoming requests.
    fn host(&mut self, line: &str) {
        let mut line = line.to_owned();
        for (recorded, ours) in self.recorded_requests.iter().zip(&self.permission_requests) {
            line = line.replace(recorded, ours);
        }
        self.peer.receive(self.now, line.as_bytes());
        self.peer.receive(self.now, b"\n");
        self.pull();
    }

    fn end_input(&mut self) {
        self.ended = true;
        self.peer.eof(self.now);
        self.pull();
    }
}

/// The script whose prompts are the scripts, in the setting that the recording shows.
fn script(generation: CliVersion, scenario: &str, records: &[Record]) -> Script {
    let all = |direction: &'static str| records.iter().filter(move |record| record.direction == direction);
    let shows = |text: &str| all("out").any(|record| record.line.contains(text));
    let prompts: Vec<Value> = all("in").filter_map(|record| parse(&record.line)).collect();
    let named = prompts.iter().filter(|line| line["type"] == "user").filter_map(|line| line["uuid"].as_str());
    let permission_requests = shows(r#""subtype":"can_use_tool""#);
    let echoes = named.into_iter().any(|uuid| {
        all("out").any(|record| record.line.contains(uuid) && record.line.starts_with(r#"{"type":"user""#))
    });
    let replay = echoes || scenario.contains("_replay") && !scenario.contains("no_replay");
    let script = Script::new(generation)
        .replay_user_messages(replay)
        .include_partial_messages(shows(r#""type":"stream_event""#))
        .session_state_messages(shows("session_state_changed"))
        .answering(move |prompt| steps_in(prompt, permission_requests));
    let script = if shows("error_max_turns") { script.max_turns(1) } else { script };
    match scenario == "resume_reused_uuid" {
        true => script.seen("00000002-0000-4000-8000-000000000000"),
        false => script,
    }
}

/// Plays one recording; what differs first.
fn play(path: &Path) -> Result<(), String> {
    let generation: CliVersion = path.parent().unwrap().file_name().unwrap().to_str().unwrap().parse().unwrap();
    let records = read(path);
    let lines: Vec<Option<Value>> = records.iter().map(|record| parse(&record.line)).collect();
    let of = |direction: &str, kind: &str, field: fn(&Value) -> &Value| -> Vec<String> {
        let all = records.iter().zip(&lines).filter(|(record, _)| record.direction == direction);
        let all = all.filter_map(|(_, line)| line.as_ref()).filter(|line| line["type"] == kind);
        all.filter_map(|line| field(line).as_str().map(str::to_owned)).collect()
    };
    let mut play = Play {
        peer: MockCli::new(
            script(generation, path.file_stem().unwrap().to_str().unwrap(), &records),
            SessionTime::ZERO,
        ),
        now: SessionTime::ZERO,
        unread: VecDeque::new(),
        prompts: of("in", "user", |line| &line["uuid"]).into_iter().collect(),
        requests: of("in", "control_request", |line| &line["request_id"]).into_iter().collect(),
        recorded_requests: of("out", "control_request", |line| &line["request_id"]),
        permission_requests: Vec::new(),
        ended: false,
    };
    let last_input = records.iter().rposition(|record| record.direction == "in").unwrap_or(0);
    let mut seen: HashMap<usize, String> = HashMap::new();
    for (at, (record, line)) in records.iter().zip(&lines).enumerate() {
        let so_far = || format!("{}:{}", path.display(), at + 1);
        match &*record.direction {
            "in" => {
                // Where the host took its time, the mock CLI gets it too.
                let gap = Duration::try_from_secs_f64(record.time - records[at.saturating_sub(1)].time);
                if let Some(gap) = gap.ok().filter(|gap| *gap >= PATIENCE) {
                    play.let_pass(gap);
                }
                play.host(&record.line);
            }
            "out" => {
                let Some(expected) = line.as_ref().and_then(|line| kind(line, &play.prompts, &play.requests)) else {
                    continue;
                };
                let mut got = play.next();
                if got.is_none() && at > last_input && !play.ended {
                    play.end_input();
                    got = play.next();
                }
                if got.as_ref() != Some(&expected) {
                    let before = seen.get(&(at.saturating_sub(1))).cloned().unwrap_or_default();
                    return Err(format!("{}: after {before}\n  recorded: {expected}\n  written:  {got:?}", so_far()));
                }
                seen.insert(at, expected);
            }
            "err" if record.line == "<recorder: closes stdin>" => play.end_input(),
            "err" if record.line == "<recorder: signal 15>" => play.peer.terminate(play.now),
            "err" if record.line == "<recorder: waited in vain>" => {
                play.let_pass(Duration::from_secs(12));
            }
            "exit" => {
                let code: i32 = record.line.trim().parse().unwrap();
                if code < 0 {
                    return Ok(());
                }
                if !play.ended {
                    play.end_input();
                }
                if let Some(more) = play.next() {
                    return Err(format!("{}: more was written: {more}", so_far()));
                }
                if play.peer.poll_exit() != Some(Exit::Code(code)) {
                    return Err(format!("{}: exit {code}, not {:?}", so_far(), play.peer.poll_exit()));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn messages_have_the_recorded_order() {
    let mut differences = Vec::new();
    let mut played = 0;
    for path in recordings() {
        let scenario = path.file_stem().unwrap().to_str().unwrap();
        if NOT_PLAYED.iter().any(|(name, _)| *name == scenario || path.with_extension("").ends_with(name)) {
            continue;
        }
        played += 1;
        differences.extend(play(&path).err());
    }
    println!("{played} recordings played, {} differ", differences.len());
    assert!(differences.is_empty(), "{} of {played} differ\n{}", differences.len(), differences.join("\n"));
    assert!(played > 0);
}
