// Builds Markdown from the server's tree, of elements that are known to be harmless and nothing else.

import { element } from "studio/words";

const PLAIN = new Set(
  "p h1 h2 h3 h4 h5 h6 ul ol li blockquote em strong s del table thead tbody tr th td pre code hr br".split(" "),
);
const ADDRESS = /^(https?:|mailto:|#)/i;

/** tree: as studio/previewing/markdown.py says. */
export function built(tree) {
  return element("div", { class: "prose" }, ...tree.map(made));
}

function made(node) {
  if (typeof node === "string") return node;
  const [name, attributes, ...children] = node;
  const inside = children.map(made);
  // A picture would be fetched from anywhere: who reads decides.
  if (name === "img") return link(attributes.href, [`▨ ${attributes.alt || attributes.href}`]);
  if (name === "a") return link(attributes.href, inside, attributes.title);
  if (!PLAIN.has(name)) return element("span", {}, ...inside);
  const heading = /^h[1-6]$/.test(name) ? { class: `level-${name[1]}` } : {};
  const start = name === "ol" && attributes.start ? { start: attributes.start } : {};
  return element(heading.class ? "h3" : name, { ...heading, ...start }, ...inside);
}

function link(address = "", inside, title = "") {
  if (!ADDRESS.test(address)) return element("span", { class: "quiet", title: address }, ...inside);
  return element("a", { class: "link", href: address, title: title || address, target: "_blank", rel: "noopener noreferrer" }, ...inside);
}

export const markdown = ({ tree }, panel) => {
  panel.say("");
  return element("div", { class: "shown reading" }, built(tree));
};
