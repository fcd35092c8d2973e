// A cluster's page: its dialog is closed without doing anything.
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-dismiss]")) target.closest("dialog").close();
});
