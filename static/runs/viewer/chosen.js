// What is ticked in the tree: how much it is, and its download as one zip.

import { csrf } from "studio/api";
import { bytes as size, counted } from "studio/sizes";
import { element } from "studio/words";

const LOGS = /^(azureml-logs|logs)\//;

export class Chosen {
  /** bar: the element that shows it. zip: the address that makes a zip of posted paths. */
  constructor(bar, tree, { zip, fileUrl }) {
    Object.assign(this, { bar, tree, zip, fileUrl });
    const part = (name) => bar.querySelector(`[data-chosen="${name}"]`);
    [this.words, this.download, this.clear, this.register] = ["words", "download", "clear", "register"].map(part);
    this.download.addEventListener("click", () => this.#get());
    this.clear.addEventListener("click", () => {
      for (const box of this.#boxes()) box.checked = false;
      this.show();
    });
  }

  #boxes = () => [...this.tree.root.querySelectorAll("li > input:checked")];

  /** The paths that are ticked; what lies in a ticked folder is in it anyway. */
  paths() {
    const all = this.#boxes().map((box) => box.parentElement.querySelector("[data-path]").dataset.path);
    return all.filter((path) => !all.some((other) => other !== path && other.endsWith("/") && path.startsWith(other)));
  }

  show() {
    const items = this.paths().map((path) => this.tree.item(path)).filter(Boolean);
    const files = items.reduce((sum, item) => sum + (item.file_count ?? 1), 0);
    const bytes = items.reduce((sum, item) => sum + item.size_bytes, 0);
    this.bar.hidden = !items.length;
    this.tree.root.classList.toggle("choosing", items.length > 0);
    this.words.textContent = `${counted(files, "file")} · ${size(bytes)}`;
    if (this.register) this.#offer(items);
  }

  /** One file or folder that the run kept can become a model; what it said cannot. */
  #offer([item, ...others]) {
    const isKept = item && !others.length && item.kind !== "log" && !LOGS.test(item.path);
    this.register.hidden = !isKept;
    this.register.dataset.registers = isKept ? item.path.replace(/\/$/, "") : "";
  }

  /** One file by itself, several as a zip. A form, so that the browser keeps it as it comes. */
  #get() {
    const paths = this.paths();
    if (paths.length === 1 && !paths[0].endsWith("/")) {
      const link = element("a", { href: `${this.fileUrl(paths[0])}?download=1`, download: "" });
      return link.click();
    }
    const field = (name, value) => element("input", { type: "hidden", name, value });
    const form = element("form", { method: "post", action: this.zip, hidden: true }, field("csrfmiddlewaretoken", csrf()), ...paths.map((path) => field("path", path)));
    document.body.append(form);
    form.submit();
    form.remove();
  }
}
