//! Tool calls as the client shows them: title, kind, locations, and content.

use agent_client_protocol::v1::schema::{
    Content, ContentBlock, Diff, ImageContent, TextContent, ToolCallContent, ToolCallLocation, ToolCallUpdateFields,
    ToolKind,
};
use claude_duplex::Json;
use claude_duplex::message::content::ToolResultBlock;
use claude_duplex::message::{ContentBlock as Block, ToolInput};
use serde::Deserialize;
use serde_json::Value;

/// Maximum length of a title, in characters.
const LONGEST_TITLE: usize = 200;

/// Description of a tool call for the client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ToolDescription {
    pub(crate) title: String,
    pub(crate) kind: ToolKind,
    pub(crate) locations: Vec<ToolCallLocation>,
    pub(crate) content: Vec<ToolCallContent>,
    /// `true` if the content is kept when the call succeeds, because it shows more than the result.
    pub(crate) keeps_content: bool,
}

impl ToolDescription {
    /// Returns the fields of an update for the call.
    pub(crate) fn fields(self, input: &Json) -> ToolCallUpdateFields {
        ToolCallUpdateFields::new()
            .title(self.title)
            .kind(self.kind)
            .content(self.content)
            .locations(self.locations)
            .raw_input(raw(input))
    }
}

/// Fields of tool inputs from which titles and locations are made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    path: Option<String>,
    file_path: Option<String>,
    notebook_path: Option<String>,
    new_source: Option<String>,
    pattern: Option<String>,
    url: Option<String>,
    query: Option<String>,
    skill: Option<String>,
    edits: Option<Vec<Change>>,
}

#[derive(Debug, Deserialize)]
struct Change {
    old_string: String,
    new_string: String,
}

/// Describes a call. `input` is `None` until the input is complete.
pub(crate) fn describe(name: &str, input: Option<&Json>) -> ToolDescription {
    let mut call = ToolDescription {
        title: name.to_owned(),
        kind: kind(name),
        locations: Vec::new(),
        content: Vec::new(),
        keeps_content: false,
    };
    let Some(input) = input else { return call };
    match ToolInput::parse(name, input) {
        Ok(ToolInput::Bash(bash)) => {
            call.title = bash.command;
            call.content.extend(bash.description.map(text));
        }
        Ok(ToolInput::Read(read)) => {
            // An offset is a number of a line; what is none of those is left out.
            let line = read.offset.filter(|line| *line >= 1.0 && *line < f64::from(u32::MAX)).map(|line| line as u32);
            call.title = match (line, read.limit) {
                (None, None) => format!("Read {}", read.file_path),
                (line, None) => format!("Read {} (from line {})", read.file_path, line.unwrap_or(1)),
                (line, Some(limit)) => {
                    let first = line.unwrap_or(1);
                    format!("Read {} ({first} - {})", read.file_path, f64::from(first) + limit - 1.0)
                }
            };
            call.locations.push(place(&read.file_path, line));
        }
        Ok(ToolInput::Edit(edit)) => {
            call.title = format!("Edit {}", edit.file_path);
            call.locations.push(place(&edit.file_path, None));
            call.content.push(diff(&edit.file_path, Some(edit.old_string), edit.new_string));
            call.keeps_content = true;
        }
        Ok(ToolInput::Write(write)) => {
            call.title = format!("Write {}", write.file_path);
            call.locations.push(place(&write.file_path, None));
            call.content.push(diff(&write.file_path, None, write.content));
            call.keeps_content = true;
        }
        Ok(ToolInput::Agent(agent)) => {
            call.title = agent.description;
            call.content.push(text(agent.prompt));
        }
        Ok(ToolInput::ExitPlanMode(plan)) => {
            call.title = "Ready to code?".to_owned();
            call.content.extend(plan.plan.map(text));
            call.keeps_content = true;
        }
        _ => other(&mut call, name, input),
    }
    call.title = cut(&call.title);
    call
}

/// Describes a call of a tool whose input the library does not model.
fn other(call: &mut ToolDescription, name: &str, input: &Json) {
    let named: Named = input.decode().unwrap_or_default();
    let path = named.file_path.or(named.notebook_path).or(named.path);
    if let Some(path) = &path {
        call.locations.push(place(path, None));
    }
    call.title = match (name, named.pattern, path) {
        ("Glob" | "Grep", Some(pattern), Some(path)) => format!("{name} `{pattern}` in {path}"),
        (_, Some(pattern), _) => format!("{name} `{pattern}`"),
        ("MultiEdit", _, Some(path)) => {
            let changes = named.edits.unwrap_or_default().into_iter();
            call.content.extend(changes.map(|edit| diff(&path, Some(edit.old_string), edit.new_string)));
            call.keeps_content = true;
            format!("Edit {path}")
        }
        ("NotebookEdit", _, Some(path)) => {
            call.content.extend(named.new_source.map(text));
            format!("Edit {path}")
        }
        (_, _, Some(path)) => format!("{name} {path}"),
        _ => match (named.url, named.query, named.skill) {
            (Some(url), ..) => format!("Fetch {url}"),
            (_, Some(query), _) => format!("{name} \"{query}\""),
            (.., Some(skill)) => format!("{name} {skill}"),
            _ => match name.strip_prefix("mcp__").and_then(|name| name.split_once("__")) {
                Some((server, tool)) => format!("{tool} ({server})"),
                None => name.to_owned(),
            },
        },
    };
}

