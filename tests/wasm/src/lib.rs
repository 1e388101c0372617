//! Replays a journal where there is no clock, no file and no thread: the host lends the bytes and reads what followed.

#[path = "../../support/action_text.rs"]
mod action_text;

use std::cell::RefCell;

use claude_duplex::Journal;

thread_local! {
    static FILE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ACCOUNT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// All that follows from a journal, or why it is none.
pub fn account(file: &[u8]) -> String {
    Journal::read(file).map_or_else(|error| error.to_string(), |journal| action_text::of_replay(&journal))
}

/// Where the host writes a journal of that length.
#[unsafe(no_mangle)]
pub extern "C" fn room(length: usize) -> *mut u8 {
    FILE.with_borrow_mut(|file| {
        *file = vec![0; length];
        file.as_mut_ptr()
    })
}

/// Replays it, and says how long the account is.
#[unsafe(no_mangle)]
pub extern "C" fn replay() -> usize {
    let account = FILE.with_borrow(|file| account(file));
    ACCOUNT.with_borrow_mut(|text| *text = account);
    ACCOUNT.with_borrow(String::len)
}

/// Where the host reads the account.
#[unsafe(no_mangle)]
pub extern "C" fn text() -> *const u8 {
    ACCOUNT.with_borrow(|text| text.as_ptr())
}
