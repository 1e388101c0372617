//! Nobody but the user attaches, and the directory is the user's alone.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use claude_duplex_keeper::frame::Refusal;
use claude_duplex_keeper::{Attach, AttachError, Launch, Place, SessionId, Token};

use super::support::{Folder, Host, HostEvent, KEEPER, Session, Trials, has_program, is_root, run, until};

pub(crate) fn trials() -> Trials {
    let can_be_another = is_root() && has_program("/usr/bin/setpriv");
    vec![
        ("a_wrong_token_is_refused", true, a_wrong_token_is_refused),
        ("the_cli_does_not_see_the_token", true, the_cli_does_not_see_the_token),
        ("without_a_token_file_the_token_is_needed", true, without_a_token_file_the_token_is_needed),
        ("directories_and_files_are_private", true, directories_and_files_are_private),
        ("a_directory_with_open_permissions_is_refused", true, a_directory_with_open_permissions_is_refused),
        ("a_foreign_directory_is_refused", true, a_foreign_directory_is_refused),
        ("a_path_that_is_not_a_directory_is_refused", true, a_path_that_is_not_a_directory_is_refused),
        (
            "a_directory_that_cannot_be_written_is_refused",
            can_be_another,
            a_directory_that_cannot_be_written_is_refused,
        ),
        ("a_foreign_process_is_refused", can_be_another, a_foreign_process_is_refused),
        ("an_id_is_taken_once", true, an_id_is_taken_once),
        ("a_long_path_is_refused", true, a_long_path_is_refused),
    ]
}

fn a_wrong_token_is_refused() {
    let session = Session::start("exec sleep 600");
    let wrong = Attach::controller().token(Token::random().unwrap());
    let refused = session.attach(&wrong).unwrap_err();
    assert!(matches!(refused, AttachError::Refused(Refusal::Token)), "{refused}");
    assert_eq!(session.control().welcome.epoch, 1);
}

fn the_cli_does_not_see_the_token() {
    let session = Session::start(
        "tr '\\0' '\\n' < /proc/self/environ; tr '\\0' ' ' < /proc/$$/cmdline; env; ls -la; ls -la /proc/$$/fd; echo over; read x",
    );
    let mut host = session.control();
    host.until_stdout(|stdout| stdout.ends_with(b"over\n"));
    let (text, token) = (host.text(), session.launched.token.as_str());
    assert!(!text.contains(token), "{text}");
    assert!(!text.contains(session.folder.0.to_str().unwrap()), "{text}");
    // Of the keeper's descriptors it has its three pipes alone, and what `ls` opens.
    let sockets = text.lines().filter(|line| line.contains("socket:")).count();
    assert_eq!(sockets, 0, "{text}");
}

fn without_a_token_file_the_token_is_needed() {
    let session = Session::start_with("exec sleep 600", Launch::without_token_file);
    assert!(!session.path().join("token").exists());
    let refused = session.attach(&Attach::controller()).unwrap_err();
    assert!(
        matches!(refused, AttachError::NoToken { .. }) && refused.to_string().contains("`run` printed"),
        "{refused}"
    );
    let attach = Attach::controller().token(session.launched.token.clone());
    let mut host = Host::new(session.attach(&attach).unwrap());
    host.send(&claude_duplex_keeper::frame::ToKeeper::Stop);
    host.until(|event| *event == HostEvent::Closed);
}

fn directories_and_files_are_private() {
    let folder = Folder::new();
    let place = Place::new(folder.0.join("new/deep"));
    let launch = Launch::new(place.clone(), "/bin/sh").args(["-c", "umask 0; echo x; exec sleep 600"]).keeper(KEEPER);
    let launched = launch.start().unwrap();
    let mode = |path: &std::path::Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.path()), 0o700);
    let session = place.session(&launched.id);
    assert_eq!(mode(&session), 0o700);
    let mut host = Host::new(Attach::controller().connect(&place, &launched.id).unwrap());
    host.until_stdout(|stdout| stdout == b"x\n");
    let names = || -> Vec<_> { fs::read_dir(&session).unwrap().map(|entry| entry.unwrap().path()).collect() };
    // The lock, the token, the socket, and stdout.
    until(|| names().len() == 4);
    names().iter().for_each(|path| assert_eq!(mode(path), 0o600, "{}", path.display()));
    host.send(&claude_duplex_keeper::frame::ToKeeper::Signal(claude_duplex_keeper::frame::Signal::Kill));
    host.until(|event| matches!(event, HostEvent::Exit(_)));
    host.send(&claude_duplex_keeper::frame::ToKeeper::Release);
    host.until(|event| *event == HostEvent::Closed);
}

