//! The methods of a [`Protocol`](crate::Protocol) for its host, in the order in which its documentation shows them.

mod inputs;

mod commands;

mod polls;
