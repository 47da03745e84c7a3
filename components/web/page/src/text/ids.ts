/** A name as people type it, as an id: `bob` is `user:bob`. */
export function whole(typed: string): string {
  const id = typed.trim();
  return id.startsWith("@") || id.includes(":") ? id : `user:${id.toLowerCase()}`;
}
