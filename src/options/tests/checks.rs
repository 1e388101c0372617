//! Tests of conflicts, refused values, and values that are combined from several options.

use super::*;
use serde_json::Value;
use std::time::Duration;

#[test]
fn contradicting_options_are_refused_with_a_remedy() {
    let id = "00000000-0000-4000-8000-000000000000";
    for (options, says) in [
        (Options::new().host_permission_prompts().permission_prompt_tool("t"), "either to the host or to an MCP tool"),
        (
            Options::new().host_permission_prompts().no_permission_prompts(),
            "enable permission requests, or disable them",
        ),
        (Options::new().model("m").fallback_model("m"), "choose another model as the fallback"),
        (Options::new().continue_latest().resume("s"), "--continue and --resume exclude each other"),
        (Options::new().session_id(id).resume("s"), "or fork the session"),
        (Options::new().session_id(id).continue_latest(), "--session-id and --continue"),
        (Options::new().fork_session(), "--fork-session needs a session to fork"),
        (Options::new().resume_session_at("m"), "needs --resume"),
        (Options::new().resume("s").resume_drops_turn("m"), "needs --resume-session-at"),
        (Options::new().system_prompt("").system_prompt_file("f"), "set the prompt with only one of them"),
        (Options::new().append_system_prompt("a").append_system_prompt_file("f"), "set the text with only one of them"),
        (Options::new().no_session_persistence().session_mirror(), "exclude each other"),
        (Options::new().settings_file("f").sandbox(json!({})), "put the sandbox into the file"),
        (Options::new().await_claim().resume("s"), "when it is claimed"),
        (Options::new().managed_settings_in_initialize(), "needs --await-initialize"),
        (Options::new().dangerously_skip_permissions().permission_mode(PermissionMode::Plan), "set only one of them"),
        (
            Options::new().await_initialize().initialize_fields([InitializeField::Settings]).settings(json!({})),
            "send the settings in only one of the two ways",
        ),
    ] {
        let message = error(options);
        assert!(message.contains(says), "{message}");
    }
    assert!(Options::new().session_id(id).resume("s").fork_session().invocation().is_ok());
    assert!(Options::new().host_permission_prompts().invocation().is_ok());
}

#[test]
fn values_that_the_cli_refuses_or_misreads_are_refused() {
    for (options, says) in [
        (Options::new().program(""), "program is empty"),
        (Options::new().launcher("", [""]), "launcher is empty"),
        (Options::new().program("x.js").runtime("", [""]), "runtime is empty"),
        (Options::new().current_dir(""), "current_dir is empty"),
        (Options::new().program("--eval.js"), "write `./` before the name"),
        (Options::new().launcher("nice", ["-n", "1"]).program("-x"), "launcher would read it as a flag"),
        (Options::new().model(""), "--model is empty"),
        (Options::new().max_turns(0), "--max-turns must be a number above zero"),
        (Options::new().max_budget_usd(f64::NAN), "finite"),
        (Options::new().max_budget_usd(-1.0), "above zero"),
        (Options::new().thinking(ThinkingMode::Enabled { budget: 0 }), "--max-thinking-tokens"),
        (Options::new().beta("a,b"), "pass each name separately"),
        (Options::new().allowed_tools(["Read", "Bash(a(b) c)"]), "pass each rule separately"),
        (Options::new().allowed_tools(["Bash(a"]), "balanced"),
        (Options::new().skills(Skills::Named(vec!["a),Bash(*".to_owned()])), "skills must be names"),
        (Options::new().skills(Skills::Named(vec![" a".to_owned()])), "skills must be names"),
        (Options::new().plugin_url("ftp://a"), "--plugin-url must be an http or https URL"),
        (Options::new().file("", "a"), "--file must be FILE_ID:RELATIVE_PATH"),
        (Options::new().settings(json!([])), "--settings must be a JSON object"),
        (Options::new().project_config_root("."), "must be an absolute path"),
        (Options::new().json_schema(json!(true)), "--json-schema must be a JSON object"),
        (Options::new().mcp_server("a", json!("x")), "mcp_server must be a JSON object"),
        (Options::new().env("A=B", ""), "not a valid name of an environment variable"),
        (Options::new().env_remove(""), "not a valid name of an environment variable"),
        (Options::new().system_prompt("x".repeat(200_000)), "--system-prompt takes 200016 bytes"),
        (Options::new().settings(json!({ "a": "x".repeat(140_000) })), "--settings takes"),
        (Options::new().arg("x".repeat(140_000)), "a raw argument takes"),
    ] {
        let message = error(options);
        assert!(message.contains(says), "{message}");
        assert!(message.len() < 250, "{message}");
    }
    let fits = "x".repeat(131_071 - "--system-prompt=".len());
    assert!(Options::new().system_prompt(fits).invocation_for(Platform::Unix).is_ok());
}

