"""The demo learner for `manage.py demo`: conversations, cards and 90 days of reviews."""
