"""Simulations of many cards at once, in numpy."""
