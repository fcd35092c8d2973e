// The same cluster as a script would make it.

/** Return Python source for what the form says. */
export function pythonCode(now) {
  const own = `${now.cpus || "?"}cpu-${now.memory || "?"}gib${now.gpus ? `-${now.gpus}gpu` : ""}`;
  const lines = [
    `vm_size="${now.size === "own" ? own : now.size}"`,
    `min_nodes=${now.least || 0}`,
    `max_nodes=${Number.isNaN(now.most) ? "?" : now.most}`,
    `idle_seconds_before_scaledown=${Number.isNaN(now.idle) ? "?" : now.idle}`,
  ];
  if (now.priority !== "dedicated") lines.push(`vm_priority="${now.priority}"`);
  if (now.backend !== "local") lines.push(`backend="${now.backend}"`);
  if (now.requireGpu) lines.push("require_gpu=True");
  if (now.backend === "docker" && !now.hasNetwork) lines.push("has_network=False");
  return `from azureml.core.compute import (
    AmlCompute, ComputeTarget)
make = AmlCompute.provisioning_configuration
config = make(
    ${lines.join(",\n    ")})
target = ComputeTarget.create(
    ws, "${now.name || "?"}", config)`;
}
