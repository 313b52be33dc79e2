-- no-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_by_login ON users (login);
