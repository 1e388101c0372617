//! The stand-in for the Messages API of `tests/real_cli` as a program: it prints its address, and serves until stdin ends.

#![allow(dead_code)]

#[path = "../../tests/real_cli/answer.rs"]
mod answer;
#[path = "../../tests/real_cli/api.rs"]
mod api;
#[path = "../../tests/real_cli/holds.rs"]
mod holds;
#[path = "../../tests/real_cli/http.rs"]
mod http;
#[path = "../../tests/real_cli/script.rs"]
mod script;

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let api = api::Api::start()?;
    writeln!(io::stdout(), "{}", api.url())?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    drop(api);
    Ok(())
}
