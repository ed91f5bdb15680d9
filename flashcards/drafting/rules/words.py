"""Word lists for the drafting rules: English verbs with their forms, pronouns, kinds of nouns."""

from flashcards.drafting.sentence_ends import word_set

# base past participle
_IRREGULAR = """
arise arose arisen|bear bore borne|become became become|begin began begun|bind bound bound
bite bit bitten|bleed bled bled|blow blew blown|break broke broken|breed bred bred
bring brought brought|build built built|burn burned burned|buy bought bought|catch caught caught
choose chose chosen|come came come|cut cut cut|deal dealt dealt|dig dug dug|draw drew drawn
drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed fed|feel felt felt
fight fought fought|find found found|flee fled fled|fly flew flown|forbid forbade forbidden
forget forgot forgotten|freeze froze frozen|get got got|give gave given|go went gone
grow grew grown|hang hung hung|have had had|hear heard heard|hide hid hidden|hit hit hit
hold held held|keep kept kept|know knew known|lay laid laid|lead led led|learn learned learned
leave left left|lend lent lent|let let let|lie lay lain|lose lost lost|make made made
mean meant meant|meet met met|overcome overcame overcome|pay paid paid|put put put|read read read
ride rode ridden|ring rang rung|rise rose risen|run ran run|say said said|see saw seen
seek sought sought|sell sold sold|send sent sent|set set set|shake shook shaken|shed shed shed
shoot shot shot|show showed shown|shrink shrank shrunk|sing sang sung|sink sank sunk
sit sat sat|sleep slept slept|speak spoke spoken|spend spent spent|spin spun spun
split split split|spread spread spread|spring sprang sprung|stand stood stood|steal stole stolen
stick stuck stuck|strike struck struck|swear swore sworn|swim swam swum|take took taken
teach taught taught|tell told told|think thought thought|throw threw thrown
undergo underwent undergone|understand understood understood|undertake undertook undertaken
wear wore worn|win won won|withdraw withdrew withdrawn|write wrote written
"""
_REGULAR = """
abandon abolish absorb accept accompany accumulate achieve acquire act adapt add address adopt
advance affect agree aim allow alter analyse announce annex appear apply appoint approach approve
argue arrange arrest arrive assassinate assemble assert assign associate assume attach attack
attempt attend attract balance ban base believe belong boil bombard calculate call capture carry
cause cease celebrate challenge champion change circle circulate claim classify climb close coin
collapse collect colonise colonize combine command commission compare compete complete compose
compute conclude conduct confirm connect conquer conserve consider consist constitute construct
consume contain continue contribute control convert convince cool copy correspond cost cover crash
create criticise cross crown cultivate cure damage decay decide declare decline decrease dedicate
defeat defend define degrade deliver demand demonstrate deny depend deposit derive descend
describe design destroy detect determine develop devise die differ diffuse direct disappear
discover discuss display dissolve distinguish distribute divide dominate double draft dump earn
edit elect eliminate embrace emerge emit employ enable encode encounter encourage end enforce
engineer enter eradicate erupt escape establish estimate evaporate evolve examine exceed exchange
execute exist expand expel experience explain explode explore export expose express extend extract
face fail fascinate favour feature fill finance finish fix float flow flower focus follow force
form formulate found function fund gain gather generate govern grant guard guide happen harm head
heat help host identify ignite illustrate imagine implement import impose improve include
incorporate increase indicate infect inflict influence inform inhabit inhibit inherit initiate
injure inoculate inspire install introduce invade invent invest investigate invite involve isolate
issue join kill label lack land last launch leak liberate limit link locate look lower maintain
manage manufacture map march mark marry match mature measure melt merge migrate mine mix modify
monitor mount move multiply murder name negotiate note notice observe obtain occupy occur offer
open operate oppose orbit order organise organize originate oscillate outlaw outline oversee own
oxidise paint participate pass patent perform permit persuade photograph pioneer place plan plant
play point pollinate possess postpone pour practise praise preach precede predict prepare present
preserve prevent print proceed process produce prohibit project promise promote prompt propose
protect prove provide publish pump purchase pursue push question radiate raise rank ratify reach
react realise realize receive recognise recognize recommend record recover recruit reduce refer
refine reflect reform refuse regulate reign reject relate release rely remain remember remove
render repair replace replicate report represent reproduce require rescue resemble resign resist
respond restore result retain retire retreat return reveal reverse revise revolutionise
revolutionize revolve reward rotate rule rust sail save score search secrete secure seem separate
serve settle shape share shift sign signal simplify simulate solve spark sponsor squeeze stabilise
start starve state stay stem stimulate stop store strengthen stretch study submit succeed suffer
suggest supply support suppress surrender surround survive suspend sustain symbolise synthesise
synthesize target taste tend test thicken threaten tolerate trace trade train transfer transform
translate transmit transport trap travel treat trigger try turn underline unify unite unveil urge
use vaccinate vary view violate visit vote walk want warm warn wash waste weaken weigh welcome
widen work worsen wound yield
"""
# Regular verbs that double their last letter.
_DOUBLING = word_set(
    """
    ban submit permit map plan stem stop trap emit transmit expel refer
    """
)

