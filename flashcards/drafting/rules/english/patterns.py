"""The patterns of English sentences, and the words that tell what they say."""

import re

from flashcards.drafting.rules import words
from flashcards.drafting.rules.frame import NAME, SUFFIX
from flashcards.drafting.sentence_ends import word_set

MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_ERA = r"(?: (?:BCE?|CE|AD))?"
DEFINITION_WORDS_MOST = 24
DATE = (
    rf"(?:on \d{{1,2}} (?:{MONTH}) \d{{3,4}}|on (?:{MONTH}) \d{{1,2}}, \d{{3,4}}|in (?:{MONTH}) "
    rf"\d{{3,4}}|in (?:AD )?\d{{3,4}}{_ERA}|in \d{{1,2}} (?:BCE?|AD|CE)"
    r"|in the (?:early |mid-|late )?\d{4}s"
    rf"|in the (?:early |mid-|late )?(?:\d{{1,2}}(?:st|nd|rd|th)|[a-z]{{4,12}}) century{_ERA})"
)
_DAY = rf"(?:\d{{1,2}} (?:{MONTH}) \d{{3,4}}|(?:{MONTH}) \d{{1,2}}, \d{{3,4}})"
LIFE = re.compile(rf"^(?:born )?(?P<born>{_DAY}) ?[–—-] ?(?P<died>{_DAY})$")
PHRASE = r"[^,;:]{2,80}?"
_WHOM = (
    rf"(?P<agent>(?:the |a |an )?(?:[a-z][\w-]+ ){{0,4}}{NAME}{SUFFIX}(?:(?:, {NAME}){{0,4}},? and "
    rf"{NAME})?)"
)
COPULA = re.compile(rf"(?P<subject>{PHRASE}) (?P<verb>is|are|was|were) (?P<what>\S.+)$")
_CAPITAL_DATE = rf"(?i:{DATE})"
LEADING = re.compile(rf"(?P<date>{_CAPITAL_DATE}),? (?P<rest>[A-Z].+|the .+|a .+)$")
PASSIVE = re.compile(
    rf"(?P<subject>{PHRASE}) (?P<verb>is|are|was|were) (?P<adverb>first |originally |officially "
    r"|independently )?(?P<participle>[a-z][\w-]*)(?P<rest>(?: .*)?)$"
)
DATED_END = re.compile(
    rf"(?P<before>.*?) (?P<date>{DATE})(?: (?P<place>(?:in|at) [A-Z][^,;]{{2,40}}))?"
    r"(?=$|,| (?:under|by|during|after|when|as|with|for|and (?:is|was|are|were|has)) )"
)
BY = re.compile(rf"^(?P<before>[^,;]{{0,60}}?) ?by {_WHOM}(?P<after>$|[ ,].*$)")
ACTIVE = re.compile(
    rf"(?P<agent>{NAME}{SUFFIX}(?:(?:, {NAME}){{0,3}},? and {NAME})?)(?:, (?P<who>(?:an?|the) "
    rf"[^,;]{{3,80}}),)? (?P<verb>[a-z]+) (?P<rest>\S.+)$"
)
CALLED = re.compile(
    r"(?P<subject>(?:The|A|An) [^,;:]{12,120}?) (?P<verb>is|are) (?P<manner>called|known as) "
    r"(?P<name>[\w’' -]{3,40})$"
)
WHERE = re.compile(
    rf"(?P<subject>{PHRASE}) (?P<verb>is|are) (?P<how>located|situated) (?P<place>(?:in|on|at|near|"
    rf"between) [^;]{{3,80}}?)(?=$|, (?:and|where|which|about))"
)
ATTRIBUTE = re.compile(
    r"(?P<subject>The (?:(?:official|national|chemical|currency|boiling|melting|legislative|SI) "
    r")?(?:capital|capital city|currency|language|symbol|formula|unit|anthem|flower|animal|bird|"
    r"parliament|point|atomic number) of [^,;:]{3,40}?) (?P<verb>is) (?P<what>[^,;:]{1,60})$"
)
BECAUSE = re.compile(r"(?P<main>[^,;:]{6,140}?),? because (?P<reason>[^;:]{8,180})$")
CAUSES = re.compile(rf"(?P<subject>{PHRASE}) (?P<verb>causes?|leads? to) (?P<what>[^,;:]{{6,90}})$")
STANDS = re.compile(r"(?P<subject>[A-Z][\w-]{1,11}) stands for (?P<what>[^,;:]{4,80})$")
COUNTED = re.compile(
    rf"(?P<subject>{PHRASE}) (?P<verb>has|have|contains|contain) (?P<number>(?:about |exactly "
    rf")?(?:\d[\d,]*|{words.NUMBER_WORDS})) "
    r"(?P<noun>(?:[a-z-]+ ){0,2}[a-z]+(?:s|children|people|teeth))(?P<place>(?: in [^,;:]{2,40})?)$"
)
RELATIVE = re.compile(r"\b(?:that|which|who|whose|whom|where|when|in which|by which)\b")
# Where a definition can end without losing its meaning.
AFTER = re.compile(
    r",? because | until |, (?:but|while|whereas|although|though|so(?! that)|yet|because|since|as|"
    r"and (?:the [a-z ]{2,30} (?:is|are|was|were)|it|they|he|she|is|are|was|were|has|had|have|can|"
    r"in|its|their|his|her))\b|,? and (?:is|are|was|were|has|had|lies|stands|can) "
)
HEAD_END = re.compile(
    r",| (?:that|which|who|whose|whom|in|of|on|by|for|with|from|to|at|between|around|through|where|"
    r"when|used|made|caused|built|formed|found|located|known|containing|consisting|issued)\b"
)
COMPLEMENT = re.compile(r" (?:of|that|which|who|by|in|where|for|to|between|whose|used) ")
SUPERLATIVE = re.compile(
    r"the (?:only|first|capital|official language|currency|[a-z]{3,}est|second-[a-z]+est|most "
    r"(?:populous|abundant|common|massive|widely spoken|distant))\b"
)
VAGUE_HEADS = word_set(
    """
    thing things topic subject matter example examples question problem problems part parts way
    reason reasons result results sign case challenge mistake idea kind sort issue lot bit one
    ones term word name fact point aspect factor member power site home host source base success
    failure pity shame must disaster time year day place story matter surprise
    """
)
VAGUE_ADJECTIVES = word_set(
    """
    important interesting fascinating great good bad big major key essential complex common
    popular famous wonderful simple nice useful well-known notable significant crucial beautiful
    serious similar different certain such another other same following latter former new next
    previous likely possible probable central
    """
)
GENERIC = word_set(
    """
    term word name city town company university film book novel building church war battle
    treaty law method process work paper result idea bridge college house school team group
    village museum station party club country state king queen theory law index study programme
    program project system version notes edition machine game song album ship
    """
)
# What somebody does who makes or finds something first.
MAKES = word_set(
    """
    invented discovered founded wrote painted composed designed built developed formulated
    proposed published described introduced coined patented proved isolated established devised
    pioneered demonstrated created synthesised synthesized identified constructed directed
    launched compiled sculpted climbed deciphered measured
    """
)
IDEAS = word_set(
    "coined devised formulated proposed discovered invented introduced developed described patented"
)
# What happens on one day or in one year.
HAPPENS = MAKES | word_set(
    """
    opened completed adopted signed ratified abolished executed assassinated born elected
    crowned released performed inaugurated destroyed captured conquered annexed started begun
    named awarded renamed rebuilt unified dissolved banned held set unveiled granted killed shot
    buried fought sealed found launched
    """
)
BEGINS = {
    "began": "begin", "ended": "end", "erupted": "erupt", "exploded": "explode", "died": "die",
    "fell": "fall", "opened": "open", "started": "start", "sank": "sink", "collapsed": "collapse",
}  # fmt: skip
# "Taggart is a peddler": somebody, or something.
MAYBE_PERSON = re.compile(
    r"^(?!computer|container|polymer|river|layer|number|order|power|paper|letter|character|marker|"
    r"carrier|transistor|reactor|motor|vector|sensor|error|matter|water|buffer|filter|pointer|"
    r"disorder|tumor|cancer|paper|parameter|server|compiler|meter|color|colour|metaphor|"
    r"operator)[a-z]*(?:er|or|ian|man)$"
)
PERSON_ENDINGS = re.compile(r"(?:ologist|ician|grapher|ist|chemist|writer|maker|player|singer|"
                             r"inventor|leader|director|designer|official|activist)$")  # fmt: skip
