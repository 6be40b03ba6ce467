"""What is started and measured: our programs, and the peer of each. Knows no measure."""
