"""Cal.com v2, as contracts/calcom.md describes it."""
