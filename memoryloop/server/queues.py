"""The worker's queues: one for each kind of job, each with slots of its own.

However many jobs of one kind wait, those of another begin. Within a queue the jobs take turns in
the order in which they were asked for. What may take long does a slice of `SLICE_SECONDS` and asks
for its next one, which queues behind whoever came meanwhile. A learner has one job of a kind in a
queue at a time, however much they asked for, so that each learner gets the same share.
"""

# Moves the journal into LanceDB, so it is never late.
CHECKPOINT = "checkpoint"
MAIL = "mail"
# What somebody looks at the progress of, in slices.
WAITED_FOR = "waited_for"
# The same, but of one piece: exports, maps.
WHOLE = "whole"
# What nobody sees: vectors, and the deletion of what is old.
UNSEEN = "unseen"
# Of one piece, and as long as there is data.
BACKUP = "backup"
# The queue of jobs that were asked for before there were others.
BEFORE = "default"

# (queues, slots): each slot does one job at a time.
SLOTS = (
    ((CHECKPOINT,), 1),
    ((MAIL,), 1),
    ((WAITED_FOR,), 2),
    ((WHOLE,), 2),
    ((UNSEEN, BEFORE), 1),
    ((BACKUP,), 1),
)
SLICE_SECONDS = 3.0
