import { t } from "../i18n";
import { person } from "../state/names";
import type { Room } from "../state/room";

/** Who types at the moment. */
export function TypingLine({ room }: { room: Room }) {
  const [first, second, ...others] = room.now.typists.map((id) => person(id).name);
  let text = "";
  if (others.length > 0) text = t("typingMany");
  else if (first !== undefined && second !== undefined) text = t("typingTwo", { a: first, b: second });
  else if (first !== undefined) text = t("typingOne", { a: first });
  return (
    <p class="typing" aria-live="off">
      {text}
    </p>
  );
}