# What has a name of its own: "Python is a language".
NAMED = word_set(
    """
    city town village country state river lake mountain island volcano planet moon star galaxy
    company brand language library framework database engine website service film novel band
    game museum university cathedral bridge tower region province continent desert ocean sea
    peninsula system manager kernel browser editor dialect tribe god goddess capital
    municipality airline newspaper magazine series republic kingdom empire dynasty constellation
    tragedy comedy play poem painting opera symphony sculpture book epic sonata ballet musical
    fresco statue rocket spacecraft satellite protocol
    """
)
COMMON_ENDING = re.compile(
    r"(?:sis|tion|sion|ment|ness|ity|ism|logy|ics|ance|ence|phyll|gen|ing|ure|phy|ase|ose|omy|"
    r"print|ment|gma|meter|scope|ide|ine|cide|cy|some|some|plast|ant|ent|or|er|ts|ls|ns|ms|es)$"
)
ADJECTIVE_ENDING = re.compile(
    r"^(?!Arct|Antarct|Balt|Atlant|Pacif|Cathol|Islam|German|Nord|Goth|Celt|Olymp|Hispan|Slav|"
    r"Ind).*(?:ic|al|ive|ous|ar|ed|ing|ary|ble|less|ful|ect|ent|ant|ral|ern|ry|gh|ow|old|ew|ough|"
    r"ite|ack|ue)$"
)
MASSES = word_set(
    """
    vitamin wage labour rock magma lava energy matter inflation water light tissue software
    hardware data information communication money paper movement behaviour behavior heat
    radiation growth pressure unemployment ice gold silver iron copper steel glass wood stone
    coal oil gas air soil sand salt sugar milk blood bread wine beer rice wheat cotton wool silk
    leather plastic rubber pumice granite marble limestone clay steam snow rain fog music poetry
    prose speech writing research knowledge learning memory technology medicine penicillin
    insulin oxygen hydrogen nitrogen carbon helium uranium radium mercury lead tin zinc sodium
    potassium calcium sulfur sulphur chlorine aluminium aluminum concrete cement bronze brass
    diamond ozone dynamite porcelain tea coffee cocoa chocolate tobacco electricity gravity
    sound space time sleep pain stress anxiety art trade labour labor capital property law
    evolution urine sweat bone muscle fat protein starch
    """
)
KIN = word_set(
    """
    niece nephew grandson granddaughter grandfather grandmother uncle aunt cousin brother sister
    mother father son daughter wife husband follower followers visitor visitors founder owner
    native people individuals workers citizens members heroine hero protagonist spokesman
    """
)
FIRMS = word_set(
    """
    The Factory Books Inc Corporation Records Studios Studio Films Pictures Labs Motors Press
    Brothers Bros Airlines Systems Software Technologies Partners Team Band Orchestra Greens
    """
)
LARGEST = re.compile(
    r"(?P<subject>The (?:[a-z]{3,}est|second-[a-z]+est|most populous|only) [^,;:]{3,60}?) "
    r"(?P<verb>is|was) (?P<what>(?:the )?[A-Z][\w’' -]{1,40}?)(?=$|, | which )"
)
TALK_OF_TIME = word_set(
    "something anything today now currently still already also probably perhaps said says "
    "claimed argued"
)
PREPOSITIONS = word_set(
    """
    in on at by for with from to of into onto over under after before during through between
    among within without against about around as than until across along via near since because
    while when where if although though despite unlike like according
    """
)
PRONOUNS_OF_PERSONS = word_set("he she him her his this these those here there")
POINTING = word_set(
    """
    he she him this these those here there we us our you your i me my mine it they them such
    former latter above below following another same aforementioned himself herself then
    """
)
JOINS = word_set("and or but")
HAPPENED = re.compile(
    rf"(?P<subject>{PHRASE})(?:, (?:an?|the) [^,;]{{3,80}},)? (?P<verb>{'|'.join(BEGINS)}) "
    rf"(?P<date>{DATE})(?=$|,| (?:and|with|when|after|in|at|as) )"
)
# What a superlative may be of besides what has a name.
WHOLE = re.compile(r"\b(?:world|body|solar system|universe|brain|periodic table|planet)\b")
ONLY_PERSON = re.compile(r"the (?:only|first|last) (?:person|woman|man|child|legitimate)\b")
# Words that no subject has besides its first.
NO_SUBJECT = word_set("as that which who whose where when if not is was are")
# What keeps a question about a date from being clear.
UNCLEAR_BEFORE_DATE = word_set("by after for from back again only also later early")
OBJECT_END = re.compile(r", (?:and|but|which|who|where|while|when|after|although|because|as|so)\b")
SECOND_CLAUSE = re.compile(r", (?:and|but|so|which)\b")
# Words of a clause that is not simple enough to be turned into a question.
NOT_INVERTED = word_set(
    "and or but that which who when if not only mainly partly just probably perhaps"
)
# A subject with one of these is not a term.
UNCLEAR_SUBJECT = VAGUE_HEADS | word_set(
    """
    important interesting another other same similar different certain following latter former
    such good bad user feature principal well-known likely possible
    """
)
THAT_AFTER_DATE = re.compile(rf"(?P<date>{DATE}) (?P<that>that \S.*)$")
