from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies: ClassVar = [
        ("connections", "0008_global_stores"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="connection",
            name="set_up_at",
            field=models.DateTimeField(null=True),
        ),
        # Those that are there work already: none of them goes back to the wizard.
        migrations.RunSQL("update connections_connection set set_up_at = created_at", migrations.RunSQL.noop),
    ]
