"""A run's rows, made of an order. Who makes it has it launched, once this is committed."""

import secrets
from datetime import datetime

from runs import experiments, inputs, lifecycle, listing, output_datasets, parameters
from runs.models import Experiment, Run, RunAsset
from runs.orders import Order
from studio.models import User


def run_id(experiment_name: str, at: datetime) -> str:
    """Return a new id, as people and scripts will call the run."""
    return f"{experiment_name}_{int(at.timestamp())}_{secrets.token_hex(4)}"


def make(user: User, home: Experiment, order: Order, at: datetime, *, part_of: str = "") -> Run:
    """Make the run that `order` describes, as one of `home`. For a transaction.

    part_of: what it is a part of, in words; else an experiment that was archived is on the lists
    again.
    """
    experiments.count(home, 1, is_shown=not part_of)
    run = Run.objects.create(
        run_id=run_id(home.name, at),
        experiment=home,
        number=home.run_count,
        name=order.name,
        script=order.script,
        arguments=order.arguments,
        snapshot=order.snapshot,
        environment=order.environment,
        environment_name=order.environment_name,
        definition=order.definition,
        cluster=order.cluster,
        node_count=order.node_count,
        processes_per_node=order.processes_per_node,
        distribution=order.distribution,
        parameter_servers=order.parameter_servers,
        max_seconds=order.max_seconds,
        max_retries=order.max_retries,
        tags=order.tags,
        properties=order.properties,
        parent=listing.parent_of(home, order.properties),
        created_by=user,
        created_at=at,
    )
    if order.environment:
        used = RunAsset.Direction.IN
        RunAsset.objects.create(run=run, version=order.environment, direction=used)
    inputs.keep(run, order.inputs)
    output_datasets.keep(run, order.output_datasets)
    parameters.keep(run)
    lifecycle.began(run, part_of or f"submitted by {user.username}")
    return run
