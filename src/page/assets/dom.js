// Makes and arranges elements. Whatever comes from a host becomes text or an attribute here, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `h("p", { class: "note" }, "text", child)`. Attributes that are null or false are left out; `on…` are listeners. */
export function h(tag, attributes, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Sets a text, touching the document only if it differs. */
export function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

/** Sets or removes an attribute, touching the document only if it differs. */
export function attribute(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value)) {
    element.setAttribute(name, value);
  }
}

/** Puts children in this order, moving only those that stand elsewhere. */
export function arrange(parent, children) {
  let at = parent.firstChild;
  const wanted = new Set(children);
  while (at) {
    const next = at.nextSibling;
    if (!wanted.has(at)) at.remove();
    at = next;
  }
  at = parent.firstChild;
  for (const child of children) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
}

/** A list whose elements are kept by key: `make(item)` gives `{ element, update(item) }`. */
export class Keyed {
  constructor(parent, key, make) {
    Object.assign(this, { parent, key, make, views: new Map() });
  }

  /** Shows these items, in this order. */
  show(items) {
    const before = this.views;
    this.views = new Map();
    const elements = [];
    for (const item of items) {
      const key = this.key(item);
      if (this.views.has(key)) continue;
      const view = before.get(key) ?? this.make(item);
      view.update?.(item);
      this.views.set(key, view);
      elements.push(view.element);
    }
    arrange(this.parent, elements);
  }

  /** Shows one item anew, if it is there. */
  touch(item) {
    this.views.get(this.key(item))?.update?.(item);
  }
}

/** A link to a place of this page. */
export function go(path, attributes, ...children) {
  return h("a", { href: path, ...attributes }, ...children);
}

/** A link to elsewhere; only to the web, whatever a header says. */
export function outward(url, ...children) {
  const is_web = typeof url === "string" && /^https?:\/\//i.test(url);
  return is_web ? h("a", { href: url, rel: "noreferrer noopener", target: "_blank" }, ...children) : h("span", null, ...children);
}
