"""What is kept in memory of each learner's cards."""
