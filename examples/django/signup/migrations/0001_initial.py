from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Customer", fields=[("slug", models.SlugField(primary_key=True, serialize=False))]
        )
    ]  # fmt: skip
