"""How this installation is: `ready` for load balancers, `queues` for people and monitors, `canaries` that prove the way
of a job from end to end. Nothing here tells anybody; that is the watcher's.
"""
