//! The question for a program's version, on any runtime.

use std::time::Duration;

use claude_duplex::driver::VersionError;
use claude_duplex::{Exit, Options};

/// Asks shells that answer in each way.
pub(crate) fn check_version(version: impl Fn(&Options, Duration) -> Result<String, VersionError>) {
    let version_of = |program: &str, script: &str, limit: Duration| {
        version(&Options::new().program(program).global_arg("-c").global_arg(script), limit)
    };
    let long = Duration::from_secs(60);
    let printed = version_of("sh", r#"[ "$0" = --version ] && echo '2.1.3 (Claude Code)'"#, long);
    assert_eq!(printed.unwrap(), "2.1.3");
    let left = version_of("sh", "sleep 600 & echo 2.1.3", Duration::from_millis(500));
    assert_eq!(left.unwrap(), "2.1.3", "what it left running is not waited for");
    let failed = version_of("sh", "echo broken >&2; exit 3", long).unwrap_err();
    assert!(matches!(&failed, VersionError::Failed { exit: Exit::Code(3), .. }), "{failed:?}");
    assert!(failed.to_string().contains("exit status 3; stderr: broken"), "{failed}");
    let other = version_of("sh", "echo hello", long).unwrap_err();
    assert!(matches!(&other, VersionError::Unreadable { output, .. } if output == "hello\n"), "{other:?}");
    let late = version_of("sh", "exec sleep 1000", Duration::from_millis(50)).unwrap_err();
    assert!(matches!(late, VersionError::TimedOut(_)), "{late:?}");
    let missing = version_of("no-such-claude", "", long).unwrap_err();
    assert!(
        matches!(&missing, VersionError::Spawn(error) if error.to_string().contains("no-such-claude")),
        "{missing:?}"
    );
}
