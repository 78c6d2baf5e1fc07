"""behind_proxies_test.py SERVER haproxy|nginx: a client on 127.0.0.5 reaches our server through a proxy on 127.0.0.1
that tells its address, by the PROXY protocol or by a header; the server has to know the client."""

import argparse
import contextlib
import pathlib
import signal
import socket
import ssl
import time

import programs
from programs import expect

programs.need("websocket")
import websocket  # noqa: E402

CLIENT = "127.0.0.5"
HAPROXY = """defaults
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  mode {mode}
  bind 127.0.0.1:{port} {tls}
  default_backend out
backend out
  mode {mode}
  {rules}
  server first 127.0.0.1:{server} {send}
"""
FRONT_TLS = "ssl crt {folder}/localhost.pem"


class Server(programs.Program):
    def __init__(self, program: str, by: str, files):
        super().__init__(program, by, *files)
        word, _, port = self.read_line().rpartition(" ")
        expect(word == "listening on port", "the server did not start")
        self.port = int(port)

    def refused(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        expect(self.wait() == 0, f"the server ended: {self.errors}")
        return int(self.output[-1].removeprefix("refused "))


def haproxy(folder: pathlib.Path, port: int, server: int, **parts):
    words = {"mode": "tcp", "tls": "", "rules": "", "send": ""} | parts
    words["tls"] = words["tls"].format(folder=folder)
    file = folder / "haproxy.conf"
    file.write_text(HAPROXY.format(port=port, server=server, **words), encoding="utf-8")
    return programs.Program("/usr/sbin/haproxy", "-db", "-f", file)


def nginx_stream(folder: pathlib.Path, port: int, server: int):
    file = folder / "nginx.conf"
    file.write_text("load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
                    f"daemon off;\npid {folder}/pid;\nerror_log stderr crit;\nevents {{}}\n"
                    f"stream {{\n server {{\n  listen 127.0.0.1:{port};\n  proxy_pass 127.0.0.1:{server};\n"
                    "  proxy_protocol on;\n }\n}\n", encoding="utf-8")
    return programs.Program("/usr/sbin/nginx", "-p", folder, "-e", "stderr", "-c", file)


def nginx_http(folder: pathlib.Path, port: int, server: int, header: str, value: str):
    return programs.nginx(folder, f"""
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{server};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
      proxy_set_header {header} {value};
    }}
  }}
""")


def check_client(port: int, authority, headers=()) -> str:
    """Returns what the server calls the client; the port of the client's socket is "PORT"."""
    with socket.create_connection(("127.0.0.1", port), programs.ENDING, (CLIENT, 0)) as plain:
        own_port = plain.getsockname()[1]
        stream = plain
        if authority:
            stream = ssl.create_default_context(cafile=authority).wrap_socket(plain, server_hostname="localhost")
        scheme = "wss" if authority else "ws"
        connection = websocket.create_connection(f"{scheme}://localhost:{port}/", socket=stream, header=list(headers))
        told = connection.recv()
        large = "x" * 1_000_000
        connection.send(large)
        expect(connection.recv() == large, "a large message comes back")
        connection.close()
    return told.replace(f":{own_port} ", ":PORT ")


LIE = ("X-Forwarded-For: 198.51.100.9", "Forwarded: for=198.51.100.9", "X-Real-IP: 198.51.100.9")


def haproxy_rows(files):
    """What the server is told by, its certificate, the parts of haproxy's configuration, what it calls the client."""
    by_protocol = f"{CLIENT}:PORT by 127.0.0.1"
    by_header = f"{CLIENT}:0 by 127.0.0.1"
    for send in ("send-proxy", "send-proxy-v2", "send-proxy-v2 check check-send-proxy inter 100ms"):
        yield "protocol", (), {"send": send}, by_protocol
        yield "protocol", files, {"send": send}, by_protocol
    yield "protocol", (), {"send": "send-proxy-v2-ssl-cn", "tls": FRONT_TLS}, by_protocol
    yield "X-Forwarded-For", (), {"mode": "http", "rules": "option forwardfor"}, by_header
    yield "Forwarded", (), {"mode": "http", "rules": "http-request add-header Forwarded for=%[src]"}, by_header


def through_haproxy(program: str, folder: pathlib.Path) -> None:
    files = programs.make_certificate(folder)
    certificate, key = files
    authority = folder / "authority.pem"
    authority.write_bytes(certificate.read_bytes())
    certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
    for by, server_files, parts, expected in haproxy_rows(files):
        port = programs.free_port()
        with Server(program, by, server_files) as server, haproxy(folder, port, server.port, **parts) as proxy:
            programs.await_listener(port, proxy)
            if "check" in parts.get("send", ""):
                time.sleep(1)  # ten checks, which the server has to survive and to answer
            told = check_client(port, authority if server_files or "tls" in parts else None, LIE)
            expect(told == expected, f"{parts}: {told}")
            refused = server.refused()
            expect(refused == 0, f"{parts}: {refused} refused")


def through_nginx(program: str, folder: pathlib.Path) -> None:
    with contextlib.ExitStack() as stack:
        port = programs.free_port()
        server = stack.enter_context(Server(program, "protocol", ()))
        programs.await_listener(port, stack.enter_context(nginx_stream(folder, port, server.port)))
        told = check_client(port, None, LIE)
        expect(told == f"{CLIENT}:PORT by 127.0.0.1", told)
    for header, value in (("X-Forwarded-For", "$proxy_add_x_forwarded_for"), ("X-Real-IP", "$remote_addr"),
                          ("Forwarded", '"$http_forwarded, for=$remote_addr"')):
        port = programs.free_port()
        with Server(program, header, ()) as server, nginx_http(folder, port, server.port, header, value) as proxy:
            programs.await_listener(port, proxy)
            told = check_client(port, None, LIE)
            expect(told == f"{CLIENT}:0 by 127.0.0.1", f"{header}: {told}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("proxy", choices=("haproxy", "nginx"))
    arguments = parser.parse_args()
    through = {"haproxy": through_haproxy, "nginx": through_nginx}[arguments.proxy]
    with programs.temporary_folder() as folder:
        through(arguments.server, folder)


programs.run(main)
