//! Kept sessions on tokio.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use futures_lite::{AsyncRead, AsyncWrite};
use tokio::io::ReadBuf;
use tokio::net::UnixStream;
use tokio::time::Sleep;

use super::{Kept, Timer};
use crate::attach::{Attach, open};
use crate::error::AttachError;
use crate::place::{Place, SessionId};

/// Kept session on this machine, on tokio.
pub type TokioKept = Kept<TokioStream<UnixStream>, TokioTimer>;

/// Stream of tokio, for [`Kept::over`].
#[derive(Debug)]
pub struct TokioStream<S>(pub S);

impl<S: tokio::io::AsyncRead + Unpin> AsyncRead for TokioStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl<S: tokio::io::AsyncWrite + Unpin> AsyncWrite for TokioStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Timer of tokio.
#[derive(Debug, Default)]
pub struct TokioTimer {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer for TokioTimer {
    fn poll_at(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        let at = tokio::time::Instant::from_std(at);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(cx)
    }
}

/// Attaches to a session on this machine. The runtime must have its I/O and time drivers enabled.
///
/// # Errors
/// [`AttachError`] if there is no such session, its directory or its server belongs to another user, or the keeper refuses.
pub async fn attach(attach: &Attach, place: &Place, id: &SessionId) -> Result<TokioKept, AttachError> {
    let socket = open(place, id)?;
    socket.set_nonblocking(true)?;
    let stream = TokioStream(UnixStream::from_std(socket)?);
    Kept::over(stream, TokioTimer::default(), attach.hello_for(place, id)?).await
}
