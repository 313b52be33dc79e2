DROP TABLE public.yours;
ROLLBACK;
