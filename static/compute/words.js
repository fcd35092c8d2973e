// What a cluster's settings mean on this machine: [mark, words] for each, as on the New run page.
import { duration } from "studio/clock";

const figure = (number) => String(Math.round(number * 10) / 10);
const share = (count, unit) => `${figure(count)} ${unit}`;

/** How many nodes of this size the machine has room for at once. */
export function sizeWords({ cpus, memory, most }, machine) {
  if (!(cpus > 0) || !(memory > 0)) return ["open", "say how much a node has"];
  const over = [];
  if (cpus > machine.cpus) over.push(`${share(cpus, "vCPU")} of ${machine.cpus}`);
  if (memory > machine.memory_gib + 0.05) over.push(`${share(memory, "GiB")} of ${figure(machine.memory_gib)}`);
  if (over.length) {
    return ["warn", `larger than this machine (${over.join(", ")}): one at a time, alone, capped at what there is`];
  }
  const room = Math.floor(Math.min(machine.cpus / cpus, (machine.memory_gib + 0.05) / memory) + 1e-9);
  const words = `room for ${room} at once while nothing else runs`;
  return room < most ? ["warn", `${words}; of ${most} nodes the rest wait for room`] : ["good", words];
}

/** What becomes of a wish for GPUs. */
export function gpuWords({ gpus, requireGpu }, machine) {
  const there = machine.gpus;
  if (!gpus && !requireGpu) return ["good", "none asked for"];
  if (!there && requireGpu) return ["bad", "required, and this machine has none: no run would ever start"];
  if (!there) return ["warn", "this machine has none: runs go on without, with a warning"];
  if (gpus > there && requireGpu) return ["bad", `${gpus} required, this machine has ${there}: no run would ever start`];
  if (gpus > there) return ["warn", `${gpus} asked for, this machine has ${there}: runs get what there is`];
  if (!gpus) return ["warn", "required, but this size has none: choose a size with a GPU"];
  return ["good", `${gpus} of ${there} for each node`];
}

/** When nodes come and go. */
export function nodeWords({ least, most, idle }) {
  if (![least, most, idle].every((number) => Number.isInteger(number) && number >= 0))
    return ["bad", "nodes and seconds are whole numbers, 0 or more"];
  if (least > most) return ["bad", `at least ${least} is more than at most ${most}`];
  if (!most) return ["warn", "at most 0: every run waits until it is resized"];
  const stay = least ? `${least} ${least === 1 ? "stays" : "stay"} up` : "none stays up";
  const go = least === most ? "" : `; idle ones go after ${idle < 60 ? `${idle} s` : duration(idle)}`;
  return ["good", `up to ${most} come up when runs wait${go}; ${stay}`];
}

/** Who may run here, and as whom. */
export function whereWords({ backend, people, isClosed, hasNetwork }) {
  if (backend === "docker") return ["good", `in containers, ${hasNetwork ? "with a network" : "without a network"}`];
  if (isClosed) {
    return ["bad", `${people} people can sign in: runs here are refused. Choose Docker, or start the studio with STUDIO_LOCAL_BACKEND_FOR_ALL=1`];
  }
  return ["warn", "scripts run as the studio's own user and can read all that it can"];
}
