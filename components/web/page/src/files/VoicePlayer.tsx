import { useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { length } from "../i18n/time";
import { fileAt } from "../state/media";
import type { MessageFile } from "../state/types";
import { IconButton } from "../ui/IconButton";

/** Bars of the waveform. */
const BARS = 48;
/** The loudest that a step of a waveform is. */
const LOUDEST = 1024;

/** A voice message with its waveform, in which one can go to any place. */
export function VoicePlayer({ file, waveform }: { file: MessageFile; waveform: number[] }) {
  const audio = useRef<HTMLAudioElement>(null);
  const [plays, setPlays] = useState(false);
  const [at, setAt] = useState(0);
  const [known, setKnown] = useState<number>();
  const source = fileAt(file.content_uri);
  const whole = known ?? (file.duration_ms ?? 0) / 1000;
  const toggle = (): void => {
    const player = audio.current;
    if (player === null) return;
    if (player.paused) void player.play().catch(() => setPlays(false));
    else player.pause();
  };
  const seek = (event: Event): void => {
    const seconds = Number((event.currentTarget as HTMLInputElement).value);
    setAt(seconds);
    if (audio.current !== null) audio.current.currentTime = seconds;
  };
  const played = whole > 0 ? at / whole : 0;
  return (
    <div class="voice" role="group" aria-label={t("voice")}>
      <IconButton icon={plays ? "pause" : "play"} label={t(plays ? "pause" : "play")} disabled={source === ""} onClick={toggle} />
      <div class="waveform">
        {bars(waveform).map((loud, bar) => (
          <span
            key={bar}
            class={bar / BARS < played ? "played" : ""}
            style={{ height: `${Math.max(8, (loud / LOUDEST) * 100)}%` }}
          />
        ))}
        <input
          type="range"
          min={0}
          max={Math.max(whole, 0.1)}
          step={0.1}
          value={at}
          aria-label={t("position")}
          aria-valuetext={`${length(at)} / ${length(whole)}`}
          onInput={seek}
        />
      </div>
      <span class="hint">{length(plays || at > 0 ? at : whole)}</span>
      {source !== "" && (
        <audio
          ref={audio}
          src={source}
          preload="none"
          onPlay={() => setPlays(true)}
          onPause={() => setPlays(false)}
          onEnded={() => setAt(0)}
          onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
          onLoadedMetadata={({ currentTarget: { duration } }) => Number.isFinite(duration) && setKnown(duration)}
        />
      )}
    </div>
  );
}

/** As many bars whatever the number of steps: each the loudest of its part. */
function bars(waveform: readonly number[]): number[] {
  return Array.from({ length: BARS }, (_, bar) => {
    const from = Math.floor((bar * waveform.length) / BARS);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * waveform.length) / BARS));
    return Math.max(0, ...waveform.slice(from, to));
  });
}
