//! `initialize`, both ways: cases 42 to 56.
