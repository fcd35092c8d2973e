import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A run below another knows it by a key; and processes may find each other as TensorFlow's."""

    dependencies = [
        ("runs", "0009_output_datasets"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="parent",
            field=models.ForeignKey(
                help_text="in its experiment",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="children",
                to="runs.run",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="parameter_servers",
            field=models.PositiveIntegerField(default=0, help_text="beside its workers"),
        ),
        migrations.AlterField(
            model_name="run",
            name="distribution",
            field=models.CharField(
                blank=True,
                choices=[("PyTorch", "PyTorch"), ("Mpi", "MPI"), ("TensorFlow", "TensorFlow")],
                max_length=16,
            ),
        ),
    ]
