//! Types that all layers use: ids, the session's time, JSON values, text and errors.

pub(crate) mod bytes;
pub(crate) mod error;
pub(crate) mod ids;
pub(crate) mod json;
pub(crate) mod lex;
pub(crate) mod strings;
pub(crate) mod text;
pub(crate) mod time;
