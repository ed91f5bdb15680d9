"""The patterns of French sentences, and the words that tell what they say."""

import re

from flashcards.drafting.rules.frame import NAME, SUFFIX
from flashcards.drafting.sentence_ends import word_set

MONTH = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_ERA = r"(?: (?:av\.|ap\.|avant|après) ?J\.?-C\.?)?"
_DAY = rf"(?:1er|\d{{1,2}}) (?:{MONTH}) \d{{3,4}}"
DATE = (
    rf"(?:le {_DAY}|en (?:{MONTH}) \d{{3,4}}|en \d{{3,4}}{_ERA}|dans les années \d{{4}}|au "
    rf"(?:[IVX]+e|[\d]+e) siècle{_ERA})"
)
_CAPITAL_DATE = rf"(?i:{DATE})"
LIFE = re.compile(rf"(?:^|, )(?P<born>{_DAY})(?: [^-–—]*)? ?[-–—]")
BORN = re.compile(
    rf"(?P<subject>{NAME}), (?P<born>née?) le (?P<date>{_DAY})[^;:]{{0,100}}?, (?P<verb>est|était|"
    rf"fut) (?P<what>(?:un|une) \S.+)$"
)
_PHRASE = r"[^,;:]{2,90}?"
_WHOM = rf"(?P<agent>{NAME}{SUFFIX}(?:(?:, {NAME}){{0,3}} et {NAME})?)"
COPULA = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>est|sont|était|étaient|fut|furent) (?P<what>\S.+)$"
)
PASSIVE = re.compile(
    rf"(?:(?P<date>{_CAPITAL_DATE}),? )?(?P<subject>{_PHRASE}) (?P<verb>fut|furent|a été|ont été) "
    r"(?P<participle>[a-zàâçéèêëîïôûùüÿœ]+(?:é|i|u|t|is|it|ert)e?s?)(?P<rest>(?: [^,;]*)?)(?=$|,)"
)
BY = re.compile(
    rf"(?<!\S)par (?P<title>(?:le |la |les |l’|l')(?:[a-zàâçéèêëîïôûùüÿœ]+ ){{1,3}})?{_WHOM}(?!\S)"
)
IN = re.compile(rf"(?<!\S){DATE}(?!\S)")
ACTIVE = re.compile(
    rf"(?:(?P<date>{_CAPITAL_DATE}),? )?{_WHOM}(?:, (?P<who>(?:un|une|le|la) [^,;]{{3,80}}),)? "
    r"(?P<verb>(?:a |ont )?[a-zàâçéèêëîïôûùüÿœ]+) (?P<rest>\S.+)$"
)
CALLED = re.compile(
    r"(?P<subject>(?:Le |La |Les |L’|L'|Un |Une )[^,;:]{12,140}?) (?:s['’]appelle(?:nt)?|est "
    r"appelée?|sont appelée?s|se nomme|est nommée?) (?P<name>[^,;:]{3,50})$"
)
MEANT = re.compile(
    r"On appelle (?P<name>[^,;:]{2,40}?) (?P<what>(?:le |la |les |l['’]|un |une |tout |toute "
    r")\S.{8,220})$"
)
WHERE = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>se trouve|se trouvent|est située?|sont située?s|se situe|se "
    rf"situent) "
    r"(?P<place>(?:en|au|aux|à|dans|entre|sur|près|sous|le long) [^;]{2,80}?)(?=$|, (?:et|où|qui|"
    r"à)| et (?:fut|est|a|se) )"
)
HAPPENED = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>commença|débuta|s['’]acheva|se termina|mourut|naquit|tomba|"
    rf"éclata|a commencé|a débuté|a éclaté|prit fin|est née?|est morte?|est décédée?) "
    rf"(?P<place>(?:à [A-ZÀ-Ö][^,;]{{2,30}}? )?)(?P<date>{DATE})(?=$|,| à | avec | et )"
)
ATTRIBUTE = re.compile(
    r"(?P<article>Le |La |L['’])(?P<subject>(?:capitale|monnaie|langue officielle|symbole chimique|"
    r"symbole|formule chimique|formule|unité|numéro atomique|point d['’]ébullition|point de fusion|"
    r"hymne national) (?:de |du |des |d['’]|de la |de l['’])[^,;:]{2,40}?) (?P<verb>est|était) "
    r"(?P<what>[^,;:]{1,60})$"
)
BECAUSE = re.compile(
    r"(?P<main>[^,;:]{6,140}?),? (?:parce que |parce qu['’]|car )(?P<reason>[^;:]{8,180})$"
)
CAUSES = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>cause(?:nt)?|provoque(?:nt)?|entraîne(?:nt)?) "
    rf"(?P<what>[^,;:]{{6,90}})$"
)
COUNTED = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>compte|comptent|possède|possèdent|contient|contiennent|"
    rf"comprend) (?P<number>(?:environ )?(?:\d[\d ]*|deux|"
    r"trois|quatre|cinq|six|sept|huit|neuf|dix|douze)) (?P<noun>[a-zàâçéèêëîïôûùüœ]{3,}[sx](?: "
    r"[a-zàâçéèêëîïôûùüœ]+s)?)$"
)
AFTER = re.compile(
    r", (?:mais|bien que|tandis que|alors que|quoique|et (?:il|elle|ils|elles|est|fut|a|se|son|sa|"
    r"ses|cette|ce))\b| et (?:est|fut|était|a|se|il|elle) "
)
SUPERLATIVE = re.compile(
    r"(?:le |la |l['’])(?:seule?|premi(?:er|ère)|derni(?:er|ère)|capitale|monnaie|langue "
    r"officielle|(?:deuxième )?plus [a-zàâçéèêëîïôûùü]+ [a-zàâçéèêëîïôûùü]+|[a-zàâçéèêëîïôûùü]+(?: "
    r"[a-zàâçéèêëîïôûùü]+)? (?:le|la) plus [a-zàâçéèêëîïôûùü]+)(?!\w)"
)
OPINION = re.compile(
    r"\bplus (?:importante?|connue?|célèbre|belle|beau|populaire)s?\b|\bmeilleure?\b|\bpire\b"
)
HEAD_END = re.compile(
    r",| (?:qui|que|qu['’]|de|du|des|d['’]|en|dans|avec|par|pour|dont|où|à|au|aux|entre|sans|sur|"
    r"selon|et|ou|comme|quand)(?!\w)"
)
VAGUE_HEADS = word_set(
    """
    chose choses sujet thème exemple exemples question problème partie parties façon manière
    raison résultat signe cas défi erreur idée type sorte série terme mot nom fait point aspect
    facteur succès échec fois année jour lieu dommage moment membre siège foyer
    """
)
VAGUE_ADJECTIVES = re.compile(
    r"(?<!\w)(?:importante?s?|intéressante?s?|fascinante?s?|bonne?s?|mauvaise?s?|grand problème|"
    r"clé|essentielle?s?|complexes?|courante?s?|célèbres?|populaires?|simples?|semblables?|"
    r"certaine?s?|autres?|telle?|fondamentale?|principale?)(?!\w)"
)
GENERIC = word_set(
    """
    terme mot nom ville village entreprise compagnie université film livre roman bâtiment église
    guerre bataille traité loi méthode procédé processus œuvre travail idée pont école maison
    équipe groupe musée gare parti club pays état roi reine théorie étude programme projet
    système version édition machine jeu chanson album navire fleuve rivière lac montagne île
    expédition article gouvernement invention découverte auteur palais temple institution usine
    région construction
    """
)
MAKES = re.compile(
    r"^(?:découvrit|inventa|fonda|écrivit|peignit|composa|dessina|conçut|construisit|développa|"
    r"formula|proposa|publia|décrivit|introduisit|breveta|démontra|montra|isola|établit|créa|"
    r"réalisa|sculpta|découvrirent|inventèrent|fondèrent|développèrent|publièrent|(?:a|ont) "
    r"(?:découvert|inventé|fondé|écrit|peint|composé|conçu|construit|développé|formulé|proposé|"
    r"publié|décrit|introduit|breveté|démontré|montré|isolé|établi|créé|réalisé|sculpté)|découvre|"
    r"invente|fonde|écrit|peint|compose|conçoit|construit|développe|formule|propose|publie|décrit|"
    r"introduit|crée|découvrent|inventent|fondent|annoncent)$"
)
HAPPENS = re.compile(
    r"^(?:fondé|découvert|inventé|inauguré|construit|achevé|adopté|signé|ratifié|aboli|exécuté|"
    r"assassiné|élu|couronné|publié|créé|détruit|conquis|annexé|commencé|renommé|rebaptisé|dissou|"
    r"dissous|interdit|introduit|formulé|développé|décrit|composé|écrit|peint|conçu|proposé|"
    r"breveté|démontré|isolé|établi|sculpté|pris|proclamé|promulgué|lancé|ouvert|rédigé|réalisé|"
    r"instauré|transféré|guillotiné)e?s?$"
)
PERSON_NOUN = re.compile(
    r"^(?:[a-zàâçéèêëîïôûù]+(?:ologue|ographe|iste)|physicien(?:ne)?|mathématicien(?:ne)?|peintre|"
    r"écrivaine?|poète|poétesse|homme|femme|politicien(?:ne)?|compositeur|compositrice|philosophe|"
    r"médecin|ingénieure?|inventeur|inventrice|roi|reine|empereur|impératrice|architecte|astronome|"
    r"explorat(?:eur|rice)|navigateur|navigatrice|pilote|général|auteur|autrice|sculpteur|"
    r"sculptrice|avocate?|historien(?:ne)?|acteur|actrice|chanteur|chanteuse|moine|"
    r"théologien(?:ne)?|militaire|musicien(?:ne)?|professeure?|informaticien(?:ne)?|réalisat(?:eur|"
    r"rice)|présidente?|savante?|scientifique|naturaliste|révolutionnaire|dramaturge|romanci(?:er|"
    r"ère)|joueur|joueuse|pape|évêque|prêtre|infirmi(?:er|ère)|soldat|aviat(?:eur|rice)|danseu(?:r|"
    r"se)|diplomate|chercheu(?:r|se)|chirurgien(?:ne)?|officier|imprimeur|mécanicien|banquier|"
    r"entrepreneu(?:r|se)|essayiste|chimiste|botaniste|géographe|juriste|militante?|couturi(?:er|"
    r"ère))$"
)
NOT_PERSON = re.compile(
    r"^(?:université|institut|société|banque|union|musée|rue|place|guerre|traité|empire|république|"
    r"parti|église|compagnie|académie|états|école|congrès|parlement|mont|lac|saint|sainte|nouvelle|"
    r"tour|château|palais|île|îles|mer|océan|côte|cap|république|états-unis|ve|xe|le|la|les)$"
)
NAMED_KIND = re.compile(
    r"^(?:ville|village|pays|état|fleuve|rivière|lac|montagne|île|volcan|planète|lune|étoile|"
    r"galaxie|entreprise|société|langue|roman|film|groupe|jeu|musée|université|cathédrale|pont|"
    r"tour|région|province|désert|mer|péninsule|commune|service|système|journal|langage|cité|"
    r"quartier|site|dieu|déesse|tableau|monument|logiciel)$"
)
ARTICLE = re.compile(r"^(?:le |la |les |l['’]|un |une |des )", re.IGNORECASE)
# Words with an h are not elided: the rules do not know which may be.
VOWEL = re.compile(r"[aeiouyàâéèêëîïôûùœ]", re.IGNORECASE)
VERBS = word_set(
    """
    est sont était étaient a ont avait avaient peut peuvent flotte flottent paraît paraissent
    semble semblent contient contiennent brille brillent monte montent tombe tombent apparaît
    apparaissent montre montrent conduit conduisent reste restent devient deviennent bout coule
    rouille
    """
)
PREPOSITIONS = word_set(
    """
    en à de du des au aux par pour avec sans entre depuis sur selon pendant après avant sous
    vers comme chez dans contre
    """
)
POINTING = word_set(
    """
    ce cet cette ces ceci cela ça celui celle ceux celles je tu nous vous moi toi lui mon ma mes
    ton ta tes notre nos votre vos y ici là alors ainsi même dit dite
    """
)
LEANING = (PREPOSITIONS - {"des"}) | POINTING | word_set(
    """
    il elle ils elles son sa ses leur leurs et ou mais or donc car si quand lorsque bien que qui
    où puis ensuite aussi aujourd'hui certains certaines plusieurs beaucoup autres autre chaque
    tout tous toutes on ne pas bon parce voici voilà il-y-a c'est réfléchissez apprenez environ
    """
)  # fmt: skip
JOINS = word_set("et ou mais")
TALK_OF_TIME = word_set("aujourd'hui aujourd’hui actuellement encore aussi dit disait affirma")
# A definition that has one of these goes on with "et".
CLAUSE = re.compile(r" (?:qui|que|dont|où|lequel|laquelle) ")
COMPLEMENT = re.compile(r" (?:qui|dont|que|de|d['’]|dans lesquel|avec lesquel|issus)")
WHOLE = re.compile(r"(?<!\w)(?:monde|corps|système solaire|univers|planète)(?!\w)")
POSSESSIVES = word_set("son sa ses leur leurs se indépendamment ensemble")
# Words that no subject has besides its first.
NO_SUBJECT = word_set("qui que ne est sont fut dont où se a ont")
# What no object begins with.
NO_OBJECT = word_set("dans à en pour comme plus de")
PLURAL_PASSIVES = frozenset(["furent", "ont été"])
# What keeps a question about a date from being clear.
UNCLEAR_BEFORE_DATE = word_set("par après pour de d'après d’après comme")
SECOND_VERB = re.compile(r" et (?=fut|se|est|il|elle|a\b)")
SECOND_CLAUSE = re.compile(r", (?:mais|et|bien)\b|parce qu")
ONLY_PERSON = re.compile(
    r"(?:la première|le premier|la seule|le seul) (?:femme|homme|personne|être humain) à "
    r"[^,;]{8,90}$"
)
# What may follow the subject of a question about a date.
PLACE = re.compile(r"(?:à|au|aux|en|dans|sur|sous|chez|devant) ")
