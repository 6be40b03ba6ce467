"""Where the state lives: PostgreSQL; while that is away, Redis; without both, a file of this host."""
