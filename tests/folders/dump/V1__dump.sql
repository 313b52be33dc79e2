--
-- PostgreSQL database dump
--
\restrict 2Xk0

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;

CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;

CREATE TABLE public.item (
    id integer NOT NULL,
    name public.citext
);

CREATE SEQUENCE public.item_id_seq AS integer START WITH 1;
ALTER SEQUENCE public.item_id_seq OWNED BY public.item.id;
ALTER TABLE ONLY public.item ALTER COLUMN id SET DEFAULT nextval('public.item_id_seq'::regclass);

COPY public.item (id, name) FROM stdin;
1	one
2	two
\.

SELECT pg_catalog.setval('public.item_id_seq', 2, true);
ALTER TABLE ONLY public.item ADD CONSTRAINT item_pkey PRIMARY KEY (id);

\unrestrict 2Xk0
