import django.db.models.deletion
from django.db import migrations, models

# Until now each message followed the one before it, and nothing had another version.
LINK_IN_ORDER = """
UPDATE chat_message SET parent_id = ordered.before
FROM (
    SELECT id, lag(id) OVER (PARTITION BY conversation_id ORDER BY position) AS before
    FROM chat_message
) AS ordered
WHERE ordered.id = chat_message.id AND ordered.before IS NOT NULL;
UPDATE chat_conversation SET leaf_id = (
    SELECT id FROM chat_message WHERE conversation_id = chat_conversation.id
    ORDER BY position DESC LIMIT 1
);
-- What the constraints have to check, before the tables change again.
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0002_conversations'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='message',
            name='message_position',
        ),
        migrations.AddField(
            model_name='conversation',
            name='forked_from',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='chat.message'),
        ),
        migrations.AddField(
            model_name='conversation',
            name='leaf',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='chat.message'),
        ),
        migrations.AddField(
            model_name='message',
            name='parent',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='replies', to='chat.message'),
        ),
        migrations.AddField(
            model_name='message',
            name='retry_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='version',
            field=models.PositiveSmallIntegerField(default=1, editable=False),
        ),
        migrations.RunSQL(LINK_IN_ORDER, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='message',
            name='error_kind',
            field=models.CharField(blank=True, choices=[('key', 'The key was refused'), ('rights', 'The key is not allowed to'), ('limit', 'The key is used too often'), ('provider', 'The provider could not answer'), ('broken', 'The answer broke off'), ('ours', 'A fault of MemoryLoop')], max_length=10),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['conversation', 'position'], name='message_position'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('version__gt', 1)), fields=['conversation'], name='message_other_version'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('status', 'streaming')), fields=['conversation'], name='message_streaming'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('conversation', 'parent', 'version'), name='message_version', nulls_distinct=False),
        ),
    ]
