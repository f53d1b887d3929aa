/**
 * Stands in for engine.io-client's table of transports in what is built for browsers (vite.config.ts): a root speaks WebSocket only,
 * and the others are 2 KiB of the page's script.
 */
import { WebSocket } from 'engine.io-client';

/** Read when a socket is made, not before: the two modules import each other. */
export const transports = {
  get websocket(): typeof WebSocket {
    return WebSocket;
  },
};
