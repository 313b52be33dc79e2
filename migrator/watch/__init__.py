"""Progress and reports: what the ledger says, put into numbers and sentences for people."""
