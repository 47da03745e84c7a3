import { t } from "../i18n";
import { person } from "../state/names";

/** What somebody is called; an agent is marked as one. */
export function Name({ id }: { id: string }) {
  const { name, isAgent } = person(id);
  return (
    <span class="name">
      <bdi title={id}>{name}</bdi>
      {isAgent && (
        <span class="agent-mark" title={t("agentIs", { name })}>
          {t("agent")}
        </span>
      )}
    </span>
  );
}
