//! A git worktree for each card, so that agents do not get in each other's way.

use std::io;
use std::path::{Path, PathBuf};

use tokio::process::Command;

/// Creates a worktree of the repository on a branch of its own.
pub(crate) async fn create(repository: &Path, directory: PathBuf, branch: &str) -> io::Result<PathBuf> {
    git(Command::new("git").args(["worktree", "add", "-b", branch]).arg(&directory).current_dir(repository)).await?;
    Ok(directory)
}

/// Lists the changes that are not committed, as `git status --porcelain` does.
pub(crate) async fn changes(worktree: &Path) -> io::Result<String> {
    git(Command::new("git").args(["status", "--porcelain"]).current_dir(worktree)).await
}

async fn git(command: &mut Command) -> io::Result<String> {
    let output = command.kill_on_drop(true).output().await?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
