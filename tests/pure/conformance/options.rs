//! Command line, environment and Windows: cases 158 to 167.

use claude_duplex::options::{EnvChange, Options, OptionsError, Platform, SettingSource, Worktree, windows_candidates};

/// What every session needs.
const FIXED: [&str; 7] = [
    "--print",
    "--verbose",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--replay-user-messages",
];

fn args(options: Options) -> Vec<String> {
    let invocation = options.invocation_for(Platform::Unix).expect("good options");
    invocation.args.into_iter().map(|arg| arg.into_string().expect("UTF-8")).collect()
}

fn error(options: Options) -> String {
    options.invocation_for(Platform::Unix).expect_err("bad options").to_string()
}

fn env(options: Options) -> Vec<EnvChange> {
    options.invocation_for(Platform::Unix).expect("good options").env
}

fn set(name: &str, value: &str) -> EnvChange {
    EnvChange::Set(name.into(), value.into())
}

#[test]
fn case_158_the_fixed_arguments_are_always_present_and_last() {
    // The SDKs leave `--print` to the formats; it is here because the CLI looks for it on its own.
    assert_eq!(args(Options::new()), FIXED);
    let with = args(Options::new().worktree(Worktree::Unnamed).debug().arg("raw"));
    assert_eq!(with[..2], ["--worktree", "--debug"]);
    assert_eq!(with[2..9], FIXED);
    assert_eq!(with[9], "raw");
}

#[test]
fn case_159_ids_are_bound_to_their_flags() {
    let resumed = Options::new().resume("-p").resume_session_at("--x").resume_drops_turn("--y");
    let expected = ["--resume=-p", "--resume-session-at=--x", "--resume-drops-turn=--y"];
    assert_eq!(args(resumed)[..3], expected);
    let id = "00000000-0000-4000-8000-000000000000";
    assert_eq!(args(Options::new().session_id(id))[0], format!("--session-id={id}"));
    assert!(error(Options::new().session_id("--version")).contains("must be a UUID"));
}

#[test]
fn case_160_an_empty_id_of_a_dropped_turn_is_passed_on() {
    let options = Options::new().resume("s").resume_session_at("m").resume_drops_turn("");
    assert_eq!(args(options)[2], "--resume-drops-turn=");
}

#[test]
fn case_161_setting_sources_are_unset_empty_or_listed() {
    use SettingSource::{Project, User};
    assert!(!args(Options::new()).contains(&"--setting-sources".to_owned()));
    assert_eq!(args(Options::new().setting_sources([]))[..2], ["--setting-sources", ""]);
    assert_eq!(args(Options::new().setting_sources([User, Project]))[..2], ["--setting-sources", "user,project"]);
}

#[test]
fn case_162_claudecode_is_not_inherited_but_can_be_set() {
    assert!(env(Options::new()).contains(&EnvChange::Remove("CLAUDECODE".into())));
    let own = env(Options::new().env("CLAUDECODE", "1"));
    assert!(own.contains(&set("CLAUDECODE", "1")));
    assert!(!own.contains(&EnvChange::Remove("CLAUDECODE".into())));
}

#[test]
fn case_163_the_entrypoint_can_be_set_and_no_other_sdk_is_claimed() {
    let plain = env(Options::new());
    assert!(plain.contains(&EnvChange::Remove("CLAUDE_CODE_ENTRYPOINT".into())));
    assert!(plain.contains(&EnvChange::Remove("CLAUDE_AGENT_SDK_VERSION".into())));
    assert!(env(Options::new().env("CLAUDE_CODE_ENTRYPOINT", "x")).contains(&set("CLAUDE_CODE_ENTRYPOINT", "x")));
}

#[test]
fn case_164_session_state_is_requested_unless_the_caller_sets_it() {
    const NAME: &str = "CLAUDE_CODE_SDK_READS_SESSION_STATE";
    assert!(env(Options::new()).contains(&set(NAME, "1")));
    assert!(env(Options::new().env_clear()).contains(&set(NAME, "1")));
    for own in [
        Options::new().env(NAME.to_lowercase(), "0"),
        Options::new().env_remove(NAME),
        Options::new().no_session_state(),
    ] {
        assert!(!env(own).contains(&set(NAME, "1")));
    }
    assert!(env(Options::new()).iter().all(|c| !c.variable().to_string_lossy().contains("EMIT")));
}

#[test]
fn case_165_batch_files_are_refused_in_every_spelling() {
    for spelling in [
        "claude.cmd",
        "CLAUDE.BAT",
        r"C:\npm\claude.cmd. .",
        "claude.cmd::$DATA",
        "C:claude.bat",
        "a/claude.cmd/b",
        r"\\?\C:\claude.cmd ",
    ] {
        let options = Options::new().program(spelling);
        let refused = options.invocation_for(Platform::Windows).unwrap_err();
        assert!(matches!(refused, OptionsError::BatchFile { .. }), "{spelling}");
        assert!(refused.to_string().contains(".exe") && refused.to_string().contains("node"));
        assert!(Options::new().launcher(spelling, ["x"]).invocation_for(Platform::Windows).is_err());
        assert!(options.invocation_for(Platform::Unix).is_ok(), "{spelling} is an ordinary name elsewhere");
    }
    for fine in [r"C:\x\claude.exe", "claude", r"C:\cmd.d\cli.js", "claude.cmdx"] {
        assert!(Options::new().program(fine).invocation_for(Platform::Windows).is_ok(), "{fine}");
    }
}

#[test]
fn case_166_shell_characters_are_refused_in_ids() {
    for character in ['&', '|', '<', '>', '^', '%', '!', '"', '\r', '\n'] {
        let value = format!("a{character}b");
        let at = Options::new().resume("s").resume_session_at("m");
        for options in [
            Options::new().resume(&*value),
            Options::new().session_id(&*value),
            Options::new().resume("s").resume_session_at(&*value),
            at.resume_drops_turn(&*value),
        ] {
            let refused = options.invocation_for(Platform::Windows).unwrap_err();
            assert!(matches!(refused, OptionsError::Metacharacter { character: c, .. } if c == character));
        }
        assert!(Options::new().resume(&*value).invocation_for(Platform::Unix).is_ok());
        assert!(Options::new().system_prompt(&*value).invocation_for(Platform::Windows).is_ok());
    }
}

#[test]
fn case_167_the_program_is_searched_only_in_absolute_directories() {
    let path = r#".;bin;\rooted;C:drive;"C:\Quoted Dir";D:/slash/;\\host\share;;C:\npm"#;
    let directories = [r"C:\Quoted Dir", r"D:/slash", r"\\host\share", r"C:\npm", r"C:\me\.local\bin"];
    let found = windows_candidates(path, Some(r"C:\me"));
    let programs = found.iter().filter(|file| file.ends_with(".exe"));
    assert!(programs.eq(directories.map(|directory| format!(r"{directory}\claude.exe")).iter()));
    // Beyond the SDK's case: a batch file is no program, but names one. It is looked at after the program beside it.
    let shims = found.iter().filter(|file| file.ends_with(".cmd"));
    assert!(
        shims.eq(directories[..4]
            .iter()
            .map(|directory| format!(r"{directory}\claude.cmd"))
            .collect::<Vec<_>>()
            .iter())
    );
    assert_eq!(found[..2], [r"C:\Quoted Dir\claude.exe", r"C:\Quoted Dir\claude.cmd"]);
    assert!(windows_candidates("", None).is_empty());
    assert!(windows_candidates("", Some("relative")).is_empty());
}
