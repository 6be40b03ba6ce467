"""`manage.py bench --soak`: hours of mixed traffic at a part of what the machine gives, with faults, and what grows."""
