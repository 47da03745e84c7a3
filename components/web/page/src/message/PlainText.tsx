import { pieces } from "../text/links";

/** Text with its links. */
export function PlainText({ text }: { text: string }) {
  return (
    <span class="plain-text">
      {pieces(text).map(({ text, href }) =>
        href === undefined ? (
          text
        ) : (
          <a href={href} target="_blank" rel="noopener noreferrer nofollow ugc">
            {text}
          </a>
        ),
      )}
    </span>
  );
}
