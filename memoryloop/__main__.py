"""`python -m memoryloop`: the command `memoryloop`."""

from memoryloop.command_line import main

main()
