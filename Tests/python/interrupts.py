"""Ctrl-C in the middle of a call."""

import contextlib
import signal
import threading
import time


@contextlib.contextmanager
def ends_at_once(test):
    """What runs within it takes hours, and is interrupted soon: it must end, and leave no thread behind."""
    threads, sent = set(threading.enumerate()), []

    def interrupt():
        sent.append(time.monotonic())
        signal.raise_signal(signal.SIGINT)

    # Shells start what runs in the background with interrupts ignored.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(0.3, interrupt).start()
        with test.assertRaises(KeyboardInterrupt):
            yield
        test.assertLess(time.monotonic() - sent[0], 5)  # some 10 ms on an idle processor
    finally:
        signal.signal(signal.SIGINT, handler)
    test.assertEqual(set(threading.enumerate()) - threads, set())
