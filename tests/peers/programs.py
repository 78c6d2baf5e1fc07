"""programs.py: starts programs for the tests of this folder and makes sure that they end."""

import contextlib
import ctypes
import importlib.util
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

FOLDER = pathlib.Path(__file__).resolve().parent
WHOLE_TEST = 110  # seconds; ctest's own time-out is longer
START = 30
ENDING = 20

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def limit_time() -> None:
    """Ends this test by an exception after WHOLE_TEST seconds, so that its programs end, too."""
    def too_long(*_):
        sys.exit(f"{sys.argv}: not done after {WHOLE_TEST} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(WHOLE_TEST)


def _clean_environment() -> dict[str, str]:
    """Returns the environment without proxies and without other trusted certificates."""
    return {name: value for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and name != "WEBSOCKET_CLIENT_CA_BUNDLE"}


class Program:
    """A running program with pipes, in a process group of its own that ends with the `with` block,
    and with this process."""

    def __init__(self, *command, stderr=subprocess.PIPE, environment=None):
        self.process = subprocess.Popen(
            [str(word) for word in command], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=stderr, start_new_session=True,
            env=_clean_environment() | (environment or {}),
            preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL))
        self._output, self._errors = [], []
        self._readers = []
        if self.process.stderr:
            self._readers.append(self._reader(self.process.stderr, self._errors))

    @staticmethod
    def _reader(stream, lines):
        thread = threading.Thread(target=lambda: lines.extend(stream), daemon=True)
        thread.start()
        return thread

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def read_line(self) -> str:
        """Returns the next line of its output; an empty string at the end."""
        return self.process.stdout.readline().rstrip("\n")

    def wait(self, seconds: int = ENDING) -> int:
        """Waits for the program's end. Returns its exit status; -N after signal N."""
        self._readers.append(self._reader(self.process.stdout, self._output))
        status = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(ENDING)
        return status

    @property
    def output(self) -> list[str]:
        """Lines of output not read by read_line(). Valid after wait()."""
        return [line.rstrip("\n") for line in self._output]

    @property
    def errors(self) -> list[str]:
        """Lines on standard error. Valid after wait()."""
        return [line.rstrip("\n") for line in self._errors]


def expect(condition: bool, what: str) -> None:
    """Asserts, also under python -O."""
    if not condition:
        raise AssertionError(what)


def need(module: str) -> None:
    """Ends this test if a package is missing."""
    if importlib.util.find_spec(module) is None:
        sys.exit(f"python3-{module} is not installed; tests/peers/install.sh does it")


def run(main) -> None:
    """Runs a test; a failure is printed in one line, without a traceback."""
    limit_time()
    try:
        main()
    except (AssertionError, subprocess.TimeoutExpired) as failure:
        sys.exit(f"failed: {failure}")
    except FileNotFoundError as missing:
        sys.exit(f"failed: {missing}; tests/peers/install.sh installs what is missing")


@contextlib.contextmanager
def refusing_port():
    """Yields a port that refuses connections meanwhile."""
    with socket.socket() as bound:  # not listening
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def await_listener(port: int, program) -> None:
    """Waits until something listens on a port; `program` has to be running meanwhile."""
    deadline = time.monotonic() + START
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        expect(time.monotonic() < deadline and program.process.poll() is None, f"nothing listens on port {port}")
        time.sleep(0.05)


def nginx(folder: pathlib.Path, server: str):
    """Starts nginx with a `server` block, all of its files in a folder."""
    temporary = "".join(f"  {kind}_temp_path {folder}/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    file = folder / "nginx.conf"
    file.write_text(f"daemon off;\npid {folder}/pid;\nerror_log stderr crit;\nevents {{}}\n"
                    f"http {{\n  access_log off;\n{temporary}{server}}}\n", encoding="utf-8")
    return Program("/usr/sbin/nginx", "-p", folder, "-e", "stderr", "-c", file)


@contextlib.contextmanager
def temporary_folder():
    with tempfile.TemporaryDirectory(prefix="wirespan-", ignore_cleanup_errors=True) as folder:
        yield pathlib.Path(folder)


def make_certificate(folder: pathlib.Path, name: str = "localhost"):
    """Makes a self-signed certificate for localhost and 127.0.0.1, and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


class EchoServer(Program):
    """Our echo_server on a free port."""

    def __init__(self, program, *options):
        super().__init__(program, "--port", 0, *options)
        word, _, self.url = self.read_line().rpartition(" ")
        expect(word == "listening on", "the echo server did not start")

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def expect_good_end(self) -> None:
        """After SIGTERM: checks for exit status 0 and no line on standard error."""
        status = self.wait()
        expect(status == 0, f"the echo server ended with {status}")
        expect(not self.errors, f"the echo server said {self.errors}")


class PeerServer(Program):
    """The server of python_websockets_server.py on a free port."""

    def __init__(self, certificate=None, key=None):
        tls = ["--certificate", certificate, "--key", key] if certificate else []
        super().__init__("/usr/bin/python3", FOLDER / "python_websockets_server.py", *tls,
                         stderr=None)
        word, _, port = self.read_line().rpartition(" ")
        expect(word == "listening on port", "tests/peers/install.sh installs what is missing")
        self.url = f"{'wss' if certificate else 'ws'}://127.0.0.1:{port}"