fn kind(name: &str) -> ToolKind {
    match name {
        "Read" | "NotebookRead" | "ReadMcpResource" | "ReadMcpResourceTool" => ToolKind::Read,
        "Edit" | "Write" | "MultiEdit" | "NotebookEdit" => ToolKind::Edit,
        "Bash" | "BashOutput" | "KillShell" | "KillBash" | "TaskOutput" | "TaskStop" | "Monitor" => ToolKind::Execute,
        "Glob" | "Grep" | "LS" | "ToolSearch" | "LSP" => ToolKind::Search,
        "WebFetch" | "WebSearch" => ToolKind::Fetch,
        "Task" | "Agent" | "Skill" => ToolKind::Think,
        "EnterPlanMode" | "ExitPlanMode" => ToolKind::SwitchMode,
        _ => ToolKind::Other,
    }
}

/// Returns the content of a tool's result.
pub(crate) fn result(name: &str, result: &ToolResultBlock) -> Vec<ToolCallContent> {
    let Ok(blocks) = result.blocks() else { return vec![text(result.text().into_owned())] };
    let shown = blocks.into_iter().filter_map(|block| match block {
        Block::Text(shown) if shown.text.is_empty() => None,
        Block::Text(shown) if name == "Bash" || result.is_error => Some(text(fenced(&shown.text))),
        Block::Text(shown) => Some(text(shown.text)),
        Block::Image(image) => {
            let source: Source = image.source.decode().unwrap_or_default();
            let image = ImageContent::new(source.data?, source.media_type?);
            Some(ToolCallContent::Content(Content::new(ContentBlock::Image(image))))
        }
        _ => None,
    });
    shown.collect()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    data: Option<String>,
    media_type: Option<String>,
}

/// Returns output as a code block of Markdown. The fence is longer than any fence in the output.
fn fenced(output: &str) -> String {
    let longest = output.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{}\n{fence}", output.trim_end_matches('\n'))
}

/// Returns the input of a call as a `serde_json` value.
pub(crate) fn raw(input: &Json) -> Option<Value> {
    input.decode().ok()
}

/// Returns text as content of a call.
pub(crate) fn text(text: impl Into<String>) -> ToolCallContent {
    ToolCallContent::Content(Content::new(ContentBlock::Text(TextContent::new(text))))
}

fn diff(path: &str, old: Option<String>, new: String) -> ToolCallContent {
    ToolCallContent::Diff(Diff::new(path, new).old_text(old))
}

fn place(path: &str, line: Option<u32>) -> ToolCallLocation {
    ToolCallLocation::new(path).line(line)
}

/// Returns the first line of a title, truncated to the maximum length.
fn cut(title: &str) -> String {
    let line: String = title.trim().chars().take(LONGEST_TITLE).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() < title.trim().len() { line + "..." } else { line }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(name: &str, input: serde_json::Value) -> ToolDescription {
        describe(name, Some(&Json::from(&input)))
    }

    #[test]
    fn each_tool_has_its_title_and_kind() {
        for (name, input, title, kind) in [
            ("Bash", json!({ "command": "ls -l\npwd" }), "ls -l pwd", ToolKind::Execute),
            ("Read", json!({ "file_path": "/a" }), "Read /a", ToolKind::Read),
            ("Read", json!({ "file_path": "/a", "offset": 5, "limit": 10 }), "Read /a (5 - 14)", ToolKind::Read),
            ("Read", json!({ "file_path": "/a", "offset": 5 }), "Read /a (from line 5)", ToolKind::Read),
            ("Write", json!({ "file_path": "/a", "content": "x" }), "Write /a", ToolKind::Edit),
            ("Grep", json!({ "pattern": "x", "path": "/s" }), "Grep `x` in /s", ToolKind::Search),
            ("Glob", json!({ "pattern": "*.rs" }), "Glob `*.rs`", ToolKind::Search),
            ("WebFetch", json!({ "url": "http://x", "prompt": "p" }), "Fetch http://x", ToolKind::Fetch),
            ("WebSearch", json!({ "query": "q" }), "WebSearch \"q\"", ToolKind::Fetch),
            ("Task", json!({ "description": "look", "prompt": "p" }), "look", ToolKind::Think),
            ("ExitPlanMode", json!({ "plan": "p" }), "Ready to code?", ToolKind::SwitchMode),
            ("mcp__files__list", json!({}), "list (files)", ToolKind::Other),
            ("New", json!({ "x": 1 }), "New", ToolKind::Other),
            // What is not as it should be is shown by its name.
            ("Bash", json!({ "command": 5 }), "Bash", ToolKind::Execute),
        ] {
            let described = described(name, input);
            assert_eq!((&*described.title, described.kind), (title, kind), "{name}");
        }
    }

    #[test]
    fn edits_are_shown_as_diffs() {
        let edit = described("Edit", json!({ "file_path": "/a", "old_string": "x", "new_string": "y" }));
        assert_eq!(edit.content, [diff("/a", Some("x".to_owned()), "y".to_owned())]);
        assert_eq!(edit.locations, [place("/a", None)]);
        let edits = json!([{ "old_string": "x", "new_string": "y" }, { "old_string": "1", "new_string": "2" }]);
        assert_eq!(described("MultiEdit", json!({ "file_path": "/a", "edits": edits })).content.len(), 2);
    }

    #[test]
    fn a_code_fence_is_longer_than_the_fences_inside() {
        assert_eq!(fenced("a\n"), "```\na\n```");
        assert_eq!(fenced("```` x"), "`````\n```` x\n`````");
    }

    #[test]
    fn long_titles_are_truncated() {
        let title = cut(&"é".repeat(500));
        assert_eq!(title.chars().count(), LONGEST_TITLE + 3);
    }
}
