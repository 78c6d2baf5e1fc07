// bun bun_echo.mjs PORT - the server that is built into bun.
Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  fetch: (request, server) => server.upgrade(request) ? undefined : new Response('', {status: 400}),
  websocket: {
    backpressureLimit: 512 * 1024 * 1024,
    idleTimeout: 0,
    maxPayloadLength: 64 * 1024 * 1024,
    perMessageDeflate: false,
    message: (socket, message) => void socket.send(message),
  },
});
