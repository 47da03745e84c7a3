/** The service says in English what is wrong; here is what is said of the commonest in another language. */

import type { ProblemError } from "../../../client/src/index";
import type { Language } from "./index";

const TEXTS: Partial<Record<Language, Partial<Record<ProblemError["code"], string>>>> = {
  uk: {
    cannot_delete: "ви не можете видалити це повідомлення",
    cannot_grant: "ви не можете надати таку роль",
    cannot_invite: "ви не можете запрошувати до цього каналу",
    cannot_kick: "ви не можете вилучити цього учасника",
    cannot_manage: "ви не керуєте цим каналом",
    cannot_read: "ви не можете читати цей канал",
    cannot_write: "ви не можете писати в цьому каналі",
    channel_archived: "цей канал в архіві",
    has_left: "цей учасник уже вийшов",
    homeserver_failed: "сервер Matrix не виконав запит",
    homeserver_timeout: "сервер Matrix не відповів вчасно",
    invalid: "поле заповнено неправильно",
    last_owner: "у каналі має залишитися власник",
    message_deleted: "це повідомлення видалено",
    not_a_member: "ви не учасник цього каналу",
    not_editable: "це повідомлення не можна редагувати",
    not_found: "цього немає, або ви не можете це бачити",
    not_in_matrix: "цієї людини немає в Matrix",
    not_in_microdao: "ви не належите до цього microDAO",
    slug_taken: "така адреса каналу вже зайнята",
    too_large: "файл завеликий",
    unavailable: "служба зараз недоступна",
    upload_quota_exceeded: "місце для ваших файлів вичерпано",
  },
};

/** Why something has failed, in this language where that is known. */
export function reason(error: unknown, language: Language): string {
  const { code = "", detail, message } = error as { code?: string; detail?: string; message?: string };
  return TEXTS[language]?.[code] ?? detail ?? message ?? String(error);
}
