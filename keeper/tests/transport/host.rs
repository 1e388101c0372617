//! A host that may be killed at any time: it has a journal, a log of the actions that it has handled, and a conversation.
//!
//! Everything that the next host needs is in its folder. It writes a byte for every action that it has handled.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use claude_duplex::journal::JournalFile;
use claude_duplex::{Action, Config, Decision, Driver, IncomingKind, IncomingRequest, Input, Journal, Seed};
use claude_duplex_keeper::transport::smol::{SmolKept, attach};
use claude_duplex_keeper::{Attach, Place, SessionId};

use crate::kept::ROLE;

/// Name of the variable with the host's folder.
pub(crate) const FOLDER: &str = "KEEPER_TEST_FOLDER";

/// Name of a variable of a host that stores the number of the last action alone: its journal does not know it.
pub(crate) const OWN_NUMBER: &str = "KEEPER_TEST_OWN_NUMBER";

/// Prompts that are open at once: one runs, the other waits.
const OPEN: usize = 2;

/// Files of a host.
pub(crate) struct Files {
    pub(crate) folder: PathBuf,
}

impl Files {
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    /// Returns the prompts of the conversation, each of which is one line.
    fn prompts(&self) -> io::Result<Vec<String>> {
        Ok(fs::read_to_string(self.folder.join("prompts"))?.lines().map(str::to_owned).collect())
    }

    fn log(&self) -> PathBuf {
        self.folder.join("handled")
    }

    /// Returns the actions that were handled, each with its number. A last line that was cut was not.
    pub(crate) fn handled(&self) -> Vec<(u64, String)> {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let numbered =
            |line: &str| line.split_once(' ').map(|(number, text)| (number.parse().unwrap(), text.to_owned()));
        whole.lines().map(|line| numbered(line).unwrap()).collect()
    }

    /// Opens the log behind its last whole line.
    fn open_log(&self) -> io::Result<File> {
        let whole = fs::read(self.log()).unwrap_or_default();
        let whole = whole.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let file = OpenOptions::new().create(true).append(true).open(self.log())?;
        file.set_len(whole as u64)?;
        Ok(file)
    }
}

fn config() -> Config {
    Config::new(Seed::from_bytes([9; 16])).handle(IncomingKind::Permission)
}

/// Goes on with the session of the folder, or begins it.
async fn open(
    files: &Files,
    place: &Place,
    id: &SessionId,
) -> Result<(Driver<SmolKept>, usize), Box<dyn std::error::Error>> {
    let path = files.journal();
    // A host that was killed before its first record has done nothing.
    if fs::metadata(&path).is_ok_and(|metadata| metadata.len() == 0) {
        fs::remove_file(&path)?;
    }
    if !path.exists() {
        let journal = JournalFile::create(&path)?;
        let transport = attach(&Attach::controller(), place, id).await?;
        return Ok((Driver::new(config(), transport).record_required(journal), 0));
    }
    let (journal, mut session) = JournalFile::open(&path)?;
    let prompted =
        Journal::read(&fs::read(&path)?)?.replay().filter(|step| matches!(step.input, Input::Prompt(_))).count();
    session.skip_actions(files.handled().last().map_or(0, |(number, _)| *number));
    let transport = attach(&Attach::resume(session.offsets()), place, id).await?;
    Ok((Driver::resume(session, transport)?.record_required(journal), prompted))
}

/// Plays the host, if this process was started for that.
pub(crate) fn play() -> Option<ExitCode> {
    std::env::var_os(ROLE).filter(|role| role == "host")?;
    let folder = std::env::var_os(FOLDER).unwrap();
    Some(match host(folder.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    })
}

/// Plays the host until the conversation is over.
fn host(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let files = Files { folder: folder.to_owned() };
    let (place, id) = (Place::new(folder.join("sessions")), SessionId::parse("it")?);
    let own_number = std::env::var_os(OWN_NUMBER).is_some();
    async_io::block_on(async {
        let prompts = files.prompts()?;
        let (mut claude, mut prompted) = open(&files, &place, &id).await?;
        let mut log = files.open_log()?;
        let mut ended = files.handled().iter().filter(|(_, action)| action.starts_with("PromptEnded")).count();
        // Those that a former host has handled, and to which it has not responded.
        let open: Vec<_> = claude.protocol().open_incoming().map(IncomingRequest::id).collect();
        for request in open {
            let _ = claude.respond(request, Decision::allow());
        }
        loop {
            while prompted < prompts.len().min(ended + OPEN) {
                claude.prompt(&*prompts[prompted])?;
                prompted += 1;
            }
            if ended == prompts.len() {
                claude.close();
            }
            let Some(action) = claude.next().await else { break };
            log.write_all(format!("{} {action:?}\n", claude.action_number()).as_bytes())?;
            if !own_number {
                claude.acknowledge(claude.action_number());
            }
            io::stdout().write_all(b".")?;
            io::stdout().flush()?;
            match action {
                Action::IncomingRequest(request) => {
                    let _ = claude.respond(request.id(), Decision::allow());
                }
                Action::PromptEnded { .. } => ended += 1,
                _ => {}
            }
        }
        match claude.protocol().is_closed() {
            true => Ok(()),
            false => Err(format!("{:?}, {:?}", claude.recording_error(), claude.transport()).into()),
        }
    })
}
