"""The map: a learner's cards laid out by meaning in two dimensions."""
