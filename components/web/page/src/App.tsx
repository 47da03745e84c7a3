import { useEffect } from "preact/hooks";
import { t } from "./i18n";
import { Shell } from "./shell/Shell";
import { Offer } from "./shell/Offer";
import { SignIn } from "./shell/SignIn";
import { offered, session } from "./state/session";

/** The page: who has not signed in does so first. */
export function App({ isLoaded }: { isLoaded: boolean }) {
  useEffect(() => {
    document.title = t("app");
  });
  if (!isLoaded) {
    return (
      <main class="alone">
        <p role="alert">{t("failedToLoad")}</p>
        <button type="button" class="primary" onClick={() => location.reload()}>
          {t("tryAgain")}
        </button>
      </main>
    );
  }
  const who = session.value;
  if (who === undefined && offered.value !== undefined) return <Offer who={offered.value} />;
  return who === undefined ? <SignIn /> : <Shell key={who.token ?? who.id} who={who} />;
}
