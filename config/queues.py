"""The four priority queues, which task goes where, and the door for applications that only know Celery."""

from kombu import Exchange, Queue

STRICTEST_FIRST = ("critical", "high", "normal", "low")
"""The order in which workers must name them: kombu serves queues in the order of ``-Q``."""

DOOR = "celery"
"""Where a plain ``Celery(...).send_task(name)`` ends up; workers move what they find there to its own queue."""

TASK_QUEUES = tuple(Queue(name, routing_key=name) for name in STRICTEST_FIRST)

QUORUM_QUEUES = tuple(
    Queue(name, Exchange("migrator", type="topic"), routing_key=name, queue_arguments={"x-queue-type": "quorum"})
    for name in STRICTEST_FIRST
)
"""On RabbitMQ, where they are asked for: replicated. Delayed messages need the exchange to be of the type topic."""

TASK_ROUTES = {
    "migrator.database.created": {"queue": "high"},
    "migrator.database.updated": {"queue": "normal"},
    "migrator.database.deleted": {"queue": "normal"},
    "migrator.tenant.created": {"queue": "high"},
    "migrator.tenant.updated": {"queue": "normal"},
    "migrator.tenant.deleted": {"queue": "normal"},
    "migrator.maintenance.scheduled": {"queue": "low"},
    "migrator.migration.requested": {"queue": "normal"},
    "migrator.rollback.requested": {"queue": "critical"},
    "migrator.steer": {"queue": "critical"},
    "migrator.template": {"queue": "low"},
    "migrator.spares": {"queue": "low"},
    "migrator.lane": {"queue": "normal"},
    "migrator.lose": {"queue": "critical"},
    "migrator.refused": {"queue": "high"},
    "migrator.upkeep": {"queue": "high"},
    "migrator.recur": {"queue": "high"},
    "migrator.alert": {"queue": "high"},
    "migrator.deliver": {"queue": "high"},
}
