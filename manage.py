#!/usr/bin/env python3
"""Run MemoryLoop's commands. `manage.py serve` runs the whole application."""

from memoryloop.command_line import manage

if __name__ == "__main__":
    manage()
