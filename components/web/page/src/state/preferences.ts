/** What a reader has chosen for this browser. */

import { effect, signal } from "@preact/signals";
import { store, stored } from "./kept";

export type Theme = "system" | "light" | "dark";

const STORED = "theme";

function before(): Theme {
  const theme = stored("local", STORED);
  return theme === "light" || theme === "dark" ? theme : "system";
}

export const theme = signal<Theme>(before());

effect(() => {
  const root = document.documentElement;
  if (theme.value === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = theme.value;
  store("local", STORED, theme.value);
});
