-- migrator: timeout=10min
alter table jobs alter column payload type jsonb using payload::jsonb;
