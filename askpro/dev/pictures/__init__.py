"""Pictures of every page, over a week of invented calls: for the README, and for people who change how pages look."""
