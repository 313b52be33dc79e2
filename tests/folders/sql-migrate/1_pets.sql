-- +migrate Up
CREATE TABLE pets (id int PRIMARY KEY, owner int REFERENCES people);

-- +migrate Down
DROP TABLE pets;
