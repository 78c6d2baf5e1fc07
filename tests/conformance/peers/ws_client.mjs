// ws_client.mjs URL AGENT: npm's ws as the client to be judged.
import { WebSocket } from '../../peers/npm_ws.mjs';

const [url, agent] = [process.argv[2].replace(/\/$/, ''), process.argv[3]];

/// Echoes until the connection is over; returns the last message.
function visit(resource, echo) {
  return new Promise((resolve) => {
    let last = '';
    const socket = new WebSocket(url + resource, { maxPayload: 64 << 20 });
    socket.on('error', () => {});
    socket.on('message', (data, binary) => {
      last = data;
      if (echo) socket.send(data, { binary });
    });
    socket.on('close', () => resolve(last.toString()));
  });
}

const count = Number(await visit('/getCaseCount', false));
for (let number = 1; number <= count; ++number) {
  await visit(`/runCase?case=${number}&agent=${agent}`, true);
}
await visit(`/updateReports?agent=${agent}`, false);
