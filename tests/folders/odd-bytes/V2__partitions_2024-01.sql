/* one /* inside */ another; none of them ends a statement */
CREATE TABLE "readings_2024-01" PARTITION OF readings FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE "readings_2024-02" PARTITION OF readings FOR VALUES FROM ('2024-02-01') TO ('2024-03-01'); -- no line end