//! A permission policy, and its unit test, which needs no CLI.
//!
//!     cargo run --example permissions --features tokio

use claude_duplex::{Decision, Handlers, PermissionRequest, Session};

/// Allows to look at things, and git as long as it stays on this machine.
fn policy(tool: &PermissionRequest) -> Decision {
    let input: serde_json::Value = tool.input.decode().unwrap_or_default();
    match (&*tool.tool_name, input["command"].as_str()) {
        ("Read" | "Grep" | "Glob", _) | ("Bash", Some("git status" | "git diff" | "git log")) => Decision::allow(),
        (name, _) => Decision::deny(format!("this call of {name} is not on the list")),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let handlers = Handlers::new().permission(async |tool| policy(&tool));
    let claude = Session::builder().handlers(handlers).spawn_tokio()?;
    println!("{}", claude.prompt("What has changed in this folder?")?.await?.text());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_is_allowed_inside_the_folder_only() {
        let bash = |command: &str| policy(&PermissionRequest::new("Bash", serde_json::json!({ "command": command })));
        assert_eq!(bash("git status"), Decision::allow());
        assert!(matches!(bash("git push"), Decision::Deny(_)));
    }
}
