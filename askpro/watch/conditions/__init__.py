"""What can be wrong, one file for each noun; `base` says what a condition is, `registry` knows them all."""