AUXILIARIES = word_set(
    """
    is are was were has had have can could may might must will would shall should cannot does
    did do
    """
)
# Verbs whose subject is a person, hardly ever a place.
HUMAN_VERBS = word_set(
    """
    invented discovered wrote proposed developed published described coined painted composed
    designed formulated founded patented argued devised pioneered inoculated vaccinated
    introduced demonstrated built married translated suggested championed explored sailed
    conducted studied observed taught observed calculated predicted explained isolated
    synthesised synthesized assassinated conquered defeated commanded signed created became died
    born crowned elected appointed infected reported measured identified won identified
    announced ruled nailed faced shot recovered brought opened returned gave moved persuaded
    recruited experimented theorised proved hypothesised hypothesized constructed led launched
    asked told took saw
    """
)
# Last words of names that are not persons.
NOT_PERSONS = word_set(
    """
    Academy Act Agency Agreement Airport America Army Assembly Association Authority Bank Battle
    Bay Bible Bridge Britain Canal Canyon Centre Center Church City Club College Commission
    Committee Company Conference Congress Convention Corporation Council Country County Court
    Crisis Crown Day Declaration Democrats Department Desert District Empire Europe Expedition
    Fair Falls Federation Festival Fleet Force Forces Forest Foundation Front Germany Government
    Group Gulf Hall Hospital House Industries Initiative Institute Institution Island Islands
    Kingdom Korea Laboratories Laboratory Lake Law League Library Manifesto Market Mission
    Mountain Mountains Mount Movement Museum Navy Observatory Ocean Office Olympics Order
    Organisation Organization Pact Palace Parliament Party Peninsula Plan Poland Press Principle
    Prize Programme Program Project Protocol Rebellion Reform Reformation Region Renaissance
    Republic Republicans Revolt Revolution River Road Royal Russia School Sea Senate Service
    Society States Station Street System Temple Theatre Theory Times Tower Town Treaty Union
    University Valley Virus Wall War Wars World York Zealand Africa Asia Code Model Effect Bomb
    Age Era Period Dynasty Cup Games Series Study
    """
)
PERSON_NOUNS = word_set(
    """
    activist actor actress admiral anthropologist apothecary archaeologist architect artist
    astronaut astronomer author bacteriologist banker biochemist biologist bishop botanist
    captain carpenter chancellor chemist clergyman clockmaker composer cook criminal daughter
    dentist diplomat director doctor economist emperor empress engineer entrepreneur
    epidemiologist explorer farmer father friar gardener general geneticist geographer geologist
    goldsmith governor head historian husband immunologist industrialist inventor jeweller
    journalist judge king knight lawyer leader librarian lord lover man mathematician mechanic
    merchant microbiologist midwife minister missionary monarch monk mother musician naturalist
    naturalist neurologist nobleman novelist nun nurse officer painter philosopher photographer
    physician physicist physiologist pilot pioneer playwright poet politician pope preacher
    president priest prince princess printer professor programmer prophet psychiatrist
    psychologist queen reformer revolutionary sailor saint scholar scientist sculptor senator
    slave sociologist soldier son spy statesman statistician student sultan surgeon surveyor
    teacher technician theologian theorist trader traveller tsar virologist weaver widow wife
    witness woman writer zoologist child girl boy patient victim ruler secretary servant
    """
)
# At the start of a sentence these refer to the sentence before.
LEANING_STARTS = word_set(
    """
    it he she they we i you this that these those such his her its their our your my there here
    then another both neither either each others other one ones some many most few several and
    but or so yet nor thus therefore hence instead later earlier meanwhile afterwards
    nevertheless nonetheless otherwise similarly likewise conversely also too again next finally
    first second third secondly thirdly lastly what who which where when why how let please if
    nothing nobody everything everybody yes no not as like unlike survivors resistance half two
    three neither
    """
)
# Phrases inside a sentence that refer to other sentences.
LEANING_PHRASES = (
    "this", "these", "such a", "such an", "the former", "the latter", "the same", "as well as this",
    "that year", "that time", "that day", "those days", "too", "also", "at once", "by then",
    "since then", "until then", "for that", "above", "below", "the second", "the other",
    "so did", "so was", "so do", "another", "this way", "the previous", "the following", "we", "us",
    "our", "you", "your", "i", "my", "me", "else", "here", "as follows", "at first", "later",
    "earlier", "the above", "likewise", "even more", "instead", "the boy", "the girl", "the man",
    "the woman", "the child", "the children", "the idea", "the practice", "the method",
    "the outbreak", "the ship", "the result", "the results", "the plan",
)  # fmt: skip
# Nouns that are clear after "the": "the world" is, "the virus" is not.
ONLY_ONE = word_set(
    """
    world earth sun moon sky sea ocean air ground body brain heart blood skin liver lung lungs
    face mouth nose eye eyes hand hands head equator universe north south east west past future
    present day night year century end beginning middle surface public poor rich old young least
    most internet web atmosphere soil sixteenth seventeenth eighteenth nineteenth twentieth
    limbs stomach kidneys bible pope king queen government time state countryside americas
    philippines stroma nucleus grana cytoplasm environment economy law renaissance reformation
    enlightenment holocaust netherlands alps
    """
)
# Kinds of things: "the X is an organelle that …" defines X.
CLASS_NOUNS = word_set(
    """
    abbreviation act action activity algorithm amount animal apparatus area area art atom
    attempt attribute ban barrier behaviour belief branch calculation carbohydrate cell change
    chemical class collection compound concept condition construct country cycle data deficiency
    degree device discipline disease disorder doctrine drug effect element energy engine enzyme
    equation event expression fact family feature field figure file fluid force form format
    formula fraction framework function gas gene genus government grammar group hormone
    hypothesis idea illness infection inflammation instruction instrument interval ion language
    law layer letter library line liquid list loss machine mapping mass material matrix measure
    measurement mechanism medium membrane metal metaphor method mineral mixture model molecule
    movement muscle needle network node number object operation operator order organ organelle
    organisation organism organization part particle pathway pattern payment percentage period
    person phase phenomenon philosophy place plant point polymer practice price principle
    procedure process product program property proportion protein protocol quality quantity rate
    ratio reaction reduction region relation relationship rock rod rule science section sequence
    series set shape sign signal situation society software solution space species speed stage
    standard star state statement step story strategy structure study style substance subset sum
    symbol syndrome synthesis system tax technique technology tendency term test theorem theory
    tissue tool transfer transformation transition treatment type unit use value variable vector
    vehicle vessel virus vitamin voyage way weapon word work infection
    """
)
# Openers that can be left out.
OPENERS = (
    "however", "moreover", "furthermore", "in addition", "additionally", "indeed", "in fact",
    "of course", "notably", "importantly", "interestingly", "today", "historically",
    "in general", "generally", "basically", "simply put", "in short", "traditionally", "remarkably",
)  # fmt: skip
ADVERBS = word_set(
    """
    never always often usually generally typically normally also still just only even now soon
    first finally eventually later then rarely seldom sometimes mostly mainly largely almost
    already once actually probably perhaps
    """
)
NUMBER_WORDS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    "sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
# In other languages: at the start of a sentence these refer to the sentence before.
LEANING_ELSEWHERE = word_set(
    """
    er sie es dies diese dieser dieses diesem das dass sein seine ihr ihre von dort dann danach
    damals dabei dadurch dazu so auch aber und oder doch jedoch man wir ich du hier da deshalb
    il elle ils elles ce cet cette ces ceci cela son sa ses leur leurs y ensuite puis mais et ou
    donc ainsi aussi nous vous je on él ella ellos ellas este esta esto estos estas ese esa eso
    su sus pero y o luego después entonces así también allí aquí nosotros yo lui lei essi questo
    questa questi queste quello suo sua suoi ma e poi quindi anche noi io ele ela eles elas isto
    isso seu sua mas depois então também nós eu hij zij het dit deze die zijn haar hun maar en
    of toen daarna ook wij ik
    """
)
ENGLISH = word_set(
    """
    the of and to in a is that was for it with as his on be at by had not are but from or have
    an they which one were all their there been has when who will more would if out so up into
    than its only some can these may then do any about after other over also most where
    through because when between while
    """
)


