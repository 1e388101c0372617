//! Prompts that are written: cases 57 to 62.
