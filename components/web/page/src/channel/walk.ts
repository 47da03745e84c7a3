/** Arrows go from message to message; from the list itself to the last one. */
export function walk(event: KeyboardEvent): void {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  const list = event.currentTarget as HTMLElement;
  const messages = [...list.querySelectorAll<HTMLElement>(".message")];
  const active = document.activeElement;
  if (active !== list && !(active instanceof HTMLElement && active.classList.contains("message"))) return;
  const at = messages.findIndex((message) => message === active);
  const next = at < 0 ? messages.at(-1) : messages[at + (event.key === "ArrowUp" ? -1 : 1)];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
