/** What a close frame tells the client to do. */

export type AfterClose =
  /** Connect again: after `wait` milliseconds where the relay names a wait, else after a pause of one's own. */
  | { next: "connect"; wait?: number }
  /** Connect again, but not soon: the client itself did too much. */
  | { next: "connect slowly" }
  /** Connect again with a new token. */
  | { next: "authenticate" }
  /** Do not connect again. */
  | { next: "stop"; why: Lost };

/** Why a channel's events come no more. */
export type Lost = "access_lost" | "channel_gone" | "not_found" | "too_many_channels" | "refused";

/** The longest wait that is obeyed, in milliseconds. */
const LONGEST_WAIT = 300_000;

export function afterClose(code: number, reason: string): AfterClose {
  switch (code) {
    case 4401:
      return { next: "authenticate" };
    case 4403:
      return { next: "stop", why: "access_lost" };
    case 4404:
      return { next: "stop", why: "channel_gone" };
    case 4400:
      return { next: "stop", why: "refused" };
    case 1002:
    case 1007:
    case 1008:
    case 1009:
    case 4429:
      return { next: "connect slowly" };
    default: {
      const wait = retryAfter(reason);
      return wait === undefined ? { next: "connect" } : { next: "connect", wait };
    }
  }
}

/** The wait at the end of a reason such as `relay going away; retry_after=2.4`, in milliseconds. */
export function retryAfter(reason: string): number | undefined {
  const seconds = /; retry_after=(\d{1,9}(?:\.\d{1,9})?)$/.exec(reason)?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds) * 1000, LONGEST_WAIT);
}
