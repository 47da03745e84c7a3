import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { brief } from "../i18n/time";
import { heard } from "../state/names";
import { go } from "../state/route";
import type { Message } from "../state/types";
import { Avatar } from "../ui/Avatar";
import { Name } from "../ui/Name";

interface Props {
  message: Message;
  /** The channel that it is in, where that is not said elsewhere. */
  where?: string | undefined;
  children: ComponentChildren;
}

/** A message in a list; it leads to where it was said. */
export function MessageLine({ message, where, children }: Props) {
  useEffect(() => heard(message), [message]);
  return (
    <button type="button" class="row-button message-line" onClick={() => go(message.channel_id, message.id)}>
      <Avatar id={message.sender_id} small />
      <span class="two-lines">
        <span class="line-head">
          <Name id={message.sender_id} />
          {where !== undefined && <bdi class="hint">{where}</bdi>}
          <time class="hint" dateTime={message.created_at}>
            {brief(message.created_at)}
          </time>
        </span>
        <span class="line-text" dir="auto">
          {children}
        </span>
      </span>
    </button>
  );
}
