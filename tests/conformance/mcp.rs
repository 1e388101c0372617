//! MCP servers that live in the host: cases 88 to 103.
