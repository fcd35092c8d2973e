from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_curated_and_archived")]

    operations = [
        migrations.AddField(
            model_name="environmentversion",
            name="summary",
            field=models.CharField(
                blank=True, default="", help_text="its packages, in words", max_length=300
            ),
            preserve_default=False,
        ),
    ]
