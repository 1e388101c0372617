//! Transcript mirroring: cases 150 to 152.
