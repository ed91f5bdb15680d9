import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0002_conversations'),
        ('flashcards', '0002_decks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('text', models.TextField()),
                ('sha256', models.CharField(max_length=64)),
                ('page_starts', models.JSONField(blank=True, default=list)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-created_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Image',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('sha256', models.CharField(db_index=True, max_length=64)),
                ('extension', models.CharField(max_length=4)),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('size_bytes', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('used_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['-created_at', 'id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='draftbatch',
            name='one_open_batch',
        ),
        migrations.AddField(
            model_name='draft',
            name='note_id',
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='draftbatch',
            name='card_id',
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='draftbatch',
            name='span_end',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='draftbatch',
            name='span_start',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='draftbatch',
            name='message',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='draft_batches', to='chat.message'),
        ),
        migrations.AddField(
            model_name='document',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='documents', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='draftbatch',
            name='document',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='draft_batches', to='flashcards.document'),
        ),
        migrations.AddConstraint(
            model_name='draftbatch',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'done'), _negated=True), fields=('owner', 'message', 'document', 'card_id', 'span_start', 'span_end'), name='one_open_batch', nulls_distinct=False, violation_error_message='This text is already being made into cards.'),
        ),
        migrations.AddConstraint(
            model_name='draftbatch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('card_id', None), ('document', None), ('message__isnull', False)), models.Q(('card_id', None), ('document__isnull', False), ('message', None)), models.Q(('card_id__isnull', False), ('document', None), ('message', None)), _connector='OR'), name='one_origin'),
        ),
        migrations.AddField(
            model_name='image',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='images', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.UniqueConstraint(fields=('owner', 'sha256'), name='document_once', violation_error_message='You have this document already.'),
        ),
        migrations.AddConstraint(
            model_name='image',
            constraint=models.UniqueConstraint(fields=('owner', 'sha256'), name='image_once_per_owner'),
        ),
    ]
