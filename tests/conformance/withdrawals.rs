//! Asks that the CLI withdraws: cases 85 to 87.
