from django.db import migrations
from django.utils.text import slugify


def fill(apps, schema_editor):
    for product in apps.get_model("shop", "Product").objects.filter(slug=""):
        product.slug = slugify(product.name)
        product.save(update_fields=["slug"])


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_product_slug")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
