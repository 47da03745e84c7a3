// Elements from texts. Descriptions are Markdown; this knows as much of it as they use. No text becomes HTML.

/** An element with attributes and children. A child that is a text stays a text. */
export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The parts of a line: text, `code` and **bold**. */
export function inline(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(/`([^`]+)`|\*\*([^*]+)\*\*/g)) {
    const [, code, bold] = match;
    parts.push(text.slice(end, match.index));
    parts.push(code ? element("code", {}, code) : element("strong", {}, ...inline(bold)));
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

/** The paragraphs, lists, tables and blocks of code of a text. */
export function blocks(text) {
  // Code stands between two lines of ```.
  return text.split(/^```.*$/m).flatMap((part, index) => {
    if (index % 2 === 1) return [code(part.trim())];
    return part.split(/\n{2,}/).map((block) => block.trim()).filter(Boolean).map(paragraph);
  });
}

function paragraph(text) {
  if (text.startsWith("- ")) {
    const items = text.slice(2).split("\n- ");
    return element("ul", {}, ...items.map((item) => element("li", {}, ...inline(item))));
  }
  if (text.startsWith("|")) {
    const [head, , ...rows] = text.split("\n").map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
    return table(head, rows.map((row) => row.map(inline)));
  }
  return element("p", {}, ...inline(text));
}

/** A block of code, which scrolls by itself where it is too wide. */
export function code(text) {
  return element("pre", { tabindex: "0" }, element("code", {}, text));
}

/** A table. A cell is a list of parts; on a narrow screen each stands under its heading. */
export function table(head, rows) {
  const cell = (parts, index) => element("td", { "data-heading": head[index] }, element("div", {}, ...parts));
  return element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell)))),
  );
}
