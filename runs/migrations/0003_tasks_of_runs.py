import django.db.models.deletion
from django.db import migrations, models


def tasks_of_their_own(apps, schema_editor):
    """What a run was on its node becomes its only task; what runs goes on under the same mark."""
    Run, RunTask = apps.get_model("runs", "Run"), apps.get_model("runs", "RunTask")
    Node = apps.get_model("compute", "Node")
    for run in Run.objects.exclude(task_id="").iterator():
        RunTask.objects.create(
            run=run,
            attempt=1,
            rank=0,
            node_number=run.node_number or 1,
            task_id=run.task_id,
            handle=run.handle,
            seen_at=run.seen_at or run.created_at,
            ended_at=run.ended_at,
            ended={} if run.ended_at else None,
            cleaned_at=run.cleaned_at,
        )
        Node.objects.filter(holder=run.run_id).update(holder=run.task_id)


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0002_time_limit"),
        ("compute", "0006_gpus_of_nodes"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="attempt",
            field=models.PositiveIntegerField(default=1, help_text="counts its starts on nodes"),
        ),
        migrations.AddField(
            model_name="run",
            name="distribution",
            field=models.CharField(
                blank=True, choices=[("PyTorch", "PyTorch"), ("Mpi", "MPI")], max_length=16
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="master",
            field=models.CharField(
                blank=True, help_text="where rank 0 is: host:port", max_length=300
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="max_retries",
            field=models.PositiveIntegerField(
                default=0, help_text="how often it is started again after a node was lost"
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="node_count",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="run",
            name="not_before",
            field=models.DateTimeField(help_text="its backend had no room a moment ago", null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="processes_per_node",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="run",
            name="retried",
            field=models.PositiveIntegerField(default=0, help_text="starts after a node was lost"),
        ),
        migrations.AlterField(
            model_name="run",
            name="cleaned_at",
            field=models.DateTimeField(help_text="when its nodes and tasks were freed", null=True),
        ),
        migrations.CreateModel(
            name="RunTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attempt", models.PositiveIntegerField()),
                ("rank", models.PositiveIntegerField()),
                ("node_number", models.PositiveIntegerField()),
                ("task_id", models.CharField(max_length=64, unique=True)),
                (
                    "gpus",
                    models.JSONField(
                        default=list, help_text="numbers of the machine's that it may use"
                    ),
                ),
                ("handle", models.JSONField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("NotStarted", "Not Started"),
                            ("Preparing", "Preparing"),
                            ("Queued", "Queued"),
                            ("Provisioning", "Provisioning"),
                            ("Starting", "Starting"),
                            ("Running", "Running"),
                            ("Finalizing", "Finalizing"),
                            ("CancelRequested", "Cancel Requested"),
                            ("NotResponding", "Not Responding"),
                            ("Completed", "Completed"),
                            ("Failed", "Failed"),
                            ("Canceled", "Canceled"),
                        ],
                        default="Starting",
                        max_length=20,
                    ),
                ),
                ("seen_at", models.DateTimeField(help_text="last heartbeat or call of its driver")),
                (
                    "failed_at",
                    models.DateTimeField(
                        help_text="when a process of it failed, or it was lost", null=True
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended", models.JSONField(null=True)),
                (
                    "cleaned_at",
                    models.DateTimeField(help_text="when its node was freed", null=True),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="runs.run",
                    ),
                ),
            ],
            options={
                "ordering": ["attempt", "rank"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("cleaned_at__isnull", True)),
                        fields=["id"],
                        name="run_tasks_to_clean",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "attempt", "rank"), name="one_task_per_rank"
                    )
                ],
            },
        ),
        migrations.RunPython(tasks_of_their_own, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name="run",
            name="handle",
        ),
        migrations.RemoveField(
            model_name="run",
            name="node_number",
        ),
        migrations.RemoveField(
            model_name="run",
            name="seen_at",
        ),
        migrations.RemoveField(
            model_name="run",
            name="task_id",
        ),
    ]
