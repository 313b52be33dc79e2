"""What each command does, for the lists of commands, so that these come without importing any.

Written by `make docs` from the commands' own help.
"""
# ruff: noqa: E501 - a command a line

from __future__ import annotations

SUMMARIES: dict[str, dict[str, str]] = {
    "migrator": {
        "alerts": "What is wrong now: each alert with what happened, how it is, and what to do.",
        "baseline": "Give schemas that exist a history: from a version on, or from what another tool has recorded in each.",
        "breaker": "See, open and reset the circuit breakers of the databases.",
        "cancel": "End an execution before its time; targets in hand are finished, what is done stays done.",
        "completion": "Print a script with which bash, zsh or fish completes commands, options and their values.",
        "dashboard": "Serve the dashboard: Flower with the pages for executions, on http://127.0.0.1:5555/migrator by default.",
        "database": "The databases of the fleet.",
        "demo": "Migrate a sample fleet from nothing, with everything real, and stop it all again.",
        "doctor": "Check everything that a fleet needs before it can be migrated, and say what is wrong and what to do.",
        "drift": "Which targets differ from the others of their scope and version; changes nothing, ends with 1 when some do.",
        "events": "List events, newest first; 'events retry' sends dead letters again.",
        "executions": "List executions, newest first.",
        "explain": "Say why a tenant is at this version: in one sentence first, then what holds it, then the evidence.",
        "health": "Look at everything that the installation needs, at the same time, in a few seconds.",
        "init": "Make the first files where there are none, then create the control schema or upgrade it to this release.",
        "lint": "Hold migrations against rules, our own and squawk's: what would be refused, harm others, or take long.",
        "local": "Embedded PostgreSQL and Valkey with workers, beat and dashboard, on loopback; nothing to install.",
        "maintenance": "Work inside a window: schedule it once, see what waits; what recurs stands in the settings.",
        "metrics": "Print the metrics in Prometheus' text format, as the dashboard has them under /metrics.",
        "migrate": "Bring every target that is behind to the newest version, with the workers that are running.",
        "new": "Make the next migration's file, and that of its undo where the folder has such files; overwrites nothing.",
        "pause": "Claim no further target; those in hand are finished",
        "performance": "What an execution cost, the latest one unless an ID is given: by database, by migration, the slowest targets.",
        "plan": "What 'migrate' with the same options would do: stages, waves, pending migrations, what they destroy or lock, how they are taken back, how long it takes",
        "preflight": "Ask every database whether this is a good moment for a wave; changes nothing.",
        "rehearse": "Apply what is pending to clones without rows, take it back, apply it again; and check every target's names.",
        "relay": "Send events that were published in the control database to the broker, until it is ended.",
        "repair": "Make histories fit their folders: failed rows go, checksums are those of the files, missing files are marked.",
        "resume": "Go on after a pause, or after a halt: then with a canary first; what failed stays failed.",
        "retry": "Take up only what failed and what was not touched, with a canary first.",
        "rollback": "Take back what one execution changed, in just those targets, and prove it by their fingerprints.",
        "schema": "One schema of one database, directly: no broker, no control database.",
        "show": "Show one execution: counts, what it cost, who steered it, rollbacks, and each target that failed with the reason.",
        "snapshot": "Stored copies of the fleet's schemas, made with pg_dump.",
        "spare": "Schemas that are made before anybody needs them, and renamed when a tenant comes.",
        "status": "Which versions the fleet is at, and how many targets hold each; changes nothing.",
        "tenant": "The tenants of the fleet.",
        "timeline": "What happened in the fleet: executions, waves, operators' words, breakers, waits, alerts; oldest first.",
        "validate": "Hold the history of every target against its folder and tell equal findings once; changes nothing.",
        "watch": "Watch an event and its execution until it ends; it goes on when you stop watching.",
    },
    "migrator schema": {
        "baseline": "Give a schema that exists a history: from a version on, or from what another tool has recorded in it.",
        "diff": "What another schema has otherwise than this one: - missing, + besides, ~ another; ends with 1 if anything.",
        "down": "Take back, newest first, what was applied above a version; refused as a whole when one step has no way back.",
        "fingerprint": "One hash of all that is in a schema's catalog, equal for two schemas that are alike; changes nothing.",
        "preflight": "Ask whether this is a good moment to migrate: locks, connections, replicas, leftovers; changes nothing.",
        "repair": "Make a history fit its folder again: failed rows go, checksums are those of the files, missing files are marked.",
        "snapshot": "Stored copies of one schema, made with pg_dump: taken before a change, restored when it has to be undone.",
        "status": "What is applied and what is pending; changes nothing.",
        "up": "Apply what is pending; the schema is made when it is not there.",
        "validate": "Hold the history against the folder: what changed, is missing, failed, or came too late; changes nothing.",
    },
}
