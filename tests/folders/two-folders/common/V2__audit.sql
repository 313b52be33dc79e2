CREATE TABLE audit (id int PRIMARY KEY, what text);
