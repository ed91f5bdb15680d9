"""Queries over LanceDB's rows and the images of the journal."""
