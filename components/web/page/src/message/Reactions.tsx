import { t } from "../i18n";
import { react } from "../state/acts";
import type { Room } from "../state/room";
import type { Message } from "../state/types";

/** The reactions to a message; one's own are pressed. */
export function Reactions({ message, room }: { message: Message; room: Room }) {
  const { reactions = [] } = message;
  if (reactions.length === 0) return null;
  return (
    <div class="reactions" role="group" aria-label={t("react")}>
      {reactions.map(({ emoji, count, reacted }) => (
        <button
          key={emoji}
          type="button"
          class="reaction"
          aria-pressed={reacted}
          aria-label={t("reacted", { emoji, n: count })}
          onClick={() => void react(room, message, emoji)}
        >
          <bdi>{emoji}</bdi> {count}
        </button>
      ))}
    </div>
  );
}
