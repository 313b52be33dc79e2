CREATE TABLE clients (id text PRIMARY KEY, nid uuid);
