CREATE TABLE documents (id int PRIMARY KEY, body text NOT NULL, words int);
INSERT INTO documents VALUES (1, 'one two three');
