from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('flashcards', '0002_decks'),
    ]

    operations = []
