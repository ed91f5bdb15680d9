"""The time limits of providers. They are read at each call, so that a test can shorten them."""

CONNECT_SECONDS = 5.0
# Ollama loads a model on the first request, which takes tens of seconds from a slow disk.
FIRST_TEXT_SECONDS = 60.0
# How long nothing at all comes. A model that thinks sends no text, but it sends pings.
BETWEEN_TEXT_SECONDS = 60.0
# How long no text comes, whatever else does.
WITHOUT_TEXT_SECONDS = 900.0
# The list of models.
LIST_SECONDS = 10.0
# A structured call with its second attempt, and the thinking before each.
STRUCTURED_SECONDS = 300.0
# The check of a key, while somebody watches a form: the list of models, then one word.
KEY_CHECK_SECONDS = 3.0
WORD_SECONDS = 15.0
# The probe for a local server, which the first message of a learner without a key waits for.
PROBE_SECONDS = 0.3
PROBE_KEPT_SECONDS = 30.0
# The pause before a request is sent again after a server error or a dropped connection.
RETRY_SECONDS = 0.5
# The longest time of the provider's own that is waited for before that.
PROVIDERS_PAUSE_SECONDS = 5.0
# The same for an object, such as cards, which nobody reads as it comes.
OBJECT_PAUSE_SECONDS = 30.0
# Longer than any chat answer: a server beyond it does not come to an end.
ANSWER_CHARACTERS = 200_000
# How long a way to ask for an object that was refused is not tried again.
MODE_KEPT_SECONDS = 900.0
# What a server tells of a model besides its name: how long it is waited for, and kept.
FACTS_SECONDS = 3.0
FACTS_KEPT_SECONDS = 300.0
