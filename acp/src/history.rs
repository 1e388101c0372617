//! Sessions on disk, in the files of the CLI: `projects/DIRECTORY/SESSION.jsonl` of its configuration directory.

mod listing;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use agent_client_protocol::Error;
use claude_duplex::Message;
use futures_lite::StreamExt;
use serde::Deserialize;

pub(crate) use self::listing::list;

use crate::bounded::{self, Line};
use crate::client::Client;
use crate::failure;
use crate::translate::{MessageOrigin, Translator};

/// Maximum length of a line that is read, in bytes: 16 MiB. Longer ones are left out.
const LONGEST: usize = 16 << 20;

/// Maximum number of project directories that are searched.
const PROJECTS: usize = 10_000;

/// Maximum length of a session id, in bytes.
const LONGEST_ID: usize = 128;

/// Returns the file of a session.
pub(crate) async fn find(session: &str) -> Option<PathBuf> {
    let session = session.to_owned();
    blocking::unblock(move || find_now(&session)).await
}

/// Messages of a session on disk, up to a length of the file.
#[derive(Debug)]
pub(crate) struct History {
    path: PathBuf,
    /// Length of the part of the file that is read, in bytes.
    length: u64,
}

impl History {
    /// Finds the messages that a session has on disk now.
    pub(crate) async fn find(session: &str) -> Option<Self> {
        let path = find(session).await?;
        let length = path.metadata().ok()?.len();
        Some(Self { path, length })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Returns the file of a session. Blocks.
fn find_now(session: &str) -> Option<PathBuf> {
    // The id becomes a part of a path, which must not lead out of the directory.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if session.is_empty() || session.len() > LONGEST_ID || !session.chars().all(is_plain) {
        return None;
    }
    let name = format!("{session}.jsonl");
    projects()?.take(PROJECTS).map(|project| project.join(&name)).find(|path| path.is_file())
}

/// Deletes the file of a session and the files that the CLI has stored next to it, e.g. the output of its subagents.
pub(crate) async fn delete(session: &str) -> Result<(), Error> {
    let session = session.to_owned();
    blocking::unblock(move || {
        let Some(path) = find_now(&session) else { return Ok(()) };
        let removed =
            std::fs::remove_file(&path).and_then(|()| match std::fs::remove_dir_all(path.with_extension("")) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            });
        removed.map_err(|error| failure::caused(&format!("the session {} cannot be deleted", path.display()), &error))
    })
    .await
}

/// Returns the directories of all projects.
fn projects() -> Option<impl Iterator<Item = PathBuf>> {
    let configured = std::env::var_os("CLAUDE_CONFIG_DIR").filter(|directory| !directory.is_empty());
    let directory = match configured {
        Some(directory) => PathBuf::from(directory),
        None => std::env::home_dir()?.join(".claude"),
    };
    let entries = std::fs::read_dir(directory.join("projects")).ok()?;
    Some(entries.filter_map(|entry| Some(entry.ok()?.path())))
}

/// Shows the client the history of a session, as fast as the client reads. Stops at the first message that is not part of the
/// history.
pub(crate) async fn replay(
    history: &History,
    translator: &mut Translator,
    client: &Client,
    mut is_end: impl FnMut(&Message) -> bool,
) -> io::Result<()> {
    let lines = bounded::Lines::new(BufReader::new(File::open(&history.path)?.take(history.length)), LONGEST);
    let mut lines = blocking::Unblock::with_capacity(1, lines);
    while let Some(line) = lines.next().await {
        let Line::Whole(line) = line? else { continue };
        if !is_shown(&line) {
            continue;
        }
        let Ok(message) = Message::parse(&line) else { continue };
        if is_end(&message) {
            break;
        }
        for update in translator.message(&message, MessageOrigin::History) {
            client.room().await;
            client.update(update);
        }
    }
    translator.restart();
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marks<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(default)]
    is_sidechain: bool,
    #[serde(default)]
    is_meta: bool,
    #[serde(default)]
    is_compact_summary: bool,
}

/// Returns `true` if the user has seen the message of a line.
fn is_shown(line: &[u8]) -> bool {
    let Ok(marks) = serde_json::from_slice::<Marks<'_>>(line) else { return false };
    matches!(marks.kind, "user" | "assistant") && !(marks.is_sidechain || marks.is_meta || marks.is_compact_summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_cannot_name_files_outside_the_folder() {
        for id in ["", "..", "../x", "a/b", "a.b", "é", &"a".repeat(200)] {
            assert_eq!(find_now(id), None, "{id}");
        }
    }

    #[test]
    fn only_visible_messages_are_in_the_history() {
        assert!(is_shown(br#"{"type":"user","message":{}}"#));
        for line in [
            r#"{"type":"summary"}"#,
            r#"{"type":"user","isSidechain":true}"#,
            r#"{"type":"user","isMeta":true}"#,
            r#"{"type":"user","isCompactSummary":true}"#,
            "[]",
            "",
        ] {
            assert!(!is_shown(line.as_bytes()), "{line}");
        }
    }
}
