"""echo_server_test.py ECHO_SERVER CLIENT [--tls] [--poller POLLER]: runs another implementation's
client against our echo server, and ends the server when the client says so. The clients are scripts
of this folder, run as CLIENT URL LARGEST_MESSAGE [CA_FILE]; they check everything themselves."""

import argparse

import programs

LARGEST_MESSAGE = 64 << 20
INTERPRETERS = {".py": "/usr/bin/python3", ".mjs": "node"}


def let_client_talk(server: programs.EchoServer, client: list) -> None:
    with programs.Program(*client, stderr=None) as talker:
        while line := talker.read_line():
            print(line, flush=True)
            if line == "now SIGTERM":
                server.terminate()
        status = talker.wait()
        programs.expect(status == 0, f"the client ended with {status}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("echo_server")
    parser.add_argument("client")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--poller", default="epoll")
    args = parser.parse_args()

    script = programs.FOLDER / args.client
    with programs.temporary_folder() as folder:
        options = ["--poller", args.poller, "--max-message-size", LARGEST_MESSAGE]
        client = [INTERPRETERS[script.suffix], script]
        trusted = []
        if args.tls:
            certificate, key = programs.make_certificate(folder)
            options += ["--tls", "--certificate", certificate, "--key", key]
            trusted = [certificate]
        with programs.EchoServer(args.echo_server, *options) as server:
            let_client_talk(server, [*client, server.url, LARGEST_MESSAGE, *trusted])
            server.expect_good_end()


programs.run(main)
