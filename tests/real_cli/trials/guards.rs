//! Hooks that guard something: what happens to it when the hook gets no response, an error, an empty output, or the refusal.
//!
//! The table in `docs/protocol/incoming.md` has the same content.

use std::fs;

use claude_duplex::incoming::hook::HookEvent;
use serde_json::{Value, json};

use crate::raw::{Raw, Result, Way};
use crate::script::{script, text, tool};
use crate::talk::Trial;
use crate::watch::Case;

trials![
    guard_of_a_tool,
    guard_of_a_permission_request,
    guard_of_a_prompt,
    guard_of_a_slash_command,
    guard_of_a_skills_command,
    guard_of_the_model,
    guard_of_the_settings,
    guard_of_a_new_task,
    guard_of_a_finished_task,
];

const WAYS: [Way; 4] = [Way::Nothing, Way::Error, Way::Empty, Way::Refusal];

const BYPASS: &[&str] = &["--dangerously-skip-permissions"];
const PERMISSION_FLAGS: &[&str] = &["--permission-prompt-tool", "stdio"];

/// A guard, and what is known of it.
pub(super) struct Guard {
    pub(super) event: HookEvent,
    /// Oldest version of the suite that has the event.
    pub(super) first: &'static str,
    /// Version since which the refusal stops it, if not the first one.
    pub(super) refused_since: Option<&'static str>,
    /// Version since which the thing is stopped if the hook is not answered in time; `None` if it never is.
    pub(super) stops_in_time: Option<&'static str>,
}

