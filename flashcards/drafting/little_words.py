"""The little words of some languages: articles, pronouns, prepositions, auxiliaries, askers.

They say little about what a text is about, and much about the language that it is in.
"""

import re

# Those that hardly any other language has: they tell the language.
TELLING = {
    "en": "the of and to is are was were what which who when where why how does did do it its "
    "this by with from for that an a as has have had be been there name he she they you your",
    "de": "der die das dem den des ein eine einen einem einer eines und ist sind war waren was wer "
    "wie wo wann warum wieso welche welcher welches welchem welchen wem wen von zu zum zur mit auf "
    "für nicht sich man es er oder in kann im am bei aus nach hat haben wird werden durch über "
    "unter",
    "fr": "le la les un une des du et est sont était que qui quoi quel quelle quels quelles où "
    "quand comment pourquoi combien dans pour par sur avec ce cette il elle au aux ne pas",
    "es": "el la los las un una unos unas y es son fue era qué quién cuál cuáles dónde cuándo cómo "
    "por para en con del al que de se hay cuántos cuántas",
    "it": "il lo la gli le un una e è sono era che chi cosa quale quali dove quando come perché "
    "quanto quanti di del della dei nel nella per con si cos",
    "pt": "o a os as um uma e é são foi era que quem qual quais onde quando como porque quanto "
    "quantos de do da dos das no na em para por com se não",
    "nl": "de het een en is zijn was waren wat wie welke waar wanneer waarom hoe van in op met "
    "voor door niet aan naar bij uit er heeft hebben wordt worden",
}
_MORE = {
    "en": "and or but if then than so such not no nor only also very more most much many some any "
    "all each every both few other another same own i we me him her his hers their our us them "
    "these those here in on at into onto upon over under about between through during before "
    "after above below up down out off again once because while until against among per via can "
    "could may might must shall should will would being am whose whom itself himself themselves "
    "one ones called named known",
    "de": "oder aber wenn dann als so solche nur auch sehr mehr meist viel viele einige alle jede "
    "jeder jedes beide andere ich wir er sie ihr ihre ihren ihrem ihrer sein seine seinen seinem "
    "seiner uns ihm ihn ihnen diese dieser dieses diesen diesem hier in an ins ans vom beim um vor "
    "zwischen während gegen ohne je pro via kann können konnte muss müssen soll wollte wurde "
    "wurden worden gewesen hatte hatten dass ob weil da wessen wieviel viele heißt nennt nannte",
    "fr": "l d s n c j m t qu y en a ou mais si alors plus moins très aussi tout tous toute toutes "
    "chaque autre autres même je tu nous vous ils elles lui leur leurs son sa ses mon ma mes notre "
    "votre ces cet ici à de sous entre pendant avant après contre sans comme se fut furent ont "
    "avait avaient être été peut peuvent doit appelle nomme on dont afin vers chez lequel laquelle",
    "es": "o u e pero si entonces más menos muy también todo todos toda todas cada otro otros otra "
    "otras mismo yo tú él ella ello nosotros ellos ellas le les lo su sus mi mis nuestro este esta "
    "estos estas ese esa esos esas aquí a ante bajo contra desde durante entre hacia hasta según "
    "sin sobre tras como no ni ha han había ser sido está están puede pueden debe llama llamó "
    "cuánto cuánta quiénes cuyo cuya fueron eran",
    "it": "o ma se più anche non lui lei loro suo sua suoi sue questo questa quello quella a da in "
    "su tra fra al alla ai alle dal dalla nello sul sulla ha hanno fu furono era erano può",
    "pt": "ou mas mais também ele ela eles elas seu sua seus suas este esta isso ao aos à às pelo "
    "pela num numa ser está estão tem têm pode podem foram eram",
    "nl": "of maar als dan dus ook niet geen hij zij ze hun haar zijn deze dit die dat te om over "
    "onder tussen kan kunnen moet werd werden",
}
LANGUAGES = tuple(TELLING)
_TELLING = {language: frozenset(words.split()) for language, words in TELLING.items()}
LITTLE = {
    language: frozenset(f"{words} {_MORE[language]}".split()) for language, words in TELLING.items()
}
_WORD = re.compile(r"[^\W\d_]+")


def language_of(question: str, answer: str = "") -> str:
    """Return the language of a card's text, "en" where nothing tells another."""
    words = [word.casefold() for word in _WORD.findall(f"{question} {answer}")]
    counts = {
        each: sum((word in telling) + 0.25 * (word in LITTLE[each]) for word in words)
        for each, telling in _TELLING.items()
    }
    best = max(counts.values())
    likely = [language for language, count in counts.items() if count == best]
    if "¿" in question and "es" in likely:
        return "es"
    if "en" not in likely:
        return likely[0]
    # A verb follows "Was" in German at once, in English only what it is said of: "Was light …?".
    if "de" in likely and best and re.match(r"was [a-zäöüß]+(?:t|en|te|ten)\b", question.lower()):
        second = question.split()[1]
        return "de" if second.islower() else "en"
    return "en"
