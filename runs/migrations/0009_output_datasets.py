import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0004_datasets_and_aliases"),
        ("runs", "0008_experiment_tags"),
        ("studio", "0002_uploads_and_use"),
    ]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("succeeded", "the script ended with exit code 0"),
                    ("script-failed", "the script ended with an error"),
                    ("environment-failed", "its environment could not be built"),
                    ("start-failed", "its code could not be laid out or started"),
                    ("output-failed", "what it wrote for a dataset could not be kept"),
                    ("lost", "its process ended without a word"),
                    ("canceled", "somebody canceled it"),
                    ("time-limit", "it took longer than it was allowed"),
                ],
                max_length=30,
            ),
        ),
        migrations.CreateModel(
            name="RunOutput",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "mode",
                    models.CharField(
                        choices=[("upload", "Upload"), ("mount", "Mount")],
                        default="mount",
                        max_length=8,
                    ),
                ),
                ("destination", models.CharField(blank=True, max_length=500)),
                ("path_on_compute", models.CharField(blank=True, max_length=1000)),
                ("overwrite", models.BooleanField(default=False)),
                (
                    "globs",
                    models.JSONField(
                        default=list, help_text="patterns of the files that are kept; [] all"
                    ),
                ),
                ("register", models.JSONField(default=dict)),
                ("text", models.CharField(blank=True, max_length=1000)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="output_datasets",
                        to="runs.run",
                    ),
                ),
                (
                    "tree",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studio.tree",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="registry.version",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "name"), name="one_output_per_name")
                ],
            },
        ),
    ]
