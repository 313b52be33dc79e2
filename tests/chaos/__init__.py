"""The chaos suite: a fleet is migrated while its parts are killed by lot, and a stranger to our code checks the end."""
