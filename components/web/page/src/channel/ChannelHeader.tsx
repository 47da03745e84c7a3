import { t } from "../i18n";
import { join, mute } from "../state/acts";
import type { Room } from "../state/room";
import { go } from "../state/route";
import { isJoined, nameOf } from "../state/rows";
import type { Channel } from "../state/types";
import { Avatar } from "../ui/Avatar";
import { IconButton } from "../ui/IconButton";
import { panel, toggle } from "./panel";

/** What the channel is called and is about, and what can be opened beside it. */
export function ChannelHeader({ row, room }: { row: Channel; room: Room }) {
  const shown = panel.value?.kind;
  const count = [...room.members.value.values()].filter((member) => member.joined_at !== null).length;
  const isMuted = room.now.unread.muted;
  return (
    <header class="channel-head">
      <IconButton icon="back" label={t("back")} class="to-list" onClick={() => go()} />
      {row.is_direct && row.direct_member_id != null ? (
        <Avatar id={row.direct_member_id} />
      ) : (
        <Avatar id={row.id} name={row.name} picture={row.avatar_url} />
      )}
      <div class="channel-title">
        <h2>
          <bdi>{nameOf(row)}</bdi>
          {row.archived_at !== null && <span class="hint">{t("archived")}</span>}
        </h2>
        <p class="hint">
          {t("memberCount", { n: count })}
          {row.topic != null && row.topic !== "" && <bdi> · {row.topic}</bdi>}
        </p>
      </div>
      {isJoined(row) ? (
        <IconButton icon="bell" label={t(isMuted ? "unmute" : "mute")} pressed={isMuted} onClick={() => void mute(row, !isMuted)} />
      ) : (
        row.membership == null && (
          <button type="button" onClick={() => void join(row.id)}>
            {t("join")}
          </button>
        )
      )}
      <IconButton icon="search" label={t("search")} expanded={shown === "search"} onClick={() => toggle("search")} />
      <IconButton icon="pin" label={t("pins")} expanded={shown === "pins"} onClick={() => toggle("pins")} />
      <IconButton icon="people" label={t("members")} expanded={shown === "members"} onClick={() => toggle("members")} />
    </header>
  );
}
