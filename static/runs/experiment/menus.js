// The menus over the table: columns, charts with their axis and smoothing, what to group by.

import { USUAL_SMOOTHING } from "runs/charts/smoothing";
import { asked, change } from "runs/experiment/address";
import { Chooser } from "runs/experiment/chooser";
import { told } from "runs/experiment/table";

const menu = (name) => document.querySelector(`[data-chooser="${name}"]`);

/** url: where choices come from.  charts: the page's charts. */
export function startMenus(url, charts) {
  const columns = new Chooser(menu("columns"), {
    url,
    chosen: () => told().columns.map((key) => ({ key, title: told().titles[key] })),
    choose: (keys) => change({ columns: keys?.join(",") || null, view: null }),
  });
  const metrics = new Chooser(menu("charts"), {
    url,
    chosen: () => charts.names.map((key) => ({ key, title: key })),
    choose: (names) => charts.choose(names),
  });
  const group = new Chooser(menu("group"), {
    url,
    isOne: true,
    chosen: () => (asked().has("group") ? [{ key: asked().get("group"), title: told().group?.title }] : []),
    choose: ([key]) => change({ group: key ?? null, band: key ? asked().get("band") : null }),
  });
  for (const name of ["rows-changed", "address-changed"])
    document.addEventListener(name, () => [columns, metrics, group].forEach((one) => one.renew()));
  startView(menu("charts").querySelector("form"));
  startBand(menu("group").querySelector("form"));
}

function startView(form) {
  const { axis, smoothing, words } = form.elements;
  const show = () => {
    const query = asked();
    axis.value = query.get("axis") ?? "step";
    smoothing.value = query.get("smoothing") ?? String(USUAL_SMOOTHING);
    words.value = Number(smoothing.value).toFixed(2);
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    const smooth = Number(smoothing.value);
    change({ axis: axis.value === "step" ? null : axis.value, smoothing: smooth === USUAL_SMOOTHING ? null : String(smooth) }, { isStep: false });
  });
  document.addEventListener("address-changed", show);
  show();
}

function startBand(form) {
  const show = () => {
    form.elements.band.value = asked().get("band") ?? "";
    form.firstElementChild.disabled = !asked().has("group");
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => change({ band: form.elements.band.value || null }, { isStep: false }));
  document.addEventListener("address-changed", show);
  show();
}
