//! Reference for the views: each line is also read by the slow decoder, and both results are compared.

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::message::content::{ContentBlocks, TextBlock};
use crate::message::{ContentBlock, Fields};
use crate::wire::slow::{Slow, SlowFields, SlowView};

impl Slow for ContentBlocks {
    fn slow(json: &Json) -> Result<Self, DecodeError> {
        if json.as_str().starts_with('"') {
            let text = TextBlock { text: String::slow(json)?, citations: None, unknown_fields: Fields::default() };
            return Ok(Self::from(vec![ContentBlock::Text(text)]));
        }
        Vec::slow(json).map(Self::from)
    }
}

/// Implements `Slow` by the normal decoding, for types without fields that could hide one another.
macro_rules! as_read {
    ($($type:ty,)+) => {$(
        impl Slow for $type {
            fn slow(json: &Json) -> Result<Self, DecodeError> {
                crate::wire::view::FromJson::from_json(json)
            }
        }
    )+};
}

as_read! {
    crate::incoming::PermissionUpdate,
    crate::outgoing::request::Secrets,
}

#[cfg(test)]
mod tests;
mod views;

#[cfg(fuzzing)]
pub use views::agree;
