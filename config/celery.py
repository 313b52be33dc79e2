"""Celery's settings under Celery's own names; ``celeryconfig.py`` in the checkout is this module.

Each value that is not Celery's default has its reason beside it.
"""

from typing import Any

from config.queues import QUORUM_QUEUES, TASK_QUEUES, TASK_ROUTES
from config.schedule import beat_schedule as _beat_schedule
from config.settings import load as _load

_settings = _load()

broker_url: str | None = _settings.broker_url.get_secret_value() if _settings.broker_url else None
result_backend: str | None = _settings.backend_url()
_on_rabbitmq = (broker_url or "").startswith(("amqp", "pyamqp"))

accept_content = ["json"]  # a message must never be able to run code
task_serializer = result_serializer = event_serializer = "json"
worker_consumer = "tasks.inspection:Consumer"  # every message is looked at before Celery sees it
migrator_message_limit = _settings.message_limit  # ours; Celery keeps what it does not know
if _settings.signing_key:
    security_key = str(_settings.signing_key)
    security_certificate = str(_settings.signing_certificate)
    security_cert_store = str(_settings.signing_store)
    security_key_password = _settings.signing_password()
    task_serializer = "auth"
    accept_content = ["auth"]  # what is not signed is not even decoded
    result_accept_content = ["json"]  # results are not signed
timezone = "UTC"

task_queues = QUORUM_QUEUES if _on_rabbitmq and _settings.rabbitmq_queues == "quorum" else TASK_QUEUES
task_default_queue = "normal"
task_routes = TASK_ROUTES
task_create_missing_queues = True  # a caller may choose a queue of their own

task_acks_late = True  # a message is gone when its work is done, not when it begins
worker_prefetch_multiplier = 1  # what a worker holds back, nobody else can start
task_retry_on_worker_lost = True  # a killed child's task comes back, counted, so a poisonous one ends
task_track_started = True
result_extended = True  # name and arguments beside the result, for Flower's API
result_expires = 7 * 24 * 3600
result_backend_always_retry = True  # a task that ends while the backend is away is not stored as a failure

redis_socket_connect_timeout = 5.0  # a backend that is away must not hold a lane up for long

broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # for ever: a broker may be away for longer than Celery's hundred tries
broker_transport_options: dict[str, Any] = (
    {
        "queue_order_strategy": "priority",  # strict: nothing from normal while there is something in high
        "visibility_timeout": _settings.lease,  # kept fresh while a worker lives, see tasks/broker_repairs.py
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    }
    if (broker_url or "").startswith(("redis", "valkey"))
    else {"confirm_publish": True}  # RabbitMQ: what was sent is there, or whoever sent it gets an error
    if _on_rabbitmq
    else {}
)
worker_soft_shutdown_timeout = 10.0  # a deploy gives tasks this long, then their messages go back
worker_hijack_root_logger = False  # logging is structlog's
worker_send_task_events = True  # Flower sees tasks without being asked to switch it on
task_send_sent_event = True

beat_schedule = _beat_schedule(_settings.upkeep_every, _settings.maintenance)
