import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='apikey',
            name='listed_models',
            field=models.JSONField(default=list, editable=False),
        ),
        migrations.AddField(
            model_name='apikey',
            name='model',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AlterField(
            model_name='apikey',
            name='status',
            field=models.CharField(choices=[('untested', 'Not tested'), ('working', 'Working'), ('refused', 'Refused by the provider'), ('no_model', 'Has no such model')], default='untested', max_length=8),
        ),
        migrations.CreateModel(
            name='EmailChange',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('old_email', models.EmailField(max_length=254)),
                ('new_email', models.EmailField(max_length=254)),
                ('old_confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('new_confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('owner', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='email_change', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('base_url', models.CharField(max_length=500, verbose_name='base URL')),
                ('label', models.CharField(max_length=40)),
                ('ciphertext', models.TextField(blank=True, editable=False)),
                ('hint', models.CharField(blank=True, editable=False, max_length=20)),
                ('model', models.CharField(blank=True, max_length=120)),
                ('listed_models', models.JSONField(default=list, editable=False)),
                ('comes_first', models.BooleanField(default=False)),
                ('status', models.CharField(choices=[('untested', 'Not tested'), ('working', 'Working'), ('refused', 'Refused by the provider'), ('no_model', 'Has no such model')], default='untested', max_length=8)),
                ('tested_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('owner', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='endpoint', to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
