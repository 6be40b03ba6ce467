"""What Retell reports about phone calls, and the rows made of it: a call, its wishes, its customer.

`retell/` reads what Retell sends, `wishes/` what the caller wants, `german/` the words for day and time; `requests/`
writes wishes as rows. `tasks.py` has the jobs, `models/` the rows.
"""
