import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { brief } from "../i18n/time";
import { client } from "../state/client";
import { ask, heard, person } from "../state/names";
import { address, go } from "../state/route";
import { isJoined, nameOf } from "../state/rows";
import { me } from "../state/session";
import type { Channel } from "../state/types";
import { summary } from "../text/summary";
import { Avatar } from "../ui/Avatar";

interface Props {
  row: Channel;
  isCurrent: boolean;
  /** Whether the tab key comes here. */
  isStop: boolean;
}

/** A channel in the list: what was said last, and what the reader has not read. */
export function ChannelRow({ row, isCurrent, isStop }: Props) {
  const { last_message: last, mention_count: mentions = 0 } = row;
  const unread = Math.max(row.unread_count ?? 0, row.marked_unread === true ? 1 : 0);
  const isMuted = row.muted === true;
  const name = nameOf(row);
  const other = row.is_direct ? row.direct_member_id : undefined;
  useEffect(() => {
    if (last != null) heard(last);
    if (other != null) void ask(other, (id) => client().api.getProfile(id));
  }, [last, other]);
  const open = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(row.id);
  };
  return (
    <a
      href={address(row.id)}
      class={`channel-row${unread > 0 && !isMuted ? " has-unread" : ""}`}
      aria-current={isCurrent ? "page" : undefined}
      tabIndex={isStop ? 0 : -1}
      onClick={open}
    >
      {row.is_direct && row.direct_member_id != null ? (
        <Avatar id={row.direct_member_id} />
      ) : (
        <Avatar id={row.id} name={row.name} picture={row.avatar_url} />
      )}
      <span class="channel-text">
        <span class="channel-name">
          <bdi>{name}</bdi>
        </span>
        <span class="channel-last">
          {!isJoined(row) ? (
            t("invited")
          ) : last == null ? (
            row.topic
          ) : (
            <>
              {!row.is_direct && <span>{last.sender_id === me.value ? t("you") : person(last.sender_id).name}: </span>}
              <bdi>{summary(last)}</bdi>
            </>
          )}
        </span>
      </span>
      <span class="channel-side">
        {last != null && <time dateTime={last.created_at}>{brief(last.created_at)}</time>}
        {mentions > 0 && (
          <span class="badge mention" aria-label={t("mentions", { n: mentions })}>
            @
          </span>
        )}
        {unread > 0 && (
          <span class={`badge${isMuted ? " muted" : ""}`} aria-label={t("unread", { n: unread })}>
            {unread > 99 ? "99+" : unread}
          </span>
        )}
        {isMuted && unread === 0 && <span class="hint">{t("muted")}</span>}
      </span>
    </a>
  );
}
