from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("flashcards", "0035_map_stopped"),
    ]

    operations = [
        migrations.RenameModel("Image", "MediaFile"),
        migrations.AlterField(
            model_name="mediafile",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="media_files",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="studysettings",
            name="play_sounds",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="noteorigin",
            name="texts_hash",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
