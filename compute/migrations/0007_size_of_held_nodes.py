from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('compute', '0006_gpus_of_nodes'),
    ]

    operations = [
        migrations.AddField(
            model_name='node',
            name='size',
            field=models.CharField(blank=True, default='', max_length=40),
            preserve_default=False,
        ),
    ]
