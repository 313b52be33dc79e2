-- migrate:up transaction:false
create unique index concurrently teams_name on teams (name);

-- migrate:down transaction:false
drop index concurrently teams_name;
