//! How far the typed views follow the real CLI: every recorded line decodes into its view, and what no view names is
//! printed, by kind of line and by version. That is no error: a new version of the CLI says more than the last.
//!
//! ```sh
//! cargo test --test pure drift:: -- --nocapture
//! RECORDINGS=folder cargo test --test pure drift:: -- --nocapture      # of recordings, or of a folder for each version
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::recording::{self, What};
use claude_duplex::message::{MessageView, System};
use claude_duplex::{Message, MessageKind};

/// Every recording: its version and its file.
fn recordings() -> Vec<(String, PathBuf)> {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let root = std::env::var_os("RECORDINGS").map_or_else(own, PathBuf::from);
    let mut files = of_version(&root);
    for folder in children(&root).iter().filter(|path| path.is_dir()) {
        files.extend(of_version(folder));
    }
    assert!(!files.is_empty(), "{} has no recordings", root.display());
    files.sort();
    files
}

fn of_version(folder: &Path) -> Vec<(String, PathBuf)> {
    let version = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let version = version.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let files = children(folder).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "ndjson"));
    files.map(|path| (version.clone(), path)).collect()
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let children = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    children.map(|child| child.expect("a file or folder").path()).collect()
}

/// The kind of a line, for people: `system/init`.
fn kind(message: &Message) -> String {
    let kind = message.type_name();
    message.subtype().map_or_else(|| kind.to_string(), |subtype| format!("{kind}/{subtype}"))
}

/// What requests and their replies hold is said by an `IncomingRequest` and a `Response`.
fn is_control(kind: MessageKind) -> bool {
    matches!(kind, MessageKind::ControlRequest | MessageKind::ControlResponse | MessageKind::ControlCancelRequest)
}

#[test]
fn every_recorded_line_decodes_and_unknown_names_are_reported() {
    let mut decoded: BTreeMap<String, u64> = BTreeMap::new();
    let mut unknown_names: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut broken = Vec::new();
    for (version, path) in recordings() {
        let text = std::fs::read(&path).expect("a readable file");
        let lines = recording::read(&text).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
        for (at, line) in lines.iter().enumerate() {
            let What::Out(line) = &line.what else { continue };
            // What is no message at all is counted where the lines are.
            let Ok(message) = Message::parse(line) else { continue };
            if is_control(message.kind()) {
                continue;
            }
            *decoded.entry(version.clone()).or_default() += 1;
            match message.view() {
                Ok(view) => {
                    for what in view.unknown_names() {
                        unknown_names.entry((kind(&message), what)).or_default().insert(version.clone());
                    }
                }
                Err(error) => broken.push(format!("{}, line {}: {}: {error}", path.display(), at + 1, kind(&message))),
            }
        }
    }
    println!("lines decoded: {decoded:?}");
    println!("what no view names: {}", if unknown_names.is_empty() { "nothing" } else { "" });
    for ((kind, what), versions) in &unknown_names {
        let versions: Vec<_> = versions.iter().map(String::as_str).collect();
        println!("  {kind:<36} {what:<52} {}", versions.join(" "));
    }
    assert!(broken.is_empty(), "lines that their views cannot decode:\n{}", broken.join("\n"));
}

/// Without this the test above would pass with views that name nothing.
#[test]
fn unknown_names_are_reported_with_their_path() {
    let line = br#"{"type":"assistant","new":1,"error":"odd","message":{"content":[{"type":"text","text":"","b":2},{"type":"c"}],"usage":{"d":3}}}"#;
    let reported = Message::parse(line).unwrap().view().unwrap().unknown_names();
    assert_eq!(
        reported,
        ["message.content[].b", r#"message.content[].type is "c""#, "message.usage.d", r#"error is "odd""#, "new",]
    );
    let reported = |line: &str| Message::parse(line.as_bytes()).unwrap().view().unwrap().unknown_names();
    assert_eq!(reported(r#"{"type":"new","a":1}"#), [r#"type is "new""#]);
    assert_eq!(reported(r#"{"type":"system","subtype":"new","a":1}"#), [r#"subtype is "new""#]);
    assert!(matches!(
        Message::parse(br#"{"type":"system","subtype":"status","status":null}"#).unwrap().system(),
        Ok(System::Status(_))
    ));
    assert!(matches!(Message::parse(br#"{"type":"new"}"#).unwrap().view(), Ok(MessageView::Other(_))));
}
