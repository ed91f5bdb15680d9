from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('flashcards', '0003_documents'),
    ]

    operations = []
