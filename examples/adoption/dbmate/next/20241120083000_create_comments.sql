-- migrate:up
CREATE TABLE comments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    article_id bigint NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    body text NOT NULL
);
CREATE INDEX comments_by_article ON comments (article_id);

-- migrate:down
DROP TABLE comments;
