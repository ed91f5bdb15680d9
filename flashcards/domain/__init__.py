"""What cards, reviews and searches are: plain values and rules. No database, no network, no clock."""
