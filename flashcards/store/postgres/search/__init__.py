"""Search by words and by meaning, within one learner's cards."""
