-- migrate:up
create table teams (id integer primary key, name text not null);
insert into teams values (1, 'first'), (2, 'second');

-- migrate:down
drop table teams;
