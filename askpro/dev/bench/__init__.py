"""`manage.py bench`: the figures of docs/engine.md, each measured beside a named peer in the same run.

`run` takes the `measures` one after the other, in a `place` of their own; `sides` are the programs they start, and
`peers` what `--peers` measures besides. Above lies the small Django project in which our side works.
"""
