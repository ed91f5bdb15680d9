"""Keep the store in shape: checkpoints, indexes, upgrades, and files of its rows."""
