//! The same, natively.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: replay-wasm JOURNAL");
        return ExitCode::from(2);
    };
    match std::fs::read(&path) {
        Ok(file) => {
            print!("{}", replay_wasm::account(&file));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", Path::new(&path).display());
            ExitCode::from(2)
        }
    }
}