/// Fails to start a session in a directory, for this reason.
fn refused(folder: &str, reason: &str) {
    let output = run(&["run", "--dir", folder, "--id", "it", "--", "/bin/true"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains(reason), "{error}");
}

fn a_directory_with_open_permissions_is_refused() {
    let folder = Folder::new();
    for mode in [0o755, 0o770, 0o701] {
        fs::set_permissions(&folder.0, Permissions::from_mode(mode)).unwrap();
        refused(folder.0.to_str().unwrap(), "run `chmod 700");
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    }
    // A session whose directory was opened is not attached to either.
    let session = Session::start("exec sleep 600");
    fs::set_permissions(&session.folder.0, Permissions::from_mode(0o777)).unwrap();
    let error = session.attach(&Attach::controller()).unwrap_err();
    assert!(error.to_string().contains("so other users can enter it"), "{error}");
    fs::set_permissions(&session.folder.0, Permissions::from_mode(0o700)).unwrap();
}

fn a_foreign_directory_is_refused() {
    let folder = Folder::new();
    if is_root() {
        std::os::unix::fs::chown(&folder.0, Some(65534), None).unwrap();
        refused(folder.0.to_str().unwrap(), "belongs to user 65534");
    } else {
        refused("/", "belongs to user 0");
    }
}

fn a_path_that_is_not_a_directory_is_refused() {
    let folder = Folder::new();
    fs::write(folder.0.join("file"), "").unwrap();
    let file = folder.0.join("file");
    refused(file.to_str().unwrap(), "is not a directory");
    let link = folder.0.join("link");
    std::os::unix::fs::symlink(&folder.0, &link).unwrap();
    refused(link.to_str().unwrap(), "is not a directory");
}

/// Command of another user, who may enter the folder where the keeper is.
fn as_another(arguments: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]).args(arguments);
    command
}

/// Copy of the keeper that every user can run.
fn copied(folder: &Folder) -> String {
    fs::set_permissions(&folder.0, Permissions::from_mode(0o755)).unwrap();
    let copy = folder.0.join("keeper");
    fs::copy(KEEPER, &copy).unwrap();
    copy.to_str().unwrap().to_owned()
}

fn a_directory_that_cannot_be_written_is_refused() {
    let programs = Folder::new();
    let keeper = copied(&programs);
    let folder = Folder::new();
    fs::set_permissions(&folder.0, Permissions::from_mode(0o500)).unwrap();
    std::os::unix::fs::chown(&folder.0, Some(65534), Some(65534)).unwrap();
    let directory = folder.0.to_str().unwrap();
    let output = as_another(&[&keeper, "run", "--dir", directory, "--id", "it", "--", "/bin/true"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("cannot create") && error.contains("Permission denied"), "{error}");
}

fn a_foreign_process_is_refused() {
    let programs = Folder::new();
    let keeper = copied(&programs);
    let folder = Folder::new();
    std::os::unix::fs::chown(&folder.0, Some(65534), Some(65534)).unwrap();
    let directory = folder.0.to_str().unwrap().to_owned();
    let run = |arguments: &[&str]| as_another(&[&[&*keeper], arguments].concat()).output().unwrap();
    let started = run(&["run", "--dir", &directory, "--id", "it", "--", "/bin/sleep", "600"]);
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    // Root gets through the directory, and has the token; it is another user all the same.
    let place = folder.place();
    let id = SessionId::parse("it").unwrap();
    let error = Attach::controller().connect(&place, &id).unwrap_err();
    assert!(error.to_string().contains("belongs to user 65534"), "{error}");
    let socket = std::os::unix::net::UnixStream::connect(place.socket(&id)).unwrap();
    let hello = claude_duplex_keeper::frame::Hello::new(
        claude_duplex_keeper::frame::Role::Controller,
        place.token(&id).unwrap().as_str(),
    );
    let error = claude_duplex_keeper::Connection::new(socket).attach(&hello).unwrap_err();
    assert!(matches!(error, AttachError::Refused(Refusal::User { client: 0, owner: 65534 })), "{error}");
    let stopped = run(&["stop", "--dir", &directory, "it"]);
    assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
}

fn an_id_is_taken_once() {
    let session = Session::start("exec sleep 600");
    refused(session.folder.0.to_str().unwrap(), "session it already exists");
    session.control();
}

fn a_long_path_is_refused() {
    let folder = Folder::new();
    let deep = folder.0.join("x".repeat(100));
    refused(deep.to_str().unwrap(), "set --dir to a shorter path");
    assert!(!deep.exists());
}
