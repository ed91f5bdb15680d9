"""A model that the provider has not is a kind of failure of its own: another one is the way out."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0005_languages'),
    ]

    operations = [
        migrations.AlterField(
            model_name='message',
            name='error_kind',
            field=models.CharField(blank=True, choices=[('key', 'The key was refused'), ('rights', 'The key is not allowed to'), ('limit', 'The key is used too often'), ('model', 'There is no such model'), ('provider', 'The provider could not answer'), ('broken', 'The answer broke off'), ('ours', 'A fault of MemoryLoop')], max_length=10),
        ),
    ]