def _past(base: str) -> str:
    if base in _DOUBLING:
        return f"{base}{base[-1]}ed"
    if base.endswith("e"):
        return f"{base}d"
    if base.endswith("y") and base[-2] not in "aeiou":
        return f"{base[:-1]}ied"
    return f"{base}ed"


def _third_person(base: str) -> str:
    if base == "have":
        return "has"
    if base.endswith(("s", "x", "z", "ch", "sh", "go", "do")):
        return f"{base}es"
    if base.endswith("y") and base[-2] not in "aeiou":
        return f"{base[:-1]}ies"
    return f"{base}s"


# Form → base. "founded" is of "found"; "found" itself is the past of "find".
PAST: dict[str, str] = {}
PRESENT: dict[str, str] = {}
PLAIN: set[str] = set()
# Participle → simple past, to make "X did it" of "it was done by X".
PARTICIPLES: dict[str, str] = {}
for _base in _REGULAR.split():
    PAST[_past(_base)] = _base
    PARTICIPLES[_past(_base)] = _past(_base)
    PRESENT[_third_person(_base)] = _base
    PLAIN.add(_base)
for _entry in _IRREGULAR.replace("\n", "|").split("|"):
    if not _entry:
        continue
    _base, _simple, _participle = _entry.split()
    PAST[_simple] = _base
    PARTICIPLES[_participle] = _simple
    PRESENT[_third_person(_base)] = _base
    PLAIN.add(_base)
# Equal to their base form, or far more often nouns and adjectives than verbs.
for _word in ("put", "set", "cut", "let", "hit", "read", "spread", "split", "shed", "lay", "felt"):
    PAST.pop(_word, None)
