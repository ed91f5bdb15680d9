"""Names of LaTeX and its packages, and what they are in the LaTeX of the converter."""

# Where the converter has the rows of another environment that looks the same. A `gathered` has no
# columns.
ENVIRONMENTS = {
    "align": "aligned", "aligned": "aligned", "alignat": "aligned", "alignedat": "aligned",
    "darray": "array", "dcases*": "dcases", "cases*": "cases", "eqnarray": "aligned",
    "flalign": "aligned", "gather": "gathered", "gathered": "gathered", "multline": "gathered",
    "multlined": "gathered", "rcases*": "rcases", "smallmatrix": "matrix", "split": "aligned",
    "subarray": "array", "tabular": "array", "xalignat": "aligned",
}  # fmt: skip
MATRICES = {"p": "pmatrix", "b": "bmatrix", "B": "Bmatrix", "v": "vmatrix", "V": "Vmatrix"}
ENVIRONMENTS |= {f"{kind}smallmatrix": name for kind, name in MATRICES.items()}
# Commands within words that the converter does not know there.
WORDS = {
    "\\textdegree": "°", "\\degree": "°", "\\euro": "€", "\\texteuro": "€", "\\textmu": "μ",
    "\\TeX": "TeX", "\\LaTeX": "LaTeX", "\\AA": "Å", "\\aa": "å", "\\to": "→",
    "\\rightarrow": "→", "\\textrightarrow": "→", "\\quad": "  ", "\\qquad": "    ",
    "\\newline": " ", "\\\\": " ", "\\times": "\u00d7", "\\pm": "±", "\\cdot": "·", "\\circ": "∘",
    "\\-": "", "\\/": "", "\\small": "", "\\normalsize": "", "\\large": "",
}  # fmt: skip
SIGNS = {
    "\\cr": "\\\\", "\\dotsb": "\\cdots", "\\dotsc": "\\ldots", "\\dotsi": "\\cdots",
    "\\dotsm": "\\cdots", "\\dotso": "\\ldots", "\\hdots": "\\ldots", "\\intop": "\\int\\limits",
    "\\centerdot": "\\cdot", "\\sdot": "\\cdot", "\\slash": "/", "\\smallint": "\\int",
    "\\smallsetminus": "\\setminus", "\\smallfrown": "\\frown", "\\smallsmile": "\\smile",
    "\\thicksim": "\\sim", "\\thickapprox": "\\approx", "\\varpropto": "\\propto", "\\Colon": "∷",
    "\\dotdiv": "∸", "\\textmu": "\\mu", "\\upmu": "\\mu", "\\micro": "\\mu",
    "\\celsius": "\\mathrm{°C}", "\\euro": "€", "\\texteuro": "€", "\\textdollar": "\\$",
    "\\textdegree": "°", "\\AA": "\\mathrm{Å}", "\\lambdabar": "ƛ", "\\i": "\\imath",
    "\\TeX": "\\mathrm{TeX}", "\\LaTeX": "\\mathrm{LaTeX}", "\\grad": "\\nabla",
    "\\curl": "\\nabla\\times", "\\divergence": "\\nabla\\cdot", "\\laplacian": "\\nabla^{2}",
    "\\hfill": "\\quad", "\\hfil": "\\quad",
    "\\varinjlim": "\\operatorname*{lim}",
    "\\varprojlim": "\\operatorname*{lim}", "\\-": "", "\\/": "", "\\@": "", "\\par": " ",
    "\\dd": "\\mathrm{d}",
}  # fmt: skip
# Layout and numbering that a card does not have.
_SILENT = (
    "allowbreak nobreak noindent centering protect strut nonumber notag footnotesize huge Huge "
    "large Large LARGE normalsize scriptsize small tiny smallskip medskip bigskip leavevmode"
)
SIGNS |= {f"\\{name}": " " for name in _SILENT.split()}
