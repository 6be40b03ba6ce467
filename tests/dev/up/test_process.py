"""Ending a process means that nothing of it is left."""

import signal
import subprocess
import sys

from askpro.dev.up import process

# Its first thread ends at once, which makes it look like a zombie; the other one lives half a second longer.
OUTLIVED = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(0.5,)).start()
print("begun", flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_has_ended_when_the_last_of_its_threads_has() -> None:
    with subprocess.Popen([sys.executable, "-c", OUTLIVED], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert process.wait_until(lambda: not process.is_alive(child.pid), 5), "its first thread has not ended"

        process.end(child.pid, (signal.SIGCONT, 5.0))

        assert child.poll() is not None