#[test]
fn lists_repeat_or_join_as_the_cli_reads_them() {
    let options = Options::new()
        .beta("a")
        .beta("b")
        .tools(Tools::None)
        .allowed_tools(["Read"])
        .allowed_tools(["Edit"])
        .skills(Skills::Named(vec!["x:y".to_owned(), "my skill".to_owned()]))
        .allowed_tools::<String>([])
        .disallowed_tools::<String>([])
        .add_dir("a b")
        .add_dir("/c");
    let expected = [
        "--betas=a",
        "--betas=b",
        "--tools=",
        "--allowedTools=Read,Edit,Skill(x:y),Skill(my skill)",
        "--add-dir=a b",
        "--add-dir=/c",
    ];
    assert_eq!(args(options)[..6], expected);
    let servers =
        Options::new().mcp_config_file("-m.json").host_mcp_server("h").mcp_server("a", json!({"command": "c"}));
    let inline = r#"--mcp-config={"mcpServers":{"a":{"command":"c"},"h":{"name":"h","type":"sdk"}}}"#;
    let built = args(servers);
    let parse = |text: &str| serde_json::from_str::<Value>(text.split_once('=').unwrap().1).unwrap();
    assert_eq!((parse(&built[0]), &*built[1]), (parse(inline), "--mcp-config=./-m.json"));
}

#[test]
fn the_configuration_of_a_server_is_passed_unchanged() {
    let beyond = crate::base::json::Json::parse(r#"{"command":"c","limit":1e400}"#).unwrap();
    let server = args(Options::new().mcp_server("a", beyond)).swap_remove(0);
    assert_eq!(server, r#"--mcp-config={"mcpServers":{"a":{"command":"c","limit":1e400}}}"#);
}

#[test]
fn settings_and_sandbox_become_one_value() {
    let value = |options: Options| serde_json::from_str::<Value>(&args(options)[1]).unwrap();
    let both = Options::new().settings(json!({ "a": 1 })).sandbox(json!({ "enabled": true }));
    assert_eq!(value(both), json!({ "a": 1, "sandbox": { "enabled": true, "failIfUnavailable": true } }));
    let own = json!({ "enabled": true, "failIfUnavailable": false });
    assert_eq!(value(Options::new().sandbox(own.clone())), json!({ "sandbox": own }));
    assert_eq!(args(Options::new().settings_file("-s"))[..2], ["--settings", "./-s"]);
}

/// 2.1.285 to 2.1.301 start in the mode `auto` by default, and send no permission requests.
#[test]
fn host_permission_prompts_sets_the_default_mode() {
    let prompts = || Options::new().host_permission_prompts();
    assert_eq!(args(prompts())[..2], ["--permission-mode=default", "--permission-prompt-tool=stdio"]);
    let planned = args(prompts().permission_mode(PermissionMode::Plan));
    assert_eq!(planned[..2], ["--permission-mode=plan", "--permission-prompt-tool=stdio"]);
    let skipped = args(prompts().dangerously_skip_permissions());
    assert_eq!(skipped[..2], ["--dangerously-skip-permissions", "--permission-prompt-tool=stdio"]);
    let own_mode = args(Options::new().permission_prompt_tool("stdio"));
    assert_eq!(own_mode[..2], ["--permission-prompt-tool=stdio", "--print"]);
}

#[test]
fn arguments_keep_their_order() {
    let invocation = Options::new()
        .launcher("nice", ["-n", "5"])
        .runtime("bun", ["run"])
        .program("/x/cli.MJS")
        .global_arg("--flag")
        .model("m")
        .invocation_for(Platform::Unix)
        .unwrap();
    assert_eq!(invocation.program, "nice");
    assert_eq!(invocation.args[..7], ["-n", "5", "bun", "run", "/x/cli.MJS", "--flag", "--model=m"]);
}

#[test]
fn a_later_thinking_option_replaces_an_earlier_one() {
    let options = Options::new().thinking(ThinkingMode::Enabled { budget: 9 }).thinking(ThinkingMode::Disabled);
    assert_eq!(args(options)[..2], ["--thinking=disabled", "--print"]);
}

#[test]
fn helpers_set_variables_and_the_working_directory() {
    let changes = env(Options::new()
        .current_dir("/w")
        .mcp_tool_timeout(Duration::from_secs(2))
        .trace_context("t", None)
        .without_node_options());
    for expected in [
        set("PWD", "/w"),
        set("MCP_TOOL_TIMEOUT", "2000"),
        EnvChange::Remove("TRACESTATE".into()),
        EnvChange::Remove("NODE_OPTIONS".into()),
    ] {
        assert!(changes.contains(&expected), "{expected:?}");
    }
    assert!(!env(Options::new()).contains(&EnvChange::Remove("NODE_OPTIONS".into())));
    assert!(env(Options::new().env_clear()).iter().all(|c| !matches!(c, EnvChange::Remove(_))));
}
