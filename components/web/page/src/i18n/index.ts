/** The page's language, and its texts in it. */

import { effect, signal } from "@preact/signals";
import { store, stored } from "../state/kept";
import { en } from "./en";
import { uk } from "./uk";

export type Key = keyof typeof en;
type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
/** The same texts in another language; where English has forms, the other has those of its own. */
export type Texts = { [K in Key]: (typeof en)[K] extends string ? string : Forms };
export type Language = "en" | "uk";

const STORED = "language";
const TEXTS: Record<Language, Texts> = { en, uk };

function preferred(): Language {
  const before = stored("local", STORED);
  if (before === "en" || before === "uk") return before;
  return navigator.language.toLowerCase().startsWith("uk") ? "uk" : "en";
}

export const language = signal<Language>(preferred());

effect(() => {
  document.documentElement.lang = language.value;
});

export function choose(chosen: Language): void {
  store("local", STORED, chosen);
  language.value = chosen;
}

/** A text, filled in; `n` chooses its form. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text: string | Forms = TEXTS[language.value][key];
  let found: string;
  if (typeof text === "string") found = text;
  else found = text[new Intl.PluralRules(language.value).select(Number(values["n"] ?? 0))] ?? text.other;
  return found.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}
