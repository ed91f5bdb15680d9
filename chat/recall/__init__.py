"""What the model is told: what bears on a question, and the conversation so far."""
