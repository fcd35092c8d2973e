from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0003_tasks_of_runs")]

    operations = [
        migrations.AddField(
            model_name="runtask",
            name="rest",
            field=models.JSONField(null=True, help_text="what brings what its killed driver left"),
        ),
    ]
