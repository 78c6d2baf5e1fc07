"""echo_client_test.py ECHO_CLIENT [--tls]: runs echo_client against a good server, and against each
kind of failure: then it has to exit with 1 and one line of explanation."""

import argparse

import programs
from programs import expect
from raw_servers import accepting, raw_server, silent_server


class Client:
    def __init__(self, program: str):
        self.program = program

    def run(self, *arguments) -> tuple[int, list[str]]:
        with programs.Program(self.program, *arguments) as client:
            status = client.wait()
            return status, client.errors

    def succeed(self, *arguments) -> None:
        result = self.run(*arguments)
        expect(result == (0, []), f"{arguments}: {result}")

    def fail(self, what: str, *arguments) -> None:
        status, errors = self.run(*arguments)
        print(f"{what}: {errors}", flush=True)
        expect(status == 1, f"{what}: exit status {status}")
        expect(len(errors) == 1 and errors[0].startswith("echo_client: ") and len(errors[0]) > 16,
               f"{what}: {errors}")


# checks: R103_R108_a_hundred_messages_come_back_and_the_close_is_answered
def content(client: Client) -> None:
    with programs.PeerServer() as server:
        client.succeed(server.url + "/push?count=100")
        expect(server.read_line() == "closed - 1000 ", "how it ended for the server")


# checks: R10_R23_R128_no_connection_is_told_in_one_line
def no_connection(client: Client) -> None:
    with programs.refusing_port() as port:
        client.fail("refused port", f"ws://127.0.0.1:{port}/")
        client.fail("refused port, TLS", f"wss://127.0.0.1:{port}/")
    with programs.PeerServer() as server:
        client.fail("404", server.url + "/refuse?status=404")
        client.fail("503", server.url + "/refuse?status=503")
        client.fail("TLS to a plain server", server.url.replace("ws:", "wss:") + "/echo")
    with silent_server() as url:
        client.fail("silent server", url, "--timeout", "0.5")
    with raw_server(lambda head: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") as url:
        client.fail("a web page", url)
    with raw_server(lambda head: accepting(head).replace(b"Accept: ", b"Accept: x")) as url:
        client.fail("wrong Sec-WebSocket-Accept", url)
    with raw_server(lambda head: b"SSH-2.0-OpenSSH_9.2\r\n") as url:
        client.fail("no HTTP", url)
    with raw_server(lambda head: b"") as url:
        client.fail("nothing", url)
    client.fail("no WebSocket URL", "http://127.0.0.1/")


# checks: R78_R80_R81_R113_R132_a_breach_of_the_protocol_is_told_in_one_line
def broken_protocol(client: Client) -> None:
    for what, frames in (("reserved opcode", b"\x83\x00"), ("reserved bit", b"\xc1\x00"),
                         ("masked frame", b"\x81\x81\0\0\0\0a"), ("bad UTF-8", b"\x81\x01\xff"),
                         ("cut inside a message", b"\x81\x05abc"), ("cut", b"\x81\x01a"),
                         ("bad close code", b"\x88\x02\x03\xec")):
        with raw_server(lambda head, frames=frames: accepting(head) + frames) as url:
            client.fail(what, url)


# checks: R11_a_certificate_that_is_not_trusted_is_told_in_one_line
def tls(client: Client) -> None:
    with programs.temporary_folder() as folder:
        certificate, key = programs.make_certificate(folder)
        stranger, _ = programs.make_certificate(folder, "stranger")
        with programs.PeerServer(certificate, key) as server:
            url = server.url + "/push?count=100"
            client.succeed(url, "--ca", certificate)
            client.fail("another authority", url, "--ca", stranger)
            client.fail("the system's authorities", url)
            client.fail("no such file", url, "--ca", folder / "missing.pem")
            client.fail("plain to a TLS server", url.replace("wss:", "ws:"))
            client.succeed(url, "--ca", certificate)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("echo_client")
    parser.add_argument("--tls", action="store_true")
    args = parser.parse_args()
    client = Client(args.echo_client)
    if args.tls:
        return tls(client)
    content(client)
    no_connection(client)
    broken_protocol(client)


programs.run(main)