/// Asserts for each way to respond whether the guarded thing happens; `happens` tries it.
pub(super) fn judge(
    case: &Case,
    guard: &Guard,
    arguments: &[&str],
    mut happens: impl FnMut(&mut Raw<'_>, Way) -> Result<bool>,
) -> Trial {
    let mut raw = Raw::start(case, guard.event.clone(), arguments)?;
    for way in WAYS {
        if way == Way::Nothing
            && case.before("2.0.42", "no response: not tried, as the hook's timeout is 60 s whatever it says")
        {
            continue;
        }
        raw.way = way;
        raw.forget();
        let happened = happens(&mut raw, way)?;
        if raw.incoming_count == 0 {
            assert!(case.is_before(guard.first), "no hook was asked");
            case.lacks(if happened { "no such event, and nothing guards it" } else { "no such event" });
            break;
        }
        let expected = match way {
            Way::Nothing => {
                guard.stops_in_time.is_none_or(|first| case.before(first, "no response in time: it happens"))
            }
            Way::Error | Way::Empty => true,
            Way::Refusal => guard.refused_since.is_some_and(|first| case.before(first, "the refusal stops nothing")),
        };
        assert_eq!(happened, expected, "{way:?}");
    }
    raw.close()
}

fn file(case: &Case, name: &str) -> bool {
    let path = case.place.cwd().join(name);
    let exists = path.exists();
    if exists {
        fs::remove_file(path).expect("the file can be removed");
    }
    exists
}

fn write(case: &Case, path: &str, content: &str) -> Trial {
    let path = case.place.cwd().join(path);
    fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    Ok(fs::write(path, content)?)
}

fn touching() -> String {
    let touch = json!({ "command": "touch made.txt", "description": "make it" });
    script([tool("Bash", touch), text("done")])
}

async fn guard_of_a_tool(case: &Case) -> Trial {
    let guard =
        Guard { event: HookEvent::PreToolUse, first: "1.0.128", refused_since: None, stops_in_time: Some("2.1.160") };
    judge(case, &guard, BYPASS, |raw, _| {
        raw.turn(&touching())?;
        Ok(file(case, "made.txt"))
    })
}

/// The hook and the permission request are asked side by side. The latter is allowed once the hook was answered.
async fn guard_of_a_permission_request(case: &Case) -> Trial {
    let guard = Guard {
        event: HookEvent::PermissionRequest,
        first: "2.1.50",
        refused_since: None,
        stops_in_time: Some("2.1.160"),
    };
    judge(case, &guard, PERMISSION_FLAGS, |raw, way| {
        raw.prompt(&touching())?;
        let mut guarded_request: Option<Value> = None;
        loop {
            let line = raw.next("a result")?;
            if line["type"] == "result" {
                return Ok(file(case, "made.txt"));
            }
            if line["request"]["subtype"] == "can_use_tool" {
                guarded_request = Some(line);
            }
            let is_lacking = case.is_before(guard.first);
            let is_answered = raw.incoming_count > 0 && (way != Way::Nothing || raw.open_ids.is_empty());
            if way != Way::Refusal && (is_lacking || is_answered) {
                if let Some(guarded_request) = guarded_request.take() {
                    let allow = json!({ "behavior": "allow", "updatedInput": guarded_request["request"]["input"] });
                    raw.respond(&guarded_request["request_id"], &allow)?;
                }
            }
        }
    })
}

async fn guard_of_a_prompt(case: &Case) -> Trial {
    let guard = Guard {
        event: HookEvent::UserPromptSubmit,
        first: "1.0.128",
        refused_since: None,
        stops_in_time: Some("2.1.160"),
    };
    judge(case, &guard, BYPASS, |raw, way| {
        let sent_text = format!("heard of {way:?}");
        let result = raw.turn(&script([text(&sent_text)]))?;
        Ok(result["result"] == *sent_text)
    })
}

async fn guard_of_a_slash_command(case: &Case) -> Trial {
    write(case, ".claude/commands/hi.md", "the secret of $ARGUMENTS\n")?;
    let guard = Guard {
        event: HookEvent::UserPromptExpansion,
        first: "2.1.143",
        refused_since: None,
        stops_in_time: Some("2.1.160"),
    };
    judge(case, &guard, BYPASS, |raw, way| {
        raw.turn(&format!("/hi {way:?}"))?;
        let secret = format!("the secret of {way:?}");
        Ok(case.api.calls().iter().flat_map(|call| &call.messages).any(|sent_text| sent_text.text.contains(&secret)))
    })
}

async fn guard_of_a_skills_command(case: &Case) -> Trial {
    let command = "---\nallowed-tools: Bash(touch:*), Bash(*)\ndescription: makes it\n---\nIt is !`touch made.txt`\n";
    write(case, ".claude/commands/make.md", command)?;
    let event = HookEvent::PreSkillShellCommand;
    let guard = Guard { event, first: "2.1.332", refused_since: None, stops_in_time: Some("2.1.332") };
    judge(case, &guard, BYPASS, |raw, _| {
        raw.turn("/make")?;
        Ok(file(case, "made.txt"))
    })
}

async fn guard_of_the_model(case: &Case) -> Trial {
    let guard = Guard {
        event: HookEvent::PreModelSwitch,
        first: "2.1.278",
        refused_since: None,
        stops_in_time: Some("2.1.278"),
    };
    let models = ["claude-opus-4-6", "claude-sonnet-4-6"];
    let mut switched = 0;
    judge(case, &guard, BYPASS, |raw, _| {
        let reply = raw.request(json!({ "subtype": "set_model", "model": models[switched % 2] }))?;
        let is_switched = reply["subtype"] == "success";
        switched += usize::from(is_switched);
        Ok(is_switched)
    })
}

/// A settings file changes the environment of the tools.
async fn guard_of_the_settings(case: &Case) -> Trial {
    write(case, ".claude/settings.json", "{}")?;
    let guard = Guard { event: HookEvent::ConfigChange, first: "2.1.50", refused_since: None, stops_in_time: None };
    let probe = json!({ "command": "echo \"$PROBE\" > probe.txt", "description": "look" });
    let probe = script([tool("Bash", probe), text("done")]);
    judge(case, &guard, BYPASS, |raw, way| {
        let value = format!("{way:?}");
        // It looks at the folder once it has begun, and does not see what was written before.
        raw.turn("begin")?;
        let settings = json!({ "env": { "PROBE": value } }).to_string();
        write(case, ".claude/settings.json", &settings)?;
        let mut waits = 0;
        while raw.incoming_count == 0 && !(case.is_before(guard.first) && waits == 20)
            || way == Way::Nothing && !raw.open_ids.is_empty()
        {
            raw.turn("wait")?;
            waits += 1;
            if raw.incoming_count == 0 && waits % 50 == 0 {
                write(case, ".claude/settings.json", &format!("{settings}{}", "\n".repeat(waits / 50)))?;
            }
        }
        let mut seen = String::new();
        // What takes effect does so a moment after the answer.
        for _ in 0..if way == Way::Refusal || raw.incoming_count == 0 { 5 } else { 100 } {
            raw.turn(&probe)?;
            seen = fs::read_to_string(case.place.cwd().join("probe.txt"))?;
            if seen.trim() == value {
                break;
            }
        }
        Ok(seen.trim() == value)
    })
}

async fn guard_of_a_new_task(case: &Case) -> Trial {
    guard_of_a_task(case, HookEvent::TaskCreated, |raw| {
        let before = tasks(raw)?;
        raw.turn(&script([new_task(), text("done")]))?;
        Ok(tasks(raw)?.len() > before.len())
    })
}

async fn guard_of_a_finished_task(case: &Case) -> Trial {
    guard_of_a_task(case, HookEvent::TaskCompleted, |raw| {
        raw.turn(&script([new_task(), text("done")]))?;
        let id = tasks(raw)?.pop().ok_or("no task")?;
        raw.turn(&script([tool("TaskUpdate", json!({ "taskId": id, "status": "completed" })), text("done")]))?;
        let listed = raw.results(&script([tool("TaskGet", json!({ "taskId": id })), text("done")]))?;
        Ok(listed.contains("completed"))
    })
}

fn guard_of_a_task(case: &Case, event: HookEvent, mut happens: impl FnMut(&mut Raw<'_>) -> Result<bool>) -> Trial {
    let mut raw = Raw::start(case, event.clone(), BYPASS)?;
    let offered = !raw.results(&script([new_task(), text("done")]))?.contains("No such tool");
    raw.close()?;
    if !offered {
        case.lacks("there is no tool that makes tasks");
        return Ok(());
    }
    let guard = Guard { event, first: "2.1.143", refused_since: None, stops_in_time: None };
    judge(case, &guard, BYPASS, |raw, _| happens(raw))
}

fn new_task() -> crate::script::Step {
    tool("TaskCreate", json!({ "subject": "tidy", "description": "tidy up", "activeForm": "tidying" }))
}

/// Ids of the tasks on the list.
fn tasks(raw: &mut Raw<'_>) -> Result<Vec<String>> {
    let listed = raw.results(&script([tool("TaskList", json!({})), text("done")]))?;
    let ids = listed.split('#').skip(1).map(|task| task.chars().take_while(char::is_ascii_digit).collect());
    Ok(ids.collect())
}
