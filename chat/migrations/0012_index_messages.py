"""Messages get their search keys: the first of very many, the worker goes on with the others."""

from django.db import migrations

# Half a minute of the processor.
MOST = 50_000


def index_first(apps: object, schema_editor: object) -> None:  # noqa: ARG001 - Django's
    from chat.recall import indexing

    done = 0
    while done < MOST and (indexed := indexing.index_next()):
        done += indexed


class Migration(migrations.Migration):
    dependencies = [("chat", "0011_search_keys_and_vectors")]
    atomic = False

    operations = [migrations.RunPython(index_first, migrations.RunPython.noop)]
