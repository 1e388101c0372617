//! Hosts that are programs of their own, whose `main` returns without a word about the session: the CLI ends with them.

use std::error::Error;
use std::fs;
use std::future::{Future, pending};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ::tokio::runtime::Builder;
use claude_duplex::testing::{Fault, Script, Step, ToolStep, serve_stdio};
use claude_duplex::{
    Action, CloseReason, Config, Decision, Exit, Handlers, Journal, Options, Outcome, Overflow, Session, SessionBuilder,
};
use libtest_mimic::{Failed, Trial};
use rustix::process::{Pid, test_kill_process};

use crate::watchdog::watched;

/// Has this program be such a host. The name of the host, that of the scenario, and a folder follow.
const MAIN: &str = "--main";
/// Has this program be the CLI of the scenario whose name follows.
const CLI: &str = "--cli";

type Failure = Box<dyn Error>;
type Talk<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + 'a>>;

/// Runs the session of a builder until the talk is over, as the `main` of a program does.
type Host = fn(SessionBuilder, for<'a> fn(&'a Session) -> Talk<'a>) -> Result<(), Failure>;

const HOSTS: &[(&str, Host)] = &[
    ("tokio", |builder, talk| {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async { begin(&builder.spawn_tokio()?, talk).await })
    }),
    ("tokio_one_thread", |builder, talk| {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { begin(&builder.spawn_tokio()?, talk).await })
    }),
    ("smol", |builder, talk| ::smol::block_on(async { begin(&builder.spawn_thread()?, talk).await })),
];

/// Prints the process id of the CLI, and talks.
async fn begin(claude: &Session, talk: for<'a> fn(&'a Session) -> Talk<'a>) -> Result<(), Failure> {
    println!("{}", claude.pid().ok_or("the CLI is a process")?);
    talk(claude).await
}

struct Scenario {
    name: &'static str,
    script: fn() -> Script,
    talk: for<'a> fn(&'a Session) -> Talk<'a>,
    /// Outcome of the prompt where the session is closed in order. `None` for a CLI that does not obey.
    outcome: Option<Outcome>,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "after_an_answer",
        script: Script::default,
        talk: |claude| {
            Box::pin(async {
                assert_eq!(claude.prompt("hello")?.await?.text(), "ok");
                Ok(())
            })
        },
        outcome: Some(Outcome::Success),
    },
    Scenario {
        name: "in_mid_turn",
        script: || Script::default().then([Step::text_in_parts("a long answer", 1000, Duration::from_secs(1))]),
        talk: |claude| {
            Box::pin(async {
                claude.prompt("talk")?.next().await.ok_or("no message")??;
                Ok(())
            })
        },
        outcome: Some(Outcome::Interrupted),
    },
    Scenario {
        name: "while_a_handler_runs",
        script: || Script::default().then([Step::from(ToolStep::bash("ls").requires_permission()), Step::text("done")]),
        talk: |claude| {
            Box::pin(async {
                let mut watch = claude.subscribe(1000, Overflow::Oldest);
                drop(claude.prompt("look")?);
                while !matches!(watch.next().await.ok_or("the session ended")??, Action::IncomingRequest(_)) {}
                Ok(())
            })
        },
        outcome: Some(Outcome::Interrupted),
    },
    Scenario {
        name: "under_a_cli_that_does_not_obey",
        script: || Script::default().fault(Fault::StopReading).fault(Fault::IgnoreTerminate),
        talk: |claude| {
            Box::pin(async {
                // It has read the prompt, and reads no more.
                let mut prompt = claude.prompt("hello?")?;
                prompt.next().await.ok_or("no message")??;
                Ok(())
            })
        },
        outcome: None,
    },
];

pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    let each = |(name, _): &(&'static str, Host)| {
        let host = *name;
        let main = move |scenario: &'static Scenario| {
            Trial::test(format!("main::{host}::{}", scenario.name), move || returns(host, scenario))
        };
        SCENARIOS.iter().map(main).collect::<Vec<_>>()
    };
    HOSTS.iter().flat_map(each)
}

/// A folder that goes when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("claude-duplex-mains-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder of that name is new");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("the folder is there");
    }
}

/// Runs the host until its `main` has returned, and looks at what is left.
fn returns(host: &'static str, scenario: &'static Scenario) -> Result<(), Failed> {
    watched(move |groups| {
        let folder = Folder::new();
        let this = std::env::current_exe().expect("a test has a path");
        let mut command = Command::new(this);
        command.args([MAIN, host, scenario.name]).arg(&folder.0).stdin(Stdio::null()).stderr(Stdio::inherit());
        let output = command.output().expect("this program starts");
        let pid: u32 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("the host prints a process id");
        // What the watchdog looks for, where it may take a moment.
        groups.lock().unwrap().push(pid);
        assert!(output.status.success(), "{:?}", output.status);
        let obeys = scenario.outcome.is_some();
        if obeys {
            let cli = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            assert!(test_kill_process(cli).is_err(), "the CLI outlived its host");
        }
        let journal = Journal::read(&fs::read(journal(&folder.0)).unwrap()).unwrap();
        let actions: Vec<Action> = journal.replay().flat_map(|step| step.actions).collect();
        let Some(Action::Closed(closed)) = actions.last() else { panic!("{actions:?}") };
        // The CLI repeats by its status that the last turn was no success.
        let exit = match scenario.outcome {
            Some(outcome) => Exit::Code(i32::from(outcome != Outcome::Success)),
            None => Exit::Signal(9),
        };
        assert_eq!((closed.reason, closed.exit), (CloseReason::Closed, Some(exit)));
        let outcomes = actions.iter().filter_map(|action| match action {
            Action::PromptEnded { outcome, .. } => Some(*outcome),
            _ => None,
        });
        let outcomes: Vec<_> = outcomes.collect();
        match scenario.outcome {
            Some(outcome) => assert_eq!(outcomes, [outcome]),
            None => assert!(matches!(outcomes[..], [_]), "{outcomes:?}"),
        }
    })
}

fn journal(folder: &Path) -> PathBuf {
    folder.join("journal")
}

/// The host or the CLI, if this program is to be one.
pub(crate) fn other_process() -> Option<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let named = |name: &str| SCENARIOS.iter().find(|scenario| scenario.name == name).expect("a scenario of that name");
    match &words[..] {
        [option, scenario, ..] if option == CLI => Some(serve_stdio((named(scenario).script)())),
        [option, host, scenario, folder] if option == MAIN => {
            let (_, host) = HOSTS.iter().find(|(name, _)| name == host).expect("a host of that name");
            let ended = main(*host, named(scenario), Path::new(folder));
            Some(ended.map_or_else(
                |reason| {
                    eprintln!("{reason}");
                    ExitCode::FAILURE
                },
                |()| ExitCode::SUCCESS,
            ))
        }
        _ => None,
    }
}

fn main(host: Host, scenario: &Scenario, folder: &Path) -> Result<(), Failure> {
    let mut config = Config::default();
    if scenario.outcome.is_none() {
        let graces = &mut config.timeouts.shutdown;
        (graces.exit, graces.terminate) = (Duration::from_millis(100), Duration::from_millis(100));
    }
    let options = Options::new().program(std::env::current_exe()?).global_arg(CLI).global_arg(scenario.name);
    let handlers = Handlers::new().permission(async |_| pending::<Decision>().await);
    let builder = Session::builder().options(options).config(config).handlers(handlers);
    host(builder.record(Journal::create(journal(folder))?, u64::MAX), scenario.talk)
}
