// One tile over the whole window. It is the same tile, moved: it stays live, and zoomed as it was.

import { element } from "studio/words";

export class Full {
  /** dialog: where it is shown. closed(): it was left by Esc or by the button. */
  constructor(dialog, closed) {
    Object.assign(this, { dialog, tile: null });
    dialog.addEventListener("close", () => {
      const { tile } = this;
      this.#putBack();
      tile?.plot.focus();
      closed();
    });
  }

  /** Show `tile`; null ends it. */
  show(tile) {
    if (tile === this.tile) return;
    if (!tile) return void this.dialog.close();
    this.#putBack();
    this.tile = tile;
    tile.slot = element("article", { class: tile.node.className });
    tile.node.replaceWith(tile.slot);
    this.dialog.querySelector("[data-place]").append(tile.node);
    const names = tile.members.map(({ name }) => ["name", name]);
    for (const link of this.dialog.querySelectorAll("[data-export]")) {
      const query = new URLSearchParams([["format", link.dataset.export], ...names]);
      link.href = `${tile.page.api}metrics/export?${query}`;
    }
    if (!this.dialog.open) this.dialog.showModal();
    tile.draw();
    tile.plot.focus();
  }

  #putBack() {
    if (!this.tile) return;
    this.tile.slot.replaceWith(this.tile.node);
    this.tile.slot = null;
    this.tile = null;
  }
}
