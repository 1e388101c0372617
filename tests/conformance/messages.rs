//! What is tolerated in a message, and what is kept of it: cases 19 to 41.
