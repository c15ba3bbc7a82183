"""What the emulators of those that take messages share."""

import signal
import threading


class Emulator:
    """A server on 127.0.0.1 that keeps what comes and misbehaves as planned.

    :ivar list messages: what came, oldest first
    :ivar list faults: what is to go wrong
    """

    fault_class = None

    def __init__(self, listener):
        self.messages = []
        self.faults = []
        self.stopping = threading.Event()
        self._changed = threading.Condition()
        self._listener = listener
        self._listener.emulator = self
        self.port = listener.server_address[1]

    def __enter__(self):
        return self.start()

    def __exit__(self, *_error):
        self.stop()

    def start(self):
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.stopping.set()
        self._listener.shutdown()
        self._listener.server_close()

    def serve_until_stopped(self):
        """Wait for SIGTERM or Ctrl-C."""
        signal.signal(signal.SIGTERM, lambda *_args: self.stopping.set())
        try:
            self.stopping.wait()
        except KeyboardInterrupt:
            return

    # What came

    def keep(self, message):
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def wait_for(self, count, timeout=10.0):
        """Wait until so many messages were kept; return them all.

        :raise TimeoutError: when fewer came in that many seconds
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.messages) >= count, timeout):
                raise TimeoutError(f"{len(self.messages)} of {count} messages came")
            return list(self.messages)

    def clear(self):
        with self._changed:
            self.messages.clear()

    # What goes wrong

    def add_fault(self, step, **values):
        fault = self.fault_class(step, **values)
        with self._changed:
            self.faults.append(fault)
        return fault

    def pick_fault(self, step, recipients):
        """Return the first fault planned for this step, counting it, or None."""
        with self._changed:
            for fault in self.faults:
                if fault.strikes(step, recipients):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None
