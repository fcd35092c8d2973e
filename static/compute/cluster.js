// A cluster's page: its dialog is closed without doing anything; the end of the cluster is said.
import { note } from "studio/notes";

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-dismiss]")) target.closest("dialog").close();
});
document.body.addEventListener("cluster-gone", () => note("This cluster was deleted."), { once: true });
