from django.db import migrations, models


class Migration(migrations.Migration):
    """What people write on an experiment, and whether it is off the lists."""

    dependencies = [
        ("runs", "0007_inputs"),
    ]

    operations = [
        migrations.AddField(
            model_name="experiment",
            name="archived_at",
            field=models.DateTimeField(help_text="off the lists, until a new run comes", null=True),
        ),
        migrations.AddField(
            model_name="experiment",
            name="description",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="experiment",
            name="tags",
            field=models.JSONField(default=dict),
        ),
    ]
