"""The web server's process: serving, background work, health, memory."""
