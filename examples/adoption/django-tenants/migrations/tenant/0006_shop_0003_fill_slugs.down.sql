DELETE FROM django_migrations WHERE app = 'shop' AND name = '0003_fill_slugs';
