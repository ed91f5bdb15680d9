"""What is loaded ahead of time, so that the first learner does not wait."""

from unittest import mock

import pytest

from memoryloop.server import preload


def test_one_loader_that_fails_does_not_keep_the_others_from_loading(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken() -> None:
        raise OSError("no disk")

    last = mock.Mock(__qualname__="last")
    with mock.patch.object(preload, "_loaders", [broken, last]):
        preload.begin().join(60)

    last.assert_called_once_with()
    assert "broken could not be loaded ahead of time." in caplog.text


def test_what_is_registered_twice_is_loaded_once() -> None:
    loader = mock.Mock(__qualname__="loader")
    with mock.patch.object(preload, "_loaders", []):
        preload.register(loader)
        preload.register(loader)
        assert preload._loaders == [loader]
