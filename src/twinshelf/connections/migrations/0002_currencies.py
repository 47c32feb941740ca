from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connections", "0001_initial")]

    operations = [
        migrations.AddField(model_name="store", name="new_since", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="store", name="currencies", field=models.JSONField(null=True)),
        migrations.AddField(model_name="store", name="currencies_read_at", field=models.DateTimeField(null=True)),
    ]
