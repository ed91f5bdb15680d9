"""The command `memoryloop` where it cannot run."""

import sys
from unittest import mock

import pytest

from memoryloop.__main__ import main


def test_windows_is_told_where_it_runs() -> None:
    with mock.patch.object(sys, "platform", "win32"), pytest.raises(SystemExit, match="WSL"):
        main()
