"""The programs that are started and measured, ours and the peer of each. Imports no measure."""
