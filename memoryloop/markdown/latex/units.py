r"""Numbers and units as the LaTeX package siunitx writes them: `\qty{9.81}{\metre\per\second}`.

Numbers keep the decimal sign that they are written with.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from memoryloop.markdown.latex.scanning import PIECE, argument

_PREFIXES = {
    "quecto": "q", "ronto": "r", "yocto": "y", "zepto": "z", "atto": "a", "femto": "f",
    "pico": "p", "nano": "n", "micro": "μ", "milli": "m", "centi": "c", "deci": "d", "deca": "da",
    "deka": "da", "hecto": "h", "kilo": "k", "mega": "M", "giga": "G", "tera": "T", "peta": "P",
    "exa": "E", "zetta": "Z", "yotta": "Y", "ronna": "R", "quetta": "Q", "kibi": "Ki",
    "mebi": "Mi", "gibi": "Gi", "tebi": "Ti",
}  # fmt: skip
_UNITS = {
    "ampere": "A", "candela": "cd", "kelvin": "K", "kilogram": "kg", "gram": "g", "metre": "m",
    "meter": "m", "mole": "mol", "second": "s", "becquerel": "Bq", "degreeCelsius": "°C",
    "celsius": "°C", "coulomb": "C", "farad": "F", "gray": "Gy", "hertz": "Hz", "henry": "H",
    "joule": "J", "lumen": "lm", "katal": "kat", "lux": "lx", "newton": "N", "ohm": "Ω",
    "pascal": "Pa", "radian": "rad", "siemens": "S", "sievert": "Sv", "steradian": "sr",
    "tesla": "T", "volt": "V", "watt": "W", "weber": "Wb", "astronomicalunit": "au", "bel": "B",
    "dalton": "Da", "day": "d", "decibel": "dB", "degree": "°", "electronvolt": "eV",
    "hectare": "ha", "hour": "h", "litre": "L", "liter": "L", "minute": "min",
    "arcminute": "\u2032",
    "arcsecond": "\u2033", "neper": "Np", "tonne": "t", "percent": "%", "bit": "bit", "byte": "B",
    "angstrom": "Å", "bar": "bar", "atmosphere": "atm", "molar": "M", "calorie": "cal",
    "mmHg": "mmHg", "inch": "in", "foot": "ft", "year": "a",
    # The short names of siunitx.
    "fg": "fg", "pg": "pg", "ng": "ng", "ug": "μg", "mg": "mg", "g": "g", "kg": "kg", "pm": "pm",
    "nm": "nm", "um": "μm", "mm": "mm", "cm": "cm", "dm": "dm", "m": "m", "km": "km", "as": "as",
    "fs": "fs", "ps": "ps", "ns": "ns", "us": "μs", "ms": "ms", "s": "s", "fmol": "fmol",
    "pmol": "pmol", "nmol": "nmol", "umol": "μmol", "mmol": "mmol", "mol": "mol", "kmol": "kmol",
    "pA": "pA", "nA": "nA", "uA": "μA", "mA": "mA", "A": "A", "kA": "kA", "ul": "μL", "ml": "mL",
    "l": "L", "hl": "hL", "uL": "μL", "mL": "mL", "L": "L", "hL": "hL", "mHz": "mHz", "Hz": "Hz",
    "kHz": "kHz", "MHz": "MHz", "GHz": "GHz", "THz": "THz", "mN": "mN", "N": "N", "kN": "kN",
    "MN": "MN", "Pa": "Pa", "kPa": "kPa", "MPa": "MPa", "GPa": "GPa", "mohm": "mΩ", "kohm": "kΩ",
    "Mohm": "MΩ", "pV": "pV", "nV": "nV", "uV": "μV", "mV": "mV", "V": "V", "kV": "kV", "W": "W",
    "nW": "nW", "uW": "μW", "mW": "mW", "kW": "kW", "MW": "MW", "GW": "GW", "J": "J", "uJ": "μJ",
    "mJ": "mJ", "kJ": "kJ", "eV": "eV", "meV": "meV", "keV": "keV", "MeV": "MeV", "GeV": "GeV",
    "TeV": "TeV", "kWh": "kWh", "F": "F", "fF": "fF", "pF": "pF", "nF": "nF", "uF": "μF",
    "K": "K", "dB": "dB", "kB": "kB", "MB": "MB", "GB": "GB", "C": "C", "mC": "mC", "uC": "μC",
    "T": "T", "mT": "mT", "uT": "μT", "H": "H", "mH": "mH", "uH": "μH",
}  # fmt: skip
_BEFORE = {"square": "2", "cubic": "3"}
_AFTER = {"squared": "2", "cubed": "3"}
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<digits>[0-9]*(?:[.,][0-9]*)?)(?P<rest>.*?)(?:[eEdD](?P<power>[+-]?[0-9]+))?",
    re.DOTALL,
)
_PHYSICAL = re.compile(
    r"\s*([+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]+|\s*[x*]\s*10\^\{?[+-]?[0-9]+\}?)?)(.*)", re.DOTALL
)
_LITERAL = re.compile(r"[^\W\d_]+|[μµΩ°%\u2032\u2033Å€$]+[^\W\d_]*")
_FRACTION = re.compile(r"per-mode\s*=\s*(?:symbol|repeated-symbol|fraction|single-symbol)")
_TAKES_ARGUMENT = ("raiseto", "tothe", "of")
# What stands between units and shows nothing.
_BETWEEN = (" ", "\n", "\t", ".", "~", "{", "}", "\\,", "\\cdot", "\\ ")
# Signs that stand at their number without a space.
_CLOSE = ("°", "\u2032", "\u2033")


def number(text: str) -> str:
    r"""Return the LaTeX of `\num{1.5e-3}`."""
    text = text.strip().replace("~", "")
    for sign in ("\\pm", "+-", "±"):
        if sign in text:
            return r"\pm ".join(number(each) for each in text.split(sign))
    for sign in ("\\times", "\\cdot", "x", "\u00d7"):
        if sign in text:
            return r"\times ".join(number(each) for each in text.split(sign))
    match = _NUMBER.fullmatch(text)
    if match is None or not text:
        return text
    digits = _grouped(match["digits"].replace(",", "{,}"))
    value = f"{match['sign']}{digits}{match['rest']}"
    if match["power"] is None:
        return value
    power = f"10^{{{match['power'].removeprefix('+')}}}"
    return rf"{value}\times {power}" if value.strip("+-") else f"{value}{power}"


def unit(text: str, options: str = "") -> str:
    r"""Return the LaTeX of `\unit{\metre\per\second}` or `\unit{m/s^2}`."""
    if "\\" not in text:
        return _literal(text)
    units = _units(text)
    below = [each for each in units if each.is_below]
    if below and _FRACTION.search(options):
        above = [each for each in units if not each.is_below]
        under = _product(below)
        return f"{_product(above) or '1'}/{under if len(below) == 1 else f'({under})'}"
    return _product(units, inverse=True)


def quantity(value: str, of: str, options: str = "") -> str:
    r"""Return the LaTeX of `\qty{5}{\metre}`."""
    written, name = number(value), unit(of, options)
    space = "" if of.strip() in ("\\degree", "°", "\\arcminute", "\\arcsecond") else r"\,"
    return f"{written}{space}{name}" if written else name


def physical(text: str) -> str:
    r"""Return the LaTeX of mhchem's `\pu{123 kJ/mol}`."""
    match = _PHYSICAL.match(text)
    if match is None:
        return _literal(text)
    value = re.sub(r"\s*[x*]\s*10\^\{?([+-]?[0-9]+)\}?", r"e\1", match[1])
    return rf"{number(value)}\,{_literal(match[2])}" if match[2].strip() else number(value)


