"""What is kept of persons: which field holds what, for how long, and what is done when that is over."""
