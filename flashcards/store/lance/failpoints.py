"""Die on purpose at a named step, so that tests can kill a real process just there.

MEMORYLOOP_FAILPOINT names the step. Unset, as always outside a test, a step costs one comparison.
"""

import os
import signal

from django.db import transaction

_ARMED = os.environ.get("MEMORYLOOP_FAILPOINT", "")


def reach(step: str) -> None:
    """Kill this process, as a power cut would, if `step` is the armed one."""
    if step == _ARMED:
        os.kill(os.getpid(), signal.SIGKILL)


def reach_after_commit(step: str) -> None:
    """Reach a step once the present transaction has committed."""
    if step == _ARMED:
        transaction.on_commit(lambda: reach(step))
