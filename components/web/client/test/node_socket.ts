/** A WebSocket for every version of Node. */

import { WebSocket } from "ws";

import type { Socket } from "../src/index.js";

export function open(address: string, protocols: string[]): Socket {
  return new WebSocket(address, protocols, { perMessageDeflate: false }) as unknown as Socket;
}
