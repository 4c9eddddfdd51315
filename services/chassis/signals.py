"""A bell that threads wait for: rung after a commit, heard by feeds, relay and inbox workers of the same process."""

import threading


class Signal:
    """Counts its rings, so that a ring between a look and a wait is not missed."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rings = 0

    @property
    def rings(self) -> int:
        """How often it rang so far; hand this to ``wait``, taken before looking for work."""
        with self._condition:
            return self._rings

    def ring(self) -> None:
        """Wake everybody who waits."""
        with self._condition:
            self._rings += 1
            self._condition.notify_all()

    def wait(self, seen: int, timeout: float) -> bool:
        """Wait until it rang more often than ``seen``, at most ``timeout`` seconds; tell whether it did."""
        with self._condition:
            return self._condition.wait_for(lambda: self._rings > seen, timeout)
