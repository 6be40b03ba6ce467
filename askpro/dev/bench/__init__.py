"""`manage.py bench`: the figures of docs/engine.md, each measured beside a named peer in the same run.

`run` takes the `measures` one after the other, in a `place` of their own. `sides` holds the programs they start,
`peers` what `--peers` measures in addition. The files here are the small Django project in which our side works.
"""
