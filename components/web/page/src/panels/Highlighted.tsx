interface Props {
  text: string;
  /** Places in it, in characters (code points) and in their order. */
  spans: readonly { start: number; end: number }[];
}

/** Text with the places in it that were found. */
export function Highlighted({ text, spans }: Props) {
  const characters = [...text];
  const parts = [];
  let at = 0;
  for (const { start, end } of spans) {
    parts.push(characters.slice(at, start).join(""), <mark>{characters.slice(Math.max(at, start), end).join("")}</mark>);
    at = Math.max(at, end);
  }
  return (
    <>
      {parts}
      {characters.slice(at).join("")}
    </>
  );
}
