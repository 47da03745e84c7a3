/** What a reader has chosen for this browser. */

import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const STORED = "theme";

function stored(): Theme {
  const theme = localStorage.getItem(STORED);
  return theme === "light" || theme === "dark" ? theme : "system";
}

export const theme = signal<Theme>(stored());

effect(() => {
  const root = document.documentElement;
  if (theme.value === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = theme.value;
  localStorage.setItem(STORED, theme.value);
});
