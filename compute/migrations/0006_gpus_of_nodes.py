from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("compute", "0005_cluster_terms"),
    ]

    operations = [
        migrations.AddField(
            model_name="node",
            name="gpus",
            field=models.JSONField(default=list),
        ),
    ]
