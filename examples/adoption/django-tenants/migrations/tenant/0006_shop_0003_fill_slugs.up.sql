-- What shop.0003_fill_slugs does in Python.
UPDATE shop_product SET slug = trim(BOTH '-' FROM regexp_replace(lower(name), '[^a-z0-9]+', '-', 'g')) WHERE slug = '';
INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0003_fill_slugs', now());
