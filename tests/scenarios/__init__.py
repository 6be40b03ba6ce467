"""A package, so that its package-scoped fixtures end with it, and other tests do not meet its processes."""
