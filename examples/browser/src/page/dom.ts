// The page's elements. Whatever came from a file goes in as text, never as markup.

/** The element of that id, of the kind that the page has it. */
export function part<E extends Element = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as unknown as E;
}

/** An HTML element with a class and content. */
export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

/** An SVG element. Presentation is by class and by attributes: the content security policy forbids style attributes. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>>,
  text?: string,
): SVGElementTagNameMap[K] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A list of terms and what they are. */
export function fillFacts(list: HTMLElement, facts: readonly (readonly [string, string])[]): void {
  list.replaceChildren(...facts.flatMap(([term, value]) => [html("dt", "", term), html("dd", "", value)]));
}

/** Shows or hides. */
export function show(id: string, visible: boolean): void {
  part(id).hidden = !visible;
}

/** Tells readers of the screen what happened. */
export function announce(text: string): void {
  part("status").textContent = text;
}

/** Puts an error beside its field, or takes it away. */
export function fieldError(field: string, message: string | undefined): void {
  const place = part(`${field}-error`);
  place.hidden = message === undefined;
  place.textContent = message ?? "";
  const input = document.querySelector<HTMLElement>(`[data-field="${field}"]`);
  if (!input) return;
  if (message === undefined) {
    input.removeAttribute("aria-invalid");
    return;
  }
  input.setAttribute("aria-invalid", "true");
  const folded = input.closest("details");
  if (folded) folded.open = true;
}
