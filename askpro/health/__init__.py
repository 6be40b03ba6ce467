"""How this installation is: `ready` for load balancers, `queues` for people and monitors, `canaries` that prove the way
of a job from end to end, `storage` that says how large it is. Nothing here tells anybody; that is the watcher's.
"""
