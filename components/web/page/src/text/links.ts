/** Plain text with the links in it told from the rest. */

export interface Piece {
  text: string;
  href?: string;
}

const LINK = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f]+/gi;
/** What ends a sentence and not an address. */
const END = /[.,:;!?…)\]}»]+$/;

export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    let href = match[0];
    const end = END.exec(href)?.[0] ?? "";
    // A bracket that was opened in the address belongs to it.
    const kept = end.startsWith(")") && href.includes("(") ? 1 : 0;
    href = href.slice(0, href.length - end.length + kept);
    if (!URL.canParse(href)) continue;
    if (match.index > at) found.push({ text: text.slice(at, match.index) });
    found.push({ text: href, href });
    at = match.index + href.length;
  }
  if (at < text.length) found.push({ text: text.slice(at) });
  return found;
}
