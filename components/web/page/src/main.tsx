import { render } from "preact";
import { App } from "./App";
import "./state/preferences";
import { begin } from "./state/session";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/layout.css";
import "./styles/messages.css";
import "./styles/parts.css";
import "./styles/composer.css";
import "./styles/files.css";
import "./styles/panels.css";

const root = document.getElementById("page");
if (root !== null) {
  // It says that the page could not be loaded, which holds until this script runs.
  root.replaceChildren();
  const begun = begin().then(
    () => true,
    () => false,
  );
  void begun.then((isLoaded) => render(<App isLoaded={isLoaded} />, root));
}
