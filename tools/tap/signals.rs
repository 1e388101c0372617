//! Signals pass through: those that the tap gets go to the CLI, and the signal that ends the CLI ends the tap.

use std::process::{ExitCode, ExitStatus};
#[cfg(unix)]
use std::sync::PoisonError;
use std::sync::{Arc, Mutex};

/// Forwards signals from its creation on; those that come before the CLI is started wait for it.
#[cfg(unix)]
pub(crate) struct Forward(Option<async_signal::Signals>);

#[cfg(not(unix))]
pub(crate) struct Forward;

#[cfg(unix)]
impl Forward {
    pub(crate) fn new() -> Self {
        use async_signal::Signal;
        Self(
            async_signal::Signals::new([
                Signal::Hup,
                Signal::Int,
                Signal::Term,
                Signal::Quit,
                Signal::Usr1,
                Signal::Usr2,
            ])
            .ok(),
        )
    }

    /// Sends them to that process, until it has exited.
    pub(crate) fn to(self, process: u32) -> Forwarding {
        use async_signal::Signal;
        use futures_lite::StreamExt;
        use rustix::process::{Signal as Sent, kill_process};

        let forwarding = Forwarding { process, exited: Arc::default() };
        let (pid, exited) = (forwarding.pid(), Arc::clone(&forwarding.exited));
        let (Some(mut signals), Some(pid)) = (self.0, pid) else { return forwarding };
        std::thread::spawn(move || {
            async_io::block_on(async {
                while let Some(Ok(signal)) = signals.next().await {
                    let sent = match signal {
                        Signal::Hup => Sent::HUP,
                        Signal::Int => Sent::INT,
                        Signal::Quit => Sent::QUIT,
                        Signal::Usr1 => Sent::USR1,
                        Signal::Usr2 => Sent::USR2,
                        _ => Sent::TERM,
                    };
                    let exited = exited.lock().unwrap_or_else(PoisonError::into_inner);
                    if !*exited {
                        let _ = kill_process(pid, sent);
                    }
                }
            });
        });
        forwarding
    }
}

/// The process that gets the signals.
pub(crate) struct Forwarding {
    #[cfg_attr(not(unix), allow(dead_code, reason = "it gets none"))]
    process: u32,
    #[cfg_attr(not(unix), allow(dead_code, reason = "it gets none"))]
    exited: Arc<Mutex<bool>>,
}

#[cfg(unix)]
impl Forwarding {
    /// Waits for the exit, and sends nothing any more. The process is not collected yet, so its number is not another's.
    pub(crate) fn wait(&self) {
        use rustix::process::{WaitId, WaitIdOptions, waitid};

        if let Some(pid) = self.pid() {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while waitid(WaitId::Pid(pid), options).is_err_and(|error| error == rustix::io::Errno::INTR) {}
        }
        *self.exited.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    fn pid(&self) -> Option<rustix::process::Pid> {
        i32::try_from(self.process).ok().and_then(rustix::process::Pid::from_raw)
    }
}

#[cfg(not(unix))]
impl Forward {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn to(self, process: u32) -> Forwarding {
        Forwarding { process, exited: Arc::default() }
    }
}

#[cfg(not(unix))]
impl Forwarding {
    pub(crate) fn wait(&self) {}
}

/// Ends the tap as the CLI has ended. A signal that the tap itself catches is shown as shells do, by 128 and its number.
pub(crate) fn leave(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        if let Some(signal) = rustix::process::Signal::from_named_raw(signal) {
            let _ = rustix::process::kill_process(rustix::process::getpid(), signal);
        }
        return ExitCode::from(u8::try_from(128 + signal).unwrap_or(u8::MAX));
    }
    ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(u8::MAX))
}
