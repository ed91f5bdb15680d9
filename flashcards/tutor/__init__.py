"""What the tutor is told about the learner's cards."""
