//! Writes seeds for the fuzz targets into the folder that is named, made from the recordings of the CLI.

#[path = "../../tests/support/expensive_lines.rs"]
#[allow(dead_code, reason = "the fuzz target uses the rest")]
mod expensive_lines;
#[path = "../../tools/replay/recording.rs"]
mod recording;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use claude_duplex::{
    Action, Config, Decision, IncomingKind, IncomingKinds, IncomingRequest, IncomingResponse, Input, Json, Prompt,
    Protocol, Recorder, Request, Seed, SessionTime, Uuid,
};
use recording::{Recorded, What};
use serde_json::Value;

/// The invariants play a journal many times: longer ones cost more than they find.
const LONGEST: usize = 16 * 1024;

/// Snapshots of one recording, and the longest of them.
const STATES: usize = 4;
const LONGEST_STATE: usize = 4096;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let to = std::env::args_os().nth(1).map(PathBuf::from).expect("usage: seed FOLDER");
    let fillings = expensive_lines::FILLINGS
        .iter()
        .flat_map(|filling| (0..expensive_lines::PLACES.len() as u8).map(move |at| (at, filling)));
    for (number, (place, filling)) in fillings.enumerate() {
        put(&to, "costs", number, &[&[place], *filling].concat());
    }
    let (mut shapes, mut number, mut snapshots) = (BTreeSet::new(), 0, 0);
    for path in recordings(&root.join("../tests/recordings")) {
        let lines = recording::read(&fs::read(&path).expect("a readable file")).expect("a recording");
        number += 1;
        let output: Vec<u8> = lines.iter().filter_map(out).flat_map(|line| [line, b"\n"].concat()).collect();
        // Eight cuts, then the output.
        put(&to, "bytes", number, &[&[0, 7, 1, 64, 255, 3, 0, 30][..], &output[..output.len().min(LONGEST)]].concat());
        let (journal, states) = played(&lines);
        put(&to, "journal", number, &journal);
        for state in states {
            put(&to, "snapshot", snapshots, state.as_bytes());
            snapshots += 1;
        }
        for line in lines.iter().filter_map(out).filter(|line| line.len() < 4096) {
            let shape: Vec<u8> = line.iter().filter(|byte| !byte.is_ascii_alphanumeric()).copied().collect();
            if shapes.insert(shape) {
                put(&to, "decode", shapes.len(), line);
            }
        }
        for prompt in lines.iter().filter_map(|line| if let What::In(line) = &line.what { Some(line) } else { None }) {
            put(&to, "options", number, &prompt[..prompt.len().min(512)]);
        }
        // Bytes are as good as any: their steps are what the target makes of them.
        let steps: Vec<u8> = output.iter().map(|byte| byte.wrapping_mul(number as u8 | 1)).take(600).collect();
        put(&to, "session", number, &steps);
    }
}

fn recordings(root: &Path) -> Vec<PathBuf> {
    let children = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).expect("a folder").map(|child| child.expect("a file or folder").path()).collect()
    };
    let folders = children(root).into_iter().filter(|path| path.is_dir());
    let mut paths: Vec<PathBuf> = folders.flat_map(|folder| children(&folder)).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ndjson"));
    paths.sort();
    paths
}

fn put(to: &Path, target: &str, number: usize, bytes: &[u8]) {
    let folder = to.join(target);
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(folder.join(format!("{number:04}")), bytes).expect("a file can be written");
}

fn out(line: &Recorded) -> Option<&[u8]> {
    match &line.what {
        What::Out(line) => Some(line),
        _ => None,
    }
}

/// Plays a session in which the recording's prompts are given when they were written, and its incoming requests, all of which are
/// the host's, answered when they were. Returns its journal, and the states of some of its snapshots.
fn played(lines: &[Recorded]) -> (Vec<u8>, Vec<String>) {
    let mut config = Config::new(Seed::from_bytes([0; 16]));
    config.handled = IncomingKinds::ALL;
    let mut host = Host {
        recorder: Recorder::new(Vec::new(), &config, SessionTime::ZERO, LONGEST as u64),
        protocol: Protocol::new(config, SessionTime::ZERO),
        incoming_requests: Vec::new(),
    };
    let mut states = vec![state(&host.protocol)];
    for (place, line) in lines.iter().enumerate() {
        if place % (lines.len() / STATES + 1) == 1 {
            states.push(state(&host.protocol));
        }
        let now = line.time();
        match &line.what {
            What::In(bytes) => {
                if let Some(input) = host.input_of(&serde_json::from_slice(bytes).unwrap_or_default()) {
                    host.input(now, input);
                    host.input(now, Input::Sent(usize::MAX));
                }
            }
            What::Out(bytes) => host.input(now, Input::Receive([bytes, &b"\n"[..]].concat().into())),
            What::Err(bytes) => host.input(now, Input::Stderr(bytes.into())),
            What::Exit(exit) => host.input(now, Input::Exited(*exit)),
        }
    }
    let mut journal = host.recorder.into_inner();
    journal.flush().expect("memory has room");
    states.retain(|state| state.len() <= LONGEST_STATE);
    (journal, states)
}

/// Returns the state in a snapshot, as text.
fn state(protocol: &Protocol) -> String {
    let text = serde_json::to_string(&protocol.snapshot()).expect("a snapshot is JSON");
    let (_, state) = text.split_once("\"state\":").expect("the state");
    state[..state.len() - 1].to_owned()
}

struct Host {
    recorder: Recorder<Vec<u8>>,
    protocol: Protocol,
    incoming_requests: Vec<IncomingRequest>,
}

impl Host {
    fn input(&mut self, now: SessionTime, input: Input<'_>) {
        self.recorder.input(now, &input);
        self.protocol.apply(now, input);
        let actions = std::iter::from_fn(|| self.protocol.poll_action());
        self.incoming_requests.extend(
            actions.filter_map(
                |action| if let Action::IncomingRequest(incoming) = action { Some(incoming) } else { None },
            ),
        );
    }

    /// What the host said by a line: a prompt, an answer, or a request.
    fn input_of(&self, line: &Value) -> Option<Input<'static>> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match line["type"].as_str()? {
            "user" => {
                let uuid: Uuid = line["uuid"].as_str()?.parse().ok()?;
                Some(Input::Prompt(Prompt::text("hello").uuid(uuid)))
            }
            "control_request" => {
                let subtype = text(&line["request"]["subtype"])?;
                let fields = line["request"].as_object()?.iter().filter(|(name, _)| *name != "subtype");
                let request =
                    fields.fold(Request::new(subtype), |request, (name, value)| request.field(name, Json::from(value)));
                Some(Input::Request(request.id(text(&line["request_id"])?)))
            }
            "control_response" => {
                let response = &line["response"];
                let incoming =
                    self.incoming_requests.iter().find(|incoming| incoming.request_id() == response["request_id"])?;
                let answer = match &response["response"] {
                    input_of if input_of["behavior"] == "allow" && incoming.kind() == IncomingKind::Permission => {
                        Decision::allow().into()
                    }
                    input_of if input_of["behavior"] == "deny" => Decision::deny("no").into(),
                    input_of if input_of.is_object() => IncomingResponse::Raw(Json::from(input_of)),
                    _ => IncomingResponse::Error { message: text(&response["error"])? },
                };
                Some(Input::Respond(incoming.id(), answer))
            }
            _ => None,
        }
    }
}
