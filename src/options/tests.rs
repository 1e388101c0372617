//! Tests of rules for all options. The modules below test the parts.

use super::flags::{FIXED, FLAGS, Form, flag};
use super::*;
use serde_json::json;

mod checks;

type With = fn(Options, &str) -> Options;

/// All methods that pass text of the caller to the command line.
const TEXTS: &[With] = &[
    |o, v| o.model(v),
    |o, v| o.fallback_model(v),
    |o, v| o.agent(v),
    |o, v| o.effort(Effort::from(v)),
    |o, v| o.thinking_display(ThinkingDisplay::from(v)),
    |o, v| o.beta(v),
    |o, v| o.system_prompt(v),
    |o, v| o.system_prompt_file(v),
    |o, v| o.append_system_prompt(v),
    |o, v| o.append_system_prompt_file(v),
    |o, v| o.tools(Tools::Named(vec![v.to_owned()])),
    |o, v| o.allowed_tools([v]),
    |o, v| o.disallowed_tools([v]),
    |o, v| o.skills(Skills::Named(vec![v.to_owned()])),
    |o, v| o.permission_mode(PermissionMode::from(v)),
    |o, v| o.permission_prompt_tool(v),
    |o, v| o.add_dir(v),
    |o, v| o.mcp_config_file(v),
    |o, v| o.plugin_dir(v),
    |o, v| o.plugin_dir_no_mcp(v),
    |o, v| o.plugin_url(v),
    |o, v| o.file(v, "a"),
    |o, v| o.file("a", v),
    |o, v| o.name(v),
    |o, v| o.resume(v),
    |o, v| o.session_id(v),
    |o, v| o.resume("r").resume_session_at(v),
    |o, v| o.resume("r").resume_session_at("m").resume_drops_turn(v),
    |o, v| o.worktree(Worktree::Named(v.to_owned())),
    |o, v| o.settings_file(v),
    |o, v| o.setting_sources([SettingSource::from(v)]),
    |o, v| o.setting_sources([SettingSource::User, SettingSource::from(v)]),
    |o, v| o.await_initialize().initialize_fields([InitializeField::from(v)]),
    |o, v| o.project_config_root(v),
    |o, v| o.debug_filter(v),
    |o, v| o.debug_file(v),
];

/// All methods that pass JSON of the caller, in which text is escaped.
const JSON: &[With] = &[
    |o, v| o.agents(json!({ v: v })),
    |o, v| o.mcp_server(v, json!({ "command": v })),
    |o, v| o.host_mcp_server(v),
    |o, v| o.settings(json!({ v: v })),
    |o, v| o.sandbox(json!({ v: v })),
    |o, v| o.managed_settings(json!({ v: v })),
    |o, v| o.json_schema(json!({ v: v })),
];

const NASTY: &[&str] = &[
    "--x",
    "-p",
    "--",
    "-",
    "a b",
    "x\ny",
    "",
    "=",
    "--model=x",
    "ünï—🦀",
    "{",
    "--print",
    " -p",
    "a,--x",
    ",",
    "a,b --version",
    "\u{2028}-p",
    "'",
    "\"",
    "$(id)",
    "(",
    ")",
    "a(b",
];

const SWITCHES: &[With] = &[
    |o, _| o.thinking(ThinkingMode::Adaptive),
    |o, _| o.thinking(ThinkingMode::Enabled { budget: 1 }),
    |o, _| o.max_turns(1).max_budget_usd(1.0).task_budget(1),
    |o, _| o.dangerously_skip_permissions().allow_dangerously_skip_permissions(),
    |o, _| o.no_permission_prompts().strict_mcp_config().continue_latest().fork_session(),
    |o, _| o.no_session_persistence().session_mirror().managed_settings_in_initialize(),
    |o, _| o.bare().safe_mode().include_partial_messages().include_hook_events(),
    |o, _| o.disable_slash_commands().restricted().chrome().brief().exclude_dynamic_system_prompt_sections(),
    |o, _| o.no_chrome().no_system_prompt_snapshot().autocompact(200_000).forward_subagent_text(),
    |o, _| o.prompt_suggestions(),
    |o, _| o.await_initialize().await_claim().debug().debug_to_stderr(),
];

fn args(options: Options) -> Vec<String> {
    let invocation = options.invocation_for(Platform::Unix).unwrap();
    invocation.args.into_iter().map(|arg| arg.into_string().unwrap()).collect()
}

fn error(options: Options) -> String {
    options.invocation_for(Platform::Unix).unwrap_err().to_string()
}

fn env(options: Options) -> Vec<EnvChange> {
    options.invocation_for(Platform::Unix).unwrap().env
}

fn set(name: &str, value: &str) -> EnvChange {
    EnvChange::Set(name.into(), value.into())
}

