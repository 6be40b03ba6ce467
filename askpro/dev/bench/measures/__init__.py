"""What is measured: one file for each kind of figure, and what takes their rounds in turns."""
