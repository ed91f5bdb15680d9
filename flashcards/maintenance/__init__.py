"""Maintenance: backup and restore, checks, re-embedding, bulk loading and benchmarks."""
