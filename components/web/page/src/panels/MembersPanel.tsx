import { t } from "../i18n";
import { leave } from "../state/acts";
import type { Room } from "../state/room";
import { isJoined } from "../state/rows";
import type { Channel, Member } from "../state/types";
import { InviteForm } from "./InviteForm";
import { MemberRow } from "./MemberRow";
import { Panel } from "./Panel";

const RANKS: Record<Member["role"], number> = { owner: 0, admin: 1, member: 2, guest: 3, agent: 4 };
/** Rows that are drawn. */
const SHOWN = 500;

/** Who is here, and with which role. */
export function MembersPanel({ row, room }: { row: Channel; room: Room }) {
  const members = [...room.members.value.values()].sort(
    (one, other) => RANKS[one.role] - RANKS[other.role] || one.member_id.localeCompare(other.member_id),
  );
  return (
    <Panel title={t("members")}>
      {row.membership?.can_invite === true && !row.is_direct && room.isOpen.value && <InviteForm channel={row.id} />}
      <div class="panel-body">
        <ul class="rows">
          {members.slice(0, SHOWN).map((member) => (
            <li key={member.member_id}>
              <MemberRow member={member} row={row} />
            </li>
          ))}
        </ul>
        {isJoined(row) && (
          <button type="button" class="danger" onClick={() => void leave(row)}>
            {t("leave")}
          </button>
        )}
      </div>
    </Panel>
  );
}
