// One request for one metric of many runs.

import { post } from "studio/api";

// All lines of a tile together have at most so many points, and each at most two for each pixel.
const MOST_POINTS = 100_000;
const LEAST = 40;
const MOST = 20_000;

const AGAIN_MS = 400;

/** Asking twice changes nothing, and browsers drop requests when a network of the machine comes or goes. */
async function ask(path, wanted, signal) {
  try {
    return await post(path, wanted, { signal });
  } catch (error) {
    if (error.code !== "away") throw error;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    return post(path, wanted, { signal });
  }
}

const url = (workspace, what) => `/api/v1/workspaces/${encodeURIComponent(workspace)}/${what}`;

/** How many points of each line are asked for. */
export function pointsOf(width, runs) {
  const each = Math.min(2 * Math.max(width, 200), Math.floor(MOST_POINTS / Math.max(1, runs)));
  return Math.min(MOST, Math.max(LEAST, each));
}

/** → { run id: curve }, docs/api.md. wanted: { runs, name, most, from, to, times }. */
export async function curves(workspace, wanted, signal) {
  const { runs } = await ask(url(workspace, "curves"), wanted, signal);
  return runs;
}

/** → { group: { runs, steps, mean, low, high } }. wanted: { name, groups, most, from, to, band }. */
export async function bands(workspace, wanted, signal) {
  const { groups } = await ask(url(workspace, "bands"), wanted, signal);
  return groups;
}
