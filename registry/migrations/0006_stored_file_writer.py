from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0005_private_wheels")]

    operations = [
        migrations.AddField(
            model_name="storedfile",
            name="writer",
            field=models.CharField(blank=True, default="", max_length=400),
            preserve_default=False,
        ),
    ]
