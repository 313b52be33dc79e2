# migrator: timeout=5min


def apply(connection):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE documents SET body = trim(body)")
