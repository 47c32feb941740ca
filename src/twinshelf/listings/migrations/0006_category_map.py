from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("listings", "0005_state_of_product")]

    operations: ClassVar = [
        migrations.RemoveField(model_name="categorysuggestions", name="found"),
        migrations.AddField(
            model_name="categorysuggestions", name="counted", field=models.JSONField(default=dict)
        ),
        migrations.AddField(
            model_name="categorysuggestions", name="recommended", field=models.JSONField(default=dict)
        ),
        migrations.AddField(
            model_name="categorysuggestions", name="suggested", field=models.JSONField(default=dict)
        ),
        migrations.AddField(
            model_name="categorysuggestions", name="counted_at", field=models.DateTimeField(null=True)
        ),
    ]
