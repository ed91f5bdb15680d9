"""What cards, reviews and searches are: plain values and rules, no database and no clock."""
