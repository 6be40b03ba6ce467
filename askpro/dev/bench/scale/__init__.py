"""What an installation needs for so many jobs or calls a second: a model, and a simulation that it is checked with."""
