"""What the apps' commands have in common: arguments as they are written, and the rules that rows obey."""
