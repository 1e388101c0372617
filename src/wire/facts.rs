//! What the session itself reads in a line: which turn it opens or closes, for whom, and what still runs.
//!
//! Everything is read where it stands, and names are cut: what a line costs does not depend on what it contains.

mod result;

pub(crate) use result::{BROKE_OFF, DIAGNOSTIC, INTERRUPTED, ResultFacts, result};

use serde::{Deserialize, Serialize};

use crate::base::ids::Uuid;
use crate::wire::scan::raw::{Raw, Text};

/// How many capabilities are read; the CLI has a dozen.
const CAPABILITIES: usize = 256;
/// The longest name that is kept, in bytes: of a session, a version, a capability, a reason. The CLI's have 36 at most.
pub(crate) const LONGEST_NAME: usize = 256;

/// A `system/init`: a turn begins.
#[derive(Debug, Default)]
pub(crate) struct Init {
    pub(crate) session_id: Option<String>,
    pub(crate) claude_code_version: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) permission_mode: Option<String>,
    /// Those that are texts of at most [`LONGEST_NAME`] bytes, among the first [`CAPABILITIES`].
    pub(crate) capabilities: Vec<String>,
}

pub(crate) fn init(line: &[u8]) -> Init {
    let mut init = Init::default();
    for (key, value) in Raw::line(line).members() {
        if key.is("session_id") {
            init.session_id = name(value);
        } else if key.is("claude_code_version") {
            init.claude_code_version = name(value);
        } else if key.is("model") {
            init.model = name(value);
        } else if key.is("permissionMode") {
            init.permission_mode = name(value);
        } else if key.is("capabilities") {
            init.capabilities = value.items().take(CAPABILITIES).filter_map(name).collect();
        }
    }
    init
}

/// A `command_lifecycle`: how far the CLI is with a prompt.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    pub(crate) uuid: Uuid,
    pub(crate) state: CommandState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandState {
    Queued,
    Started,
    Completed,
    Cancelled,
    /// The session ended while it waited.
    Discarded,
    Refused,
    Other,
}

pub(crate) fn lifecycle(line: &[u8]) -> Option<Lifecycle> {
    let line = Raw::line(line);
    let uuid = uuid(line.text_of("command_uuid")?)?;
    let state = match &*line.text_of("state")?.start(LONGEST_NAME) {
        "queued" => CommandState::Queued,
        "started" => CommandState::Started,
        "completed" => CommandState::Completed,
        "cancelled" => CommandState::Cancelled,
        "discarded" => CommandState::Discarded,
        "refused" => CommandState::Refused,
        _ => CommandState::Other,
    };
    Some(Lifecycle { uuid, state })
}

/// Returns the number of content blocks of that type in an `assistant` or `user` line. Within a text the quotes would be
/// escaped.
pub(crate) fn blocks(line: &[u8], block: &str) -> usize {
    memchr::memmem::find_iter(line, format!("\"{block}\"").as_bytes()).count()
}

/// Reads the id and the name of each call of a tool in an `assistant` line. A call without an id, or with one that is too long,
/// is left out.
pub(crate) fn tool_calls(line: &[u8]) -> impl Iterator<Item = (String, String)> {
    let calls = content(line, "tool_use");
    calls.filter_map(|call| Some((call.get("id").and_then(name)?, cut(call.text_of("name")?))))
}

/// Reads the ids of the calls to which a `user` line has the results.
pub(crate) fn returned_calls(line: &[u8]) -> impl Iterator<Item = String> {
    content(line, "tool_result").filter_map(|result| result.get("tool_use_id").and_then(name))
}

/// Reads the blocks of that type of an `assistant` or `user` line.
fn content<'l>(line: &'l [u8], wanted: &'static str) -> impl Iterator<Item = Raw<'l>> {
    // Most lines have none, and are not read then.
    let has_some = blocks(line, wanted) > 0;
    let content = has_some.then(|| Raw::line(line).get("message")?.get("content")).flatten();
    let is_wanted = move |block: &Raw<'_>| block.text_of("type").is_some_and(|kind| kind.is(wanted));
    content.into_iter().flat_map(Raw::items).filter(is_wanted)
}

