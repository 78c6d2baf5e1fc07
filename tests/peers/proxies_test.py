"""proxies_test.py WSDUMP ECHO_CLIENT PROXY: our clients through squid, tinyproxy or dante, with and
without credentials, to servers with and without TLS."""

import argparse
import contextlib
import hashlib
import os
import pathlib
import re
import socket
import subprocess
import time

import programs
from programs import expect

USER, PASSWORD = "user", "p@ss word"
CREDENTIALS = "user:p%40ss%20word@"
PLAIN_PASSWORD = "p-ss.word"  # tinyproxy's configuration takes letters, digits, "-", "." and "_"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, program: programs.Program) -> None:
    end = time.monotonic() + programs.START
    while time.monotonic() < end and program.process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"the proxy does not listen: {program.process.poll()}")


class Proxy:
    """A running proxy: its port, and its log, which must name the server after a conversation."""

    def __init__(self, port: int, log: pathlib.Path):
        self.authority = f"127.0.0.1:{port}"
        self._log = log

    def expect_used_for(self, url: str) -> None:
        port = re.search(r":(\d+)", url.partition("://")[2]).group(1)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if self._log.exists() and re.search(rf"[:. ]{port}\b", self._log.read_text()):
                return
            time.sleep(0.05)
        raise AssertionError(f"the proxy has not seen port {port}: {self._log.read_text()}")


@contextlib.contextmanager
def running(folder: pathlib.Path, port: int, log: str, *command):
    folder.chmod(0o777)  # the proxies give up their privileges
    with programs.Program(*command, stderr=subprocess.DEVNULL) as program:
        wait_for_port(port, program)
        yield Proxy(port, folder / log)


@contextlib.contextmanager
def squid(authentication: str = ""):
    with programs.temporary_folder() as folder:
        port = free_port()
        rules = "http_access allow all" if not authentication else (
            "acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all")
        if authentication == "basic":
            hashed = subprocess.run(["openssl", "passwd", "-apr1", PASSWORD], check=True, text=True,
                                    capture_output=True).stdout
            (folder / "users").write_text(f"{USER}:{hashed}")
            rules = (f"auth_param basic program /usr/lib/squid/basic_ncsa_auth {folder}/users\n"
                     "auth_param basic realm test\n" + rules)
        elif authentication == "digest":
            secret = hashlib.md5(f"{USER}:test:{PASSWORD}".encode()).hexdigest()
            (folder / "users").write_text(f"{USER}:test:{secret}\n")
            rules = (f"auth_param digest program /usr/lib/squid/digest_file_auth -c {folder}/users\n"
                     "auth_param digest realm test\n" + rules)
        (folder / "squid.conf").write_text(f"""http_port 127.0.0.1:{port}
pid_filename {folder}/squid.pid
access_log stdio:{folder}/access.log
cache_log {folder}/cache.log
coredump_dir {folder}
cache deny all
max_filedescriptors 1024
shutdown_lifetime 0 seconds
acl forbidden port 1
http_access deny forbidden
{rules}
""")
        with running(folder, port, "access.log", "/usr/sbin/squid", "-N", "-f",
                     folder / "squid.conf") as proxy:
            yield proxy


@contextlib.contextmanager
def tinyproxy(authentication: str = ""):
    with programs.temporary_folder() as folder:
        port = free_port()
        rules = f"BasicAuth {USER} {PLAIN_PASSWORD}" if authentication else ""
        (folder / "tinyproxy.conf").write_text(f"""Port {port}
Listen 127.0.0.1
Timeout 60
MaxClients 20
LogFile "{folder}/log"
LogLevel Connect
Allow 127.0.0.1
{rules}
""")
        with running(folder, port, "log", "/usr/bin/tinyproxy", "-d", "-c",
                     folder / "tinyproxy.conf") as proxy:
            yield proxy


@contextlib.contextmanager
def dante(authentication: str = ""):
    """Dante knows the users of the system alone, so it gets a list of users of its own, in a mount
    namespace of its own."""
    with programs.temporary_folder() as folder:
        port = free_port()
        (folder / "danted.conf").write_text(f"""logoutput: {folder}/log
internal: 127.0.0.1 port = {port}
external: lo
clientmethod: none
socksmethod: {"username" if authentication else "none"}
user.privileged: root
user.unprivileged: nobody
client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 log: connect }}
""")
        hashed = subprocess.run(["openssl", "passwd", "-6", PASSWORD], check=True, text=True,
                                capture_output=True).stdout.strip()
        for name, line in (("passwd", f"{USER}:x:60123:60123::/:/usr/sbin/nologin\n"),
                           ("shadow", f"{USER}:{hashed}:19000:0:99999:7:::\n")):
            (folder / name).write_text(pathlib.Path("/etc", name).read_text() + line)
        start = (f"mount --bind {folder}/passwd /etc/passwd && "
                 f"mount --bind {folder}/shadow /etc/shadow && "
                 f"exec /usr/sbin/danted -f {folder}/danted.conf")
        with running(folder, port, "log", "unshare", "--mount", "sh", "-c", start) as proxy:
            yield proxy


