import { t } from "../i18n";
import { offered, type Session, signIn } from "../state/session";

/** Asks whether one wants to be whom a link names: whoever sent the link would read what one writes. */
export function Offer({ who }: { who: Session }) {
  return (
    <main class="alone">
      <div class="card sign-in offer">
        <h1>{t("app")}</h1>
        <p>{t("offered")}</p>
        <button type="button" class="primary" onClick={() => signIn(who, true)}>
          {t("continueAs", { id: who.id })}
        </button>
        <button type="button" class="plain" onClick={() => (offered.value = undefined)}>
          {t("cancel")}
        </button>
      </div>
    </main>
  );
}
