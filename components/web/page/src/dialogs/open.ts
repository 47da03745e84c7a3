import { signal } from "@preact/signals";

export type Open =
  | { kind: "switcher" | "browse" | "direct" | "create" | "settings" }
  | { kind: "image"; message: string; uri: string };

/** The dialog that is open. */
export const dialog = signal<Open | undefined>(undefined);

export function close(): void {
  dialog.value = undefined;
}
