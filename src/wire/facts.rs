//! Data that the session reads from a line: the turn that it starts or ends, the prompts concerned, and running tasks.
//!
//! Values are read in place, and names are truncated. The cost of a line therefore does not depend on its content.

mod result;

pub(crate) use result::{BROKE_OFF, DIAGNOSTIC, INTERRUPTED, ResultFacts, result};

use serde::{Deserialize, Serialize};

use crate::base::ids::Uuid;
use crate::wire::scan::raw::Raw;
use crate::wire::text::Text;

/// Maximum number of capabilities that are read. The CLI has about a dozen.
const CAPABILITIES: usize = 256;
/// Maximum length, in bytes, of a name that is kept: a session, a version, a capability or a reason. Names of the CLI have
/// at most 36 bytes.
pub(crate) const LONGEST_NAME: usize = 256;

/// Data of a `system/init`, which starts a turn.
#[derive(Debug, Default)]
pub(crate) struct Init {
    pub(crate) session_id: Option<String>,
    pub(crate) claude_code_version: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) permission_mode: Option<String>,
    /// Capabilities of at most [`LONGEST_NAME`] bytes, from the first [`CAPABILITIES`] items.
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

/// Data of a `command_lifecycle`: the state of a prompt in the CLI.
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
    /// The session ended before the prompt was run.
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

/// A type of content blocks, as it is written in a line: with its quotes.
pub(crate) const TOOL_USE: &str = r#""tool_use""#;
pub(crate) const TOOL_RESULT: &str = r#""tool_result""#;

/// Returns the number of content blocks with a type in an `assistant` or `user` line. Text cannot match, since its quotes
/// are escaped. The search ends at `most` blocks: a result of a tool is long, and its type is at its start.
pub(crate) fn blocks(line: &[u8], block: &'static str, most: usize) -> usize {
    memchr::memmem::find_iter(line, block).take(most).count()
}

/// Returns the id and the name of each tool call in an `assistant` line. A call is left out if its id is missing or too
/// long.
pub(crate) fn tool_calls(line: &[u8]) -> impl Iterator<Item = (String, String)> {
    let calls = content(line, TOOL_USE);
    calls.filter_map(|call| Some((call.get("id").and_then(name)?, cut(call.text_of("name")?))))
}

/// Returns the ids of the tool calls whose results are in a `user` line.
pub(crate) fn returned_calls(line: &[u8]) -> impl Iterator<Item = String> {
    content(line, TOOL_RESULT).filter_map(|result| result.get("tool_use_id").and_then(name))
}

/// Returns the content blocks with a type from an `assistant` or `user` line.
fn content<'l>(line: &'l [u8], wanted: &'static str) -> impl Iterator<Item = Raw<'l>> {
    // Most lines contain no such block, and need not be parsed.
    let has_some = blocks(line, wanted, 1) > 0;
    let wanted = wanted.trim_matches('"');
    let content = has_some.then(|| Raw::line(line).get("message")?.get("content")).flatten();
    let is_wanted = move |block: &Raw<'_>| block.text_of("type").is_some_and(|kind| kind.is(wanted));
    content.into_iter().flat_map(Raw::items).filter(is_wanted)
}

/// Data of a `system/api_retry`: a request to the API failed, and is repeated.
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

/// Data of a `system` message about background tasks or the state of the session.
#[derive(Debug, Default)]
pub(crate) struct SystemFacts<'l> {
    pub(crate) task_id: Option<String>,
    pub(crate) task_type: Option<String>,
    pub(crate) state: Option<String>,
    /// State of a task that has ended. In an update, the new state of the task.
    pub(crate) status: Option<String>,
    tasks: Option<Raw<'l>>,
}

/// A task in the list of running tasks.
#[derive(Debug)]
pub(crate) struct ListedTask {
    pub(crate) task_id: Option<String>,
    pub(crate) task_type: Option<String>,
}

impl<'l> SystemFacts<'l> {
    /// Returns the running tasks. Each is parsed when the iterator reaches it.
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

/// Maximum length of a line that is searched for the output of a local command, in bytes.
const COMMAND_ERROR: usize = 64 << 10;

/// Returns `true` if a `user` or `assistant` line is the error of a local command, i.e. its output on stderr.
///
/// 1.0.128 to 2.1.50 send it in a `user` line (`compact_fail`), and 2.1.332 in an `assistant` line (`compact_empty`).
pub(crate) fn command_failed(line: &[u8]) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(line, part).is_some();
    line.len() <= COMMAND_ERROR
        && has(b"<local-command-stderr>")
        && (has(br#""content":"<local-command-stderr>"#) || has(br#""local_command_source":"<local-command-stderr>"#))
        && !has(TOOL_RESULT.as_bytes())
}

/// Returns `true` if a `user` line is the output of a local command.
pub(crate) fn is_command_output(line: &[u8]) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(line, part).is_some();
    line.len() <= COMMAND_ERROR && has(br#""content":"<local-command-std"#) && !has(TOOL_RESULT.as_bytes())
}

/// Returns `true` if a `system/informational` reports that a hook stopped a prompt.
pub(crate) fn prevents(line: &[u8]) -> bool {
    Raw::line(line).get("prevent_continuation").and_then(Raw::boolean) == Some(true)
}

/// Reads a name. Returns `None` if it is too long.
pub(crate) fn name(value: Raw<'_>) -> Option<String> {
    value.text()?.within(LONGEST_NAME)
}

/// Reads the start of a word. A truncated word equals no known word.
fn cut(text: Text<'_>) -> String {
    text.start(LONGEST_NAME)
}

/// Parses a uuid. Does not allocate, since lists of uuids can be long.
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
    fn a_name_that_is_too_long_is_ignored() {
        let long = "x".repeat(LONGEST_NAME + 1);
        let line =
            format!(r#"{{"session_id":"{long}","capabilities":["a",5,"{long}","b"],"claude_code_version":"2"}}"#);
        let init = init(line.as_bytes());
        assert_eq!((init.session_id, init.claude_code_version.as_deref()), (None, Some("2")));
        assert_eq!(init.capabilities, ["a", "b"]);
    }
}
