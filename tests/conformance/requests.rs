//! Requests of the host: cases 63 to 65.
