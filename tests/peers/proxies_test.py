"""proxies_test.py WSDUMP BLOCKING_ECHO ECHO_SERVER PROXY: our clients through squid, tinyproxy,
dante or microsocks, with and without credentials, to servers with and without TLS."""

import argparse
import contextlib
import functools
import hashlib
import os
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time

import programs
from programs import expect

USER, PASSWORD = "user", "p@ss word"
CREDENTIALS = "user:p%40ss%20word@"
ONLY_THERE = "only-the-proxy-knows.test"
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
    """A running proxy: its address, and its log. `used` is the pattern of the log's line for a
    tunnel; HOST and PORT in it stand for those of the server."""

    def __init__(self, port: int, log: pathlib.Path, used: str):
        self.authority = f"127.0.0.1:{port}"
        self._log, self._used = log, used

    def _text(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    @contextlib.contextmanager
    def expect_used_for(self, url: str):
        """Checks that the conversation of this `with` block went through the proxy."""
        host, port = re.match(r"wss?://(.+):(\d+)", url).groups()
        pattern = self._used.replace("HOST", re.escape(host)).replace("PORT", port)
        before = len(self._text())
        yield
        end = time.monotonic() + 5
        while not re.search(pattern, self._text()[before:]):
            expect(time.monotonic() < end, f"not in the log: {pattern}: {self._text()[before:]}")
            time.sleep(0.02)

    @contextlib.contextmanager
    def expect_unused(self):
        """Checks that the log did not grow."""
        before = self._text()
        yield
        time.sleep(0.2)
        expect(self._text() == before, f"the proxy was used: {self._text()[len(before):]}")


@contextlib.contextmanager
def running(folder: pathlib.Path, port: int, used: str, *command):
    folder.chmod(0o777)  # the proxies give up their privileges
    with programs.Program(*command, stderr=subprocess.DEVNULL) as program:
        wait_for_port(port, program)
        yield Proxy(port, folder / "log", used)


@contextlib.contextmanager
def squid(authentication: str = ""):
    """Squid; it alone knows the address of the name ONLY_THERE."""
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
        (folder / "hosts").write_text(f"127.0.0.1 {ONLY_THERE}\n")
        (folder / "squid.conf").write_text(f"""http_port 127.0.0.1:{port}
pid_filename {folder}/squid.pid
access_log stdio:{folder}/log
hosts_file {folder}/hosts
cache_log {folder}/cache.log
coredump_dir {folder}
cache deny all
shutdown_lifetime 0 seconds
acl forbidden port 1
http_access deny forbidden
{rules}
""")
        with running(folder, port, r"TCP_TUNNEL/200 .* CONNECT HOST:PORT ", "/usr/sbin/squid",
                     "-N", "-f", folder / "squid.conf") as proxy:
            yield proxy


@contextlib.contextmanager
def tinyproxy(authentication: str = "", allowed=()):
    with programs.temporary_folder() as folder:
        port = free_port()
        rules = f"BasicAuth {USER} {PLAIN_PASSWORD}" if authentication else ""
        ports = "\n".join(f"ConnectPort {number}" for number in allowed)
        (folder / "tinyproxy.conf").write_text(f"""Port {port}
Listen 127.0.0.1
Timeout 60
MaxClients 20
LogFile "{folder}/log"
LogLevel Connect
Allow 127.0.0.1
{ports}
{rules}
""")
        with running(folder, port, r"CONNECT HOST:PORT HTTP", "/usr/bin/tinyproxy", "-d", "-c",
                     folder / "tinyproxy.conf") as proxy:
            yield proxy


@functools.cache
def has_own_lists() -> bool:
    """Mount namespaces need root and are forbidden in some containers."""
    found = subprocess.run(["unshare", "--mount", "mount", "--bind", "/etc/hosts", "/etc/hosts"],
                           capture_output=True, check=False).returncode == 0
    if not found:
        print("dante's hosts and passwords are left out: they need a mount namespace")
    return found


@contextlib.contextmanager
def dante(authentication: str = ""):
    """Dante knows the users and hosts of the system alone, so it gets lists of its own, in a mount
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
        for name, line in (("hosts", f"127.0.0.1 {ONLY_THERE}\n"),
                           ("passwd", f"{USER}:x:60123:60123::/:/usr/sbin/nologin\n"),
                           ("shadow", f"{USER}:{hashed}:19000:0:99999:7:::\n")):
            (folder / name).write_text(pathlib.Path("/etc", name).read_text() + line)
        start = (f"mount --bind {folder}/hosts /etc/hosts && "
                 f"mount --bind {folder}/passwd /etc/passwd && "
                 f"mount --bind {folder}/shadow /etc/shadow && "
                 f"exec /usr/sbin/danted -f {folder}/danted.conf")
        command = (["unshare", "--mount", "sh", "-c", start] if has_own_lists()
                   else ["/usr/sbin/danted", "-f", folder / "danted.conf"])
        with running(folder, port, r"[. ]PORT\b", *command) as proxy:
            yield proxy


@contextlib.contextmanager
def microsocks(authentication: str = ""):
    with programs.temporary_folder() as folder:
        port = free_port()
        user = ["-u", USER, "-P", PASSWORD] if authentication else []
        with running(folder, port, r"connected to HOST:PORT\b", "sh", "-c", 'exec "$@" 2>"$0"',
                     folder / "log", "/usr/bin/microsocks", "-i", "127.0.0.1", "-p", port,
                     *user) as proxy:
            yield proxy


def copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def relay(client: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with contextlib.suppress(OSError), context.wrap_socket(client, server_side=True) as inside, \
            socket.create_connection(("127.0.0.1", port)) as proxy:
        back = threading.Thread(target=copy, args=(proxy, inside), daemon=True)
        back.start()
        copy(inside, proxy)
        back.join()


@contextlib.contextmanager
def tls_in_front(proxy: Proxy, certificate: pathlib.Path, key: pathlib.Path):
    """Speaks TLS in front of a proxy, since Debian's squid is built without it. Yields the
    authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    port = int(proxy.authority.rpartition(":")[2])

    def accept(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=relay, args=(client, context, port), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


class Clients:
    """wsdump, which is a WebSocketApp, and blocking_echo, which is a WebSocket."""

    def __init__(self, wsdump: str, blocking_echo: str):
        self._wsdump, self._blocking_echo = wsdump, blocking_echo

    @staticmethod
    def _run(command, environment) -> tuple[int, str, str]:
        clean = {name: value for name, value in os.environ.items()
                 if not name.lower().endswith("_proxy") and name != "WEBSOCKET_CLIENT_CA_BUNDLE"}
        done = subprocess.run([*map(str, command)], input="hello\n", text=True,
                              capture_output=True, timeout=programs.ENDING, check=False,
                              env=clean | (environment or {}))
        return done.returncode, done.stdout, done.stderr

    def dump(self, *arguments, environment=None) -> tuple[int, str, str]:
        return self._run([self._wsdump, *arguments], environment)

    def expect_echo(self, url: str, *arguments, environment=None) -> None:
        found = self.dump(url + "/echo", *arguments, environment=environment)
        expect(found == (0, "hello\n", ""), f"{url} {arguments} {environment}: {found}")

    def expect_refusal(self, what: str, url: str, at: str) -> None:
        """Both clients fail; their texts have `what` and the proxy, but no credentials."""
        scheme, _, rest = at.partition("://")
        shown = f"{scheme}://{rest.rpartition('@')[2]}"
        environment = {"http_proxy": at, "https_proxy": at}
        for wanted, found in ((3, self.dump(url, "-p", at)),
                              (1, self._run([self._blocking_echo, url], environment))):
            expect(found[:2] == (wanted, "") and what in found[2] and shown in found[2],
                   f"{url} {at}: {found}")
            secrets = "p@ss", "p%40ss", "user:", PLAIN_PASSWORD
            expect(not any(secret in found[2] for secret in secrets), found[2])

    def expect_messages(self, url: str, *arguments, environment: dict[str, str]) -> None:
        """The blocking client finds the proxy in the environment."""
        found = self._run([self._blocking_echo, url + "/echo", *arguments], environment)
        expect(found == (0, "", ""), f"{url} {environment}: {found}")


# checks: KEEP_wsdump_p_is_a_proxy_FIX_of_any_type_with_credentials
def through(clients: Clients, proxy: Proxy, schemes, servers, credentials: str = "") -> None:
    for scheme in schemes:
        at = f"{scheme}://{credentials}{proxy.authority}"
        for url, trust in ((servers.plain, []), (servers.secure, [servers.certificate])):
            ca = ["--ca", *trust] if trust else []
            with proxy.expect_used_for(url):
                clients.expect_echo(url, "-p", at, *ca)
            name = "https_proxy" if trust else "http_proxy"
            with proxy.expect_used_for(url):
                clients.expect_messages(url, *trust, environment={name: at})
    with proxy.expect_used_for(servers.plain):
        clients.expect_echo(servers.plain, environment={"HTTP_PROXY": at})
    with proxy.expect_used_for(servers.secure):
        clients.expect_echo(servers.secure, "--ca", servers.certificate,
                            environment={"ALL_PROXY": at})


def bypass(clients: Clients, proxy: Proxy, scheme: str, servers) -> None:
    """no_proxy leads past the proxy, and a proxy that is down is told."""
    environment = {"all_proxy": f"{scheme}://{proxy.authority}", "no_proxy": "127.0.0.0/8"}
    with proxy.expect_unused():
        clients.expect_echo(servers.plain, environment=environment)
        clients.expect_messages(servers.secure, servers.certificate,
                                        environment=environment)
    with programs.refusing_port() as port:
        at = f"{scheme}://{CREDENTIALS}127.0.0.1:{port}"
        clients.expect_refusal("refused", servers.plain, at)


def only_there(clients: Clients, proxy: Proxy, scheme: str, servers) -> None:
    """The proxy looks the server's name up: nobody else could."""
    url = servers.plain.replace("127.0.0.1", ONLY_THERE)
    at = f"{scheme}://{proxy.authority}"
    with proxy.expect_used_for(url):
        clients.expect_echo(url, "-p", at)
    with proxy.expect_used_for(url):
        clients.expect_messages(url, environment={"all_proxy": at})


def ipv6(clients: Clients, proxy: Proxy, scheme: str, servers) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        print("the server at [::1] is left out: no IPv6")
        return
    at = f"{scheme}://{proxy.authority}"
    with programs.EchoServer(servers.echo_server, "--host", "::1") as server:
        url = server.url.rstrip("/")
        expect("//[::1]:" in url, url)
        with proxy.expect_used_for(url):
            clients.expect_echo(url, "-p", at)
        with proxy.expect_used_for(url):
            clients.expect_messages(url, environment={"http_proxy": at})


def over_tls(clients: Clients, proxy: Proxy, servers) -> None:
    with tls_in_front(proxy, servers.certificate, servers.key) as authority:
        at = f"https://{authority}"
        for url in (servers.plain, servers.secure):
            with proxy.expect_used_for(url):
                clients.expect_messages(url, servers.certificate, environment={"all_proxy": at})
            with proxy.expect_used_for(url):
                clients.expect_echo(url, "-p", at, "--ca", servers.certificate)
        with proxy.expect_unused():
            clients.expect_refusal("certificate", servers.plain, at)


def http(clients: Clients, start, servers, kinds) -> None:
    with start() as proxy:
        at = f"http://{proxy.authority}"
        through(clients, proxy, ["http"], servers)
        clients.expect_refusal("status 403" if start is squid else "status 5",
                               "ws://127.0.0.1:1/", at)
        bypass(clients, proxy, "http", servers)
        if start is squid:
            only_there(clients, proxy, "http", servers)
            ipv6(clients, proxy, "http", servers)
            over_tls(clients, proxy, servers)
    for kind in kinds:
        with start(kind) as proxy:
            right = f"{USER}:{PLAIN_PASSWORD}@" if start is tinyproxy else CREDENTIALS
            through(clients, proxy, ["http"], servers, right)
            for wrong in ("", "user:p%40ss%20other@"):
                clients.expect_refusal("status 407" if start is squid or not wrong else "status 40",
                                       servers.plain, f"http://{wrong}{proxy.authority}")


def socks(clients: Clients, start, servers) -> None:
    with start() as proxy:
        schemes = ["socks5", "socks5h"] + (["socks4", "socks4a"] if start is dante else [])
        through(clients, proxy, schemes, servers)
        clients.expect_refusal("SOCKS", "ws://127.0.0.1:1/", f"socks5://{proxy.authority}")
        bypass(clients, proxy, "socks5", servers)
        if start is dante and has_own_lists():
            only_there(clients, proxy, "socks5h", servers)
            url = servers.plain.replace("127.0.0.1", ONLY_THERE)
            with proxy.expect_unused():
                clients.expect_refusal(ONLY_THERE, url, f"socks5://{proxy.authority}")
    if start is dante and not has_own_lists():
        return
    with start("username") as proxy:
        through(clients, proxy, ["socks5", "socks5h"], servers, CREDENTIALS)
        at = proxy.authority
        clients.expect_refusal("none of the methods", servers.plain, f"socks5://{at}")
        clients.expect_refusal("password", servers.plain, f"socks5://user:p%40ss%20other@{at}")


class Servers:
    """Two servers, the certificate of the second one, and the program of a third one."""

    def __init__(self, plain, secure, certificate, key, echo_server):
        self.plain, self.secure = plain.url, secure.url
        self.certificate, self.key, self.echo_server = certificate, key, echo_server


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("wsdump")
    parser.add_argument("blocking_echo")
    parser.add_argument("echo_server")
    parser.add_argument("proxy", choices=["squid", "tinyproxy", "dante", "microsocks"])
    args = parser.parse_args()
    clients = Clients(args.wsdump, args.blocking_echo)
    with programs.temporary_folder() as folder:
        certificate, key = programs.make_certificate(folder)
        with programs.PeerServer() as plain, programs.PeerServer(certificate, key) as secure:
            servers = Servers(plain, secure, certificate, key, args.echo_server)
            if args.proxy == "squid":
                http(clients, squid, servers, ["basic", "digest"])
            elif args.proxy == "tinyproxy":
                http(clients, tinyproxy, servers, ["basic"])
                with tinyproxy(allowed=[1]) as proxy:
                    clients.expect_refusal("status 403", servers.plain,
                                           f"http://{proxy.authority}")
            else:
                socks(clients, dante if args.proxy == "dante" else microsocks, servers)


if __name__ == "__main__":
    programs.run(main)
