import { t } from "../i18n";
import { Popover } from "../ui/Popover";

const EMOJI = (
  "👍 ❤️ 😂 🎉 😮 😢 🙏 🔥 👀 ✅ ❌ ➕ 👏 💯 🚀 💡 🤔 😊 😉 😍 😎 😭 😡 🤝 👎 👋 💪 🙌 🤷 🤦 🥳 😴 " +
  "☕ 🍕 🌻 🌍 ⭐ ⚡ 🐛 🔧 📌 📎 📅 💰 🗳️ 💙 💛 🇺🇦"
).split(" ");

interface Props {
  at: DOMRect;
  onPick: (emoji: string) => void;
  onClose: () => void;
}

/** Emoji to choose from. */
export function EmojiPicker({ at, onPick, onClose }: Props) {
  return (
    <Popover anchor={at} label={t("react")} role="dialog" onClose={onClose}>
      <div class="emoji-grid">
        {EMOJI.map((emoji) => (
          <button key={emoji} type="button" aria-label={t("reactWith", { emoji })} onClick={() => onPick(emoji)}>
            {emoji}
          </button>
        ))}
      </div>
    </Popover>
  );
}
