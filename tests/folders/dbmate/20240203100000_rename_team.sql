-- migrate:up
alter table teams rename column name to title;

-- migrate:down