/// Panics if an argument could be a flag or word that was not intended.
fn assert_no_value_became_a_flag(args: &[String]) {
    let (ours, fixed) = args.split_at(args.len() - FIXED.len());
    assert_eq!(fixed, FIXED);
    let mut tokens = ours.iter();
    while let Some(token) = tokens.next() {
        let (name, bound) = token.split_once('=').map_or((token.as_str(), false), |(name, _)| (name, true));
        let row = flag(name).unwrap_or_else(|| panic!("{token:?} is no flag of ours"));
        match (row.form, bound) {
            (Form::Switch | Form::Optional, false) | (Form::Bound | Form::List | Form::Optional, true) => {}
            (Form::Pair, false) => assert!(!tokens.next().unwrap().starts_with('-'), "{args:?}"),
            _ => panic!("{token:?} is written in the wrong form"),
        }
    }
}

#[test]
fn no_value_becomes_a_flag() {
    for value in NASTY {
        let mut accepted = 0;
        for with in TEXTS.iter().chain(JSON) {
            if let Ok(invocation) = with(Options::new(), value).invocation_for(Platform::Unix) {
                accepted += 1;
                let args: Vec<_> = invocation.args.iter().map(|arg| arg.to_str().unwrap().to_owned()).collect();
                assert_no_value_became_a_flag(&args);
            }
        }
        assert!(accepted > 4, "{value:?} was refused nearly everywhere");
    }
}

#[test]
fn no_pair_of_values_becomes_a_flag() {
    for (at, value) in NASTY.iter().enumerate() {
        let other = NASTY[(at + 5) % NASTY.len()];
        for first in TEXTS {
            for second in TEXTS.iter().chain(JSON) {
                if let Ok(invocation) = second(first(Options::new(), value), other).invocation_for(Platform::Unix) {
                    let args: Vec<_> = invocation.args.iter().map(|arg| arg.to_str().unwrap().to_owned()).collect();
                    assert_no_value_became_a_flag(&args);
                }
            }
        }
    }
}

#[test]
fn a_nul_byte_is_an_error_in_every_value() {
    for with in TEXTS {
        assert!(with(Options::new(), "a\0b").invocation_for(Platform::Unix).is_err());
    }
    for options in [
        Options::new().program("a\0"),
        Options::new().launcher("a\0", ["x"]),
        Options::new().launcher("a", ["\0"]),
        Options::new().program("x.js").runtime("bun", ["\0"]),
        Options::new().global_arg("\0"),
        Options::new().arg("\0"),
        Options::new().current_dir("\0"),
        Options::new().env("A", "\0"),
        Options::new().env("A\0", ""),
    ] {
        assert!(error(options).contains("NUL"));
    }
}

#[test]
fn every_flag_is_listed_once() {
    let without: Vec<&str> = flags_without_option().map(|(flag, _)| flag).collect();
    assert!(flags().all(|flag| !without.contains(&flag)), "a flag has a method, or a reason to have none");
    for (at, row) in FLAGS.iter().enumerate() {
        assert!(FLAGS[..at].iter().all(|earlier| earlier.token != row.token), "{} twice", row.token);
    }
    let set: std::collections::BTreeSet<_> =
        TEXTS.iter().chain(JSON).chain(SWITCHES).flat_map(|with| with(Options::new(), "x").flags.into_keys()).collect();
    for token in set {
        assert!(flag(token).is_some(), "{token} has no row, so it would be lost");
    }
}

#[test]
fn a_command_has_all_arguments_and_variables() {
    let command = Options::new().current_dir("/w").env("A", "b").env_remove("A").invocation().unwrap().to_command();
    assert_eq!(command.get_program(), "claude");
    assert_eq!(command.get_args().count(), FIXED.len());
    assert_eq!(command.get_current_dir(), Some(std::path::Path::new("/w")));
    assert!(command.get_envs().any(|(name, value)| name == "A" && value.is_none()));
}

#[test]
fn debug_output_shows_no_secret() {
    let secret = "s3cret";
    let options = Options::new()
        .system_prompt(secret)
        .append_system_prompt(secret)
        .settings(json!({ "k": secret }))
        .managed_settings(json!({ "k": secret }))
        .mcp_server("m", json!({ "env": { "K": secret } }))
        .env("KEY", secret)
        .global_arg(secret)
        .launcher("l", [secret])
        .arg(format!("--api-key={secret}"))
        .model("sonnet");
    for text in [format!("{options:?}"), format!("{:?}", options.invocation_for(Platform::Unix).unwrap())] {
        assert!(!text.contains(secret), "{text}");
        assert!(text.contains("--model=sonnet") && text.contains("KEY"), "{text}");
    }
}
