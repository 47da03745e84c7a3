import { type Key, t } from "../i18n";
import { changeRole, removeMember } from "../state/acts";
import { person } from "../state/names";
import { me } from "../state/session";
import type { Channel, Member, Role } from "../state/types";
import { Avatar } from "../ui/Avatar";
import { IconButton } from "../ui/IconButton";
import { Name } from "../ui/Name";

const NAMES: Record<Role, Key> = { owner: "owner", admin: "admin", member: "member", guest: "guest", agent: "roleAgent" };
/** What admins and owners may make of people. */
const GIVEN: Role[] = ["admin", "member", "guest"];

/** Somebody in the channel. Who may changes the role, or removes them; the service decides in the end. */
export function MemberRow({ member, row }: { member: Member; row: Channel }) {
  const { member_id: id, role } = member;
  const { name } = person(id);
  const mine = row.membership;
  const manages = mine?.role === "owner" || mine?.role === "admin";
  const isOther = id !== me.value;
  const isHuman = member.member_type === "human";
  return (
    <div class="member-row">
      <Avatar id={id} />
      <span class="two-lines">
        <Name id={id} />
        <span class="hint">
          <bdi>{id}</bdi>
          {member.joined_at === null && ` · ${t("invitedMark")}`}
        </span>
      </span>
      {manages && isOther && isHuman && role !== "owner" ? (
        <select
          aria-label={t("role", { name })}
          value={role}
          onChange={(event) => {
            const select = event.currentTarget;
            void changeRole(row.id, id, select.value as Role).then((done) => done || (select.value = role));
          }}
        >
          {GIVEN.map((given) => (
            <option key={given} value={given}>
              {t(NAMES[given])}
            </option>
          ))}
        </select>
      ) : (
        <span class="hint">{t(NAMES[role])}</span>
      )}
      {mine?.can_kick === true && isOther && role !== "owner" && (
        <IconButton icon="close" label={`${t("remove")}: ${name}`} onClick={() => void removeMember(row.id, id, name)} />
      )}
    </div>
  );
}
