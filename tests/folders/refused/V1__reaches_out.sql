CREATE TABLE mine (id int);
CREATE TABLE public.yours (id int);
INSERT INTO app.log SELECT id FROM mine;
SET search_path TO app;
\i another.sql
UPDATE public.yours SET id = 1;
