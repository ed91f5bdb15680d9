"""A demo learner: conversations, cards and 90 days of reviews, for `manage.py demo`."""
