"""Brackets that nothing closes, as the converter to MathML reads them."""

import re

from memoryloop.markdown.latex.scanning import PIECE

_OPENING = {
    "(", "[", "\\{", "\\lbrace", "\\lbrack", "\\lparen", "\\langle", "\\lang", "\\lfloor",
    "\\lceil", "\\lvert", "\\lVert", "\\llbracket", "\\lgroup", "\\lmoustache", "\\ulcorner",
    "\\llcorner", "\\lBrace", "\\lAngle", "\\llparenthesis", *"⟨⌊⌈⟦⟪⦃⟮⎰⌜⌞",
}  # fmt: skip
_CLOSING = {
    ")", "]", "\\}", "\\rbrace", "\\rbrack", "\\rparen", "\\rangle", "\\rang", "\\rfloor",
    "\\rceil", "\\rvert", "\\rVert", "\\rrbracket", "\\rgroup", "\\rmoustache", "\\urcorner",
    "\\lrcorner", "\\rBrace", "\\rAngle", "\\rrparenthesis", *"⟩⌋⌉⟧⟫⦄⟯⎱⌝⌟",
}  # fmt: skip
# Each is followed by a sign of its own. It opens or closes, whichever sign that is.
_FENCE = re.compile(r"\\(?:left|right|middle|[Bb]igg?[lmr]?)")
_OPENING_FENCE = re.compile(r"\\[Bb]igg?l")
_CLOSING_FENCE = re.compile(r"\\[Bb]igg?r")
_SCRIPTS = ("^", "_")
_COMMAND = re.compile(r"\\[A-Za-z]+\*?")
_ARGUMENTS = {
    **dict.fromkeys(("\\frac", "\\dfrac", "\\tfrac", "\\cfrac"), 2),
    **dict.fromkeys(("\\binom", "\\dbinom", "\\tbinom", "\\stackrel", "\\overset"), 2),
    **dict.fromkeys(("\\underset", "\\textcolor", "\\colorbox", "\\rule", "\\raisebox"), 2),
    "\\href": 2,
    **dict.fromkeys(("\\sideset", "\\prescript", "\\overunderset", "\\fcolorbox"), 3),
    "\\mathchoice": 4, "\\genfrac": 6,
}  # fmt: skip
# What often stands before a closing bracket, and takes no argument.
_SYMBOLS = {
    "\\alpha", "\\beta", "\\gamma", "\\delta", "\\epsilon", "\\zeta", "\\eta", "\\theta", "\\iota",
    "\\kappa", "\\lambda", "\\mu", "\\nu", "\\xi", "\\omicron", "\\pi", "\\rho", "\\sigma", "\\tau",
    "\\upsilon", "\\phi", "\\chi", "\\psi", "\\omega", "\\Gamma", "\\Delta", "\\Theta", "\\Lambda",
    "\\Xi", "\\Pi", "\\Sigma", "\\Upsilon", "\\Phi", "\\Psi", "\\Omega", "\\varepsilon",
    "\\vartheta", "\\varkappa", "\\varpi", "\\varrho", "\\varsigma", "\\varphi", "\\varnothing",
    "\\infty", "\\partial", "\\nabla", "\\dots", "\\ldots", "\\cdots", "\\vdots", "\\ddots",
    "\\ell", "\\hbar", "\\prime", "\\Re", "\\Im", "\\aleph", "\\imath", "\\jmath", "\\wp",
    "\\angle", "\\top", "\\bot", "\\perp", "\\square", "\\triangle", "\\emptyset", "\\degree",
    "\\quad", "\\qquad", "\\displaystyle", "\\textstyle", "\\scriptstyle", "\\limits", "\\nolimits",
    "\\hline", "\\pm", "\\mp", "\\times", "\\div", "\\cdot", "\\ast", "\\star", "\\circ",
    "\\bullet", "\\dagger", "\\ddagger", "\\cap", "\\cup", "\\wedge", "\\vee", "\\land", "\\lor",
    "\\lnot", "\\neg", "\\oplus", "\\otimes", "\\setminus", "\\ne", "\\neq", "\\le", "\\leq",
    "\\ge", "\\geq", "\\ll", "\\gg", "\\equiv", "\\sim", "\\simeq", "\\approx", "\\cong",
    "\\propto", "\\in", "\\ni", "\\notin", "\\subset", "\\subseteq", "\\supset", "\\supseteq",
    "\\mid", "\\parallel", "\\to", "\\gets", "\\rightarrow", "\\leftarrow", "\\leftrightarrow",
    "\\Rightarrow", "\\Leftarrow", "\\Leftrightarrow", "\\implies", "\\iff", "\\mapsto",
    "\\uparrow", "\\downarrow", "\\forall", "\\exists", "\\nexists", "\\sin", "\\cos", "\\tan",
    "\\cot", "\\sec", "\\csc", "\\arcsin", "\\arccos", "\\arctan", "\\sinh", "\\cosh", "\\tanh",
    "\\coth", "\\exp", "\\log", "\\ln", "\\lg", "\\lim", "\\max", "\\min", "\\sup", "\\inf",
    "\\det", "\\dim", "\\ker", "\\arg", "\\deg", "\\gcd", "\\Pr", "\\hom", "\\sum", "\\prod",
    "\\int", "\\iint", "\\iiint", "\\oint",
}  # fmt: skip
# The option of a root or an arrow comes before its argument.
_OPTION = re.compile(r"(\\(?:sqrt|x[A-Za-z]+))\s*\[[^][(){}\\]*\]")


def unclosed(latex: str) -> int:
    """Return how many opening brackets have no closing one in their group or cell, or more.

    One that a script or a command takes as its argument closes nothing.
    """
    unclosed = 0
    # Of each group that is open: its brackets, and how many arguments are still to come.
    levels = [[0, 0]]
    is_fence = False
    for match in PIECE.finditer(_OPTION.sub(r"\1", latex)):
        piece, level = match[0], levels[-1]
        if piece.isspace():
            continue
        is_argument = level[1] > 0
        # A script is no argument itself.
        level[1] = max(0, level[1] - (piece not in _SCRIPTS))
        if piece in ("{", "\\begin", "\\left"):
            levels.append([0, 0])
        elif piece in ("}", "\\end", "\\right"):
            unclosed += levels.pop()[0] if len(levels) > 1 else 0
        elif piece in ("&", "\\\\"):
            unclosed += level[0]
            level[:] = [0, 0]
        elif _OPENING_FENCE.fullmatch(piece) or (piece in _OPENING and not is_fence):
            level[0] += 1
        elif _CLOSING_FENCE.fullmatch(piece) or (piece in _CLOSING and not is_fence):
            level[0] = max(0, level[0] - (not is_argument))
        elif not _FENCE.fullmatch(piece):
            level[1] += _arguments(piece)
        is_fence = bool(_FENCE.fullmatch(piece))
    return unclosed + sum(brackets for brackets, _ in levels)


def _arguments(piece: str) -> int:
    """Return how many arguments a script or a command may take; 1 for one that is not known."""
    if piece in _SCRIPTS:
        return 1
    if not _COMMAND.fullmatch(piece) or piece in _CLOSING or piece in _SYMBOLS:
        return 0
    return _ARGUMENTS.get(piece, 1)
