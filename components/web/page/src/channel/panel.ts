import { signal } from "@preact/signals";

export type Panel = { kind: "members" | "pins" | "search" } | { kind: "thread"; root: string };

/** What is open beside the messages. */
export const panel = signal<Panel | undefined>(undefined);

export function toggle(kind: "members" | "pins" | "search"): void {
  panel.value = panel.value?.kind === kind ? undefined : { kind };
}
