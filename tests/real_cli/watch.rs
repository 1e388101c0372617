//! A trial and its watchdog: whatever a trial waits for, it ends in a bounded time and says what it saw.

use std::any::Any;
use std::error::Error;
use std::ffi::OsString;
use std::fmt::Write;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

use crate::api::Api;
use crate::cli::Cli;
use crate::namespace::Sealed;
use crate::place::Place;
use crate::seen::Seen;
use crate::transport::Carrier;
use crate::version::Version;

/// The suite says how long its slowest trials took: below ten seconds on the newest version. The rest is for a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(75);

/// How long a trial may take to end once its CLI was killed.
const UNWIND: Duration = Duration::from_secs(5);

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// How a version differs from the newest in what a trial tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Difference {
    /// It behaves differently.
    Behavior(String),
    /// It does not have what the trial tests.
    Lack(String),
}

/// Everything that one trial has for itself.
pub(crate) struct Case {
    /// Name of the trial.
    pub(crate) name: &'static str,
    pub(crate) cli: Cli,
    pub(crate) carrier: Carrier,
    version: Version,
    pub(crate) place: Place,
    pub(crate) api: Api,
    pub(crate) seen: Seen,
    differs: Mutex<Vec<Difference>>,
}

impl Case {
    /// Only inside the namespace.
    pub(crate) fn new(
        name: &'static str,
        _: Sealed,
        cli: Cli,
        carrier: Carrier,
        version: Version,
    ) -> Result<Self, Failed> {
        let (place, api) = (Place::new()?, Api::start()?);
        Ok(Self { name, cli, carrier, version, place, api, seen: Seen::default(), differs: Mutex::default() })
    }

    /// Whether the CLI is older than the version from which on it does what is expected. Where it is, that is taken note of,
    /// and the trial asserts how it differs.
    pub(crate) fn before(&self, first: &str, how: &str) -> bool {
        let older = self.is_before(first);
        if older {
            self.differs(how);
        }
        older
    }

    /// Whether the CLI is older than the version that first has what is tested. If so, that is taken note of, and the trial
    /// asserts what happens instead.
    pub(crate) fn lacks_before(&self, first: &str, how: &str) -> bool {
        let older = self.is_before(first);
        if older {
            self.lacks(how);
        }
        older
    }

    /// Whether the CLI is older, where that makes no difference to a host.
    pub(crate) fn is_before(&self, first: &str) -> bool {
        self.version < first.parse().expect("a version")
    }

    /// Takes note of what is not as on the newest version.
    pub(crate) fn differs(&self, how: &str) {
        self.note(Difference::Behavior(how.to_owned()));
    }

    /// Takes note of what happens instead of what the version does not have.
    pub(crate) fn lacks(&self, how: &str) {
        self.note(Difference::Lack(how.to_owned()));
    }

    fn note(&self, difference: Difference) {
        self.differs.lock().unwrap_or_else(PoisonError::into_inner).push(difference);
    }

    /// The CLI's whole environment.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        self.place.environment(&self.api.url())
    }

    fn report(&self) -> String {
        let mut report = format!("{}\napi:", self.seen);
        for line in self.api.lines() {
            let _ = write!(report, " {line};");
        }
        let steps: Vec<_> = self.api.calls().iter().map(|call| call.step).collect();
        let _ = write!(report, " steps {steps:?}");
        report
    }
}

/// Runs a trial in a thread of its own, and ends it when its time is over. Gives back in what the version differs.
pub(crate) fn run(
    case: Case,
    limit: Duration,
    body: impl FnOnce(&Case) -> Outcome + Send + 'static,
) -> Result<Vec<Difference>, Failed> {
    let case = Arc::new(case);
    let started = Instant::now();
    let (ending, ended) = mpsc::channel::<()>();
    let trial = {
        let case = Arc::clone(&case);
        thread::Builder::new().name(case.name.to_owned()).spawn(move || {
            // Dropped when the thread ends, also by a panic.
            let _ending = ending;
            // In here, as an error need not be able to leave its thread.
            body(&case).map_err(|error| error.to_string())
        })?
    };
    let in_time = ended.recv_timeout(limit) != Err(RecvTimeoutError::Timeout);
    let mut what = String::new();
    if !in_time {
        let _ = write!(what, "not done after {limit:?}: killed; ");
        case.place.kill();
        case.api.stop();
        if ended.recv_timeout(UNWIND) == Err(RecvTimeoutError::Timeout) {
            let _ = write!(what, "and hung for {UNWIND:?} more\n{}", case.report());
            return Err(what.into());
        }
    }
    match trial.join() {
        Ok(Ok(())) if in_time => return Ok(case.differs.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        Ok(Ok(())) => what.push_str("then it was content"),
        Ok(Err(error)) => what.push_str(&error),
        Err(panic) => what.push_str(panic_text(&*panic)),
    }
    let _ = write!(what, "\nafter {:.1?}; {}", started.elapsed(), case.report());
    Err(what.into())
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let string = panic.downcast_ref::<String>().map(String::as_str);
    string.or_else(|| panic.downcast_ref().copied()).unwrap_or("it panicked")
}