def angle(text: str) -> str:
    r"""Return the LaTeX of `\ang{12;30;15}`: degrees, minutes and seconds."""
    parts = zip(text.split(";"), _CLOSE, strict=False)
    return "".join(rf"{number(each)}\text{{{sign}}}" for each, sign in parts if each.strip())


def quantity_range(first: str, last: str, of: str, options: str = "") -> str:
    return rf"{quantity(first, of, options)}\text{{ – }}{quantity(last, of, options)}"


def number_range(first: str, last: str) -> str:
    return rf"{number(first)}\text{{ – }}{number(last)}"


def number_list(values: str) -> str:
    return r",\;".join(number(each) for each in values.split(";"))


def quantity_list(values: str, of: str, options: str = "") -> str:
    return r",\;".join(quantity(each, of, options) for each in values.split(";"))


@dataclass
class _Unit:
    name: str
    power: str = ""
    is_below: bool = False


def _units(text: str) -> list[_Unit]:
    r"""Return the units of `\kilo\metre\per\second\squared`."""
    found: list[_Unit] = []
    prefix = power = ""
    is_below = False
    at = 0
    while match := PIECE.match(text, at):
        piece, at = match[0], match.end()
        name = piece[1:] if piece[0] == "\\" else ""
        if name in _TAKES_ARGUMENT:
            given, at = argument(text, at)
            if name == "raiseto":
                power = given
            elif name == "tothe" and found:
                found[-1].power = given
            elif name == "of" and found:
                found[-1].name += rf"_{{\mathrm{{{given}}}}}"
        elif name == "per":
            is_below = True
        elif name in _BEFORE:
            power = _BEFORE[name]
        elif name in _AFTER and found:
            found[-1].power = _AFTER[name]
        elif name in _PREFIXES:
            prefix += _PREFIXES[name]
        elif name in _UNITS or piece not in _BETWEEN:
            written = _roman(prefix + _UNITS[name]) if name in _UNITS else f"{prefix}{piece}"
            found.append(_Unit(written, power, is_below))
            prefix, power, is_below = "", "", False
    return found


def _product(units: Sequence[_Unit], *, inverse: bool = False) -> str:
    written = []
    for each in units:
        power = f"-{each.power or '1'}" if inverse and each.is_below else each.power
        written.append(f"{each.name}^{{{power}}}" if power else each.name)
    return r"\,".join(written)


def _roman(name: str) -> str:
    if name.endswith(("%", *_CLOSE)):
        return rf"\text{{{name}}}".replace("%", "\\%")
    return rf"\mathrm{{{name}}}"


def _literal(text: str) -> str:
    """Return a unit that is written out, as in `kg.m/s^2`."""
    words = _LITERAL.sub(lambda found: _roman(found[0]), text.strip())
    words = re.sub(r"\^\s*([+-]?[0-9]+)", r"^{\1}", words)
    words = re.sub(r"(?<=})(-?[0-9]+)(?![0-9}])", r"^{\1}", words)
    return re.sub(r"\s*[.~*]\s*|\s+", lambda _: r"\,", words).replace("//", "/")


def _grouped(digits: str) -> str:
    """Return digits with a thin space between thousands, from five digits on."""
    match = re.fullmatch(r"([0-9]+)((?:\.|\{,\})[0-9]*)?", digits)
    if match is None or len(match[1]) < 5:
        return digits
    whole = match[1]
    first = len(whole) % 3 or 3
    groups = [whole[:first], *(whole[at : at + 3] for at in range(first, len(whole), 3))]
    return r"\,".join(groups) + (match[2] or "")
