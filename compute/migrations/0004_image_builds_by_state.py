from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("compute", "0003_image_build_lock_is_kept")]

    operations = [
        migrations.AddIndex(
            model_name="imagebuild",
            index=models.Index(fields=["state"], name="image_builds_by_state"),
        ),
    ]
