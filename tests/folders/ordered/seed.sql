COPY country (code, name) FROM stdin;
at	Austria
ch	Switzerland
\.
