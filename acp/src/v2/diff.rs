//! Changes of files, which are two texts in version 1 and a patch in version 2.

use std::fmt::Write;

use serde_json::{Value, json};

/// Replaces the changes in the content of a call by patches.
pub(super) fn translate(call: &mut Value) {
    // Indexing would add `null`, which clears the content that the client has.
    for content in call.get_mut("content").and_then(Value::as_array_mut).into_iter().flatten() {
        if content["type"] != "diff" {
            continue;
        }
        let path = content["path"].as_str().unwrap_or_default();
        let (old, new) = (content["oldText"].as_str(), content["newText"].as_str().unwrap_or_default());
        let operation = if old.is_some() { "modify" } else { "add" };
        *content = json!({
            "type": "diff",
            "changes": [{ "operation": operation, "path": path }],
            "patch": { "format": "git_patch", "text": patch(path, old, new) },
        });
    }
}

/// Returns a change in the format of Git. Lines are counted from the start of the old text, which is only a part of the file.
fn patch(path: &str, old: Option<&str>, new: &str) -> String {
    let path = quoted(path);
    let mut patch = format!("diff --git {path} {path}\n");
    match old {
        Some(_) => patch.push_str(&format!("--- {path}\n+++ {path}\n")),
        None => patch.push_str(&format!("new file mode 100644\n--- /dev/null\n+++ {path}\n")),
    }
    let (removed, added) = (old.unwrap_or_default().lines().count(), new.lines().count());
    if removed + added > 0 {
        // A part without lines is before the first line.
        let first = |count: usize| u8::from(count > 0);
        let _ = writeln!(patch, "@@ -{},{removed} +{},{added} @@", first(removed), first(added));
        lines(&mut patch, '-', old.unwrap_or_default());
        lines(&mut patch, '+', new);
    }
    patch
}

fn lines(patch: &mut String, sign: char, text: &str) {
    for line in text.split_inclusive('\n') {
        patch.push(sign);
        patch.push_str(line);
        if !line.ends_with('\n') {
            patch.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// Returns a path as Git writes it, in quotes if it contains special characters.
fn quoted(path: &str) -> String {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if path.bytes().all(|byte| is_plain(&byte)) {
        return path.to_owned();
    }
    let mut quoted = String::from("\"");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', byte.into()]),
            byte if is_plain(&byte) => quoted.push(byte.into()),
            byte => quoted.push_str(&format!("\\{byte:03o}")),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_a_patch() {
        let mut call = json!({ "content": [
            { "type": "diff", "path": "/a", "oldText": "x\ny\n", "newText": "z" },
            { "type": "content", "content": { "type": "text", "text": "t" } },
        ] });
        translate(&mut call);
        let text = "diff --git /a /a\n--- /a\n+++ /a\n@@ -1,2 +1,1 @@\n-x\n-y\n+z\n\\ No newline at end of file\n";
        assert_eq!(call["content"][0]["changes"], json!([{ "operation": "modify", "path": "/a" }]));
        assert_eq!(call["content"][0]["patch"], json!({ "format": "git_patch", "text": text }));
        assert_eq!(call["content"][1]["type"], "content");
        let diff: agent_client_protocol::v2::schema::ToolCallContent =
            serde_json::from_value(call["content"][0].clone()).expect("version 2");
        assert!(matches!(diff, agent_client_protocol::v2::schema::ToolCallContent::Diff(_)), "{diff:?}");
    }

    #[test]
    fn a_new_file_is_an_addition() {
        let text = "diff --git /a /a\nnew file mode 100644\n--- /dev/null\n+++ /a\n@@ -0,0 +1,1 @@\n+x\n";
        assert_eq!(patch("/a", None, "x\n"), text);
        assert_eq!(patch("/a", None, ""), "diff --git /a /a\nnew file mode 100644\n--- /dev/null\n+++ /a\n");
    }

    #[test]
    fn unusual_paths_are_quoted() {
        for (path, written) in
            [("/a b", "/a b"), ("/\"", "\"/\\\"\""), ("C:\\a", "\"C:\\\\a\""), ("/é\n", "\"/\\303\\251\\012\"")]
        {
            assert_eq!(quoted(path), written);
        }
    }
}
