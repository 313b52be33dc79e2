"""Settings, queues, schedule, logging and Flower's options. Imports nothing of ours."""
