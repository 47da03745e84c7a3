import { clock, whole } from "../i18n/time";

/** When it was. */
export function Time({ at, class: more }: { at: string; class?: string }) {
  return (
    <time class={more} dateTime={at} title={whole(at)}>
      {clock(at)}
    </time>
  );
}
