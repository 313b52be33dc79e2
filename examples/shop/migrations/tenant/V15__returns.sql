CREATE TABLE return_reasons (
    code      text PRIMARY KEY,
    label     text NOT NULL,
    our_fault boolean NOT NULL
);

INSERT INTO return_reasons (code, label, our_fault) VALUES
    ('damaged', 'Arrived damaged', true),
    ('wrong_item', 'Not what was ordered', true),
    ('late', 'Came too late', true),
    ('changed_mind', 'Changed my mind', false);

CREATE TABLE returns (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_line_id bigint NOT NULL REFERENCES order_lines (id),
    reason        text NOT NULL REFERENCES return_reasons (code),
    quantity      integer NOT NULL CHECK (quantity > 0),
    received_at   timestamptz
);

CREATE INDEX returns_line ON returns (order_line_id);
