"""Counts what SQL would count too, if words were always parted by one blank."""


def apply(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, body FROM documents")
        for id_, body in cursor.fetchall():
            cursor.execute("UPDATE documents SET words = %s WHERE id = %s", (len(body.split()), id_))


def undo(connection):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE documents SET words = NULL")
