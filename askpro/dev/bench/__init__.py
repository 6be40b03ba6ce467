"""`manage.py bench`: the figures of docs/engine.md, each measured beside a named peer in the same run."""
