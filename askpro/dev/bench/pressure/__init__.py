"""`bench --pressure`: a steady offer of jobs to the production pools, while one thing after the other goes wrong.

`run` takes each side through the `phases`; `offer` sends the jobs of `mix`, `marks` hears of their starts, `gauges`
reads what they cost in PostgreSQL, `verdict` judges.
"""
