import { useEffect } from "preact/hooks";
import type { Room } from "../state/room";

/** How long something is before one's eyes before it counts as read, in milliseconds. */
const READ = 500;

/** Tells the service what was read, while the end of a channel is on the screen. */
export function useReading(room: Room, isAtEnd: boolean): void {
  const newest = room.now.messages.at(-1)?.seq;
  const isMember = room.channel.value?.membership?.joined_at != null;
  useEffect(() => {
    if (newest === undefined || !isAtEnd || !isMember) return undefined;
    const look = (): void => {
      if (document.visibilityState === "visible") room.store.markRead(newest);
    };
    const turned = (): void => {
      // What comes while nobody looks is new when they look again.
      if (document.visibilityState === "hidden") room.unreadAfter.value = newest;
      look();
    };
    const timer = setTimeout(look, READ);
    document.addEventListener("visibilitychange", turned);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", turned);
    };
  }, [isAtEnd, newest, isMember]);
}
