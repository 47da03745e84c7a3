import { Browse } from "./Browse";
import { CreateChannel } from "./CreateChannel";
import { CreateDirect } from "./CreateDirect";
import { Lightbox } from "./Lightbox";
import { dialog } from "./open";
import { Settings } from "./Settings";
import { Switcher } from "./Switcher";

export function Dialogs() {
  const open = dialog.value;
  switch (open?.kind) {
    case "switcher":
      return <Switcher />;
    case "browse":
      return <Browse />;
    case "direct":
      return <CreateDirect />;
    case "create":
      return <CreateChannel />;
    case "settings":
      return <Settings />;
    case "image":
      return <Lightbox message={open.message} uri={open.uri} />;
    case undefined:
      return null;
  }
}
