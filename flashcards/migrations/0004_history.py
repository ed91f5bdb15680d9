import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('flashcards', '0003_documents'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='journalentry',
            name='kind',
            field=models.CharField(choices=[('card', 'Card'), ('batch', 'Batch'), ('erase_card', 'Erase Card'), ('erase_owner', 'Erase Owner')], max_length=11),
        ),
        migrations.CreateModel(
            name='DuplicateSearch',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('working', 'Working'), ('done', 'Done'), ('stopped', 'Stopped'), ('failed', 'Failed')], default='working', max_length=7)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('compared', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('pairs', models.JSONField(default=list)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('owner', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='duplicate_search', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'duplicate searches',
            },
        ),
        migrations.CreateModel(
            name='CardEdit',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('card_id', models.UUIDField()),
                ('change_id', models.UUIDField(default=uuid.uuid4)),
                ('before', models.JSONField()),
                ('after', models.JSONField()),
                ('reverts', models.UUIDField(null=True)),
                ('edited_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='card_edits', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-edited_at', 'id'],
                'indexes': [models.Index(fields=['owner', 'card_id', '-edited_at'], name='edits_of_card'), models.Index(fields=['owner', 'change_id'], name='edits_of_change')],
            },
        ),
        migrations.CreateModel(
            name='NotDuplicates',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_id', models.UUIDField()),
                ('second_id', models.UUIDField()),
                ('said_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='not_duplicates', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'not duplicates',
                'constraints': [models.UniqueConstraint(fields=('owner', 'first_id', 'second_id'), name='not_duplicates_once')],
            },
        ),
    ]
