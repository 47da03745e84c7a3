import { failed, pictureAt } from "../state/media";
import { person } from "../state/names";

/** Colours on which white is readable. */
const COLORS = ["#4f46e5", "#0f766e", "#b45309", "#be185d", "#1d4ed8", "#7e22ce", "#15803d", "#b91c1c"];

function colorOf(id: string): string {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return COLORS[sum % COLORS.length] ?? "#4f46e5";
}

interface Props {
  /** Whose picture, or of which channel. */
  id: string;
  /** Of a channel: its name and picture. */
  name?: string;
  picture?: string | null;
  small?: boolean;
}

/** A picture of somebody or a channel, or the first letter of the name. It says nothing that the name beside it does not. */
export function Avatar({ id, name, picture, small = false }: Props) {
  const known = name === undefined ? person(id) : { name, avatar: picture ?? null, isAgent: false };
  const source = pictureAt(known.avatar, 96, 96, "crop");
  const letter = [...known.name.trim()][0]?.toUpperCase() ?? "?";
  return (
    <span class={`avatar${small ? " small" : ""}${known.isAgent ? " of-agent" : ""}`} aria-hidden="true">
      {source === "" ? (
        <span class="letter" style={{ backgroundColor: colorOf(id) }}>
          {letter}
        </span>
      ) : (
        <img src={source} alt="" loading="lazy" onError={() => known.avatar !== null && failed(known.avatar)} />
      )}
    </span>
  );
}
