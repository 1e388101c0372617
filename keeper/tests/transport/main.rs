//! Drivers and hosts on kept sessions, with the mock CLI, which is this program in another role.

#[cfg(unix)]
mod bridge;
#[cfg(unix)]
mod conversation;
#[cfg(unix)]
mod drivers;
#[cfg(unix)]
mod host;
#[cfg(unix)]
mod kept;
#[cfg(unix)]
mod killed;
#[cfg(unix)]
mod mock;
#[cfg(unix)]
mod over;
#[cfg(unix)]
#[path = "../../examples/survive.rs"]
mod survive;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    if std::env::var_os("SURVIVE_ROLE").is_some() {
        return survive::main();
    }
    if std::env::var(kept::ROLE).as_deref() == Ok("mock CLI") {
        return mock::serve();
    }
    if let Some(code) = host::play() {
        return code;
    }
    let arguments = libtest_mimic::Arguments::from_args();
    let trials = [
        ("drivers", drivers::TRIALS.to_vec()),
        ("over", over::TRIALS.to_vec()),
        ("killed", killed::TRIALS.to_vec()),
        ("examples", vec![("survive_goes_on_in_a_second_process", survive_goes_on as fn())]),
    ];
    let trials = trials.into_iter().flat_map(|(group, trials)| {
        trials.into_iter().map(move |(name, test)| {
            libtest_mimic::Trial::test(format!("{group}::{name}"), move || {
                test();
                Ok(())
            })
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

#[cfg(unix)]
fn survive_goes_on() {
    use std::process::{Command, Stdio};

    let mut both = Command::new(std::env::current_exe().unwrap());
    both.env("SURVIVE_ROLE", "both").env("KEEPER", kept::KEEPER).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A real CLI must not run here: it would have the environment and the network of the test.
    let both = both.env_remove("CLAUDE_BIN").spawn().unwrap();
    let (id, (done, end)) = (both.id(), std::sync::mpsc::channel());
    std::thread::spawn(move || done.send(both.wait_with_output()));
    let Ok(both) = end.recv_timeout(std::time::Duration::from_secs(120)) else {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        panic!("the example does not end");
    };
    let both = both.unwrap();
    let text = String::from_utf8(both.stdout).unwrap();
    for part in [
        "first host: the CLI asks for Bash, and I am killed",
        "second host: the CLI asks for Bash, and I allow it",
        "second host: success: The folder is gone.",
        "the second host has ended: exit status: 0",
    ] {
        assert!(text.contains(part), "{text}{}", String::from_utf8_lossy(&both.stderr));
    }
}

#[cfg(not(unix))]
fn main() {}
