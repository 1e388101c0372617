//! Errors at the exit: cases 140 to 149.
