from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("compute", "0002_image_kinds")]

    operations = [
        migrations.AddField(
            model_name="imagebuild",
            name="lock_is_kept",
            field=models.BooleanField(
                default=False,
                help_text="an image was made from it once: no later failure solves anew",
            ),
        ),
    ]
