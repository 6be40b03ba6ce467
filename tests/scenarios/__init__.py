"""A package, so that its fixtures of that scope end with it: nobody else may find its processes at work."""
