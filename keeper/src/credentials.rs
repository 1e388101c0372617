//! User and process at the other end of a socket.

use std::os::fd::AsFd;

/// Process at the other end of a socket, as reported by the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) user: Option<u32>,
    /// Process id, or 0 if the system does not report it.
    pub(crate) pid: u32,
}

/// Returns the peer, as reported by the system. On systems other than Linux, only the directory and the token keep other users
/// out.
pub(crate) fn peer(socket: impl AsFd) -> Peer {
    #[cfg(target_os = "linux")]
    if let Ok(credentials) = rustix::net::sockopt::socket_peercred(socket) {
        let pid = u32::try_from(credentials.pid.as_raw_nonzero().get()).unwrap_or(0);
        return Peer { user: Some(credentials.uid.as_raw()), pid };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
    Peer { user: None, pid: 0 }
}

/// Returns the effective user id of this process.
pub(crate) fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}
