import { t } from "../i18n";
import type { Message } from "../state/types";

/** A poll with what was voted so far. One votes in a Matrix client. */
export function PollView({ poll }: { poll: NonNullable<Message["poll"]> }) {
  const most = Math.max(1, ...poll.answers.map(({ votes }) => votes ?? 0));
  return (
    <div class="poll">
      <p>
        <strong>{poll.question}</strong>
      </p>
      <ul>
        {poll.answers.map(({ id, text, votes }) => (
          <li key={id}>
            <bdi>{text}</bdi>
            {votes != null && (
              <>
                <meter min={0} max={most} value={votes} aria-label={text} />
                <span class="hint">{t("votes", { n: votes })}</span>
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
