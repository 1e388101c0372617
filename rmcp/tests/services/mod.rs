//! Services of the SDK that the tests give to sessions.

pub(crate) mod counter;
pub(crate) mod office;
