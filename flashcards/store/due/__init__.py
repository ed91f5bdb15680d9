"""What is due, in order: kept in memory for each learner and brought forward."""
