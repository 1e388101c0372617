//! The process: cases 153 to 168.
