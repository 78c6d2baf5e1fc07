// npm_ws.mjs - npm's ws from build/peers, where install.sh puts it.
import { createRequire } from 'node:module';

let ws;
try {
  ws = createRequire(new URL('../../build/peers/package.json', import.meta.url))('ws');
} catch (error) {
  if (error.code !== 'MODULE_NOT_FOUND') throw error;
  console.error("npm's ws is not installed; tests/peers/install.sh does it");
  process.exit(1);
}

export const { WebSocket, WebSocketServer } = ws;