class Clients:
    """wsdump, which takes its proxy as an option, and echo_client, which finds it in the environment."""

    def __init__(self, wsdump: str, echo_client: str):
        self._wsdump, self._echo_client = wsdump, echo_client

    def dump(self, *arguments, environment=None) -> tuple[int, str, str]:
        clean = {name: value for name, value in os.environ.items()
                 if not name.lower().endswith("_proxy")}
        done = subprocess.run([self._wsdump, *map(str, arguments)], input="hello\n", text=True,
                              capture_output=True, timeout=programs.ENDING, check=False,
                              env=clean | (environment or {}))
        return done.returncode, done.stdout, done.stderr

    def expect_echo(self, proxy: Proxy, url: str, *arguments, environment=None) -> None:
        found = self.dump(url + "/echo", *arguments, environment=environment)
        expect(found == (0, "hello\n", ""), f"{arguments} {environment}: {found}")
        proxy.expect_used_for(url)

    def expect_refusal(self, what: str, *arguments) -> None:
        status, output, errors = self.dump(*arguments)
        expect(status == 3 and not output and what in errors and "127.0.0.1" in errors,
               f"{arguments}: {status} {output} {errors}")
        expect("p@ss" not in errors and "p%40ss" not in errors, errors)

    def expect_hundred_messages(self, server, *arguments, environment: dict[str, str]) -> None:
        """echo_client has no option for a proxy: it finds one in the environment."""
        with programs.Program(self._echo_client, server.url + "/push?count=100", *arguments,
                              environment=environment) as client:
            expect(client.wait() == 0, f"echo_client: {client.errors}")


def through(clients: Clients, proxy: Proxy, schemes, servers, credentials: str = "") -> None:
    plain, secure, certificate = servers
    for scheme in schemes:
        at = f"{scheme}://{credentials}{proxy.authority}"
        clients.expect_echo(proxy, plain.url, "-p", at)
        clients.expect_echo(proxy, secure.url, "-p", at, "--ca", certificate)
    clients.expect_echo(proxy, plain.url, environment={"http_proxy": at})
    clients.expect_echo(proxy, secure.url, "--ca", certificate, environment={"ALL_PROXY": at})
    clients.expect_hundred_messages(plain, environment={"http_proxy": at})
    clients.expect_hundred_messages(secure, "--ca", certificate, environment={"https_proxy": at})


def http(clients: Clients, start, servers, kinds) -> None:
    plain, _, _ = servers
    with start() as proxy:
        through(clients, proxy, ["http"], servers)
        at = f"http://{proxy.authority}"
        clients.expect_refusal("status 403" if start is squid else "status 5",
                               "ws://127.0.0.1:1/", "-p", at)
        found = clients.dump("ws://127.0.0.1:1/", environment={"http_proxy": at,
                                                               "no_proxy": "127.0.0.0/8"})
        expect(found[0] == 3 and "proxy" not in found[2], f"no_proxy: {found}")
    for kind in kinds:
        with start(kind) as proxy:
            right = f"{USER}:{PLAIN_PASSWORD}@" if start is tinyproxy else CREDENTIALS
            through(clients, proxy, ["http"], servers, right)
            for wrong in ("", "user:p%40ss%20other@"):
                clients.expect_refusal("status 407" if start is squid or not wrong else "status 40",
                                       plain.url, "-p", f"http://{wrong}{proxy.authority}")


def socks(clients: Clients, servers) -> None:
    plain, _, _ = servers
    with dante() as proxy:
        through(clients, proxy, ["socks4", "socks4a", "socks5", "socks5h"], servers)
        by_name = plain.url.replace("127.0.0.1", "localhost")
        clients.expect_echo(proxy, by_name, "-p", f"socks5h://{proxy.authority}")
        clients.expect_refusal("SOCKS", "ws://127.0.0.1:1/", "-p", f"socks5://{proxy.authority}")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        print("dante with a password is left out: its list of users needs a mount namespace")
        return
    with dante("username") as proxy:
        through(clients, proxy, ["socks5", "socks5h"], servers, CREDENTIALS)
        clients.expect_refusal("none of the methods", plain.url, "-p",
                               f"socks5://{proxy.authority}")
        clients.expect_refusal("password", plain.url, "-p",
                               f"socks5://user:p%40ss%20other@{proxy.authority}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("wsdump")
    parser.add_argument("echo_client")
    parser.add_argument("proxy", choices=["squid", "tinyproxy", "dante"])
    args = parser.parse_args()
    clients = Clients(args.wsdump, args.echo_client)
    with programs.temporary_folder() as folder:
        certificate, key = programs.make_certificate(folder)
        with programs.PeerServer() as plain, programs.PeerServer(certificate, key) as secure:
            servers = plain, secure, certificate
            if args.proxy == "squid":
                http(clients, squid, servers, ["basic", "digest"])
            elif args.proxy == "tinyproxy":
                http(clients, tinyproxy, servers, ["basic"])
            else:
                socks(clients, servers)


if __name__ == "__main__":
    programs.run(main)
