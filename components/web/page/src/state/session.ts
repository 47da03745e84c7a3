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
/** Whom a link would sign in, who has not said yes yet. */
export const offered = signal<Session | undefined>(undefined);
/** Why there is no session any more. */
export const ended = signal(false);
/** Whose page it is; empty before they have signed in. */
export const me = computed(() => session.value?.id ?? "");

/** Reads what the token says of its bearer. The service checks it, and says when it has ended: clocks here may be wrong. */
export function ofToken(token: string): Session | undefined {
  try {
    const payload = token.split(".")[1] ?? "";
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const { sub } = claims;
    if (typeof sub !== "string" || sub === "") return undefined;
    const lists = Object.values(claims).filter((value): value is string[] => Array.isArray(value));
    const microdaos = lists.flat().filter((name) => typeof name === "string" && name.startsWith("microdao:"));
    return { id: sub.includes(":") ? sub : `user:${sub}`, token, microdaos };
  } catch {
    return undefined;
  }
}

export function ofName(name: string): Session | undefined {
  const id = name.trim().toLowerCase().replace(/^user:/, "");
  return /^[a-z0-9._-]{1,64}$/.test(id) ? { id: `user:${id}`, microdaos: ["microdao:daarion"] } : undefined;
}

/** Who was here last: what they have seen and written is nothing for the next one. */
let whose = "";

let fresh = false;

/** Whether somebody has just signed in; said once. */
export function takeFresh(): boolean {
  const was = fresh;
  fresh = false;
  return was;
}

function forget(): void {
  uploads.forget();
  drafts.forget();
  names.forget();
}

/** `isFresh` when somebody has just said who they are, and has not only come back. */
export function signIn(started: Session, isFresh = false): void {
  fresh = isFresh;
  if (started.id !== whose) forget();
  whose = started.id;
  store("session", STORED, JSON.stringify(started));
  ended.value = false;
  offered.value = undefined;
  session.value = started;
}

/** `because` it has ended, or because its owner wants it. */
export function signOut(because: "ended" | "wish"): void {
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
  if (given !== undefined) take(given, session.peek());
});

/** A link with a token makes nobody anybody without their knowledge. */
function take(given: Session, before: Session | undefined): void {
  if (before === undefined) offered.value = given;
  else if (before.id === given.id || confirm(t("signInAs", { me: before.id, other: given.id }))) signIn(given);
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
  if (before !== undefined && (before.token !== undefined || config.value.auth_mode === "development")) signIn(before);
  if (given !== undefined) take(given, session.peek());
}
