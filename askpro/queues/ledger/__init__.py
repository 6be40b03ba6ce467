"""What happens to the rows of jobs: enqueue, claim, guard, settle, recover. Each file is a few statements.

Imports `models` and the pure files beside this folder, nothing else of the engine.
"""
