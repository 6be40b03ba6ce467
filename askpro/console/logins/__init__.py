"""Log-ins of a company's people, made by its manager: for those companies, with roles that an operator let him give.

Operators make log-ins on the pages of users (`user_admin.py`).
"""
