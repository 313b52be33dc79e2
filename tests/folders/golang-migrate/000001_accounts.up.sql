CREATE TABLE IF NOT EXISTS accounts (
    id serial PRIMARY KEY,
    name varchar(80) NOT NULL
);
