//! What carries a trial's sessions: smol or tokio, as one type, so that every scenario runs through both.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use claude_duplex::driver::smol::SmolTransport;
use claude_duplex::driver::tokio::TokioTransport;
use claude_duplex::options::Options;
use claude_duplex::{Config, Driver, Exit, SessionTime, SpawnError};

// A timer of smol's reactor, which has a thread of its own: it rings under tokio too.
pub(crate) use async_io::Timer;
pub(crate) use smol::future::or;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    Smol,
    Tokio,
}

impl Carrier {
    pub(crate) const ALL: [Self; 2] = [Self::Smol, Self::Tokio];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Smol => "smol",
            Self::Tokio => "tokio",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|carrier| carrier.name() == name)
    }

    /// Runs a future to its end, where this carrier's children can be started and driven.
    pub(crate) fn block_on<T>(self, future: impl Future<Output = T>) -> T {
        // By reference, so that no runtime is compiled once for each trial.
        let future: Pin<&mut dyn Future<Output = T>> = pin!(future);
        match self {
            Self::Smol => async_io::block_on(future),
            Self::Tokio => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(future)
            }
        }
    }

    /// Starts the CLI. Within [`block_on`](Self::block_on).
    pub(crate) fn spawn(self, options: &Options, config: Config) -> Result<Driver<Transport>, SpawnError> {
        let invocation = options.invocation()?;
        let transport = match self {
            Self::Smol => Transport::Smol(SmolTransport::spawn(&invocation)?),
            Self::Tokio => Transport::Tokio(TokioTransport::spawn(&invocation)?),
        };
        Ok(Driver::new(config, transport))
    }
}

/// A child of either kind.
pub(crate) enum Transport {
    Smol(SmolTransport),
    Tokio(TokioTransport),
}

/// The same call on whichever it is.
macro_rules! either {
    ($of:expr, $transport:ident => $call:expr) => {
        match $of {
            Transport::Smol($transport) => $call,
            Transport::Tokio($transport) => $call,
        }
    };
}

impl Transport {
    pub(crate) fn id(&self) -> u32 {
        either!(self, transport => transport.id())
    }
}

impl claude_duplex::Transport for Transport {
    fn now(&self) -> SessionTime {
        either!(self, transport => transport.now())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        either!(self, transport => transport.poll_read(cx, buffer))
    }

    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        either!(self, transport => transport.poll_read_stderr(cx, buffer))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, transport => transport.poll_write(cx, bytes))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, transport => transport.poll_flush(cx))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, transport => transport.poll_close(cx))
    }

    fn poll_stdin_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        either!(self, transport => transport.poll_stdin_closed(cx))
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        either!(self, transport => transport.poll_exit(cx))
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        either!(self, transport => transport.poll_timer(cx, at))
    }

    fn process_id(&self) -> Option<u32> {
        Some(self.id())
    }

    fn terminate(&mut self) {
        either!(self, transport => transport.terminate());
    }

    fn kill(&mut self) {
        either!(self, transport => transport.kill());
    }
}
