import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Pipelines: published graphs, runs of graphs, their steps, and the trees that these name."""

    dependencies = [
        ('runs', '0011_fill_run_parent'),
        ('studio', '0004_workspace_words'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='run',
            name='reason',
            field=models.CharField(blank=True, choices=[('succeeded', 'the script ended with exit code 0'), ('script-failed', 'the script ended with an error'), ('environment-failed', 'its environment could not be built'), ('start-failed', 'its code could not be laid out or started'), ('output-failed', 'what it wrote for a dataset could not be kept'), ('lost', 'its process ended without a word'), ('canceled', 'somebody canceled it'), ('time-limit', 'it took longer than it was allowed'), ('step-failed', 'a step of it was not Completed')], max_length=30),
        ),
        migrations.CreateModel(
            name='Pipeline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=255)),
                ('description', models.TextField(blank=True)),
                ('version', models.CharField(blank=True, max_length=100)),
                ('graph', models.JSONField()),
                ('steps', models.JSONField(default=list)),
                ('parameters', models.JSONField(default=dict)),
                ('goes_on', models.BooleanField(default=False, help_text='though a step of it has failed')),
                ('disabled_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pipelines', to='studio.workspace')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='PipelineRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('graph', models.JSONField()),
                ('parameters', models.JSONField(default=dict)),
                ('goes_on', models.BooleanField(default=False, help_text='though a step of it has failed')),
                ('published', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='runs', to='runs.pipeline')),
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='pipeline', to='runs.run')),
            ],
        ),
        migrations.CreateModel(
            name='PipelineStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=100)),
                ('after', models.JSONField(default=list)),
                ('order', models.JSONField()),
                ('state', models.CharField(choices=[('NotStarted', 'Waiting'), ('Due', 'Due'), ('Begun', 'Begun'), ('Completed', 'Completed'), ('Failed', 'Failed'), ('Canceled', 'Canceled')], default='NotStarted', max_length=20)),
                ('text', models.CharField(blank=True, max_length=1000)),
                ('begun_at', models.DateTimeField(help_text='when its run was made', null=True)),
                ('pipeline', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='runs.pipelinerun')),
                ('run', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='step', to='runs.run')),
            ],
            options={
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('pipeline', 'number'), name='one_step_per_number'), models.UniqueConstraint(fields=('pipeline', 'name'), name='one_step_per_name')],
            },
        ),
        migrations.CreateModel(
            name='PipelineTree',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='studio.tree')),
                ('data', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='studio.tree')),
                ('pipeline', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='trees', to='runs.pipeline')),
                ('pipeline_run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='trees', to='runs.pipelinerun')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='studio.workspace')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pipeline__isnull', True), ('pipeline_run__isnull', True), _connector='XOR'), name='a_tree_is_kept_for_one_graph'), models.CheckConstraint(condition=models.Q(('code__isnull', True), ('data__isnull', True), _connector='XOR'), name='a_tree_is_kept_as_code_or_data')],
            },
        ),
    ]
