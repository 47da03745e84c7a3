import { effect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { pictureAt } from "../state/media";
import { build, type Built } from "../text/html";

/** HTML that the service has cleaned. Its pictures get their addresses when those are known. */
export function Html({ html }: { html: string }) {
  const ref = useRef<HTMLDivElement>(null);
  const built = useRef<Built>(null);
  useLayoutEffect(() => {
    built.current = build(html);
    ref.current?.replaceChildren(built.current.nodes);
  }, [html]);
  useEffect(() => {
    const stops = (built.current?.images ?? []).map(([image, uri]) =>
      effect(() => {
        const source = pictureAt(uri, 320, 320, "scale");
        if (source !== "") image.src = source;
      }),
    );
    return () => stops.forEach((stop) => stop());
  }, [html]);
  return <div ref={ref} class="html" />;
}