/// A `system/api_retry`: a request to the API failed, and is repeated.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct ApiRetry {
    pub(crate) attempt: Option<u64>,
    pub(crate) max_retries: Option<u64>,
    /// HTTP status of the failure.
    pub(crate) status: Option<u64>,
}

pub(crate) fn api_retry(line: &[u8]) -> ApiRetry {
    let line = Raw::line(line);
    let number = |key| line.get(key).and_then(Raw::number);
    ApiRetry { attempt: number("attempt"), max_retries: number("max_retries"), status: number("error_status") }
}

/// A `system` message about background work or the state of the session.
#[derive(Debug, Default)]
pub(crate) struct SystemFacts<'l> {
    pub(crate) task_id: Option<String>,
    pub(crate) task_type: Option<String>,
    pub(crate) state: Option<String>,
    /// State of a task that has ended, or, in an update, of the task.
    pub(crate) status: Option<String>,
    tasks: Option<Raw<'l>>,
}

/// A task in the list of those that run.
#[derive(Debug)]
pub(crate) struct ListedTask {
    pub(crate) task_id: Option<String>,
    pub(crate) task_type: Option<String>,
}

impl<'l> SystemFacts<'l> {
    /// Returns the tasks that run, each read when it is asked for.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = ListedTask> + use<'l> {
        let tasks = self.tasks.into_iter().flat_map(Raw::items);
        tasks.map(|task| ListedTask {
            task_id: task.get("task_id").and_then(name),
            task_type: task.get("task_type").and_then(name),
        })
    }
}

pub(crate) fn system(line: &[u8]) -> SystemFacts<'_> {
    let mut facts = SystemFacts::default();
    for (key, value) in Raw::line(line).members() {
        if key.is("task_id") {
            facts.task_id = name(value);
        } else if key.is("task_type") {
            facts.task_type = name(value);
        } else if key.is("state") {
            facts.state = value.text().map(cut);
        } else if key.is("status") {
            facts.status = value.text().map(cut);
        } else if key.is("patch") {
            facts.status = value.get("status").and_then(name);
        } else if key.is("tasks") {
            facts.tasks = Some(value);
        }
    }
    facts
}

/// Longest line in which a local command's error is looked for, in bytes.
const COMMAND_ERROR: usize = 64 << 10;

/// Whether a `user` or `assistant` line is the error of a local command: its output on stderr, as `compact_fail` of 1.0.128 to 2.1.50
/// has it in a `user` line, and `compact_empty` of 2.1.332 in an `assistant` line.
pub(crate) fn command_failed(line: &[u8]) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(line, part).is_some();
    line.len() <= COMMAND_ERROR
        && has(b"<local-command-stderr>")
        && (has(br#""content":"<local-command-stderr>"#) || has(br#""local_command_source":"<local-command-stderr>"#))
        && !has(br#""tool_result""#)
}

/// Whether a `system/informational` says that a hook keeps a prompt from going on.
pub(crate) fn prevents(line: &[u8]) -> bool {
    Raw::line(line).get("prevent_continuation").and_then(Raw::boolean) == Some(true)
}

/// Reads a name; one that is too long is none.
pub(crate) fn name(value: Raw<'_>) -> Option<String> {
    value.text()?.within(LONGEST_NAME)
}

/// Reads the start of a word: whoever compares it knows none that is longer.
fn cut(text: Text<'_>) -> String {
    text.start(LONGEST_NAME)
}

/// Reads a uuid. Lists of them may be long: nothing is allocated.
pub(crate) fn uuid(text: Text<'_>) -> Option<Uuid> {
    let (mut written, mut length) = ([0; 36], 0);
    for character in text.chars() {
        *written.get_mut(length)? = u8::try_from(character).ok()?;
        length += 1;
    }
    std::str::from_utf8(&written[..length]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_too_long_is_none() {
        let long = "x".repeat(LONGEST_NAME + 1);
        let line =
            format!(r#"{{"session_id":"{long}","capabilities":["a",5,"{long}","b"],"claude_code_version":"2"}}"#);
        let init = init(line.as_bytes());
        assert_eq!((init.session_id, init.claude_code_version.as_deref()), (None, Some("2")));
        assert_eq!(init.capabilities, ["a", "b"]);
    }
}
