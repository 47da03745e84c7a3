/** Who is here. It stays in the tab: another tab is another session. */

import { computed, signal } from "@preact/signals";
import { t } from "../i18n";
import * as drafts from "./drafts";
import { store, stored } from "./kept";
import * as names from "./names";
import * as uploads from "./uploads";

export interface Session {
  id: string;
  /** A token, or nothing in development mode. */
  token?: string;
  /** When the token ends, in milliseconds since 1970. */
  ends?: number;
  /** The microDAOs that the token names. */
  microdaos: string[];
}

export interface Config {
  ws_url: string;
  auth_mode: "development" | "token";
}

const STORED = "session";

export const session = signal<Session | undefined>(undefined);
export const config = signal<Config | undefined>(undefined);
/** Why there is no session any more. */
export const ended = signal(false);
/** Whose page it is; empty before they have signed in. */
export const me = computed(() => session.value?.id ?? "");

/** Reads what the token says of its bearer; the service checks it. */
export function ofToken(token: string): Session | undefined {
  try {
    const payload = token.split(".")[1] ?? "";
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const { sub, exp } = claims;
    if (typeof sub !== "string" || sub === "" || typeof exp !== "number" || exp * 1000 < Date.now()) return undefined;
    const lists = Object.values(claims).filter((value): value is string[] => Array.isArray(value));
    const microdaos = lists.flat().filter((name) => typeof name === "string" && name.startsWith("microdao:"));
    return { id: sub.includes(":") ? sub : `user:${sub}`, token, ends: exp * 1000, microdaos };
  } catch {
    return undefined;
  }
}

export function ofName(name: string): Session | undefined {
  const id = name.trim().toLowerCase().replace(/^user:/, "");
  return /^[a-z0-9._-]{1,64}$/.test(id) ? { id: `user:${id}`, microdaos: ["microdao:daarion"] } : undefined;
}

/** The longest that a timer waits. */
const LONGEST = 2 ** 31 - 1;
let ending: ReturnType<typeof setTimeout> | undefined;

/** Who was here last: what they have seen and written is nothing for the next one. */
let whose = "";

function forget(): void {
  uploads.forget();
  drafts.forget();
  names.forget();
}

export function signIn(started: Session): void {
  if (started.id !== whose) forget();
  whose = started.id;
  clearTimeout(ending);
  const left = (started.ends ?? Infinity) - Date.now();
  if (left < LONGEST) ending = setTimeout(() => signOut("ended"), left);
  store("session", STORED, JSON.stringify(started));
  ended.value = false;
  session.value = started;
}

/** `because` it has ended, or because its owner wants it. */
export function signOut(because: "ended" | "wish"): void {
  clearTimeout(ending);
  store("session", STORED, undefined);
  // Whose session has ended goes on where they were.
  if (because === "wish") forget();
  ended.value = because === "ended";
  session.value = undefined;
}

/** The token of an address like `/#token=…` is taken out of it, so that it is in no history. */
function tokenOfAddress(): Session | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return undefined;
  history.replaceState(null, "", location.pathname);
  return ofToken(token);
}

/** Also where the page is open already. */
addEventListener("hashchange", () => {
  const given = tokenOfAddress();
  if (given !== undefined && isWanted(given, session.peek())) signIn(given);
});

/** A link with a token makes nobody somebody else without their knowledge. */
function isWanted({ id }: Session, before: Session | undefined): boolean {
  return before === undefined || before.id === id || confirm(t("signInAs", { me: before.id, other: id }));
}

/** Who was here before, in this tab. */
function remembered(): Session | undefined {
  try {
    const before = JSON.parse(stored("session", STORED) ?? "null") as Session | null;
    if (typeof before?.token === "string") return ofToken(before.token);
    return typeof before?.id === "string" ? ofName(before.id) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads what the page needs to know, and who was here before. */
export async function begin(): Promise<void> {
  const given = tokenOfAddress();
  const response = await fetch("/config.json");
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  config.value = (await response.json()) as Config;
  const before = remembered();
  const found = given !== undefined && isWanted(given, before) ? given : before;
  if (found !== undefined && (found.token !== undefined || config.value.auth_mode === "development")) signIn(found);
}
