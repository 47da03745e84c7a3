/** Which channel the address names: `/channels/<id>`, with `#<message id>` for one message. */

import { signal } from "@preact/signals";

export interface Route {
  channel: string | undefined;
  message: string | undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function parse(path: string, fragment: string): Route {
  const [, first, id] = path.split("/");
  const channel = first === "channels" && id !== undefined && UUID.test(id) ? id : undefined;
  const message = fragment.slice(1);
  return { channel, message: channel !== undefined && UUID.test(message) ? message : undefined };
}

export function address(channel?: string, message?: string): string {
  if (channel === undefined) return "/";
  return `/channels/${channel}${message === undefined ? "" : `#${message}`}`;
}

export const route = signal<Route>(parse(location.pathname, location.hash));

export function go(channel?: string, message?: string): void {
  const next = address(channel, message);
  if (next !== location.pathname + location.hash) history.pushState(null, "", next);
  route.value = { channel, message };
}

addEventListener("popstate", () => {
  route.value = parse(location.pathname, location.hash);
});
