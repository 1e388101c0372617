//! The list of the sessions on disk.

use std::fmt::Write;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use agent_client_protocol::v1::schema::SessionInfo;
use serde::Deserialize;

use super::PROJECTS;

/// Maximum number of sessions in the list, which has the latest first.
const MOST: usize = 200;

/// Number of bytes at the start of a file that are searched for the directory and the title.
const HEAD: u64 = 256 << 10;

/// Maximum length of a title, in characters.
const LONGEST_TITLE: usize = 120;

/// Returns the sessions on disk. If a directory is given, returns only its sessions.
pub(crate) async fn list(directory: Option<PathBuf>) -> Vec<SessionInfo> {
    blocking::unblock(move || list_now(directory.as_deref())).await
}

fn list_now(directory: Option<&Path>) -> Vec<SessionInfo> {
    let Some(projects) = super::projects() else { return Vec::new() };
    let files = projects.take(PROJECTS).filter_map(|project| std::fs::read_dir(project).ok()).flatten();
    let mut files: Vec<(SystemTime, PathBuf)> = files
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let is_session = path.extension().is_some_and(|extension| extension == "jsonl");
            let metadata = path.metadata().ok().filter(|metadata| is_session && metadata.is_file())?;
            Some((metadata.modified().ok()?, path))
        })
        .collect();
    files.sort_by(|a, b| b.cmp(a));
    let sessions = files.into_iter().filter_map(|(modified, path)| session(&path, modified));
    sessions.filter(|session| directory.is_none_or(|directory| session.cwd == directory)).take(MOST).collect()
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Line {
    #[serde(rename = "type")]
    kind: Option<String>,
    cwd: Option<PathBuf>,
    summary: Option<String>,
    is_meta: bool,
    is_sidechain: bool,
    message: Option<PromptMessage>,
}

#[derive(Deserialize)]
struct PromptMessage {
    content: serde_json::Value,
}

fn session(path: &Path, modified: SystemTime) -> Option<SessionInfo> {
    let id = path.file_stem()?.to_str()?;
    let (mut directory, mut title) = (None, None);
    for line in BufReader::new(File::open(path).ok()?.take(HEAD)).split(b'\n') {
        let Ok(line) = serde_json::from_slice::<Line>(&line.ok()?) else { continue };
        if line.is_sidechain {
            return None;
        }
        directory = directory.or(line.cwd);
        let is_prompt = line.kind.as_deref() == Some("user") && !line.is_meta;
        let prompt = line.message.filter(|_| is_prompt).and_then(|message| text(&message.content));
        title = line.summary.or(title).or(prompt);
        if directory.is_some() && title.is_some() {
            break;
        }
    }
    let title = title.map(|title| title.chars().take(LONGEST_TITLE).collect::<String>());
    Some(SessionInfo::new(id.to_owned(), directory?).title(title).updated_at(time(modified)))
}

fn text(content: &serde_json::Value) -> Option<String> {
    let text = content.as_str().or_else(|| content.as_array()?.iter().find_map(|block| block["text"].as_str()))?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    // The CLI wraps its own texts in tags.
    Some(line.to_owned()).filter(|line| !line.starts_with('<'))
}

/// Returns a time in the form of ISO 8601, in UTC. Returns `None` before 1970 and after the year 9999.
fn time(time: SystemTime) -> Option<String> {
    let mut text = String::new();
    write!(text, "{}", humantime::format_rfc3339_seconds(time)).ok().map(|()| text)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn timestamps_follow_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_827_696, "2000-02-29T12:34:56Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_600, "2025-01-01T00:00:00Z"),
        ] {
            assert_eq!(time(UNIX_EPOCH + Duration::from_secs(seconds)).as_deref(), Some(text));
        }
    }

    #[test]
    fn titles_are_the_first_typed_prompt() {
        assert_eq!(text(&serde_json::json!("\n fix it \nplease")).as_deref(), Some("fix it"));
        assert_eq!(text(&serde_json::json!([{ "type": "text", "text": "look" }])).as_deref(), Some("look"));
        assert_eq!(text(&serde_json::json!("<command-name>/clear</command-name>")), None);
        assert_eq!(text(&serde_json::json!(5)), None);
    }
}
