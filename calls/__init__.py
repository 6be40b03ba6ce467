"""What Retell reports of phone calls, and what becomes of it: a call, its wishes, its customer.

`retell/` reads what Retell sends, `wishes/` what the caller wants, `german/` the words for day and time; `requests/`
writes wishes as rows. `tasks.py` has the jobs, `models/` the rows.
"""
