//! A server of its own: keys, configuration and port are made for one test.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

/// Port of the server. The network namespace has no other.
const PORT: u16 = 2222;

/// A running `sshd`, which ends when it is dropped.
pub(crate) struct Server {
    child: Child,
    folder: PathBuf,
}

fn key(path: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status();
    assert!(made.as_ref().is_ok_and(std::process::ExitStatus::success), "ssh-keygen: {made:?}");
}

impl Server {
    /// Starts the server, and waits until it listens.
    pub(crate) fn start(sshd: &OsStr, folder: &Path) -> Self {
        let folder = folder.join("ssh");
        std::fs::create_dir(&folder).unwrap();
        let [host_key, client_key, config] = ["host", "client", "config"].map(|name| folder.join(name));
        key(&host_key);
        key(&client_key);
        let text = format!(
            "ListenAddress 127.0.0.1:{PORT}\nHostKey {}\nAuthorizedKeysFile {}.pub\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nPidFile none\n",
            host_key.display(),
            client_key.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(sshd);
        command.args(["-D", "-e", "-f"]).arg(&config).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut reported = Vec::new();
        loop {
            let line = lines.next().unwrap_or_else(|| panic!("sshd has ended: {reported:#?}")).unwrap();
            let listens = line.contains("Server listening");
            reported.push(line);
            if listens {
                break;
            }
        }
        // Its later output is shown if the test fails.
        thread::spawn(move || lines.map_while(Result::ok).for_each(|line| eprintln!("sshd: {line}")));
        Self { child, folder }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, PORT).into()
    }

    /// Returns a client that runs a command on the server. It uses no key and no configuration of the user.
    pub(crate) fn client(&self, port: u16, command: &[&OsStr]) -> Command {
        let user = Command::new("id").arg("-un").output().unwrap();
        let user = String::from_utf8(user.stdout).unwrap();
        let mut client = Command::new("ssh");
        client.args(["-F", "none", "-p", &port.to_string(), "-i"]).arg(self.folder.join("client"));
        for option in [
            "BatchMode=yes",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "LogLevel=ERROR",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
        ] {
            client.args(["-o", option]);
        }
        client.arg(format!("{}@127.0.0.1", user.trim())).arg("--").args(command);
        client
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
