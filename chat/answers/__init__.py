"""An answer: asked for, written down and shown as it comes."""
