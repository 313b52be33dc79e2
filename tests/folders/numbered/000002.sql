alter table jobs add column key text unique check (length(key) > 0);
