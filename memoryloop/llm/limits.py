"""How long a provider may take. Read at each call, so that a test can make them short."""

CONNECT_SECONDS = 5.0
# Ollama loads a model on the first request, which takes tens of seconds from a slow disk.
FIRST_TEXT_SECONDS = 60.0
BETWEEN_TEXT_SECONDS = 60.0
# The list of models, which a server has at hand.
LIST_SECONDS = 10.0
# A structured call as a whole, with its second attempt.
STRUCTURED_SECONDS = 120.0
# The check of a key: somebody watches a form.
KEY_CHECK_SECONDS = 3.0
# The look for a local server: every first message of a learner without a key waits for it.
PROBE_SECONDS = 0.3
PROBE_KEPT_SECONDS = 30.0
# Before the one second attempt after a server error or a dropped connection.
RETRY_SECONDS = 0.5
# A chat answer is never this long; a server that never stops is.
ANSWER_CHARACTERS = 200_000
