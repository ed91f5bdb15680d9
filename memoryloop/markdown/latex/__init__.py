"""LaTeX that the converter to MathML does not know, written as LaTeX that it knows."""

from memoryloop.markdown.latex.rewriting import rewrite
from memoryloop.markdown.latex.scanning import Unreadable

__all__ = ["Unreadable", "rewrite"]
