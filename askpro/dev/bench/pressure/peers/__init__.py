"""What others would pick, under the same pressure. Each peer is one file, which sends, and works when it is run."""
