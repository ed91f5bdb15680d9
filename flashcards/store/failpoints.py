"""Failpoints: named steps at which a test can have a real process die.

MEMORYLOOP_FAILPOINT names the step. Unset, as always outside a test, a step costs one comparison.
"""

import os
import signal

_ARMED = os.environ.get("MEMORYLOOP_FAILPOINT", "")


def reach(step: str) -> None:
    """Kill this process, as a power cut would, if `step` is the armed one."""
    if step == _ARMED:
        os.kill(os.getpid(), signal.SIGKILL)
