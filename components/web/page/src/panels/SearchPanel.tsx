import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { client } from "../state/client";
import { attempt } from "../state/notices";
import type { Room } from "../state/room";
import type { Found, Hit } from "../state/types";
import { Highlighted } from "./Highlighted";
import { MessageLine } from "./MessageLine";
import { Panel } from "./Panel";

/** How long nothing is typed before it is searched for, in milliseconds. */
const RESTS = 300;

/** Search, in this channel or in all. */
export function SearchPanel({ room }: { room: Room }) {
  const input = useRef<HTMLInputElement>(null);
  const [query, setQuery] = useState("");
  const [isHere, setHere] = useState(true);
  const [found, setFound] = useState<Found>();
  const [hits, setHits] = useState<Hit[]>([]);
  const search = (cursor?: string): Promise<boolean> =>
    attempt(async () => {
      const where = isHere ? { channel_id: room.id } : {};
      const page = await client().api.searchMessages({ q: query, ...where, ...(cursor !== undefined && { cursor }) });
      if (input.current?.value !== query) return;
      setHits((before) => (cursor === undefined ? page.hits : [...before, ...page.hits]));
      setFound(page);
    });
  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    setFound(undefined);
    if (query.trim() === "") return undefined;
    const timer = setTimeout(() => void search(), RESTS);
    return () => clearTimeout(timer);
  }, [query, isHere]);
  const told = found === undefined ? "" : say(hits.length, found.next !== null);
  return (
    <Panel title={t("search")}>
      <div class="search-form" role="search">
        <input
          ref={input}
          type="search"
          aria-label={t("search")}
          aria-describedby="search-hint"
          placeholder={t("searchPlaceholder")}
          maxLength={500}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <label class="check">
          <input type="checkbox" checked={isHere} onChange={(event) => setHere(event.currentTarget.checked)} />
          {t("searchHere")}
        </label>
        <p id="search-hint" class="hint">
          {t("searchHint")}
        </p>
        <p role="status" class="hint">
          {told}
        </p>
      </div>
      <div class="panel-body">
        {found?.hints.map((hint) => (
          <p key={hint.word + hint.code} class="hint">
            {hint.detail}
          </p>
        ))}
        {found?.did_you_mean.map(({ word, suggestions }) => (
          <p key={word} class="hint">
            {t("didYouMean")}{" "}
            {suggestions.map((suggestion) => (
              <button type="button" class="plain" onClick={() => setQuery(query.replace(word, suggestion))}>
                {suggestion}
              </button>
            ))}
          </p>
        ))}
        {found !== undefined && (
          <ul class="rows">
            {hits.map((hit) => (
              <li key={hit.message.id}>
                <MessageLine message={hit.message} where={isHere ? undefined : hit.channel.name}>
                  <Highlighted text={hit.excerpt} spans={hit.highlights} />
                  {hit.has_more && "…"}
                </MessageLine>
              </li>
            ))}
          </ul>
        )}
        {found?.next != null && (
          <button type="button" onClick={() => void search(found.next ?? undefined)}>
            {t("more")}
          </button>
        )}
      </div>
    </Panel>
  );
}

function say(count: number, hasMore: boolean): string {
  if (count === 0) return t("foundNothing");
  return hasMore ? t("foundMore", { n: count }) : t("found", { n: count });
}
