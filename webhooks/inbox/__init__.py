"""Works on stored events: reads their bytes, replays them, and sends lost jobs again. Every app may import it; it
imports the stored event (`webhooks.models`) and no app.
"""
