"""What works on stored events: reading their bytes, replaying them, and sending lost jobs again. Every app may import
it; it imports the stored event (`webhooks.models`) and no app.
"""
