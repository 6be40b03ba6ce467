"""What is missing in this installation, and what mends it: `manage.py doctor`.

It asks what `check`, `/health/ready` and the watch ask, and what only somebody at the host can look at.
"""
