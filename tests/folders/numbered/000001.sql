create table jobs (
  id bigserial primary key,
  task_identifier text not null,
  payload json default '{}'::json not null,
  run_at timestamp with time zone default now() not null
);
