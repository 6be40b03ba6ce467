"""AskPro on one machine: set-up, PostgreSQL and Valkey from wheels, `manage.py up` and `manage.py test`.

`dispatch`, `installation`, `pip`, `progress` and `failure` run before anything is installed:
the standard library only.
"""
