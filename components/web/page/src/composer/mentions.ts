/** Mentions in a text that is being written. */

export interface Mentioned {
  id: string;
  name: string;
}

/** What stands behind an `@` before the caret, while somebody is being named. */
export function openMention(text: string, caret: number): string | undefined {
  return /(?:^|\s)@([\p{L}\p{N}._-]{0,32})$/u.exec(text.slice(0, caret))?.[1];
}

/** The text with a name in place of what was typed of it. */
export function complete(text: string, caret: number, name: string): string {
  return `${text.slice(0, caret).replace(/@[\p{L}\p{N}._-]*$/u, `@${name} `)}${text.slice(caret)}`;
}

/** Who of those that were chosen is still in the text. */
export function mentionsOf(text: string, chosen: readonly Mentioned[]): string[] {
  return [...new Set(chosen.filter(({ name }) => text.includes(`@${name}`)).map(({ id }) => id))];
}
