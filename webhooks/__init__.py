"""Two things: `door` takes requests in and stands above all apps; `models` and `inbox` keep what was told, below them.

Beside them, above all apps as the door is: the console's pages, the command, and the job and the listener that follow
from a change of phone numbers.
"""
