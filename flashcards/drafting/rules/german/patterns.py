"""The patterns of German sentences, and the words that tell what they say."""

import re

from flashcards.drafting.rules.frame import NAME, SUFFIX
from flashcards.drafting.sentence_ends import word_set

MONTH = "Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
_ERA = r"(?: [vn]\. ?(?:Chr|u\. ?Z)\.?)?"
_DAY = rf"\d{{1,2}}\. ?(?:{MONTH}) \d{{3,4}}"
DATE = (
    rf"(?:am {_DAY}|im (?:{MONTH}) \d{{3,4}}|(?:im Jahre? |um |etwa |gegen )?\d{{3,4}}{_ERA}"
    r"|in den (?:frühen |späten )?\d{4}er[ -]Jahren|im (?:frühen |späten )?\d{1,2}\. Jahrhundert"
    rf"{_ERA})"
)
_CAPITAL_DATE = rf"(?i:{DATE})"
# "seit 1949" says more than when.
_NO_DATES = ("ab", "seit", "bis", "vor", "nach", "von", "und", "zwischen", "um", "etwa", "gegen")
_NOT_SINCE = "".join(rf"(?<!\b{word} )" for word in _NO_DATES)
IN = re.compile(rf"(?<!\S){_NOT_SINCE}{DATE}(?!\S)")
LIFE = re.compile(rf"(?:\* ?|geboren am )(?P<born>{_DAY})")
_PHRASE = r"[^,;:]{2,80}?"
_WHOM = rf"(?P<agent>{NAME}{SUFFIX}(?:(?:, {NAME}){{0,3}} und {NAME})?)"
COPULA = re.compile(rf"(?P<subject>{_PHRASE}) (?P<verb>ist|sind|war|waren) (?P<what>\S.+)$")
PASSIVE = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>wurden?) "
    rf"(?P<middle>[^,;:]{{0,140}}?)(?P<participle>[a-zäöüß]+(?:t|en))(?=$|,| und )"
)
PASSIVE_DATED = re.compile(
    rf"(?P<date>{_CAPITAL_DATE}) (?P<verb>wurden?) (?P<subject>(?:der|die|das) [^,;:]{{3,60}}?|"
    rf"{NAME})(?P<middle> [^,;:]{{0,80}}?)? (?P<participle>[a-zäöüß]+(?:t|en))(?=$|,| und )"
)
BY = re.compile(
    rf"(?<!\S)(?:von|durch) (?P<title>(?:dem|der|den) (?:[a-zäöü]+en )?[A-ZÄÖÜ]\w+ )?{_WHOM}(?=$|"
    rf"[\s.])"
)
_ENDS_VERB = r"(?P<verb>[a-zäöüß]+)"
ACTIVE = re.compile(
    rf"{_WHOM}(?:, (?P<who>(?:ein|eine|der|die) [^,;]{{3,80}}),)? {_ENDS_VERB} (?P<rest>\S.+)$"
)
ACTIVE_DATED = re.compile(rf"(?P<date>{_CAPITAL_DATE}) {_ENDS_VERB} {_WHOM}(?P<rest>,? \S.+)$")
CALLED = re.compile(
    r"(?P<subject>(?:Der|Die|Das|Ein|Eine) [^;:]{12,160}?),? (?:heißt|nennt man|wird (?P<als>als "
    r")?(?P<name>[^,;:]{3,40}) (?P<how>genannt|bezeichnet)) ?(?P<named>[^,;:]{0,40})$"
)
MEANT = re.compile(
    r"(?:Unter (?P<under>[^,;:]{2,50}?) versteht man|Als (?P<as>[^,;:]{2,50}?) bezeichnet man) "
    r"(?P<what>\S.{8,220})$"
)
WHERE = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>liegt|liegen|befindet sich|befinden sich) "
    r"(?P<place>(?:in|im|an|am|auf|bei|zwischen|unter|über|vor|hinter|neben) [^,;]{3,80}?)(?=$|,| "
    r"und (?:ist|hat|war|wird|wurde|gehört|gilt|trägt|verbindet|besteht) )"
)
TIME = re.compile(
    rf"\b(?:{MONTH}|Monat\w*|Jahr\w*|Winter|Sommer|Frühling|Herbst|Zeit|Uhr|Woche\w*)\b"
)
HAPPENED = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>begann|endete|starb|fiel|erschien|öffnete|entstand|"
    rf"explodierte|trat|fand) (?P<rest>[^,;:]{{3,120}}?)(?=$|,| und )"
)
BECAUSE = re.compile(r"(?P<main>[^,;:]{6,140}?), weil (?P<reason>[^;:]{8,180})$")
CAUSES = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>verursacht|verursachen|führt zu|führen zu|bewirkt|bewirken) "
    rf"(?P<what>[^,;:]{{6,90}})$"
)
STANDS = re.compile(r"(?P<subject>[A-ZÄÖÜ][\w-]{1,11}) steht für (?P<what>[^,;:]{4,80})$")
_NUMBERS = "zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf"
COUNTED = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>hat|haben|besitzt|besitzen|enthält|enthalten|zählt|umfasst) "
    rf"(?P<number>(?:etwa |rund |genau )?(?:\d[\d.]*|{_NUMBERS})) (?P<noun>(?:[a-zäöüß]+e "
    rf")?[A-ZÄÖÜ][a-zäöüß-]+)$"
)
ATTRIBUTE = re.compile(
    r"(?P<subject>(?:Die|Das|Der) (?:(?:amtliche|chemische|nationale) )?(?:Hauptstadt|Währung|"
    r"Amtssprache|Landessprache|Symbol|Summenformel|Einheit|Siedepunkt|Schmelzpunkt|Ordnungszahl|"
    r"Nationalhymne) (?:von|des|der) [^,;:]{3,40}?) (?P<verb>ist|war|lautet) "
    r"(?P<what>[^,;:]{1,60})$"
)
AFTER = re.compile(
    r", und (?!zwar)|, (?:aber|doch|jedoch|während|obwohl|wobei|sondern)\b| und (?:ist|sind|war|"
    r"waren|wird|wurde|hat|hatte|liegt|befindet|gehört|gilt|besteht|dient|lebte|starb|entstand) "
)
SUPERLATIVE = re.compile(
    r"(?:der|die|das) (?:einzige[nr]?|erste[nr]?|letzte[nr]?|Hauptstadt|Amtssprache|Währung|"
    r"(?!meist)[a-zäöüß]*(?:ößte|[a-zäöü]ste)[nrs]?)\b"
)
OPINION = re.compile(
    r"\b(?:wichtigste|bekannteste|berühmteste|schönste|beste|beliebteste|bedeutendste|"
    r"häufigste)[nrs]?\b"
)
HEAD_END = re.compile(
    r",| (?:in|im|an|am|auf|aus|von|vom|mit|für|zur|zum|zu|bei|des|der|den|dem|zwischen|vor|nach|"
    r"unter|über|durch|um|einer|eines|gegen|als|ohne|am|und|oder|ihrer|seiner|seines)\b"
)
VAGUE_HEADS = word_set(
    """
    ding dinge sache thema fach beispiel beispiele frage problem teil teile grund gründe
    ergebnis zeichen fall fehler idee art sorte menge reihe wort name punkt aspekt faktor erfolg
    schande zeit jahr tag ort hinweis herausforderung begriff bestandteil bereich rolle
    möglichkeit mitglied heimat sitz standort anhänger
    """
)
VAGUE_ADJECTIVES = re.compile(
    r"\b(?:wichtige|interessante|spannende|tolle|gute|schlechte|große[ns]? Problem|zentrale|"
    r"wesentliche|komplexe|bekannte|berühmte|beliebte|bedeutende|schöne|ähnliche|andere|weitere|"
    r"solche|solch|bestimmte|häufige|typische|entscheidende)[nrsm]?\b"
)
GENERIC = word_set(
    """
    begriff wort name stadt ort unternehmen firma gesellschaft universität film buch roman
    gebäude kirche krieg schlacht vertrag gesetz methode verfahren prozess vorgang werk arbeit
    idee brücke schule haus team gruppe dorf museum bahnhof partei verein land staat könig
    königin theorie bau studie programm projekt system version ausgabe checkpoint mauer maschine
    spiel lied album schiff autor wissenschaftler fluss see berg insel expedition reise
    entdeckung erfindung zahl patient konferenz orden kaiser rat tempel institut fabrik
    regierung region bewegung strecke anlage
    """
)
MAKES = word_set(
    """
    entdeckte erfand gründete schrieb malte komponierte entwarf baute entwickelte formulierte
    veröffentlichte beschrieb prägte bewies konstruierte stiftete schuf verfasste begründete
    führte stellte patentierte errichtete isolierte erfanden entdeckten gründeten entwickelten
    schrieben formulierten veröffentlichten beschrieben
    """
)
SEPARATED = {"führte": "ein", "stellte": "auf|vor"}
HAPPENS = re.compile(
    r"^(?:gegründet|entdeckt|erfunden|eröffnet|eingeweiht|erbaut|gebaut|errichtet|fertiggestellt|"
    r"verabschiedet|unterzeichnet|ratifiziert|abgeschafft|hingerichtet|ermordet|geboren|gewählt|"
    r"gekrönt|veröffentlicht|uraufgeführt|zerstört|erobert|annektiert|begonnen|benannt|umbenannt|"
    r"aufgelöst|verboten|eingeführt|formuliert|entwickelt|beschrieben|komponiert|geschrieben|"
    r"gemalt|entworfen|vorgeschlagen|geprägt|patentiert|bewiesen|durchgeführt|aufgestellt|"
    r"geschaffen|verfasst|vorgestellt|aufgeklärt|nachgewiesen|isoliert|enthüllt|verliehen|"
    r"gestartet|beschlossen|aufgenommen|ausgerufen|vollendet|konstruiert|erlassen|abgerissen|"
    r"verkündet)$"
)
PERSON_NOUN = re.compile(
    r"(?:forscher|forscherin|[a-zäöü]{3,}ist|[a-zäöü]{3,}istin|dirigent|dirigentin|geiger|geigerin|"
    r"verleger|verlegerin|chirurg|chirurgin|astronaut|astronautin|kosmonaut|pädagoge|pädagogin|"
    r"wissenschaftler|wissenschaftlerin|physiker|physikerin|chemiker|chemikerin|mathematiker|"
    r"mathematikerin|[a-zäöü]+loge|[a-zäöü]+login|dichter|dichterin|maler|malerin|politiker|"
    r"politikerin|schriftsteller|schriftstellerin|komponist|komponistin|philosoph|philosophin|arzt|"
    r"ärztin|ingenieur|ingenieurin|erfinder|erfinderin|könig|königin|kaiser|kaiserin|journalist|"
    r"journalistin|architekt|architektin|astronom|astronomin|botaniker|botanikerin|entdecker|"
    r"seefahrer|pilot|pilotin|general|dramatiker|autor|autorin|bildhauer|bildhauerin|unternehmer|"
    r"unternehmerin|jurist|juristin|historiker|historikerin|ökonom|ökonomin|schauspieler|"
    r"schauspielerin|sänger|sängerin|mönch|theologe|theologin|reformator|feldherr|staatsmann|"
    r"musiker|musikerin|lehrer|lehrerin|informatiker|informatikerin|programmierer|programmiererin|"
    r"regisseur|regisseurin|geograph|geograf|techniker|soldat|offizier|fotograf|fotografin|"
    r"mediziner|medizinerin|krankenschwester|pionier|pionierin|drucker|goldschmied|künstler|"
    r"künstlerin|diplomat|revolutionär|herrscher|sportler|sportlerin|spieler|spielerin|"
    r"nobelpreisträger|nobelpreisträgerin|aktivist|aktivistin|kaufmann|bankier|präsident|kanzler|"
    r"kanzlerin|minister|ministerin|philologe|rechtsanwalt|anwalt|bischof|papst|priester|pfarrer)$"
)
NOT_PERSON = re.compile(
    r"(?:universität|institut|gesellschaft|bank|union|museum|straße|platz|krieg|vertrag|reich|"
    r"republik|partei|kirche|gmbh|ag|orchester|akademie|verein|bund|staaten|schule|werke|kongress|"
    r"parlament)$"
)
NAMED_KIND = re.compile(
    r"(?:stadt|dorf|land|staat|fluss|strom|see|gebirge|berg|insel|vulkan|planet|mond|stern|galaxie|"
    r"firma|unternehmen|sprache|roman|film|band|spiel|museum|universität|kirche|brücke|turm|region|"
    r"provinz|wüste|meer|halbinsel|gemeinde|dienst|system|zeitung|übergang|denkmal|schloss|burg|"
    r"bibliothek)$"
)
VERBS = word_set(
    """
    ist sind war waren wird werden wurde wurden hat haben hatte hatten kann können konnte
    konnten muss müssen musste soll darf gilt gelten bleibt bleiben schwimmt schwimmen erscheint
    erscheinen liegt liegen steht stehen sinkt sinken steigt steigen rostet rosten leuchtet
    leuchten besteht braucht brauchen heißt heißen gibt schwebt schmilzt gefriert fällt fallen
    fliegt fliegen dient
    """
)
PREPOSITIONS = word_set(
    """
    in im an am auf aus von vom mit für zur zum zu bei beim zwischen vor nach unter über durch
    um gegen ohne seit während wegen trotz bis als wie dank laut neben hinter statt
    """
)
POINTING = word_set(
    """
    dies diese dieser dieses diesem diesen jene jener jenes jenem solche solcher solches er ihn
    ihm ihnen ich wir uns unser unsere du dich dir ihr euch euer eure sie hier dort da damals
    dabei daher deshalb dadurch davon dazu daran darin daraus man derselbe dieselbe dasselbe
    letztere erstere folgende obige
    """
)
LEANING = PREPOSITIONS | POINTING | word_set(
    """
    es sein seine seiner ihre ihrem und aber oder doch denn dann danach später heute einige
    viele manche andere anderen alle beide auch nur nicht so wenn weil obwohl dass ob was wer wo
    wann warum welche zudem außerdem jedoch allerdings zunächst schließlich ferner somit also
    stellt merkt nehmt lest bitte nein ja solch mehr den dem des einen einem einer eines
    """
)  # fmt: skip
JOINS = word_set("und oder sowie aber")
TALK_OF_TIME = word_set("heute derzeit aktuell etwas noch auch nicht sagte meinte behauptete")
ARTICLES = ("der ", "die ", "das ", "ein ", "eine ")
# A definition that has a clause goes on with "und".
CLAUSE = re.compile(", ")
RELATIVE = re.compile(r", (?:die|deren|in denen|mit denen|durch die|bei denen|aus denen|welche)\b")
# "Goethe war ein Freund": somebody, or something.
MAYBE_PERSON = re.compile(
    r"(?<!körp)(?<!speich)(?<!comput)(?<!rechn)(?<!filt)(?<!fehl)(?<!träg)(?<!zähl)(?<!zuck)(?<!wass)(?<!must)(?<!serv)(?<!brows)(?<!compil)(?<!laut)(?<!transform)(?<!polym)(?<!feld)(?:er|"
    r"erin|ist|istin|mann|frau|kind|sohn|tochter|bruder|schwester|freund|freundin)$"
)
# What a sentence in the passive may say of its middle that a question must not.
UNSURE = word_set("nicht nie kaum wohl er sie es noch wieder erneut erst")
POSSESSIVES = word_set(
    """
    sein seine seinen ihr ihre ihren sich damit nicht nichts voneinander gemeinsam zusammen einander
    """
)
NOT_A_DATE = word_set("mit nach ab er sie bis um")
ONLY_PERSON = re.compile(
    r"(?:der|die) (?:erste|einzige) (?:Frau|Mann|Mensch|Person|[A-ZÄÖÜ][a-zäöü]+er(?:in)?), (?:die|"
    r"der) [^,;]{8,90}$"
)
