CREATE INDEX CONCURRENTLY posts_published ON posts (id) WHERE published;
