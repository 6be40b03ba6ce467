"""What AskPro is made of: `manage.py lock` (every package, with hashes), and `sbom`, what production has."""
