-- migrate:up
CREATE TABLE articles (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL,
    body text NOT NULL DEFAULT ''
);

-- migrate:down
DROP TABLE articles;
