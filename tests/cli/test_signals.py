"""The first signal stops what is waiting at that very moment; nobody waits for himself."""

from __future__ import annotations

import os
import signal
from threading import Event

import pytest

from remediate.cli.signals import first_signal_stops
from remediate.model.errors import Interrupted

PATIENCE = 30.0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_waits_for_the_event_in_the_main_thread_is_told_at_once(number: signal.Signals) -> None:
    def wait(stopping: Event) -> None:
        os.kill(os.getpid(), number)
        assert stopping.wait(PATIENCE)
        raise Interrupted("while waiting")

    with pytest.raises(Interrupted) as told, first_signal_stops() as stopping:
        wait(stopping)
    assert told.value.exit_code == 128 + number


def test_who_only_looks_is_told_of_checks_and_of_no_steps(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def stop(stopping: Event) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        assert stopping.wait(PATIENCE)

    with first_signal_stops("the checks that run are waited for") as stopping:
        stop(stopping)
    assert "stopping: the checks that run are waited for;" in capfd.readouterr().err


def test_where_no_signal_comes_nothing_is_stopped_and_the_handlers_are_as_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with first_signal_stops() as stopping:
        assert signal.getsignal(signal.SIGTERM) is not before
    assert not stopping.is_set()
    assert signal.getsignal(signal.SIGTERM) is before
