-- notice_loss --
-- The server looks every other second whether the client is still there, also during a long statement. Not behind a pooler,
-- which is the client then, and whose connection goes on to others.
SELECT set_config('client_connection_check_interval', '2s', false) WHERE pg_backend_pid() = {pid};

-- end_backends --
-- Ends the connections that have one of these tokens in their application_name, and waits until each is gone.
SELECT pid, application_name, pg_terminate_backend(pid, {patience})
FROM pg_stat_activity
WHERE datname = current_database()
  AND pid <> pg_backend_pid()
  AND starts_with(application_name, {ours})
  AND string_to_array(application_name, ' ') && CAST({tokens} AS text[]);
