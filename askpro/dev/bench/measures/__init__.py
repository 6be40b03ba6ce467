"""What is measured: one file for each kind of figure, and two that let the sides take turns."""
