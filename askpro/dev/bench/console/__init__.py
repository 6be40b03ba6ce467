"""`bench --console`: how fast the console's pages are over millions of rows.

`filling` writes what `salons`, `phone`, `intake`, `ledger` and `few` describe into a database, which `--keep` keeps for
the next run; `addresses` finds the pages, `asking` opens them, and `report` says which take too long or ask too much.
"""
