//! Writes seeds for the fuzz targets into the folder that is named, made from the recordings of the CLI.

#[path = "../../examples/replay/recording.rs"]
mod recording;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use claude_duplex::{Config, Input, Prompt, Recorder, Seed, Time, Uuid};
use recording::{Recorded, What};

/// The laws play a journal many times: longer ones cost more than they find.
const LONGEST: usize = 16 * 1024;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let to = std::env::args_os().nth(1).map(PathBuf::from).expect("usage: seed FOLDER");
    let (mut shapes, mut number) = (BTreeSet::new(), 0);
    for path in recordings(&root.join("../tests/recordings")) {
        let lines = recording::read(&fs::read(&path).expect("a readable file")).expect("a recording");
        number += 1;
        let output: Vec<u8> = lines.iter().filter_map(out).flat_map(|line| [line, b"\n"].concat()).collect();
        // Eight cuts, then the output.
        put(&to, "bytes", number, &[&[0, 7, 1, 64, 255, 3, 0, 30][..], &output[..output.len().min(LONGEST)]].concat());
        put(&to, "journal", number, &journal(&lines));
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

/// A session in which the recording's prompts are given when they were written.
fn journal(lines: &[Recorded]) -> Vec<u8> {
    let mut recorder = Recorder::new(Vec::new(), &Config::new(Seed([0; 16])), Time::ZERO, LONGEST as u64);
    for line in lines {
        let now = line.time();
        match &line.what {
            What::In(bytes) => {
                let line: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
                let uuid = line["uuid"].as_str().and_then(|uuid| uuid.parse::<Uuid>().ok());
                if let Some(uuid) = uuid {
                    recorder.input(now, &Input::Prompt(Prompt::text("hello").uuid(uuid)));
                    recorder.input(now, &Input::Sent(usize::MAX));
                }
            }
            What::Out(bytes) => recorder.input(now, &Input::Receive([bytes, &b"\n"[..]].concat().into())),
            What::Err(bytes) => recorder.input(now, &Input::Stderr(bytes.into())),
            What::Exit(exit) => recorder.input(now, &Input::Exited(*exit)),
        }
    }
    let mut journal = recorder.into_inner();
    journal.flush().expect("memory has room");
    journal
}
