"""A migration folder on disk becomes a ``Folder`` of ordered migrations.

``read_folder`` is the only door. It reads and analyses every file once; what it returns is a plain value that
can be applied to any number of schemas.
"""

from migrator.folder.alembic.reading import applied_by_heads
from migrator.folder.convention import CONVENTIONS
from migrator.folder.reader import read_folder

__all__ = ["CONVENTIONS", "applied_by_heads", "read_folder"]
