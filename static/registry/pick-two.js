// Two versions to compare, of those that are listed.
const form = document.getElementById("pick-two");
const button = document.getElementById("compare");
const tally = form.querySelector("[data-tally]");

function tell() {
  const count = form.querySelectorAll("[name=v]:checked").length;
  button.disabled = count !== 2;
  tally.textContent = count === 2 ? "" : count > 2 ? "Two at a time." : count ? "Choose one more." : "Choose two versions.";
}

form.addEventListener("change", tell);
tell();
