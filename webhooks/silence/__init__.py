"""Whether a vendor that usually sends at this hour of the week has fallen silent; docs/webhooks.md says how that is
judged. `counting` keeps what came in each hour, `habit` what is usual, `judging` decides; `flows` reads the rows.
"""
