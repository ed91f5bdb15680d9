"""The patterns of Spanish sentences, and the words that tell what they say."""

import re

from flashcards.drafting.rules.frame import NAME, SUFFIX
from flashcards.drafting.sentence_ends import word_set

MONTH = "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
_ERA = r"(?: (?:a|d)\. ?C\.?)?"
_DAY = rf"\d{{1,2}} de (?:{MONTH}) de \d{{3,4}}"
DATE = (
    rf"(?:el {_DAY}|en (?:{MONTH}) de \d{{3,4}}|en (?:el año )?\d{{3,4}}{_ERA}|en (?:el|los) "
    rf"(?:siglo [IVX]+|años \w+){_ERA})"
)
_CAPITAL_DATE = rf"(?i:{DATE})"
LIFE = re.compile(rf"(?:^|, )(?P<born>{_DAY}) *[-–—;]")
_PHRASE = r"[^,;:]{2,80}?"
_WHOM = rf"(?P<agent>{NAME}{SUFFIX}(?:(?:, {NAME}){{0,3}} [ye] {NAME})?)"
COPULA = re.compile(rf"(?P<subject>{_PHRASE}) (?P<verb>es|son|fue|fueron|era|eran) (?P<what>\S.+)$")
PASSIVE = re.compile(
    rf"(?:(?P<date>{_CAPITAL_DATE}),? )?(?P<subject>{_PHRASE}) (?P<verb>fue|fueron) "
    r"(?P<participle>[a-záéíóúñü]+(?:ad|id|íd|it|ert|est|ech|uelt|rot|uert)[oa]s?)(?P<rest>(?: "
    r"[^,;]*)?)(?=$|,)"
)
BY = re.compile(rf"(?<!\S)por (?P<title>(?:el|la|los) (?:[a-záéíóúñü]+ ){{1,3}})?{_WHOM}(?!\S)")
IN = re.compile(rf"(?<!\S){DATE}(?!\S)")
ACTIVE = re.compile(
    rf"(?:(?P<date>{_CAPITAL_DATE}),? )?{_WHOM}(?:, (?P<who>(?:un|una|el|la) [^,;]{{3,80}}),)? "
    r"(?P<verb>[a-záéíóúñü]+) (?P<rest>\S.+)$"
)
CALLED = re.compile(
    r"(?P<subject>(?:El|La|Los|Las|Un|Una) [^,;:]{12,140}?) se (?P<verb>llaman?|denominan?|"
    r"conocen? como) (?P<name>[^,;:]{3,50})$"
)
MEANT = re.compile(
    r"Se (?P<verb>llama|denomina|conoce como) (?P<name>[^,;:]{3,50}?) (?P<what>(?:al|a la|a los|a "
    r"las|a un|a una) \S.{8,220})$"
)
WHERE = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>se encuentra|se encuentran|está situad[oa]|están "
    rf"situad[oa]s|"
    r"está ubicad[oa]|se sitúa) (?P<place>(?:en|entre|al|a|sobre|cerca|junto) [^;]{3,80}?)(?=$|,| "
    r"y )"
)
HAPPENED = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>comenzó|empezó|terminó|acabó|murió|nació|cayó|estalló|se "
    rf"fundó|se inauguró|se firmó|finalizó|concluyó) (?P<place>(?:en [A-ZÁÉÍÓÚ][^,;]{{2,40}}? "
    rf")?)(?P<date>{DATE})(?=$|,| y )"
)
ATTRIBUTE = re.compile(
    r"(?P<article>El|La) (?P<subject>(?:capital|moneda|lengua oficial|idioma oficial|símbolo "
    r"químico|símbolo|fórmula química|fórmula|unidad|número atómico|punto de ebullición|punto de "
    r"fusión|himno nacional) (?:de|del) [^,;:]{3,40}?) (?P<verb>es|era) (?P<what>[^,;:]{1,60})$"
)
BECAUSE = re.compile(r"(?P<main>[^,;:]{6,140}?),? porque (?P<reason>[^;:]{8,180})$")
CAUSES = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>causan?|provocan?|producen?|originan?) "
    rf"(?P<what>[^,;:]{{6,90}})$"
)
COUNTED = re.compile(
    rf"(?P<subject>{_PHRASE}) (?P<verb>tienen?|poseen?|contienen?) (?P<number>(?:unos |unas "
    rf")?(?:\d[\d.]*|dos|tres|cuatro|cinco|seis|"
    r"siete|ocho|nueve|diez|doce)) (?P<noun>[a-záéíóúñü]{3,}s)(?P<more>(?: [a-záéíóúñü]+s)?)$"
)
AFTER = re.compile(
    r", (?:pero|aunque|mientras|sino|y (?:es|son|fue|fueron|era|se|su|sus|está|tiene|con ello))\b| "
    r"y (?:es|fue|era|está|tiene|se|mide|murió|nació) "
)
SUPERLATIVE = re.compile(
    r"(?:el|la) (?:únic[oa]|primer[oa]?|últim[oa]|capital|moneda|idioma oficial|lengua oficial|"
    r"(?:segund[oa] )?[a-záéíóúñü]+(?: [a-záéíóúñü]+)? más [a-záéíóúñü]+|mayor|menor)\b"
)
OPINION = re.compile(
    r"\b(?:más (?:importantes?|conocid[oa]s?|famos[oa]s?|bell[oa]s?|popular|destacad[oa]s?|"
    r"hermos[oa]s?)|mejor|peor)\b"
)
HEAD_END = re.compile(
    r",| (?:que|de|del|en|con|por|para|cuy[oa]s?|donde|a|al|entre|sin|sobre|según|desde|hasta|y|o|"
    r"cuando|como)\b"
)
VAGUE_HEADS = word_set(
    """
    cosa cosas tema asunto ejemplo ejemplos pregunta problema parte partes manera forma razón
    motivo resultado señal caso desafío reto error idea tipo serie montón término palabra nombre
    hecho punto aspecto factor éxito fracaso vez año día lugar lástima momento miembro sede
    hogar
    """
)
VAGUE_ADJECTIVES = re.compile(
    r"\b(?:important[es]+|interesantes?|fascinantes?|buen[oa]?s?|mal[oa]?|gran problema|clave|"
    r"esencial|complej[oa]s?|común|comunes|famos[oa]s?|popular|simple|similar|cierto|otr[oa]s?|tal|"
    r"fundamental|principal)\b"
)
NEUTRAL_HEADS = word_set("unidad elemento")
GENERIC = word_set(
    """
    término palabra nombre ciudad pueblo empresa compañía universidad película libro novela
    edificio iglesia guerra batalla tratado ley método proceso obra trabajo idea puente escuela
    casa equipo grupo museo estación partido club país estado rey reina teoría estudio programa
    proyecto sistema versión edición máquina juego canción álbum barco río lago montaña isla
    expedición artículo gobierno invento descubrimiento autor palacio templo institución fábrica
    región construcción
    """
)
MAKES = re.compile(
    r"^(?:descubrió|inventó|fundó|escribió|pintó|compuso|diseñó|construyó|desarrolló|formuló|"
    r"propuso|publicó|describió|introdujo|acuñó|patentó|demostró|aisló|estableció|creó|dirigió|"
    r"esculpió|descubrieron|inventaron|fundaron|escribieron|desarrollaron|formularon|propusieron|"
    r"publicaron)$"
)
HAPPENS = re.compile(
    r"^(?:fundad|descubiert|inventad|inaugurad|construid|terminad|aprobad|firmad|ratificad|abolid|"
    r"ejecutad|asesinad|elegid|coronad|publicad|estrenad|destruid|conquistad|anexionad|iniciad|"
    r"rebautizad|disuelt|prohibid|introducid|formulad|desarrollad|descrit|compuest|escrit|pintad|"
    r"diseñad|propuest|acuñad|patentad|demostrad|aislad|cread|establecid|esculpid|redescubiert|"
    r"proclamad|adoptad|dirigid|completad|promulgad|declarad)[oa]s?$"
)
PERSON_NOUN = re.compile(
    r"^(?:[a-záéíóúñ]+(?:ólog[oa]|ógraf[oa]|ista)|pintora?|escritora?|físic[oa]|químic[oa]|"
    r"matemátic[oa]|poet(?:a|isa)|polític[oa]|compositora?|filósof[oa]|médic[oa]|ingenier[oa]|"
    r"inventora?|rey|reina|emperador|emperatriz|arquitect[oa]|astrónom[oa]|botánic[oa]|"
    r"explorador[a]?|navegante|piloto|general|autora?|escultora?|empresari[oa]|abogad[oa]|"
    r"historiadora?|actor|actriz|cantante|monje|teólog[oa]|militar|músic[oa]|maestr[oa]|profesora?|"
    r"informátic[oa]|programadora?|director[a]?|presidente|presidenta|científic[oa]|naturalista|"
    r"marino|conquistador|revolucionari[oa]|dramaturg[oa]|cineasta|fotógraf[oa]|futbolista|"
    r"deportista|líder|santo|santa|papa|obispo|sacerdote|enfermera?|médico|soldado|aviador[a]?|"
    r"bailarín|bailarina|diplomátic[oa]|investigador[a]?|cirujan[oa]|muralista|estadista)$"
)
NOT_PERSON = re.compile(
    r"^(?:universidad|instituto|sociedad|banco|unión|museo|calle|plaza|guerra|tratado|imperio|"
    r"república|partido|iglesia|compañía|academia|estados|escuela|congreso|parlamento|río|lago|"
    r"monte|san|santa|nueva|sierra|ciudad|américa|real|casa|palacio|salto|isla|islas|mar|océano|"
    r"costa|cabo)$"
)
NAMED_KIND = re.compile(
    r"^(?:ciudad|pueblo|país|estado|río|lago|montaña|isla|volcán|planeta|luna|estrella|galaxia|"
    r"empresa|compañía|lengua|idioma|novela|película|banda|juego|museo|universidad|catedral|puente|"
    r"torre|región|provincia|desierto|mar|península|municipio|servicio|sistema|periódico|lenguaje|"
    r"ciudadela|barrio|yacimiento|santuario|dios|diosa|cuadro|obra)$"
)
VERBS = word_set(
    """
    es son está están tiene tienen puede pueden flota flotan parece parecen contiene contienen
    fue era eran hay brilla brillan sube suben baja bajan cae caen aparece aparecen muestra
    muestran necesita necesitan conduce conducen se
    """
) - {"se"}  # fmt: skip
PREPOSITIONS = word_set(
    """
    en a de del al por para con sin entre desde hasta sobre según durante tras ante bajo hacia
    como
    """
)
POINTING = word_set(
    """
    este esta estos estas esto ese esa esos esas eso aquel aquella aquello aquellos aquellas él
    ella ellos ellas yo tú usted ustedes nosotros vosotros mi mis tu tus nuestro nuestra
    nuestros nuestras allí aquí ahí entonces así dicho dicha ello mismo misma
    """
)
LEANING = PREPOSITIONS | POINTING | word_set(
    """
    su sus lo le les y o pero pues porque aunque si cuando mientras que quien donde luego
    después también además hoy algunos algunas muchos muchas otros otras otro otra cada todo
    todos todas ambos no ya recuerda hay se según creo dicen más sin
    """
)  # fmt: skip
JOINS = word_set("y e o u pero")
TALK_OF_TIME = word_set("hoy actualmente ahora todavía también dijo afirmó decía")
ARTICLES = word_set("un una el la los las unos unas")
# A definition that has this goes on with "y".
CLAUSE = re.compile(" que ")
RELATIVE = re.compile(r" (?:que|cuy[oa]s?|de|en l[oa]s que|con l[oa]s que|por l[oa]s que)\b")
WHOLE = re.compile(r"\b(?:mundo|cuerpo|sistema solar|universo|planeta)\b")
POSSESSIVES = word_set("su sus se no independientemente juntos")
# Words that no subject has besides its first.
# In the plural. A word with an accent before the ending is another: "líquidos", "ácidos".
PARTICIPLE = re.compile(r"[a-zñü]+(?:[ai]d[oa]s|chos|chas|ertos|ertas|estos|estas)")
NO_SUBJECT = word_set("que no es son fue cuando se ha también")
# What no object begins with.
NO_OBJECT = word_set("que en para como más")
PLURAL_PASSIVES = frozenset(["fueron"])
# What keeps a question about a date from being clear.
UNCLEAR_BEFORE_DATE = word_set("por tras para después como")
SECOND_VERB = re.compile(r" y (?=fue|se|es|en|lo|la|murió|más|con)")
SECOND_CLAUSE = re.compile(r", (?:pero|aunque|y)\b| porque ")
MASCULINE_IN_A = word_set("planetas días sistemas problemas mapas temas idiomas poemas dramas")
ONLY_PERSON = re.compile(
    r"(?:la primera|el primer|la única|el único) (?:mujer|hombre|persona|ser humano) (?:en|que) "
    r"[^,;]{8,90}$"
)
