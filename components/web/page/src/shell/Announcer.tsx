import { announcement } from "../state/notices";

/** Says to screen readers what others see come. */
export function Announcer() {
  return (
    <div class="hidden" role="log" aria-live="polite" aria-atomic="true">
      {announcement.value}
    </div>
  );
}
