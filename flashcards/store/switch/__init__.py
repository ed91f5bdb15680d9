"""The switch of the store from one engine to the other, while people study."""
