/**
 * Cleaned HTML as nodes. The service has cleaned it; here it is built once more from the names in these lists and nothing
 * else, so that a fault there is none here.
 */

const ELEMENTS = new Set(
  ("a b blockquote br caption code del details div em font h1 h2 h3 h4 h5 h6 hr i img li ol p pre s span strike strong sub " +
    "summary sup table tbody td tfoot th thead tr tt u ul").split(" "),
);
const SCHEMES = new Set(["http:", "https:", "mailto:", "ftp:", "magnet:"]);
/** A bound that the service keeps, too. */
const DEPTH = 110;

/** As far as TypeScript knows browsers. */
interface Policy {
  createHTML(html: string): string;
}
interface Factory {
  createPolicy(name: string, rules: { createHTML(html: string): string }): Policy;
}

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
/** What it parses goes into a template, where nothing runs and nothing is loaded. */
const policy: Policy = factory?.createPolicy("cleaned", { createHTML: (html) => html }) ?? { createHTML: (html) => html };

export interface Built {
  nodes: DocumentFragment;
  /** The pictures in it, which have no address yet, by their `mxc://` address. */
  images: [HTMLImageElement, string][];
}

export function build(html: string): Built {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(html);
  const built: Built = { nodes: document.createDocumentFragment(), images: [] };
  copy(template.content, built.nodes, built, 0);
  return built;
}

function copy(from: Node, to: Node, built: Built, depth: number): void {
  if (depth > DEPTH) return;
  for (const node of from.childNodes) {
    if (node instanceof Text) to.appendChild(document.createTextNode(node.data));
    if (!(node instanceof HTMLElement)) continue;
    const name = node.localName;
    if (!ELEMENTS.has(name)) {
      copy(node, to, built, depth + 1);
      continue;
    }
    const made = document.createElement(name);
    attributes(node, made, built);
    copy(node, made, built, depth + 1);
    to.appendChild(made);
  }
}

function attributes(from: HTMLElement, to: HTMLElement, built: Built): void {
  const color = from.getAttribute("data-mx-color");
  const background = from.getAttribute("data-mx-bg-color");
  if (color !== null && /^#[0-9a-f]{6}$/i.test(color)) to.style.color = color;
  if (background !== null && /^#[0-9a-f]{6}$/i.test(background)) to.style.backgroundColor = background;
  if (from.hasAttribute("data-mx-spoiler")) {
    to.className = "spoiler";
    to.tabIndex = 0;
  }
  if (to instanceof HTMLAnchorElement) link(from.getAttribute("href") ?? "", to);
  if (to instanceof HTMLImageElement) {
    to.alt = from.getAttribute("alt") ?? from.getAttribute("title") ?? "";
    to.className = "inline-image";
    const source = from.getAttribute("src") ?? "";
    if (source.startsWith("mxc://")) built.images.push([to, source]);
  }
  if (to instanceof HTMLOListElement) {
    const start = Number(from.getAttribute("start"));
    if (Number.isInteger(start) && start > 0) to.start = start;
  }
}

function link(address: string, to: HTMLAnchorElement): void {
  if (!URL.canParse(address)) return;
  const url = new URL(address);
  if (!SCHEMES.has(url.protocol)) return;
  if (url.hostname === "matrix.to" && /^#\/(@|%40)/.test(url.hash)) {
    to.className = "mention";
    return;
  }
  to.href = url.href;
  to.target = "_blank";
  to.rel = "noopener noreferrer nofollow ugc";
}
